use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What became of manifests; counted from the start of the process on.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    rewritten: AtomicU64,
    /// By reason; there are a few of them.
    unchanged: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    /// One was understood to its end.
    pub(crate) fn rewritten(&self) {
        self.rewritten.fetch_add(1, Ordering::Relaxed);
    }

    /// One went through unchanged, wholly or from some byte on.
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
