use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrayvec::ArrayVec;

use super::need::Subject;
use crate::records::Record;
use crate::request::MAX_COOKIES_TRIED;

/// The results so far of the lookups for one request.
#[derive(Clone, Debug)]
pub struct Found {
    /// The answers, at most one for each candidate.
    answers: ArrayVec<(Subject, Answer), MAX_COOKIES_TRIED>,
    /// The number of answers that came from the store; the others were remembered.
    lookups: usize,
}

/// The maximum number of store lookups for one request. A browser may send several cookies of one name, some of them set by a
/// neighbouring subdomain, and each unknown one costs a round trip.
const MAX_LOOKUPS: usize = 3;

#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "memory answers that there is no such token"))]
pub(crate) enum Answer {
    Record(Arc<Record>),
    /// The subject does not exist.
    Absent,
    /// The subject was revoked, by itself or by its video or viewer.
    Revoked,
    /// The store gave no answer.
    Unavailable,
}

impl Found {
    /// Creates the answer of a lookup at the store.
    #[cfg(feature = "redis")]
    pub(crate) fn new(subject: Subject, answer: Answer) -> Self {
        Self { lookups: 1, ..Self::remembered(subject, answer) }
    }

    /// Creates an answer that needed no lookup at the store.
    pub(crate) fn remembered(subject: Subject, answer: Answer) -> Self {
        Self { answers: ArrayVec::from_iter([(subject, answer)]), lookups: 0 }
    }

    /// Adds the answers of the next lookup, for a decision that [needed](crate::Decision::Needs) more than one.
    #[must_use]
    pub fn and(mut self, next: Self) -> Self {
        for (subject, answer) in next.answers {
            if self.about(subject).is_none() {
                let _ = self.answers.try_push((subject, answer)); // an answer without room is ignored
            }
        }
        self.lookups = self.lookups.saturating_add(next.lookups);
        self
    }

    /// Returns the answer about a subject, if it was looked up.
    pub(crate) fn about(&self, subject: Subject) -> Option<&Answer> {
        self.answers.iter().find(|(found, _)| *found == subject).map(|(_, answer)| answer)
    }

    /// Returns true if the store did not answer.
    fn has_failed(&self) -> bool {
        self.answers.iter().any(|(_, answer)| matches!(answer, Answer::Unavailable))
    }

    /// Returns whether the request may make one more lookup.
    pub(crate) fn may_need_more(&self) -> bool {
        self.lookups < MAX_LOOKUPS && !self.answers.is_full()
    }
}

/// A lookup in progress.
#[must_use = "futures do nothing unless polled"]
pub struct LookUp {
    found: Pin<Box<dyn Future<Output = Found> + Send>>,
    /// Called once at the end. The argument is true if the store did not answer.
    ended: Option<Box<dyn FnOnce(bool) + Send>>,
}

impl LookUp {
    pub(crate) fn ready(found: Found) -> Self {
        Self { found: Box::pin(std::future::ready(found)), ended: None }
    }

    /// Adds a function that is called when the lookup ends. If the lookup is dropped before, the function is not called.
    pub(crate) fn then(self, ended: impl FnOnce(bool) + Send + 'static) -> Self {
        Self { ended: Some(Box::new(ended)), ..self }
    }

    #[cfg(feature = "redis")]
    pub(crate) fn new(found: impl Future<Output = Found> + Send + 'static) -> Self {
        Self { found: Box::pin(found), ended: None }
    }
}

impl Future for LookUp {
    type Output = Found;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Found> {
        let found = ready!(self.found.as_mut().poll(context));
        if let Some(ended) = self.ended.take() {
            ended(found.has_failed());
        }
        Poll::Ready(found)
    }
}

impl std::fmt::Debug for LookUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LookUp")
    }
}
