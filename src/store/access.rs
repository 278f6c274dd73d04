use std::sync::atomic::{AtomicU8, Ordering};

use crate::records::{EmbedToken, Known, KnownTokens, Record};
use crate::revocation::Revocations;
use crate::time::UnixSeconds;

/// The part of a store that decisions read: the known tokens and the revocations.
#[derive(Debug, Default)]
pub(crate) struct Access {
    pub(crate) embeds: KnownTokens,
    pub(crate) revocations: Revocations,
    reach: AtomicReach,
}

/// The state of this node's connection to the shared store, which determines whether decisions may rely on memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Reach {
    /// There is no shared store.
    #[default]
    Alone,
    /// News from other nodes arrives.
    InTouch,
    /// No news has arrived for too long, or none yet. Only a lookup at the store counts.
    OutOfTouch,
}

/// The state of a token in memory.
#[derive(Debug)]
pub(crate) enum Standing {
    Good(std::sync::Arc<Record>),
    Revoked(Option<std::sync::Arc<Record>>),
    Unknown,
    /// The memory cannot decide: the store has to be queried.
    Elsewhere,
}

impl Access {
    #[inline]
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

    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "only a shared store has a reach"))]
    pub(crate) fn set_reach(&self, reach: Reach) {
        self.reach.store(reach);
    }

    /// Removes expired tokens, and revocations that are no longer needed.
    pub(crate) fn sweep(&self, now: UnixSeconds) {
        // A record of a shared store can be looked up again. Without one, a dropped record is lost.
        let idle_since = match self.reach() {
            Reach::Alone => None,
            Reach::InTouch | Reach::OutOfTouch => Some(now.saturating_sub(IDLE)),
        };
        self.embeds.sweep(now, idle_since);
        self.revocations.sweep(now);
    }
}

/// The number of seconds after which an unused record of a shared store is removed from memory.
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
