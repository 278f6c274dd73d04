use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::time::{UnixSeconds, whole_seconds};

/// The time until which the keys of a document are in force, if its source limits their age.
///
/// The keys of a document share it, so they also expire if the document is never read again. Each time that the document is read,
/// or found unchanged, the end moves on for all of its keys at once, without a new key set.
#[derive(Debug)]
pub(super) struct Freshness {
    max_staleness: i64,
    until: AtomicI64,
}

#[cfg_attr(not(feature = "config"), expect(dead_code, reason = "only keys from files can be stale"))]
impl Freshness {
    /// Creates the freshness of a document that was read at this second.
    pub(super) fn new(max_staleness: Duration, read_at: UnixSeconds) -> Self {
        let fresh = Self { max_staleness: whole_seconds(max_staleness), until: AtomicI64::new(i64::MIN) };
        fresh.confirm(read_at);
        fresh
    }

    /// Records that the document was read, or found unchanged.
    pub(super) fn confirm(&self, at: UnixSeconds) {
        self.until.store(at.saturating_add(self.max_staleness).get(), Ordering::Relaxed);
    }

    /// Returns the last second in which the keys are in force.
    pub(super) fn until(&self) -> UnixSeconds {
        UnixSeconds::new(self.until.load(Ordering::Relaxed))
    }
}
