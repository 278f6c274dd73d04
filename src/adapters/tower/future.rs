use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::view::Received;
use crate::adapters::http::ReplyBody;
use crate::answer::{PendingReply, Reply, ResponseEdits};

pin_project! {
    /// The future of a response: either a refusal, which is ready at once, or the inner service's response. A lookup may
    /// precede either.
    #[must_use = "futures do nothing unless polled"]
    pub struct GateFuture<S, B, R>
    where
        S: Service<Request<B>>,
    {
        #[pin]
        kind: Kind<S, B, S::Future, R>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<S, B, F, R> {
        Answer { response: Option<Response<ReplyBody<R>>> },
        Call { #[pin] inner: F, edits: Option<ResponseEdits> },
        // Boxed: few requests wait, and the others need no room for it.
        Wait { pending: PendingReply, held: Option<Box<Held<S, B>>> },
    }
}

/// A request that waits for a lookup, and the service that was polled ready for it.
pub(super) struct Held<S, B> {
    pub(super) service: S,
    pub(super) request: Request<B>,
    pub(super) peer: Option<IpAddr>,
}

impl<S, B, R> GateFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    /// Carries out a reply. `service` was polled ready.
    pub(super) fn carry_out(reply: Reply, service: &mut S, request: Request<B>) -> Self {
        Self { kind: carry_out(reply, service, request) }
    }

    pub(super) fn wait(pending: PendingReply, held: Held<S, B>) -> Self {
        Self { kind: Kind::Wait { pending, held: Some(Box::new(held)) } }
    }
}

fn carry_out<S, B, R>(reply: Reply, service: &mut S, mut request: Request<B>) -> Kind<S, B, S::Future, R>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    match reply.apply(&mut request) {
        Ok(edits) => Kind::Call { inner: service.call(request), edits: Some(edits) },
        Err(answer) => Kind::Answer { response: Some(answer.into_response()) },
    }
}

impl<S, B, R> Future for GateFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<ReplyBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut kind = self.project().kind;
        loop {
            // A future that is polled again after it was ready may stay pending forever.
            match kind.as_mut().project() {
                KindProjection::Answer { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                KindProjection::Call { inner, edits } => {
                    let response = ready!(inner.poll(context))?;
                    return edits
                        .take()
                        .map_or(Poll::Pending, |edits| Poll::Ready(Ok(edits.apply(response))));
                }
                KindProjection::Wait { pending, held } => {
                    let Some(Held { request, peer, .. }) = held.as_deref() else { return Poll::Pending };
                    let reply = ready!(pending.poll(&Received { request, peer: *peer }, context));
                    let Some(held) = held.take() else { return Poll::Pending };
                    let Held { mut service, request, .. } = *held;
                    kind.set(carry_out(reply, &mut service, request));
                }
            }
        }
    }
}

impl<S, B, R> std::fmt::Debug for GateFuture<S, B, R>
where
    S: Service<Request<B>>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GateFuture")
    }
}
