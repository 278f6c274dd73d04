use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::Response;
use pin_project_lite::pin_project;

use super::body::GateBody;
use super::edit;
use crate::answer::ResponseEdits;

pin_project! {
    /// The answer to come: ready at once for a refusal, the inner service's otherwise.
    #[derive(Debug)]
    pub struct GateFuture<F, R> {
        #[pin]
        kind: Kind<F, R>,
    }
}

pin_project! {
    #[project = KindProjection]
    #[derive(Debug)]
    enum Kind<F, R> {
        Answer { response: Option<Response<GateBody<R>>> },
        Call { #[pin] inner: F, edits: ResponseEdits },
    }
}

impl<F, R> GateFuture<F, R> {
    pub(super) const fn answer(response: Response<GateBody<R>>) -> Self {
        Self { kind: Kind::Answer { response: Some(response) } }
    }

    pub(super) const fn call(inner: F, edits: ResponseEdits) -> Self {
        Self { kind: Kind::Call { inner, edits } }
    }
}

impl<F, R, E> Future for GateFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<GateBody<R>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().kind.project() {
            // Polled again after it was ready, a future may stay pending for ever.
            KindProjection::Answer { response } => {
                response.take().map_or(Poll::Pending, |r| Poll::Ready(Ok(r)))
            }
            KindProjection::Call { inner, edits } => {
                let (mut parts, body) = ready!(inner.poll(context))?.into_parts();
                let forwarded = edit::head(&mut parts, edits);
                let body = match forwarded {
                    Some(forwarded) => GateBody::forward(body, forwarded),
                    None => GateBody::inner(body),
                };
                Poll::Ready(Ok(Response::from_parts(parts, body)))
            }
        }
    }
}
