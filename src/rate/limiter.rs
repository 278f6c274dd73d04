use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::Rate;
use super::gcra::{Gcra, level, nanos};

/// One limited rate, whose events are checked and counted in one step: 24 bytes, without a lock.
///
/// The clock is the caller's. It may start at any moment and must not step back.
pub(crate) struct Limiter {
    tat: AtomicU64,
    gcra: Gcra,
}

impl Limiter {
    /// Creates a limiter that has counted nothing.
    pub(crate) fn new(rate: Rate) -> Self {
        Self { tat: AtomicU64::new(0), gcra: Gcra::new(rate) }
    }

    /// Returns the time without an event after which a limiter is like a new one.
    pub(crate) const fn memory(&self) -> Duration {
        Duration::from_nanos(self.gcra.burst())
    }

    /// Checks that one more event conforms to the rate, without counting the event.
    ///
    /// # Errors
    ///
    /// Returns the time until one more event conforms.
    pub(crate) fn check(&self, now: Duration) -> Result<(), Duration> {
        self.gcra.check(level(self.tat.load(Ordering::Relaxed), nanos(now)))
    }

    /// Counts one event, if it conforms to the rate.
    ///
    /// # Errors
    ///
    /// Returns the time until one more event conforms.
    pub(crate) fn count(&self, now: Duration) -> Result<(), Duration> {
        let now = nanos(now);
        let counted = |tat| {
            let level = level(tat, now);
            self.gcra.check(level).is_ok().then(|| now.saturating_add(self.gcra.raised(level)))
        };
        match self.tat.fetch_update(Ordering::Relaxed, Ordering::Relaxed, counted) {
            Ok(_) => Ok(()),
            Err(tat) => self.gcra.check(level(tat, now)),
        }
    }
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limiter")
    }
}

#[cfg(test)]
mod tests;
