use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The upper bounds of the buckets for decisions. A remembered token takes some 0.3 µs, an RSA signature 15 to 50 µs.
pub(crate) const DECISION_BOUNDS: &[Duration] = &[
    Duration::from_nanos(250),
    Duration::from_nanos(500),
    Duration::from_micros(1),
    Duration::from_nanos(2_500),
    Duration::from_micros(5),
    Duration::from_micros(10),
    Duration::from_micros(25),
    Duration::from_micros(50),
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_millis(1),
    Duration::from_millis(10),
];

/// The upper bounds of the buckets for lookups in a store.
pub(crate) const LOOKUP_BOUNDS: &[Duration] = &[
    Duration::from_micros(100),
    Duration::from_micros(250),
    Duration::from_micros(500),
    Duration::from_millis(1),
    Duration::from_micros(2_500),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_secs(1),
];

/// A histogram of durations with fixed bounds. Threads share its counters, so the histogram is only for rare or sampled events.
#[derive(Debug)]
pub(crate) struct Histogram {
    bounds: &'static [Duration],
    /// The number of durations in each bucket, and then the number above the last bound.
    buckets: Box<[AtomicU64]>,
    /// The sum of the durations, in nanoseconds.
    sum: AtomicU64,
}

/// The content of a histogram: the cumulative count at each bound, the count and the sum.
pub(crate) struct Reading {
    pub(crate) buckets: Vec<(Duration, u64)>,
    pub(crate) count: u64,
    pub(crate) sum: Duration,
}

impl Histogram {
    pub(crate) fn new(bounds: &'static [Duration]) -> Self {
        let buckets = bounds.iter().map(|_| AtomicU64::new(0)).chain([AtomicU64::new(0)]).collect();
        Self { bounds, buckets, sum: AtomicU64::new(0) }
    }

    pub(crate) fn record(&self, duration: Duration) {
        let bucket = self.bounds.partition_point(|bound| *bound < duration);
        if let Some(bucket) = self.buckets.get(bucket) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.sum.fetch_add(nanos, Ordering::Relaxed);
    }

    /// Reads the histogram. The count is the sum of the buckets, so that both agree.
    pub(crate) fn read(&self) -> Reading {
        let mut count = 0_u64;
        let mut cumulative = self.buckets.iter().map(|bucket| {
            count = count.saturating_add(bucket.load(Ordering::Relaxed));
            count
        });
        let buckets = self.bounds.iter().copied().zip(cumulative.by_ref()).collect();
        let last = cumulative.last();
        Reading {
            buckets,
            count: last.unwrap_or_default(),
            sum: Duration::from_nanos(self.sum.load(Ordering::Relaxed)),
        }
    }
}

#[cfg(test)]
mod tests;
