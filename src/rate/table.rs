use std::hash::{BuildHasher as _, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;

use super::Rate;
use super::gcra::{Gcra, level, nanos};

/// One rate for each of many clients or keys, whose events are checked first and counted afterwards.
///
/// Each client has one bucket of a fixed table, so memory is bounded and nothing is locked or allocated. The hash is seeded, so
/// nobody can choose whose bucket to share. Clients that share a bucket share its rate. All unknown clients share one bucket, and
/// so the rate of one client.
///
/// Checking counts nothing, because only failures count, which are known afterwards. Events that were checked at the same time
/// may thus exceed the burst; they delay later events.
///
/// The caller provides the clock. It may start at any moment.
pub(crate) struct LimiterTable {
    /// The theoretical arrival time of each bucket.
    tats: Box<[AtomicU64]>,
    unknown: AtomicU64,
    hasher: RandomState,
    rate: Rate,
    gcra: Gcra,
    /// The highest level, however many events count at once. A far higher level means that the clock was set.
    highest: u64,
}

impl LimiterTable {
    /// Creates a table with this number of buckets, for a clock that never steps back.
    pub(crate) fn new(rate: Rate, buckets: usize) -> Self {
        Self {
            tats: std::iter::repeat_with(AtomicU64::default).take(buckets).collect(),
            unknown: AtomicU64::new(0),
            hasher: RandomState::default(),
            rate,
            gcra: Gcra::new(rate),
            highest: u64::MAX,
        }
    }

    /// Prepares a table for a clock that may be set. Levels are at most twice the burst. If a level appears to be more than three
    /// times the burst, the clock was set back, and the bucket counts as empty.
    pub(crate) fn by_a_clock_that_is_set(self) -> Self {
        Self { highest: self.gcra.burst().saturating_mul(2), ..self }
    }

    /// Returns the rate of one client.
    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Checks that one more event conforms to the rate, and counts nothing.
    ///
    /// # Errors
    ///
    /// Returns the time until one more event conforms.
    pub(crate) fn check(&self, client: Option<impl Hash>, now: Duration) -> Result<(), Duration> {
        let tat = self.bucket(client).load(Ordering::Relaxed);
        self.gcra.check(self.level(tat, nanos(now)))
    }

    /// Counts one event, whether or not it conforms to the rate.
    pub(crate) fn count(&self, client: Option<impl Hash>, now: Duration) {
        let now = nanos(now);
        let _ = self.bucket(client).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tat| {
            let level = self.gcra.raised(self.level(tat, now)).min(self.highest);
            Some(now.saturating_add(level))
        });
    }

    fn level(&self, tat: u64, now: u64) -> u64 {
        let level = level(tat, now);
        // Concurrent decisions may be a moment apart, so there is room above the highest level.
        if level > self.highest.saturating_add(self.gcra.burst()) { 0 } else { level }
    }

    /// Returns the bucket of a client, or the common one if the client is unknown.
    fn bucket(&self, client: Option<impl Hash>) -> &AtomicU64 {
        let own = client.and_then(|client| {
            let number = usize::try_from(self.hasher.hash_one(client)).unwrap_or(0); // on 64 bits
            self.tats.get(number.checked_rem(self.tats.len())?)
        });
        own.unwrap_or(&self.unknown)
    }
}

impl std::fmt::Debug for LimiterTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LimiterTable").field("rate", &self.rate).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
