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
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::thread::{self, ThreadId};

    use super::*;

    struct Tattling {
        number: usize,
        writer: ThreadId,
        freed_elsewhere: Arc<AtomicUsize>,
    }

    impl Drop for Tattling {
        fn drop(&mut self) {
            if thread::current().id() != self.writer {
                self.freed_elsewhere.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn no_reader_frees_what_was_replaced() {
        let freed_elsewhere = Arc::new(AtomicUsize::new(0));
        let value = |number| Tattling {
            number,
            writer: thread::current().id(),
            freed_elsewhere: Arc::clone(&freed_elsewhere),
        };
        let live = Live::new(value(0));
        let done = AtomicBool::new(false);
        let reads = AtomicUsize::new(0);
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut last = 0;
                    while !done.load(Ordering::Relaxed) {
                        let guard = live.load();
                        assert!(guard.number >= last, "time ran backwards");
                        last = guard.number;
                        reads.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            let mut number = 0;
            while number < 20_000 || reads.load(Ordering::Relaxed) < 20_000 {
                number += 1;
                live.update(|_| Ok::<_, Infallible>(value(number))).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        assert_eq!(freed_elsewhere.load(Ordering::Relaxed), 0);
        let held = live.retired.lock().unwrap().len();
        assert!(held <= 2, "at most what two readers held: {held}");
    }

    #[test]
    fn a_change_that_fails_changes_nothing() {
        let live = Live::new(1);
        assert_eq!(live.update(|_| Err::<i32, &str>("no")), Err("no"));
        assert_eq!(**live.load(), 1);
    }
}
