use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrayvec::ArrayVec;

use crate::embed::{EmbedToken, Record};
use crate::scheme::MAX_COOKIES_TRIED;

/// The answers of the lookups that one request needed so far.
#[derive(Clone, Debug)]
pub struct Found {
    /// One for each candidate at most.
    answers: ArrayVec<(EmbedToken, Answer), MAX_COOKIES_TRIED>,
    /// How many of them were asked for at the store; the others were remembered.
    asked: usize,
}

/// How many lookups one request may make at a store. A browser sends several cookies of one name, of which a neighbouring
/// subdomain may have set some; each unknown one costs a round trip, so not every one may.
const MAX_LOOKUPS: usize = 3;

#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "memory answers that there is no such token"))]
pub(crate) enum Answer {
    Record(Arc<Record>),
    /// There is no such token.
    Absent,
    /// It was revoked, or went with its video or viewer.
    Revoked,
    /// It could not be found out.
    Unavailable,
}

impl Found {
    /// An answer that a lookup at the store has brought.
    #[cfg(feature = "redis")]
    pub(crate) fn new(token: EmbedToken, answer: Answer) -> Self {
        Self { asked: 1, ..Self::remembered(token, answer) }
    }

    /// An answer that cost nothing.
    pub(crate) fn remembered(token: EmbedToken, answer: Answer) -> Self {
        Self { answers: ArrayVec::from_iter([(token, answer)]), asked: 0 }
    }

    /// Adds what was found next, for a decision that [needed](crate::Decision::Needs) more than one lookup.
    #[must_use]
    pub fn and(mut self, next: Self) -> Self {
        for (token, answer) in next.answers {
            if self.about(&token).is_none() {
                let _ = self.answers.try_push((token, answer)); // what finds no room is not believed
            }
        }
        self.asked = self.asked.saturating_add(next.asked);
        self
    }

    /// What it says about this token; nothing about any other.
    pub(crate) fn about(&self, token: &EmbedToken) -> Option<&Answer> {
        self.answers.iter().find(|(found, _)| found == token).map(|(_, answer)| answer)
    }

    /// Whether the request may need one lookup more.
    pub(crate) fn may_need_more(&self) -> bool {
        self.asked < MAX_LOOKUPS && !self.answers.is_full()
    }
}

/// A lookup under way.
#[must_use = "nothing is looked up by itself"]
pub struct LookUp(Pin<Box<dyn Future<Output = Found> + Send>>);

impl LookUp {
    pub(crate) fn ready(found: Found) -> Self {
        Self(Box::pin(std::future::ready(found)))
    }

    #[cfg(feature = "redis")]
    pub(crate) fn new(found: impl Future<Output = Found> + Send + 'static) -> Self {
        Self(Box::pin(found))
    }
}

impl Future for LookUp {
    type Output = Found;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Found> {
        self.0.as_mut().poll(context)
    }
}

impl std::fmt::Debug for LookUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookUp")
    }
}
