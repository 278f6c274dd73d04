use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use crate::time::UnixSeconds;

/// Counters of configuration reloads.
#[derive(Debug, Default)]
pub(crate) struct Reloads {
    applied: AtomicU64,
    rejected: AtomicU64,
    /// The time of the last reload that was applied, or 0.
    last: AtomicI64,
}

impl Reloads {
    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "only a configuration file is reloaded"))]
    pub(crate) fn applied(&self, now: UnixSeconds) {
        self.applied.fetch_add(1, Ordering::Relaxed);
        self.last.store(now.get(), Ordering::Relaxed);
    }

    #[cfg_attr(not(feature = "config"), expect(dead_code, reason = "only a configuration file is reloaded"))]
    pub(crate) fn rejected(&self) {
        self.rejected.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the numbers of applied and of rejected reloads, and the time of the last applied one.
    pub(crate) fn read(&self) -> (u64, u64, Option<i64>) {
        let last = self.last.load(Ordering::Relaxed);
        (
            self.applied.load(Ordering::Relaxed),
            self.rejected.load(Ordering::Relaxed),
            (last != 0).then_some(last),
        )
    }
}
