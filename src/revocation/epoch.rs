use std::sync::atomic::Ordering;

use super::sync::AtomicU64;

/// Counts what was taken back, so that what was looked up once is not looked up again before more is.
#[derive(Debug, Default)]
pub(crate) struct Epochs(AtomicU64);

/// How much had been taken back at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Epoch(u64);

impl Epochs {
    /// To be asked for before the list is.
    pub(crate) fn now(&self) -> Epoch {
        Epoch(self.0.load(Ordering::Acquire))
    }

    /// More was taken back; to be said after it is on the list.
    pub(super) fn next(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }
}

impl Epoch {
    /// Whether nothing was ever taken back.
    pub(crate) const fn is_first(self) -> bool {
        self.0 == 0
    }
}

/// Up to which epoch something is known not to have been taken back; at first, that nothing ever was.
#[derive(Debug, Default)]
pub(crate) struct Checked(AtomicU64);

impl Checked {
    pub(crate) fn is_up_to(&self, epoch: Epoch) -> bool {
        self.0.load(Ordering::Acquire) >= epoch.0
    }

    /// It was looked up after this epoch was asked for, and was not on the list.
    pub(crate) fn set(&self, epoch: Epoch) {
        self.0.fetch_max(epoch.0, Ordering::Release);
    }
}
