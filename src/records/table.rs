use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::sync::{AtomicU32, AtomicU64, Change, Map, Shelf, Tokened};

/// The minimum number of seconds for which a revocation is remembered. It is longer than any lookup takes, so that a lookup in
/// progress at the revocation cannot put the token back.
pub(super) const REMEMBERED: i64 = 120;

/// The number of seconds for which an expired record stays, so that its viewer gets the right denial.
pub(super) const EXPIRED_KEPT: i64 = 600;

/// The data that is kept for a token, as far as the table uses it.
pub(super) trait Kept: Tokened {
    /// Returns the revocation of this single token.
    fn revoked_alone(&self) -> &RevokedAlone;
    /// Returns the group of the token.
    fn group(&self) -> &Group;
    fn viewer(&self) -> Option<&str>;
    /// Returns the place in the order in which tokens were issued.
    fn order(&self) -> u64;
    /// Returns the second from which the token is expired.
    fn expires(&self) -> Option<i64>;
    /// Returns the time of the last request, or else the time at which the record was added.
    fn last_seen(&self) -> i64;
    /// Returns the number of seconds after that for which the record holds state that a record from another lookup would lack.
    fn remembers(&self) -> i64;
}

/// Tokens that can be revoked together: those of one video.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// Tokens up to this place in the order are revoked.
    revoked_up_to: AtomicU64,
    /// The time of that revocation, in seconds.
    revoked_at: AtomicU64,
}

impl Group {
    fn revoke(&self, up_to: u64, now: i64) {
        self.revoked_at.fetch_max(now.unsigned_abs(), Ordering::Relaxed);
        self.revoked_up_to.fetch_max(up_to, Ordering::Release);
    }

    /// Returns whether a lookup may be in progress for a record that was issued before this group was revoked.
    pub(super) fn is_remembered(&self, now: i64) -> bool {
        let since = self.revoked_at.load(Ordering::Relaxed);
        since > 0 && since.saturating_add(REMEMBERED.unsigned_abs()) > now.unsigned_abs()
    }
}

/// The time at which a single token was revoked, if it was. It is part of the token's record.
#[derive(Debug, Default)]
pub(super) struct RevokedAlone(AtomicU32);

impl RevokedAlone {
    /// Sets the second, unless it was set before.
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

/// The result of a look into the table.
#[derive(Debug)]
pub(super) enum Sight<R> {
    Live(Arc<R>),
    Revoked(Option<Arc<R>>),
    Unknown,
}

/// A table of tokens and their records. A reader waits only while a single entry is changed.
///
/// A revocation applies to every look that starts after the call has returned, in whatever order records are added. The
/// revocation of a single token leaves a mark, past which its record is not added. The revocations of groups and viewers are
/// numbers, and later tokens have greater numbers.
#[derive(Debug)]
pub(super) struct Table<R: Kept> {
    records: Shelf<R>,
    /// The times at which single tokens were revoked, whether known or not.
    alone: Map<R::Token, u32>,
    /// The place in the order up to which a viewer's tokens are revoked, and the time of that revocation.
    viewers: Map<Box<str>, (u64, i64)>,
    /// The last place that was given.
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
    /// Returns the present state of a token.
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

    /// Returns whether the record was revoked by itself, or its video or viewer was revoked after it was issued.
    pub(super) fn is_revoked(&self, record: &R) -> bool {
        self.revoked_at(record).is_some()
    }

    /// Returns the time at which the record's viewer was revoked, if that was after the record was issued.
    fn viewer_revoked_at(&self, record: &R) -> Option<i64> {
        if self.viewers.is_empty() {
            return None;
        }
        let mark = record.viewer().and_then(|viewer| self.viewers.get(viewer));
        mark.filter(|(up_to, _)| record.order() <= *up_to).map(|(_, at)| at)
    }

    /// Returns the time at which the record was revoked, by itself or with its video or its viewer.
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

    /// Adds a record that was found elsewhere, unless its token was revoked meanwhile. It does not replace the same record, which
    /// already has counts.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store finds"))]
    pub(super) fn put_found(&self, record: &Arc<R>) {
        self.reach(record.order());
        self.records.put(record, |held| {
            held.is_none_or(|held| held.order() != record.order()) && !self.was_revoked_alone(record.token())
        });
    }

    /// Adds a record, unless its token is known. Returns whether it was added.
    pub(super) fn put_new(&self, record: &Arc<R>) -> bool {
        self.records.put(record, |held| held.is_none() && !self.was_revoked_alone(record.token()))
    }

    /// Revokes one token, known or not.
    pub(super) fn revoke(&self, token: &R::Token, now: i64) {
        let now = u32::try_from(now).unwrap_or(u32::MAX).max(1); // zero means never
        self.alone.alter(token.clone(), |before| match before {
            Some(_) => Change::Keep,
            None => Change::Put(now),
        });
        // The mark comes first: a record that is being added finds the mark, or is found here.
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

    /// Returns the order so far. No token issued until now has a greater place.
    pub(super) fn order(&self) -> u64 {
        self.order.load(Ordering::Relaxed)
    }

    fn reach(&self, order: u64) {
        self.order.fetch_max(order, Ordering::Relaxed);
    }

    /// Removes expired and revoked records, and those that were not requested since `idle_since` and hold no more state. Then
    /// removes marks that can no longer apply to any token.
    pub(super) fn sweep(&self, now: i64, idle_since: Option<i64>) {
        self.records.retain(|record| {
            let expired = record.expires().is_some_and(|expires| expires.saturating_add(EXPIRED_KEPT) <= now);
            let remembers_since = now.saturating_sub(record.remembers());
            let idle = idle_since.is_some_and(|since| record.last_seen() < since.min(remembers_since));
            // Kept for a while, so that its viewer gets the right denial.
            let revoked = self.revoked_at(record).is_some_and(|at| at.saturating_add(REMEMBERED) <= now);
            !expired && !idle && !revoked
        });
        // Their tokens are gone now, or are added with marks of their own.
        self.alone.retain(|_, at| i64::from(*at).saturating_add(REMEMBERED) > now);
        self.viewers.retain(|_, (_, at)| at.saturating_add(REMEMBERED) > now);
    }

    /// Removes every record. Marks stay.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store looks up again"))]
    pub(super) fn forget(&self) {
        self.records.retain(|_| false);
    }

    /// Returns the number of known records, and of revoked viewers.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(super) fn len(&self) -> (usize, usize) {
        (self.records.len(), self.viewers.len())
    }
}
