use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::sync::{AtomicU32, AtomicU64, Change, Map, Shelf, Tokened};

/// For how many seconds a revocation is remembered at least: longer than any lookup takes, so that one that was under
/// way when it came cannot put back what was revoked.
pub(super) const REMEMBERED: i64 = 120;

/// For how many seconds an expired record stays, so that its viewer is told what is the matter.
pub(super) const EXPIRED_KEPT: i64 = 600;

/// What is kept for a token, as far as the table has to know it.
pub(super) trait Kept: Tokened {
    /// Returns whether it was revoked by itself.
    fn revoked_alone(&self) -> &RevokedAlone;
    /// Returns the group that it goes with.
    fn group(&self) -> &Group;
    fn viewer(&self) -> Option<&str>;
    /// Its place in the order in which tokens were issued.
    fn order(&self) -> u64;
    /// Returns the second from which on it is dead.
    fn expires(&self) -> Option<i64>;
    /// When it was last asked for, or else put here.
    fn last_seen(&self) -> i64;
    /// For how many seconds after that it knows something that a record which is looked up again would not.
    fn remembers(&self) -> i64;
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

    /// Returns whether a record may be under way that was issued before this group was revoked.
    pub(super) fn is_remembered(&self, now: i64) -> bool {
        let since = self.revoked_at.load(Ordering::Relaxed);
        since > 0 && since.saturating_add(REMEMBERED.unsigned_abs()) > now.unsigned_abs()
    }
}

/// Whether one token was revoked, and when: it stands in its record.
#[derive(Debug, Default)]
pub(super) struct RevokedAlone(AtomicU32);

impl RevokedAlone {
    /// The first time counts.
    fn set(&self, second: u32) {
        let _ = self.0.compare_exchange(0, second, Ordering::Release, Ordering::Relaxed);
    }

    fn at(&self) -> Option<i64> {
        match self.0.load(Ordering::Acquire) {
            0 => None,
            second => Some(i64::from(second)),
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
/// in: a token's own leaves a mark that its record does not pass, a group's and a viewer's are numbers that later tokens
/// are above of.
#[derive(Debug)]
pub(super) struct Table<R: Kept> {
    records: Shelf<R>,
    /// When tokens were revoked by themselves, known or not.
    alone: Map<R::Token, u32>,
    /// Up to which order a viewer's tokens are revoked, and when that was said.
    viewers: Map<Box<str>, (u64, i64)>,
    /// The last order that was given.
    order: AtomicU64,
}

impl<R: Kept> Default for Table<R> {
    fn default() -> Self {
        Self {
            records: Shelf::default(),
            alone: Map::default(),
            viewers: Map::default(),
            order: AtomicU64::new(0),
        }
    }
}

impl<R: Kept> Table<R> {
    /// What is known of a token now.
    pub(super) fn look(&self, token: &R::Token) -> Sight<R> {
        match self.records.get(token) {
            Some(record) if self.is_revoked(&record) => Sight::Revoked(Some(record)),
            Some(record) => Sight::Live(record),
            None if self.was_revoked_alone(token) => Sight::Revoked(None),
            None => Sight::Unknown,
        }
    }

    fn was_revoked_alone(&self, token: &R::Token) -> bool {
        !self.alone.is_empty() && self.alone.get(token).is_some()
    }

    /// Returns whether it was revoked, or after it was issued its video or its viewer.
    pub(super) fn is_revoked(&self, record: &R) -> bool {
        self.revoked_at(record).is_some()
    }

    /// When its viewer was revoked, if that was after it was issued.
    fn viewer_revoked_at(&self, record: &R) -> Option<i64> {
        if self.viewers.is_empty() {
            return None;
        }
        let mark = record.viewer().and_then(|viewer| self.viewers.get(viewer));
        mark.filter(|(up_to, _)| record.order() <= *up_to).map(|(_, at)| at)
    }

    /// When it was revoked, by itself or with its video or its viewer.
    fn revoked_at(&self, record: &R) -> Option<i64> {
        if let Some(at) = record.revoked_alone().at() {
            return Some(at);
        }
        let group = record.group();
        if record.order() <= group.revoked_up_to.load(Ordering::Acquire) {
            return Some(i64::try_from(group.revoked_at.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        }
        self.viewer_revoked_at(record)
    }

    /// Puts in a record that was found elsewhere; not where its token was revoked meanwhile, nor in the place of the same
    /// record, which counts already.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store finds"))]
    pub(super) fn put_found(&self, record: &Arc<R>) {
        self.reach(record.order());
        self.records.put(record, |held| {
            held.is_none_or(|held| held.order() != record.order()) && !self.was_revoked_alone(record.token())
        });
    }

    /// Puts a record in, unless something is known of its token; tells whether it is in.
    pub(super) fn put_new(&self, record: &Arc<R>) -> bool {
        self.records.put(record, |held| held.is_none() && !self.was_revoked_alone(record.token()))
    }

    /// Revokes one token, known or not.
    pub(super) fn revoke(&self, token: &R::Token, now: i64) {
        let now = u32::try_from(now).unwrap_or(u32::MAX).max(1); // zero is never
        self.alone.alter(token.clone(), |before| match before {
            Some(_) => Change::Keep,
            None => Change::Put(now),
        });
        // The mark comes first: a record that is put in sees it, or is seen here.
        if let Some(record) = self.records.get(token) {
            record.revoked_alone().set(now);
        }
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

    /// Returns the place in the order of a token that is issued here.
    pub(super) fn next_order(&self) -> u64 {
        self.order.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// Returns the order so far: what was issued up to now is not above it.
    pub(super) fn order(&self) -> u64 {
        self.order.load(Ordering::Relaxed)
    }

    fn reach(&self, order: u64) {
        self.order.fetch_max(order, Ordering::Relaxed);
    }

    /// Drops what is dead: expired and revoked records, and those that nobody has asked for since `idle_since` and that
    /// remember nothing any more; then marks that nothing can fall under any more.
    pub(super) fn sweep(&self, now: i64, idle_since: Option<i64>) {
        self.records.retain(|record| {
            let expired = record.expires().is_some_and(|expires| expires.saturating_add(EXPIRED_KEPT) <= now);
            let remembers_since = now.saturating_sub(record.remembers());
            let idle = idle_since.is_some_and(|since| record.last_seen() < since.min(remembers_since));
            // Kept for a while, so that its viewer is told what is the matter.
            let revoked = self.revoked_at(record).is_some_and(|at| at.saturating_add(REMEMBERED) <= now);
            !expired && !idle && !revoked
        });
        // What they were for is gone now, or is put in with its own marks.
        self.alone.retain(|_, at| i64::from(*at).saturating_add(REMEMBERED) > now);
        self.viewers.retain(|_, (_, at)| at.saturating_add(REMEMBERED) > now);
    }

    /// Drops every record; marks stay.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store looks up again"))]
    pub(super) fn forget(&self) {
        self.records.retain(|_| false);
    }

    /// How many records, and how many revoked viewers, are known.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(super) fn len(&self) -> (usize, usize) {
        (self.records.len(), self.viewers.len())
    }
}
