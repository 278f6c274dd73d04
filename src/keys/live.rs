use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};

/// A value that many threads read while one replaces it.
///
/// Readers never wait and never free the value. A replaced value is kept until the writer is its only owner. (Dropping a million
/// keys takes half a second, which must not delay a request.)
pub(crate) struct Live<T> {
    current: ArcSwap<T>,
    /// Replaced values that a reader still held at the last check. Also the lock of the writers.
    retired: Mutex<Vec<Arc<T>>>,
}

/// The number of times that a writer checks whether the readers of a replaced value are done. A decision takes microseconds. A
/// slower one leaves its snapshot to the next writer.
const PATIENCE: usize = 16;

impl<T> Live<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { current: ArcSwap::from_pointee(value), retired: Mutex::default() }
    }

    /// Returns the value in force.
    ///
    /// The first load of a thread allocates the thread's slot, in which readers announce the value that they read. A slot serves
    /// every cell of the process. After its thread has ended, another thread reuses it.
    pub(crate) fn load(&self) -> Guard<Arc<T>> {
        self.current.load()
    }

    /// Replaces the value with the result of `change`, or leaves it unchanged on an error.
    ///
    /// Writers take turns, so no change is lost. Every `load` that starts after the return sees the new value.
    pub(crate) fn update<E>(&self, change: impl FnOnce(&T) -> Result<T, E>) -> Result<(), E> {
        // A change that panicked has replaced nothing, so a poisoned lock still guards valid values.
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        let next = change(&self.current.load())?;
        retired.push(self.current.swap(Arc::new(next)));
        for _ in 0..PATIENCE {
            retired.retain(|old| Arc::strong_count(old) > 1);
            if retired.is_empty() {
                break;
            }
            std::thread::yield_now();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
