use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counts rewritten and unchanged manifests since the process started.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rewritten: AtomicU64,
    /// The number of unchanged manifests for each reason. There are only a few reasons.
    unchanged: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// Counts a manifest that was rewritten to its end.
    pub(crate) fn rewritten(&self) {
        self.rewritten.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a manifest that passed unchanged, either wholly or from some byte on.
    pub(crate) fn passed_over(&self, reason: String) {
        let mut unchanged = self.unchanged.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unchanged.entry(reason).or_default();
        *count = count.saturating_add(1);
    }

    pub(crate) fn read(&self) -> (u64, BTreeMap<String, u64>) {
        let unchanged = self.unchanged.lock().unwrap_or_else(PoisonError::into_inner);
        (self.rewritten.load(Ordering::Relaxed), unchanged.clone())
    }
}
