use std::hash::{BuildHasher as _, Hash};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use foldhash::fast::RandomState;

use super::Rate;

/// What each of many has done of late that went wrong, at a rate.
///
/// GCRA in a fixed table, without locks. A limiter of the crate governor asks and counts in one, and here it is known only
/// afterwards what counts: whoever does right owes nothing. The hash is seeded, so nobody can choose with whom to share
/// a place; those that do share its rate. All of whom nothing is known share one place, and so the rate of one.
///
/// The time is passed in, as what has passed since any moment that stays the same.
pub(crate) struct Debts {
    /// For each place the moment at which all is paid, in nanoseconds.
    places: Box<[AtomicU64]>,
    unknown: AtomicU64,
    spread: RandomState,
    rate: Rate,
    /// What one costs, in nanoseconds.
    each: u64,
    /// How much may be owed for one more to be allowed.
    at_once: u64,
    /// How much is owed at the most, however much went wrong at once. Who seems to owe far more does so by another clock.
    most: u64,
}

impl Debts {
    /// A table of so many places, by a clock that never steps back.
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

    /// The same by a clock that may be set: what is owed is at most twice what may come at once, and where it seems to be
    /// more than three times that, the clock was set back and nothing is owed.
    pub(crate) fn by_a_clock_that_is_set(self) -> Self {
        Self { most: self.at_once.saturating_mul(2), ..self }
    }

    /// The rate of each.
    pub(crate) const fn rate(&self) -> Rate {
        self.rate
    }

    /// Whether one more may go wrong; if not, for how long not.
    pub(crate) fn allow(&self, who: Option<impl Hash>, now: Duration) -> Result<(), Duration> {
        let owed = self.owed(self.place(who).load(Ordering::Relaxed), nanos(now));
        match owed.saturating_add(self.each).saturating_sub(self.at_once) {
            0 => Ok(()),
            too_much => Err(Duration::from_nanos(too_much)),
        }
    }

    /// Counts one that went wrong.
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

    /// The place of one.
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
