//! Decides a request and returns the reply, after any lookups in a shared store that the decision needs.
//!
//! 1. The request is decided at the verifier's current time.
//! 2. If a lookup is needed first, the reply is pending. With its result, the request is decided again, using all results so far:
//!    at most three lookups for one request.
//! 3. No snapshot of policy and keys is held during a lookup.
//! 4. If the policy [sends](crate::site::ExplainHeader) the request its explanation, the decision is explained first, because a
//!    decision counts uses and failures, and remembers tokens. An explanation is omitted if its code is not that of the decision. This
//!    happens only if another request or a reload comes between both.

use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::apply::Reply;
use crate::decide::Paths;
use crate::error::Denial;
use crate::explain::explain_refusal;
use crate::request::RequestView;
use crate::store::{Found, LookUp, Need};
use crate::verifier::Verifier;

impl Verifier {
    /// Decides a request at the verifier's current time and returns the reply. It waits only if the site accepts embed tokens and
    /// one must be looked up in a shared store.
    ///
    /// [`Reply::apply`] applies the reply. If the body of an `http::Request` is not `Sync`, pass the request's `Parts`, so that
    /// the future is `Send`.
    ///
    /// A server that polls by itself calls [`Verifier::start_reply`] instead. To inspect a decision first, call
    /// [`Verifier::decide`] and [`Decision::reply`](crate::Decision::reply).
    pub async fn reply(&self, request: &impl RequestView) -> Reply {
        match self.start_reply(request) {
            Ok(reply) => reply,
            Err(mut pending) => poll_fn(|context| pending.poll(request, context)).await,
        }
    }

    /// Decides a request at the verifier's current time, like [`Verifier::reply`], for a server whose future keeps the request.
    ///
    /// # Errors
    ///
    /// Returns a [`PendingReply`] if a lookup is needed first.
    pub fn start_reply(&self, request: &impl RequestView) -> Result<Reply, PendingReply> {
        self.start_reply_on(request, Paths::Whole)
    }

    pub(crate) fn start_reply_on(
        &self,
        request: &impl RequestView,
        paths: Paths,
    ) -> Result<Reply, PendingReply> {
        decide(self, request, paths, None).map_err(|need| {
            let look_up = Some(self.look_up(need));
            PendingReply(Box::new(Pending { verifier: self.clone(), paths, look_up, found: None }))
        })
    }
}

/// A reply that waits for a lookup. Created by [`Verifier::start_reply`].
#[must_use = "a reply protects nothing unless it is applied"]
pub struct PendingReply(Box<Pending>);

struct Pending {
    verifier: Verifier,
    paths: Paths,
    /// The lookup, or `None` after the reply was returned.
    look_up: Option<LookUp>,
    /// The results of earlier lookups for this request.
    found: Option<Found>,
}

impl PendingReply {
    /// Polls the lookup, and decides the request again with its result. `request` is the request with which the reply was
    /// started, unedited.
    ///
    /// After this method has returned `Ready`, it always returns `Pending`.
    pub fn poll(&mut self, request: &impl RequestView, context: &mut Context<'_>) -> Poll<Reply> {
        let Pending { verifier, paths, look_up, found } = &mut *self.0;
        while let Some(under_way) = look_up {
            let next = ready!(Pin::new(under_way).poll(context));
            let all = match found.take() {
                Some(found) => found.and(next),
                None => next,
            };
            match decide(verifier, request, *paths, Some(&all)) {
                Ok(reply) => {
                    *look_up = None;
                    return Poll::Ready(reply);
                }
                Err(need) => *look_up = Some(verifier.look_up(need)),
            }
            *found = Some(all);
        }
        Poll::Pending
    }
}

impl std::fmt::Debug for PendingReply {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingReply").field("look_up", &self.0.look_up).finish_non_exhaustive()
    }
}

/// Decides a request. The decision, and its snapshot with it, is dropped before anything is awaited or called.
fn decide(
    verifier: &Verifier,
    request: &impl RequestView,
    paths: Paths,
    found: Option<&Found>,
) -> Result<Reply, Need> {
    if verifier.sends_explanations() {
        return decide_and_explain(verifier, request, paths, found);
    }
    verifier.decide_on(request, verifier.now(), found, paths).reply(request)
}

/// Decides a request, and adds the explanation to the reply if the request receives it.
#[cold]
#[inline(never)]
fn decide_and_explain(
    verifier: &Verifier,
    request: &impl RequestView,
    paths: Paths,
    found: Option<&Found>,
) -> Result<Reply, Need> {
    let now = verifier.now();
    let explanation = verifier.explain_to_client(request, now, found);
    let decision = verifier.decide_on(request, now, found, paths);
    let reply = decision.reply(request)?;
    let Some(explanation) = explanation else { return Ok(reply) };
    let denial = decision.denial().or(decision.unenforced_denial());
    let explanation = match denial {
        // Only the adapter knows about the router.
        Some(Denial::PathMayBeShortened) => {
            explain_refusal(decision.snapshot(), request, now, Denial::PathMayBeShortened)
        }
        _ => explanation,
    };
    if explanation.code != denial.map(Denial::code_text) {
        return Ok(reply);
    }
    Ok(reply.explained(explanation.into_line().into()))
}
