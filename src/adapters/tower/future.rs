use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_service::Service;

use super::body::GateBody;
use super::decide::decide;
use super::edit;
use super::view::Received;
use crate::answer::{Answer, Reply, ResponseEdits};
use crate::decide::Decision;
use crate::store::{Found, LookUp};
use crate::verifier::Verifier;

pin_project! {
    /// The future of an answer: a refusal, which is ready at once, or the inner service's answer. A lookup may come first.
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
        Answer { response: Option<Response<GateBody<R>>> },
        Call { #[pin] inner: F, edits: ResponseEdits },
        // Boxed: few requests wait, and the others need no room for it.
        Wait { #[pin] look_up: LookUp, held: Option<Box<Held<S, B>>> },
    }
}

/// A request that waits for a lookup, and the service that was polled ready for it.
pub(super) struct Held<S, B> {
    pub(super) verifier: Verifier,
    pub(super) full_paths: bool,
    pub(super) service: S,
    pub(super) request: Request<B>,
    pub(super) peer: Option<IpAddr>,
    /// The results of earlier lookups for this request.
    pub(super) found: Option<Found>,
}

impl<S, B, R> GateFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    pub(super) fn answer(answer: Answer) -> Self {
        Self { kind: Kind::Answer { response: Some(edit::response(answer)) } }
    }

    pub(super) const fn call(inner: S::Future, edits: ResponseEdits) -> Self {
        Self { kind: Kind::Call { inner, edits } }
    }

    pub(super) fn wait(look_up: LookUp, held: Held<S, B>) -> Self {
        Self { kind: Kind::Wait { look_up, held: Some(Box::new(held)) } }
    }
}

impl<S, B, R> Future for GateFuture<S, B, R>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    type Output = Result<Response<GateBody<R>>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut kind = self.project().kind;
        loop {
            match kind.as_mut().project() {
                // Polled again after it was ready, a future may stay pending for ever.
                KindProjection::Answer { response } => {
                    return response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response)));
                }
                KindProjection::Call { inner, edits } => {
                    let (mut parts, body) = ready!(inner.poll(context))?.into_parts();
                    let forwarded = edit::head(&mut parts, std::mem::take(edits));
                    let body = match forwarded {
                        Some(forwarded) => GateBody::forward(body, forwarded),
                        None => GateBody::inner(body),
                    };
                    return Poll::Ready(Ok(Response::from_parts(parts, body)));
                }
                KindProjection::Wait { look_up, held } => {
                    let next = ready!(look_up.poll(context));
                    let Some(mut held) = held.take() else { return Poll::Pending };
                    let found = match held.found.take() {
                        Some(found) => found.and(next),
                        None => next,
                    };
                    let received = Received { request: &held.request, peer: held.peer };
                    let decision = decide(&held.verifier, held.full_paths, &received, Some(&found));
                    let reply = match &decision {
                        Decision::Needs(needed) => Err(needed.need()),
                        decision => Ok(decision.reply(&received)),
                    };
                    drop(decision); // and its snapshot with it, before anything is waited for or called
                    kind.set(match reply {
                        Err(need) => {
                            let look_up = held.verifier.look_up(need);
                            held.found = Some(found);
                            Kind::Wait { look_up, held: Some(held) }
                        }
                        Ok(Reply::Answer(answer)) => Kind::Answer { response: Some(edit::response(answer)) },
                        Ok(Reply::Call(before, edits)) => {
                            let Held { mut service, mut request, .. } = *held;
                            edit::request(&mut request, &before);
                            Kind::Call { inner: service.call(request), edits }
                        }
                    });
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
