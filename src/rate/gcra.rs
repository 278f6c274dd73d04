use std::time::Duration;

use super::Rate;

/// The generic cell rate algorithm (GCRA, ITU-T I.371) for one [`Rate`]: a leaky bucket whose level is stored as a point in time.
///
/// The state of a bucket is one number, its theoretical arrival time (TAT): the moment at which the bucket will be empty. All
/// moments are nanoseconds since the same fixed moment.
///
/// 1. The level of a bucket is the time that is left until its TAT, or zero.
/// 2. An event raises the level by one interval.
/// 3. An event conforms if the level after it is at most the burst.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gcra {
    /// The emission interval: the time of the rate, divided by its number of events.
    interval: u64,
    /// The interval times the number of events.
    burst: u64,
}

impl Gcra {
    pub(super) fn new(rate: Rate) -> Self {
        let interval = nanos(rate.interval()).max(1);
        Self { interval, burst: interval.saturating_mul(rate.requests().get().into()) }
    }

    /// Returns the highest level that conforming events reach.
    pub(super) const fn burst(self) -> u64 {
        self.burst
    }

    /// Returns the level after one more event.
    pub(super) const fn raised(self, level: u64) -> u64 {
        level.saturating_add(self.interval)
    }

    /// Checks that one more event conforms.
    ///
    /// # Errors
    ///
    /// Returns the time until it does.
    pub(super) const fn check(self, level: u64) -> Result<(), Duration> {
        match self.raised(level).saturating_sub(self.burst) {
            0 => Ok(()),
            excess => Err(Duration::from_nanos(excess)),
        }
    }
}

/// Returns the level of a bucket at a moment.
pub(super) const fn level(tat: u64, now: u64) -> u64 {
    tat.saturating_sub(now)
}

/// Returns a duration in nanoseconds, at most the largest number: 584 years.
pub(super) const fn nanos(duration: Duration) -> u64 {
    let whole = duration.as_secs().saturating_mul(1_000_000_000);
    whole.saturating_add(duration.subsec_nanos() as u64)
}
