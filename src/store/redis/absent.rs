use std::time::{Duration, Instant};

use foldhash::fast::RandomState;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use crate::records::EmbedToken;
use crate::store::Answer;

/// The time for which an unknown or revoked token is remembered.
const REMEMBERED: Duration = Duration::from_secs(5);

/// The maximum number of remembered tokens.
const ROOM: usize = 65_536;

/// The usual number of remembered tokens, without a flood.
const EXPECTED: usize = 1_024;

/// The tokens whose recent lookup found no record. Another request with such a token costs no round trip.
pub(super) struct Absent(Cache<EmbedToken, Entry, UnitWeighter, RandomState>);

#[derive(Clone, Copy)]
struct Entry {
    nothing: Nothing,
    until: Instant,
}

/// The answer in place of a record.
#[derive(Clone, Copy)]
pub(super) enum Nothing {
    Absent,
    Revoked,
    /// A record that cannot be read. It is remembered so that not every request logs it.
    Unreadable,
}

impl Absent {
    pub(super) fn new() -> Self {
        let lifecycle = DefaultLifecycle::default();
        Self(Cache::with(EXPECTED, ROOM as u64, UnitWeighter, RandomState::default(), lifecycle))
    }

    pub(super) fn answer(&self, token: &EmbedToken, now: Instant) -> Option<Answer> {
        let entry = self.0.get(token).filter(|entry| now < entry.until)?;
        Some(match entry.nothing {
            Nothing::Absent => Answer::Absent,
            Nothing::Revoked => Answer::Revoked,
            Nothing::Unreadable => Answer::Unavailable,
        })
    }

    pub(super) fn remember(&self, token: EmbedToken, nothing: Nothing, now: Instant) {
        if let Some(until) = now.checked_add(REMEMBERED) {
            self.0.insert(token, Entry { nothing, until });
        }
    }

    /// Forgets a token, because it was issued.
    pub(super) fn forget(&self, token: &EmbedToken) {
        self.0.remove(token);
    }

    pub(super) fn forget_all(&self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests;
