use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::histogram::{Histogram, LOOKUP_BOUNDS};

/// Counters of lookups in the store.
#[derive(Debug)]
pub(crate) struct Lookups {
    started: AtomicU64,
    failed: AtomicU64,
    pub(crate) latency: Histogram,
}

impl Default for Lookups {
    fn default() -> Self {
        Self { started: AtomicU64::new(0), failed: AtomicU64::new(0), latency: Histogram::new(LOOKUP_BOUNDS) }
    }
}

impl Lookups {
    /// Counts a lookup when it starts.
    pub(crate) fn start(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the end of a lookup. `failed` is true if the store did not answer.
    pub(crate) fn end(&self, latency: Duration, failed: bool) {
        self.latency.record(latency);
        if failed {
            self.failed.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Returns the number of lookups that started, and the number of lookups without an answer.
    pub(crate) fn read(&self) -> (u64, u64) {
        (self.started.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }
}
