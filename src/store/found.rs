use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use crate::embed::{EmbedToken, Record};

/// What a lookup brought, for the decision that needed it.
#[derive(Clone, Debug)]
pub struct Found {
    token: EmbedToken,
    answer: Answer,
}

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
    pub(crate) const fn new(token: EmbedToken, answer: Answer) -> Self {
        Self { token, answer }
    }

    /// What it says about this token; nothing about any other.
    pub(crate) fn about(&self, token: &EmbedToken) -> Option<&Answer> {
        (self.token == *token).then_some(&self.answer)
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
