use std::hash::{BuildHasher as _, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;

use super::Rate;

/// The recent failures of each of many clients or keys, limited to a rate.
///
/// This is GCRA in a fixed table, without locks. A limiter of the crate governor checks and counts in one step, but here only
/// failures count, which are known afterwards. The hash is seeded, so nobody can choose whose place to share. Clients that
/// share a place share its rate. All unknown clients share one place, and so the rate of one client.
///
/// The time is passed in, as the time since any fixed moment.
pub(crate) struct Debts {
    /// The moment of each place at which its debt is paid, in nanoseconds.
    places: Box<[AtomicU64]>,
    unknown: AtomicU64,
    spread: RandomState,
    rate: Rate,
    /// The debt of one failure, in nanoseconds.
    each: u64,
    /// The burst: the largest debt that one more failure may lead to.
    at_once: u64,
    /// The largest debt, however many failures come at once. A far larger debt means that the clock was set.
    most: u64,
}

impl Debts {
    /// Creates a table of so many places, for a clock that never steps back.
    pub(crate) fn new(rate: Rate, places: usize) -> Self {
        let each = nanos(rate.each()).max(1);
        Self {
            places: std::iter::repeat_with(AtomicU64::default).take(places).collect(),
            unknown: AtomicU64::new(0),
            spread: RandomState::default(),
            rate,
            each,
            at_once: each.saturating_mul(rate.requests().get().into()),
            most: u64::MAX,
        }
    }

    /// Creates a table for a clock that may be set. A debt is at most twice the burst; if it seems to be more than three times the
    /// burst, the clock was set back and nothing is owed.
    pub(crate) fn by_a_clock_that_is_set(self) -> Self {
        Self { most: self.at_once.saturating_mul(2), ..self }
    }

    /// Returns the rate of one client.
    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Checks that one more try is allowed. If not, fails with the time until it is.
    pub(crate) fn allow(&self, who: Option<impl Hash>, now: Duration) -> Result<(), Duration> {
        let owed = self.owed(self.place(who).load(Ordering::Relaxed), nanos(now));
        match owed.saturating_add(self.each).saturating_sub(self.at_once) {
            0 => Ok(()),
            too_much => Err(Duration::from_nanos(too_much)),
        }
    }

    /// Counts a failure.
    pub(crate) fn count(&self, who: Option<impl Hash>, now: Duration) {
        let now = nanos(now);
        let _ = self.place(who).fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paid_at| {
            let owed = self.owed(paid_at, now).saturating_add(self.each).min(self.most);
            Some(now.saturating_add(owed))
        });
    }

    fn owed(&self, paid_at: u64, now: u64) -> u64 {
        let owed = paid_at.saturating_sub(now);
        // Decisions under way may be a moment apart, so there is room above the most.
        if owed > self.most.saturating_add(self.at_once) { 0 } else { owed }
    }

    /// Returns the place of a client or key, or the common one if it is unknown.
    fn place(&self, who: Option<impl Hash>) -> &AtomicU64 {
        let place = who.and_then(|who| {
            let number = usize::try_from(self.spread.hash_one(who)).unwrap_or(0); // on 64 bits
            self.places.get(number.checked_rem(self.places.len())?)
        });
        place.unwrap_or(&self.unknown)
    }
}

impl std::fmt::Debug for Debts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Debts").field("rate", &self.rate).finish_non_exhaustive()
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
