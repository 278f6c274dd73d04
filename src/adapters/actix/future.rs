use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use pin_project_lite::pin_project;

use super::body::ActixBody;
use super::edit;
use crate::answer::{PendingReply, Reply, ResponseEdits};

pin_project! {
    /// The future of a response: either a refusal, which is ready at once, or the inner service's response. A lookup may
    /// precede either.
    #[must_use = "futures do nothing unless polled"]
    pub struct ActixFuture<S, B>
    where
        S: Service<ServiceRequest>,
    {
        #[pin]
        kind: Kind<S, S::Future, B>,
    }
}

pin_project! {
    #[project = KindProjection]
    enum Kind<S, F, B> {
        Answer { response: Option<ServiceResponse<ActixBody<B>>> },
        Call { #[pin] inner: F, edits: Option<ResponseEdits> },
        // Boxed: few requests wait, and the others need no room for it.
        Wait { pending: PendingReply, held: Option<Box<Held<S>>> },
    }
}

/// A request that waits for a lookup.
pub(super) struct Held<S> {
    pub(super) service: Rc<S>,
    pub(super) request: ServiceRequest,
}

impl<S, B> ActixFuture<S, B>
where
    S: Service<ServiceRequest>,
{
    /// Carries out a reply.
    pub(super) fn carry_out(reply: Reply, service: &S, request: ServiceRequest) -> Self {
        Self { kind: carry_out(reply, service, request) }
    }

    pub(super) fn wait(pending: PendingReply, held: Held<S>) -> Self {
        Self { kind: Kind::Wait { pending, held: Some(Box::new(held)) } }
    }
}

fn carry_out<S, B>(reply: Reply, service: &S, mut request: ServiceRequest) -> Kind<S, S::Future, B>
where
    S: Service<ServiceRequest>,
{
    match reply.apply(&mut request) {
        Ok(edits) => Kind::Call { inner: service.call(request), edits: Some(edits) },
        Err(answer) => Kind::Answer { response: Some(edit::respond(request, answer)) },
    }
}

impl<S, B> Future for ActixFuture<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<ActixBody<B>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut kind = self.project().kind;
        loop {
            // A future that is polled again after it was ready may stay pending forever.
            match kind.as_mut().project() {
                KindProjection::Answer { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                KindProjection::Call { inner, edits } => {
                    let result = ready!(inner.poll(context));
                    let Some(edits) = edits.take() else { return Poll::Pending };
                    return Poll::Ready(match result {
                        Ok(response) => Ok(edit::response(response, edits)),
                        Err(error) => Err(edit::error(error, edits)),
                    });
                }
                KindProjection::Wait { pending, held } => {
                    let Some(Held { request, .. }) = held.as_deref() else { return Poll::Pending };
                    let reply = ready!(pending.poll(request, context));
                    let Some(held) = held.take() else { return Poll::Pending };
                    let Held { service, request } = *held;
                    kind.set(carry_out(reply, &service, request));
                }
            }
        }
    }
}

impl<S, B> std::fmt::Debug for ActixFuture<S, B>
where
    S: Service<ServiceRequest>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ActixFuture")
    }
}
