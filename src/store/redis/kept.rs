//! The revocations that a node keeps, to tell them to a server that lacks them and to refuse what they revoke meanwhile.
//!
//! An entry is kept for as long as what it revokes could be good. It is told to the server
//!
//! 1. as soon as that can be reached, if it was not acknowledged;
//! 2. again at the next connection, if it was acknowledged less than [`RECENT`] ago: a replica may have taken the server's
//!    place without it;
//! 3. again whenever the server is another process than before, or its data were lost.
//!
//! Each entry has the server's place in the order of its revocation. A server leaves alone what was issued or restored at a
//! later place, so telling an entry again never revokes more than it did at first.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::names::Digest;
use crate::revocation::{Kind, Revocation};
use crate::time::UnixSeconds;

/// What is revoked, or restored.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Revoked {
    Token(Digest),
    Video {
        realm: String,
        id: String,
    },
    Viewer(String),
    /// Signed tokens. The list of revocations keeps these as well, so here they stay only while they are [`RECENT`].
    Signed(Revocation),
    /// The opposite: a revocation of signed tokens by this name that is older is void.
    Restored(Kind, String),
}

/// Where a revocation stands in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// The server gave it this place.
    Given(u64),
    /// The server was not told yet: the place by this node's clock, which need not be the server's.
    Estimated(u64),
}

impl Order {
    /// The place that the server would give now, by this node's clock, and above every place that the node has seen.
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
    /// Which entry came before which.
    number: u64,
    order: Order,
    /// The last second in which it is kept.
    until: i64,
    /// When the server acknowledged it, if it did.
    told: Option<Instant>,
}

/// How many entries are kept, about 10 MB of them. The one that was acknowledged first gives way: it is the one that a
/// replica or a file has most probably.
const ROOM: usize = 65_536;

/// How many of them may be unknown to the server; whoever revokes more gets an error for each.
const UNTOLD_ROOM: usize = 10_000;

/// For how long an acknowledged entry is told again at every connection: longer than a replica in service lags behind.
const RECENT: Duration = Duration::from_mins(10);

/// For how many seconds an entry is kept of which no end is known: a day longer than any token that expires.
pub(super) const LONGEST: i64 = 31 * 86_400;

/// See the module's documentation.
#[derive(Default)]
pub(super) struct Kept(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    entries: HashMap<Revoked, Entry>,
    /// The keys of `entries` that the server knows, and those that it does not; oldest first.
    told: BTreeMap<u64, Revoked>,
    untold: BTreeMap<u64, Revoked>,
    last: u64,
}

impl Kept {
    /// Keeps a revocation that the server was not told of.
    pub(super) fn keep_untold(&self, revoked: Revoked, order: Order) {
        let mut inner = self.lock();
        if inner.untold.len() < UNTOLD_ROOM
            || inner.entries.get(&revoked).is_some_and(|entry| entry.told.is_none())
        {
            inner.insert(revoked, order, UnixSeconds::now().get().saturating_add(LONGEST), None);
        }
    }

    /// Keeps a revocation that the server knows, up to a second.
    pub(super) fn keep(&self, revoked: Revoked, order: u64, until: i64) {
        self.lock().insert(revoked, Order::Given(order), until, Some(Instant::now()));
    }

    /// The server was told of an entry at this place in the order; nothing if it was void there.
    pub(super) fn told(&self, revoked: &Revoked, before: Order, now: Option<(u64, i64)>) {
        let mut inner = self.lock();
        let Some(entry) = inner.entries.get(revoked).copied().filter(|entry| entry.order == before) else {
            return; // another revocation of the same came meanwhile
        };
        match now {
            Some((order, until)) => {
                let until = until.max(entry.until);
                inner.insert(revoked.clone(), Order::Given(order), until, Some(Instant::now()));
            }
            None => inner.remove(revoked),
        }
    }

    pub(super) fn forget(&self, revoked: &Revoked) {
        self.lock().remove(revoked);
    }

    /// The place in the order up to which it is revoked.
    pub(super) fn up_to(&self, revoked: &Revoked) -> Option<u64> {
        self.lock().entries.get(revoked).map(|entry| entry.order.get())
    }

    /// What a server has to be told at the beginning of a connection, oldest first.
    pub(super) fn to_tell(&self, everything: bool, now: Instant) -> Vec<(Revoked, Order)> {
        let inner = self.lock();
        let is_due = |entry: &Entry| everything || entry.told.is_none_or(|told| is_recent(told, now));
        let mut due: Vec<_> = inner.entries.iter().filter(|(_, entry)| is_due(entry)).collect();
        due.sort_unstable_by_key(|(_, entry)| entry.number);
        due.into_iter().map(|(revoked, entry)| (revoked.clone(), entry.order)).collect()
    }

    /// Drops entries that revoke nothing any more.
    pub(super) fn sweep(&self, seconds: UnixSeconds, now: Instant) {
        let mut inner = self.lock();
        let is_over = |revoked: &Revoked, entry: &Entry| {
            let is_listed = matches!(revoked, Revoked::Signed(_));
            entry.until < seconds.get() || (is_listed && entry.told.is_some_and(|told| !is_recent(told, now)))
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
        // Whatever panicked has left whole entries.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn insert(&mut self, revoked: Revoked, order: Order, until: i64, told: Option<Instant>) {
        let order = match self.entries.get(&revoked) {
            // The estimate is replaced by the place that the server gave.
            Some(Entry { order: Order::Given(before), .. }) if *before > order.get() => Order::Given(*before),
            Some(_) | None => order,
        };
        self.remove(&revoked);
        if self.entries.len() >= ROOM
            && let Some((_, oldest)) = self.told.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.last = self.last.saturating_add(1);
        let by_number = if told.is_some() { &mut self.told } else { &mut self.untold };
        by_number.insert(self.last, revoked.clone());
        self.entries.insert(revoked, Entry { number: self.last, order, until, told });
    }

    fn remove(&mut self, revoked: &Revoked) {
        if let Some(entry) = self.entries.remove(revoked) {
            let by_number = if entry.told.is_some() { &mut self.told } else { &mut self.untold };
            by_number.remove(&entry.number);
        }
    }
}

fn is_recent(told: Instant, now: Instant) -> bool {
    now.saturating_duration_since(told) < RECENT
}

#[cfg(test)]
mod tests {
    use super::*;

    fn viewer(number: usize) -> Revoked {
        Revoked::Viewer(number.to_string())
    }

    fn due(kept: &Kept, everything: bool, now: Instant) -> Vec<Revoked> {
        kept.to_tell(everything, now).into_iter().map(|(revoked, _)| revoked).collect()
    }

    #[test]
    fn what_the_server_does_not_know_is_told_oldest_first_and_what_it_knows_while_it_is_recent() {
        let (kept, now) = (Kept::default(), Instant::now());
        kept.keep_untold(viewer(1), Order::Estimated(1));
        kept.keep(viewer(2), 7, i64::MAX);
        kept.keep_untold(viewer(3), Order::Estimated(2));
        assert_eq!(due(&kept, false, now), [viewer(1), viewer(2), viewer(3)]);
        let later = now + RECENT + Duration::from_secs(1);
        assert_eq!(due(&kept, false, later), [viewer(1), viewer(3)]);
        assert_eq!(due(&kept, true, later), [viewer(1), viewer(2), viewer(3)]);
        let (_, order) = kept.to_tell(false, later)[0].clone();
        kept.told(&viewer(1), order, Some((9, i64::MAX)));
        assert_eq!((kept.up_to(&viewer(1)), due(&kept, false, later)), (Some(9), vec![viewer(3)]));
        kept.told(&viewer(1), Order::Given(8), None);
        assert_eq!(kept.up_to(&viewer(1)), Some(9), "another revocation of the same came meanwhile");
        kept.told(&viewer(1), Order::Given(9), None);
        assert_eq!(kept.up_to(&viewer(1)), None, "it was void at the server");
    }

    #[test]
    fn an_entry_goes_when_what_it_revokes_has_expired() {
        let (kept, now) = (Kept::default(), Instant::now());
        let signed = Revoked::Signed(Revocation::token("t"));
        kept.keep(viewer(1), 1, 100);
        kept.keep(signed.clone(), 2, i64::MAX);
        kept.sweep(UnixSeconds::new(100), now);
        assert_eq!(due(&kept, true, now).len(), 2);
        kept.sweep(UnixSeconds::new(101), now);
        assert_eq!(due(&kept, true, now), [signed]);
        kept.sweep(UnixSeconds::new(101), now + RECENT + Duration::from_secs(1));
        assert!(due(&kept, true, now).is_empty(), "the list has it");
    }

    #[test]
    fn room_is_bounded_and_what_was_told_first_gives_way() {
        let kept = Kept::default();
        for number in 0..=UNTOLD_ROOM {
            kept.keep_untold(viewer(number), Order::of_now(0));
        }
        assert_eq!(kept.lock().entries.len(), UNTOLD_ROOM);
        for number in 0..ROOM {
            kept.keep(Revoked::Token(Digest::numbered(number)), 1, i64::MAX);
        }
        let inner = kept.lock();
        assert_eq!((inner.entries.len(), inner.untold.len()), (ROOM, UNTOLD_ROOM));
        assert_eq!(inner.told.len(), ROOM - UNTOLD_ROOM);
        assert!(inner.entries.contains_key(&viewer(0)), "what the server does not know stays");
        assert!(!inner.entries.contains_key(&Revoked::Token(Digest::numbered(0))));
        assert!(inner.entries.contains_key(&Revoked::Token(Digest::numbered(ROOM - 1))));
    }
}
