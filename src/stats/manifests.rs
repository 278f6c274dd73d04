use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Counters of rewritten and unchanged manifests.
#[derive(Debug, Default)]
pub(crate) struct Manifests {
    rewritten: AtomicU64,
    bytes: AtomicU64,
    /// The number of unchanged manifests for each reason. The number of reasons is small.
    unchanged: Mutex<BTreeMap<String, u64>>,
}

impl Manifests {
    /// Counts a manifest that was rewritten completely.
    pub(crate) fn rewritten(&self) {
        self.rewritten.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts bytes that a rewriter has written.
    pub(crate) fn wrote(&self, bytes: usize) {
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    /// Counts a manifest that passed unchanged, completely or from some byte on.
    pub(crate) fn passed_over(&self, reason: String) {
        let mut unchanged = self.unchanged.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unchanged.entry(reason).or_default();
        *count = count.saturating_add(1);
    }

    /// Returns the number of rewritten manifests, and the number of unchanged ones by reason.
    pub(crate) fn read(&self) -> (u64, BTreeMap<String, u64>) {
        let unchanged = self.unchanged.lock().unwrap_or_else(PoisonError::into_inner);
        (self.rewritten.load(Ordering::Relaxed), unchanged.clone())
    }

    /// Returns the number of bytes that rewriters have written.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}
