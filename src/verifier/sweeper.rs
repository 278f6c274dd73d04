use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

use crate::store::Access;
use crate::time::Clock;

/// The interval at which expired entries are removed.
const EVERY: Duration = Duration::from_secs(10);

/// A thread that removes expired entries from a store's memory. It ends when this value is dropped.
pub(super) struct Sweeper {
    thread: Option<Thread>,
    ended: Arc<AtomicBool>,
}

impl Sweeper {
    pub(super) fn start(access: Arc<Access>, clock: Arc<dyn Clock>) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&ended);
        let sweep = move || {
            while !seen.load(Ordering::Relaxed) {
                access.sweep(clock.now());
                thread::park_timeout(EVERY);
            }
        };
        let started = thread::Builder::new().name("playgate-sweep".to_owned()).spawn(sweep);
        if let Err(error) = &started {
            // Expired entries grant nothing in any case; they are only not freed.
            crate::log::event!(
                WARN,
                error = %error,
                "expired tokens stay in memory: the thread that removes them could not be started"
            );
        }
        Self { thread: started.ok().map(|handle| handle.thread().clone()), ended }
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }
}
