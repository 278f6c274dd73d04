//! Limits the log lines of refusals, so that a flood of refused requests does not fill a disk.
//!
//! 1. Each pair of site and code has a limit of lines for each second of the verifier's clock.
//! 2. Refusals beyond the limit are counted. Once a second, one line for each pair records the count.
//! 3. If more than [`MAX_PAIRS`] pairs occur in one second, the further pairs share one limit and one count.
//!
//! The first refusal of a later second or a thread writes the counts of a second, whichever comes first. The thread starts when a
//! refusal is not logged. It ends after a second in which every refusal was logged.
//!
//! The pairs of one second take at most 1 MiB for site ids of 128 bytes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use hashbrown::{Equivalent, HashMap};

use crate::time::{Clock, UnixSeconds};

/// The maximum number of pairs of site and code that are counted separately in one second.
const MAX_PAIRS: usize = 4_096;

/// The interval at which the thread writes counts.
const EVERY: Duration = Duration::from_secs(1);

/// Counts the refusals of the current second, and logs the counts of refusals that were not logged.
pub(crate) struct RefusalLimiter {
    clock: Arc<dyn Clock>,
    window: Mutex<Window>,
}

/// The refusals of one second.
#[derive(Default)]
struct Window {
    second: Option<UnixSeconds>,
    pairs: HashMap<Pair, Count>,
    /// The refusals of the pairs that are not counted separately.
    others: Count,
    /// True while the thread runs.
    has_thread: bool,
}

#[derive(PartialEq, Eq, Hash)]
struct Pair {
    site: Option<Box<str>>,
    code: &'static str,
}

/// A [`Pair`] to look up.
#[derive(Clone, Copy, Hash)]
struct PairRef<'p> {
    site: Option<&'p str>,
    code: &'static str,
}

#[derive(Clone, Copy, Default)]
struct Count {
    logged: u32,
    unlogged: u64,
}

/// The count of a pair in a second that has ended. Without a pair, this is the count of all further pairs.
type Sum = (Option<Pair>, u64);

impl RefusalLimiter {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self { clock, window: Mutex::default() })
    }

    /// Counts a refusal. Returns true if it has to be logged: fewer than `limit` of its site and code were logged in this second.
    pub(crate) fn admits(self: &Arc<Self>, site: Option<&str>, code: &'static str, limit: u32) -> bool {
        let now = self.clock.now();
        let mut window = self.lock();
        let ended = window.advance(now);
        let is_logged = window.count(PairRef { site, code }, limit);
        let starts = !is_logged && !std::mem::replace(&mut window.has_thread, true);
        drop(window);
        log_sums(ended);
        if starts {
            self.start_thread();
        }
        is_logged
    }

    /// Starts the thread that writes counts. If the thread cannot start, later refusals write the counts.
    fn start_thread(self: &Arc<Self>) {
        let limiter = Arc::downgrade(self);
        let write = move || {
            loop {
                thread::sleep(EVERY);
                if !limiter.upgrade().is_some_and(|limiter| limiter.write_ended()) {
                    break;
                }
            }
        };
        let _ = thread::Builder::new().name("playgate-log".to_owned()).spawn(write);
    }

    /// Writes the counts of a second that has ended. If there were none, returns false, and the thread ends.
    fn write_ended(&self) -> bool {
        let now = self.clock.now();
        let mut window = self.lock();
        let ended = window.advance(now);
        window.has_thread = !ended.is_empty() || window.has_unlogged();
        let continues = window.has_thread;
        drop(window);
        log_sums(ended);
        continues
    }

    fn lock(&self) -> MutexGuard<'_, Window> {
        self.window.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for RefusalLimiter {
    fn drop(&mut self) {
        let window = self.window.get_mut().unwrap_or_else(PoisonError::into_inner);
        log_sums(window.end());
    }
}

impl std::fmt::Debug for RefusalLimiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RefusalLimiter")
    }
}

impl Window {
    /// Begins a new window if `now` is another second, and returns the counts of the previous window. Setting the clock back also
    /// begins a new window.
    fn advance(&mut self, now: UnixSeconds) -> Vec<Sum> {
        if self.second == Some(now) {
            return Vec::new();
        }
        self.second = Some(now);
        self.end()
    }

    /// Clears the window, and returns its counts.
    fn end(&mut self) -> Vec<Sum> {
        let pairs = std::mem::take(&mut self.pairs).into_iter();
        let pairs = pairs.map(|(pair, count)| (Some(pair), count));
        let sums = pairs.chain([(None, std::mem::take(&mut self.others))]);
        sums.filter(|(_, count)| count.unlogged > 0).map(|(pair, count)| (pair, count.unlogged)).collect()
    }

    /// Counts a refusal. Returns true if the refusal has to be logged.
    fn count(&mut self, pair: PairRef<'_>, limit: u32) -> bool {
        if let Some(count) = self.pairs.get_mut(&pair) {
            return count.add(limit);
        }
        if self.pairs.len() == MAX_PAIRS {
            return self.others.add(limit);
        }
        let mut count = Count::default();
        let is_logged = count.add(limit);
        self.pairs.insert(Pair { site: pair.site.map(Box::from), code: pair.code }, count);
        is_logged
    }

    fn has_unlogged(&self) -> bool {
        self.others.unlogged > 0 || self.pairs.values().any(|count| count.unlogged > 0)
    }
}

impl Count {
    fn add(&mut self, limit: u32) -> bool {
        let is_logged = self.logged < limit;
        if is_logged {
            self.logged = self.logged.saturating_add(1);
        } else {
            self.unlogged = self.unlogged.saturating_add(1);
        }
        is_logged
    }
}

impl Equivalent<Pair> for PairRef<'_> {
    fn equivalent(&self, pair: &Pair) -> bool {
        self.site == pair.site.as_deref() && self.code == pair.code
    }
}

fn log_sums(sums: Vec<Sum>) {
    for (pair, count) in sums {
        super::event!(
            INFO,
            code = pair.as_ref().map(|pair| pair.code),
            site = pair.as_ref().and_then(|pair| pair.site.as_deref()),
            count = count,
            "more refusals were not logged"
        );
    }
}

#[cfg(test)]
mod tests;
