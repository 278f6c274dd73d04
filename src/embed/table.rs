use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::sync::{AtomicU64, Change, Map};

/// For how many seconds a revocation is remembered at least: longer than any lookup takes, so that one that was under
/// way when it came cannot put back what was revoked.
pub(super) const REMEMBERED: i64 = 120;

/// For how many seconds an expired record stays, so that its viewer is told what is the matter.
pub(super) const EXPIRED_KEPT: i64 = 600;

/// What is kept for a token, as far as the table has to know it.
pub(super) trait Kept {
    /// The group that it goes with.
    fn group(&self) -> &Group;
    fn viewer(&self) -> Option<&str>;
    /// Its place in the order in which tokens were issued.
    fn order(&self) -> u64;
    /// The second from which on it is dead.
    fn expires(&self) -> Option<i64>;
    /// When it was last asked for, or else put here.
    fn last_seen(&self) -> i64;
}

/// Tokens that can be revoked together: those of one video.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Tokens of an order up to this are revoked.
    revoked_up_to: AtomicU64,
    /// When that was said; seconds.
    revoked_at: AtomicU64,
}

impl Group {
    fn revoke(&self, up_to: u64, now: i64) {
        self.revoked_at.fetch_max(now.unsigned_abs(), Ordering::Relaxed);
        self.revoked_up_to.fetch_max(up_to, Ordering::Release);
    }

    /// Whether a record may be under way that was issued before this group was revoked.
    pub(super) fn is_remembered(&self, now: i64) -> bool {
        let since = self.revoked_at.load(Ordering::Relaxed);
        since > 0 && since.saturating_add(REMEMBERED.unsigned_abs()) > now.unsigned_abs()
    }
}

/// What is known of a token.
#[derive(Debug)]
pub(super) enum Slot<R> {
    Live(Arc<R>),
    /// Revoked by itself, in this second since 1970; with its record, where that was known.
    Gone(u32, Option<Arc<R>>),
}

impl<R> Clone for Slot<R> {
    fn clone(&self) -> Self {
        match self {
            Self::Live(record) => Self::Live(Arc::clone(record)),
            Self::Gone(at, record) => Self::Gone(*at, record.clone()),
        }
    }
}

/// What a look into the table finds.
#[derive(Debug)]
pub(super) enum Sight<R> {
    Live(Arc<R>),
    Revoked(Option<Arc<R>>),
    Unknown,
}

/// Tokens and what is kept for them; a reader waits for no more than the change of one entry.
///
/// A revocation is in force for every look that starts after the call has returned, in whatever order records are put
/// in: a token's own leaves a mark in its place, a group's and a viewer's are numbers that later tokens are above of.
#[derive(Debug)]
pub(super) struct Table<K, R> {
    tokens: Map<K, Slot<R>>,
    /// Up to which order a viewer's tokens are revoked, and when that was said.
    viewers: Map<Box<str>, (u64, i64)>,
    /// The last order that was given.
    order: AtomicU64,
}

impl<K: Hash + Eq, R> Default for Table<K, R> {
    fn default() -> Self {
        Self { tokens: Map::default(), viewers: Map::default(), order: AtomicU64::new(0) }
    }
}

impl<K: Hash + Eq + Clone, R: Kept> Table<K, R> {
    /// What is known of a token now.
    pub(super) fn look(&self, token: &K) -> Sight<R> {
        match self.tokens.get(token) {
            Some(Slot::Live(record)) if self.is_revoked(&record) => Sight::Revoked(Some(record)),
            Some(Slot::Live(record)) => Sight::Live(record),
            Some(Slot::Gone(_, record)) => Sight::Revoked(record),
            None => Sight::Unknown,
        }
    }

    /// Whether its video or its viewer was revoked after it was issued.
    pub(super) fn is_revoked(&self, record: &R) -> bool {
        record.order() <= record.group().revoked_up_to.load(Ordering::Acquire)
            || self.viewer_revoked_at(record).is_some()
    }

    /// When its viewer was revoked, if that was after it was issued.
    fn viewer_revoked_at(&self, record: &R) -> Option<i64> {
        if self.viewers.is_empty() {
            return None;
        }
        let mark = record.viewer().and_then(|viewer| self.viewers.get(viewer));
        mark.filter(|(up_to, _)| record.order() <= *up_to).map(|(_, at)| at)
    }

    /// When it was revoked with its video or its viewer.
    fn revoked_at(&self, record: &R) -> Option<i64> {
        let group = record.group();
        if record.order() <= group.revoked_up_to.load(Ordering::Acquire) {
            return Some(i64::try_from(group.revoked_at.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        }
        self.viewer_revoked_at(record)
    }

    /// Puts in a record that was found elsewhere; not where the token was revoked meanwhile, nor in the place of the same
    /// record, which counts already.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store finds"))]
    pub(super) fn put_found(&self, token: K, record: &Arc<R>) {
        self.reach(record.order());
        self.tokens.alter(token, |slot| match slot {
            Some(Slot::Gone(..)) => Change::Keep,
            Some(Slot::Live(held)) if held.order() == record.order() => Change::Keep,
            Some(Slot::Live(_)) | None => Change::Put(Slot::Live(Arc::clone(record))),
        });
    }

    /// Puts a record in, unless something is known of the token; tells whether it is in.
    pub(super) fn put_new(&self, token: &K, record: &Arc<R>) -> bool {
        self.tokens.alter(token.clone(), |slot| match slot {
            Some(_) => Change::Keep,
            None => Change::Put(Slot::Live(Arc::clone(record))),
        });
        matches!(self.tokens.get(token), Some(Slot::Live(held)) if Arc::ptr_eq(&held, record))
    }

    /// Revokes one token, known or not.
    pub(super) fn revoke(&self, token: K, now: i64) {
        let now = u32::try_from(now.max(0)).unwrap_or(u32::MAX); // small, since there is one to every token
        self.tokens.alter(token, |slot| match slot {
            Some(Slot::Gone(..)) => Change::Keep,
            Some(Slot::Live(record)) => Change::Put(Slot::Gone(now, Some(Arc::clone(record)))),
            None => Change::Put(Slot::Gone(now, None)),
        });
    }

    /// Revokes a group's tokens up to an order.
    pub(super) fn revoke_group(&self, group: &Group, up_to: u64, now: i64) {
        self.reach(up_to);
        group.revoke(up_to, now);
    }

    /// Revokes a viewer's tokens up to an order.
    pub(super) fn revoke_viewer(&self, viewer: &str, up_to: u64, now: i64) {
        self.reach(up_to);
        self.viewers.alter(viewer.into(), |mark| match mark {
            Some((before, _)) if *before >= up_to => Change::Keep,
            Some(_) | None => Change::Put((up_to, now)),
        });
    }

    /// The place in the order of a token that is issued here.
    pub(super) fn next_order(&self) -> u64 {
        self.order.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// The order so far: what was issued up to now is not above it.
    pub(super) fn order(&self) -> u64 {
        self.order.load(Ordering::Relaxed)
    }

    fn reach(&self, order: u64) {
        self.order.fetch_max(order, Ordering::Relaxed);
    }

    /// Drops what is dead: expired and revoked records, and those that nobody has asked for since `idle_since`; then
    /// marks that nothing can fall under any more.
    pub(super) fn sweep(&self, now: i64, idle_since: Option<i64>) {
        self.tokens.retain(|_, slot| match slot {
            Slot::Live(record) => {
                let expired =
                    record.expires().is_some_and(|expires| expires.saturating_add(EXPIRED_KEPT) <= now);
                let idle = idle_since.is_some_and(|since| record.last_seen() < since);
                // Kept for a while, so that its viewer is told what is the matter.
                let revoked = self.revoked_at(record).is_some_and(|at| at.saturating_add(REMEMBERED) <= now);
                !expired && !idle && !revoked
            }
            Slot::Gone(at, _) => i64::from(*at).saturating_add(REMEMBERED) > now,
        });
        // What they were for is gone now, or is put in with its own marks.
        self.viewers.retain(|_, (_, at)| at.saturating_add(REMEMBERED) > now);
    }

    /// Drops every record; marks stay.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store looks up again"))]
    pub(super) fn forget(&self) {
        self.tokens.retain(|_, slot| matches!(slot, Slot::Gone(..)));
    }

    /// How many tokens, and how many revoked viewers, are known.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(super) fn len(&self) -> (usize, usize) {
        (self.tokens.len(), self.viewers.len())
    }
}
