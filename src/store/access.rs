use std::sync::atomic::{AtomicU8, Ordering};

use crate::embed::{EmbedToken, Known, KnownTokens, Record};
use crate::revocation::Revocations;
use crate::time::UnixSeconds;

/// What decisions read of a store: the tokens that are known, and what was taken back.
#[derive(Debug, Default)]
pub(crate) struct Access {
    pub(crate) embeds: KnownTokens,
    pub(crate) revocations: Revocations,
    reach: AtomicReach,
}

/// How far what is known may be believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    /// This process is all there is.
    #[default]
    Alone,
    /// What others do is heard of.
    InTouch,
    /// Nothing was heard of others for too long, or nothing yet: only what is looked up now can be believed.
    OutOfTouch,
}

/// What is known of a token.
#[derive(Debug)]
pub(crate) enum Standing {
    Good(std::sync::Arc<Record>),
    Revoked(Option<std::sync::Arc<Record>>),
    Unknown,
    /// Nothing that can be believed is in memory.
    Elsewhere,
}

impl Access {
    pub(crate) fn look(&self, token: &EmbedToken) -> Standing {
        match (self.embeds.look(token), self.reach()) {
            (Known::Revoked(record), _) => Standing::Revoked(record),
            (Known::Live(record), Reach::Alone | Reach::InTouch) => Standing::Good(record),
            (Known::Unknown, Reach::Alone) => Standing::Unknown,
            (Known::Unknown, Reach::InTouch) | (Known::Live(_) | Known::Unknown, Reach::OutOfTouch) => {
                Standing::Elsewhere
            }
        }
    }

    pub(crate) fn reach(&self) -> Reach {
        self.reach.load()
    }

    #[cfg_attr(
        not(feature = "redis"),
        expect(dead_code, reason = "others are heard of through a shared store")
    )]
    pub(crate) fn set_reach(&self, reach: Reach) {
        self.reach.store(reach);
    }

    /// Drops what is dead.
    pub(crate) fn sweep(&self, now: UnixSeconds) {
        // What a shared store holds can be looked up again; what stands here alone is gone when it is dropped.
        let idle_since = match self.reach() {
            Reach::Alone => None,
            Reach::InTouch | Reach::OutOfTouch => Some(now.saturating_sub(IDLE)),
        };
        self.embeds.sweep(now, idle_since);
        self.revocations.sweep(now);
    }
}

/// After so many seconds a record of a shared store that nobody asks for is dropped here.
const IDLE: i64 = 15 * 60;

#[derive(Debug, Default)]
struct AtomicReach(AtomicU8);

impl AtomicReach {
    fn load(&self) -> Reach {
        match self.0.load(Ordering::Acquire) {
            0 => Reach::Alone,
            1 => Reach::InTouch,
            _ => Reach::OutOfTouch,
        }
    }

    fn store(&self, reach: Reach) {
        let number = match reach {
            Reach::Alone => 0,
            Reach::InTouch => 1,
            Reach::OutOfTouch => 2,
        };
        self.0.store(number, Ordering::Release);
    }
}
