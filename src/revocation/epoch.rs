use std::sync::atomic::Ordering;

use super::sync::AtomicU64;

/// Counts revocations, so that a token that was looked up once is not looked up again before the next revocation.
#[derive(Debug, Default)]
pub(crate) struct Epochs(AtomicU64);

/// The number of revocations at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

impl Epochs {
    /// Returns the present epoch. Call it before the list is read.
    pub(crate) fn now(&self) -> Epoch {
        Epoch(self.0.load(Ordering::Acquire))
    }

    /// Begins the next epoch. Call it after an entry was added to the list.
    pub(super) fn next(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl Epoch {
    /// Returns whether nothing was ever revoked.
    pub(crate) const fn is_first(self) -> bool {
        self.0 == 0
    }
}

/// The epoch up to which a token is known not to be revoked. Initially the epoch before any revocation.
#[derive(Debug, Default)]
pub(crate) struct Checked(AtomicU64);

impl Checked {
    pub(crate) fn is_up_to(&self, epoch: Epoch) -> bool {
        self.0.load(Ordering::Acquire) >= epoch.0
    }

    /// Records that the token was not on the list, which was read after this epoch.
    pub(crate) fn set(&self, epoch: Epoch) {
        self.0.fetch_max(epoch.0, Ordering::Release);
    }
}
