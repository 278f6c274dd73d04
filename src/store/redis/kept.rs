//! The revocations that a node keeps, to enforce them and to send them to a server that lacks them.
//!
//! An entry is kept as long as its tokens could be valid. It is sent to the server
//!
//! 1. as soon as the server is reachable, if the server has not acknowledged it;
//! 2. again at the next connection, if it was acknowledged less than [`RECENT`] ago: a replica without it may have been promoted;
//! 3. again whenever the server is a different process than before, or has lost its data.
//!
//! Each entry records the place in the order that the server gave to the revocation. A server ignores an entry if its tokens
//! were issued or restored at a later place, so an entry that is sent again never revokes more than it did at first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::names::Digest;
use crate::revocation::{Kind, Revocation};
use crate::time::UnixSeconds;

/// The subject of an entry: revoked tokens, or a name that was restored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Revoked {
    Token(Digest),
    Video {
        realm: String,
        id: String,
    },
    Viewer(String),
    /// Signed tokens. The list of revocations also keeps these, so they stay here only while they are [`RECENT`].
    Signed(Revocation),
    /// The opposite: an older revocation of signed tokens by this name is void.
    Restored(Kind, String),
}

/// The place of a revocation in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The place that the server gave.
    Given(u64),
    /// The place by this node's clock, which may differ from the server's, until the server gives one.
    Estimated(u64),
}

impl Order {
    /// Estimates the place that the server would give now, from this node's clock. It is at least the highest place `seen`.
    pub(super) fn of_now(seen: u64) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self::Estimated(u64::try_from(since.as_micros()).unwrap_or(u64::MAX).max(seen))
    }

    pub(super) const fn get(self) -> u64 {
        match self {
            Self::Given(place) | Self::Estimated(place) => place,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The entry's place among the others, by age.
    number: u64,
    order: Order,
    /// The last second in which the entry is kept.
    until: i64,
    /// The time at which the server acknowledged the entry, or None if it has not.
    acknowledged: Option<Instant>,
}

/// The maximum number of entries: about 20 MB, and their names twice. Beyond it, the entry that was acknowledged first is
/// removed, because a replica or a file most probably has it.
const ROOM: usize = 65_536;

/// The maximum number of entries that the server has not acknowledged. Each of those revocations returned an error.
const PENDING_ROOM: usize = 10_000;

/// The time in which an acknowledged entry is sent again at every connection: longer than the lag of a replica in service.
const RECENT: Duration = Duration::from_mins(10);

/// The number of seconds for which an entry without a known end is kept: a day longer than any token that expires.
pub(super) const LONGEST: i64 = 31 * 86_400;

/// Returns the last second in which to keep an entry that is needed for `seconds` more. A negative number means forever.
pub(super) fn until(seconds: i64) -> i64 {
    if seconds < 0 { i64::MAX } else { UnixSeconds::now().get().saturating_add(seconds) }
}

/// The entries of a node; see the module's documentation.
#[derive(Default)]
pub(super) struct Kept(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    entries: HashMap<Revoked, Entry>,
    /// The keys of `entries` that the server has acknowledged, oldest first.
    acknowledged: BTreeMap<u64, Revoked>,
    /// The keys of the other entries, oldest first.
    pending: BTreeMap<u64, Revoked>,
    last: u64,
}

impl Kept {
    /// Keeps a revocation that the server has not acknowledged.
    pub(super) fn keep_pending(&self, revoked: Revoked, order: Order) {
        let mut inner = self.lock();
        if inner.pending.len() < PENDING_ROOM
            || inner.entries.get(&revoked).is_some_and(|entry| entry.acknowledged.is_none())
        {
            inner.insert(revoked, order, until(LONGEST), None);
        }
    }

    /// Keeps a revocation that the server has acknowledged, up to the second `until`.
    pub(super) fn keep(&self, revoked: Revoked, order: u64, until: i64) {
        self.lock().insert(revoked, Order::Given(order), until, Some(Instant::now()));
    }

    /// Records the server's answer to an entry that was sent with the place `before`: its place and the last second in which it
    /// is needed, or None if it was void there.
    pub(super) fn settle(&self, revoked: &Revoked, before: Order, answer: Option<(u64, i64)>) {
        let mut inner = self.lock();
        if inner.entries.get(revoked).is_none_or(|entry| entry.order != before) {
            return; // the same was revoked once more meanwhile
        }
        match answer {
            Some((order, until)) => {
                inner.insert(revoked.clone(), Order::Given(order), until, Some(Instant::now()));
            }
            None => inner.remove(revoked),
        }
    }

    pub(super) fn forget(&self, revoked: &Revoked) {
        self.lock().remove(revoked);
    }

    /// Returns the place in the order up to which the tokens are revoked.
    pub(super) fn up_to(&self, revoked: &Revoked) -> Option<u64> {
        self.lock().entries.get(revoked).map(|entry| entry.order.get())
    }

    /// Returns the entries to send at the beginning of a connection, oldest first.
    pub(super) fn due(&self, everything: bool, now: Instant) -> Vec<(Revoked, Order)> {
        let inner = self.lock();
        let is_due = |entry: &Entry| everything || entry.acknowledged.is_none_or(|at| is_recent(at, now));
        let mut due: Vec<_> = inner.entries.iter().filter(|(_, entry)| is_due(entry)).collect();
        due.sort_unstable_by_key(|(_, entry)| entry.number);
        due.into_iter().map(|(revoked, entry)| (revoked.clone(), entry.order)).collect()
    }

    /// Removes the entries whose tokens have expired.
    pub(super) fn sweep(&self, seconds: UnixSeconds, now: Instant) {
        let mut inner = self.lock();
        let is_over = |revoked: &Revoked, entry: &Entry| {
            let is_listed = matches!(revoked, Revoked::Signed(_));
            entry.until < seconds.get()
                || (is_listed && entry.acknowledged.is_some_and(|at| !is_recent(at, now)))
        };
        let entries = inner.entries.iter();
        let over: Vec<Revoked> = entries
            .filter(|(revoked, entry)| is_over(revoked, entry))
            .map(|(revoked, _)| revoked.clone())
            .collect();
        for revoked in over {
            inner.remove(&revoked);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // After a panic the entries are still complete.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Adds an entry or renews the one with the same subject. A given place and the end never move back.
    fn insert(&mut self, revoked: Revoked, order: Order, until: i64, acknowledged: Option<Instant>) {
        let before = self.entries.get(&revoked);
        let order = match before {
            // An estimate is replaced by the place that the server gave.
            Some(Entry { order: Order::Given(before), .. }) if *before > order.get() => Order::Given(*before),
            Some(_) | None => order,
        };
        let until = before.map_or(until, |before| before.until.max(until));
        self.remove(&revoked);
        if self.entries.len() >= ROOM
            && let Some((_, oldest)) = self.acknowledged.pop_first()
        {
            self.entries.remove(&oldest);
        }
        let number = self.last.saturating_add(1);
        self.last = number;
        self.by_number(acknowledged).insert(number, revoked.clone());
        self.entries.insert(revoked, Entry { number, order, until, acknowledged });
    }

    fn remove(&mut self, revoked: &Revoked) {
        if let Some(entry) = self.entries.remove(revoked) {
            self.by_number(entry.acknowledged).remove(&entry.number);
        }
    }

    const fn by_number(&mut self, acknowledged: Option<Instant>) -> &mut BTreeMap<u64, Revoked> {
        if acknowledged.is_some() { &mut self.acknowledged } else { &mut self.pending }
    }
}

fn is_recent(acknowledged: Instant, now: Instant) -> bool {
    now.saturating_duration_since(acknowledged) < RECENT
}

#[cfg(test)]
mod tests;
