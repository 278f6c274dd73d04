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
use super::view::View;
use crate::answer::{Answer, Reply, ResponseEdits};
use crate::decide::Decision;
use crate::store::{Found, LookUp};
use crate::verifier::Verifier;

pin_project! {
    /// The future of an answer: a refusal, which is ready at once, or the inner service's answer. A lookup may come first.
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
        Call { #[pin] inner: F, edits: ResponseEdits },
        // Boxed: few requests wait, and the others need no room for it.
        Wait { #[pin] look_up: LookUp, held: Option<Box<Held<S>>> },
    }
}

/// A request that waits for a lookup.
pub(super) struct Held<S> {
    pub(super) verifier: Verifier,
    pub(super) service: Rc<S>,
    pub(super) request: ServiceRequest,
    /// The results of earlier lookups for this request.
    pub(super) found: Option<Found>,
}

impl<S, B> ActixFuture<S, B>
where
    S: Service<ServiceRequest>,
{
    pub(super) fn answer(request: ServiceRequest, answer: Answer) -> Self {
        Self { kind: Kind::Answer { response: Some(edit::response(request, answer)) } }
    }

    pub(super) const fn call(inner: S::Future, edits: ResponseEdits) -> Self {
        Self { kind: Kind::Call { inner, edits } }
    }

    pub(super) fn wait(look_up: LookUp, held: Held<S>) -> Self {
        Self { kind: Kind::Wait { look_up, held: Some(Box::new(held)) } }
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
            match kind.as_mut().project() {
                // Polled again after it was ready, a future may stay pending for ever.
                KindProjection::Answer { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                KindProjection::Call { inner, edits } => {
                    let answered = ready!(inner.poll(context));
                    let edits = std::mem::take(edits);
                    return Poll::Ready(match answered {
                        Ok(response) => Ok(edited(response, edits)),
                        Err(error) => Err(edit::error(error, edits)),
                    });
                }
                KindProjection::Wait { look_up, held } => {
                    let next = ready!(look_up.poll(context));
                    let Some(mut held) = held.take() else { return Poll::Pending };
                    let found = match held.found.take() {
                        Some(found) => found.and(next),
                        None => next,
                    };
                    let view = View(&held.request);
                    let decision = held.verifier.decide_with(&view, held.verifier.now(), Some(&found));
                    let reply = match &decision {
                        Decision::Needs(needed) => Err(needed.need()),
                        decision => Ok(decision.reply(&view)),
                    };
                    drop(decision); // and its snapshot with it, before anything is waited for or called
                    kind.set(match reply {
                        Err(need) => {
                            let look_up = held.verifier.look_up(need);
                            held.found = Some(found);
                            Kind::Wait { look_up, held: Some(held) }
                        }
                        Ok(Reply::Answer(answer)) => {
                            Kind::Answer { response: Some(edit::response(held.request, answer)) }
                        }
                        Ok(Reply::Call(before, edits)) => {
                            let Held { service, mut request, .. } = *held;
                            edit::request(&mut request, &before);
                            Kind::Call { inner: service.call(request), edits }
                        }
                    });
                }
            }
        }
    }
}

fn edited<B>(mut response: ServiceResponse<B>, edits: ResponseEdits) -> ServiceResponse<ActixBody<B>> {
    let forwarded = edit::head(response.response_mut().head_mut(), edits);
    response.map_body(|_, body| match forwarded {
        Some(forwarded) => ActixBody::forward(body, forwarded),
        None => ActixBody::inner(body),
    })
}

impl<S, B> std::fmt::Debug for ActixFuture<S, B>
where
    S: Service<ServiceRequest>,
{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ActixFuture")
    }
}
