use std::sync::atomic::Ordering;

use super::sync::{AtomicU32, AtomicU64};
use crate::error::Code;
use crate::time::UnixSeconds;

/// The outcomes of requests with one embed token, or for one video, since the token or video became known to this
/// process.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct EmbedCounts {
    /// The number of granted requests.
    pub granted: u64,
    /// The number of denied requests, by code.
    pub denied: std::collections::BTreeMap<&'static str, u64>,
    /// The time of the first request, in seconds since 1970.
    pub first_seen: Option<i64>,
    /// The time of the last request, in seconds since 1970.
    pub last_seen: Option<i64>,
}

/// The denials that are counted separately: those that are possible for a known token.
const REASONS: [Code; 7] = [
    Code::EmbedExpired,
    Code::Revoked,
    Code::OriginNotAllowed,
    Code::OutOfScope,
    Code::RefusedByHook,
    Code::Method,
    Code::RateLimited,
];

/// Counters that decisions update. They are relaxed, because no decision depends on them.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    granted: AtomicU64,
    /// Seconds since 1970, or zero for never. Valid until 2106.
    last_seen: AtomicU32,
    first_seen: AtomicU32,
    denied: [AtomicU32; REASONS.len()],
    /// The time at which counting began.
    since: u32,
}

impl Counts {
    pub(crate) fn since(now: UnixSeconds) -> Self {
        Self { since: u32::try_from(now.get().max(0)).unwrap_or(u32::MAX), ..Self::default() }
    }

    pub(crate) fn granted(&self, now: UnixSeconds) {
        self.granted.fetch_add(1, Ordering::Relaxed);
        self.seen(now);
    }

    pub(crate) fn denied(&self, code: Code, now: UnixSeconds) {
        let place = REASONS.iter().position(|reason| *reason == code);
        if let Some(count) = place.and_then(|place| self.denied.get(place)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.seen(now);
    }

    fn seen(&self, now: UnixSeconds) {
        let now = u32::try_from(now.get()).unwrap_or(u32::MAX).max(1);
        // Written only if it changes, so that readers on other cores share the cache line.
        if self.last_seen.load(Ordering::Relaxed) != now {
            self.last_seen.store(now, Ordering::Relaxed);
        }
        if self.first_seen.load(Ordering::Relaxed) == 0 {
            self.first_seen.store(now, Ordering::Relaxed);
        }
    }

    /// Returns the time of the last request, or else the time at which counting began.
    pub(crate) fn last_seen(&self) -> UnixSeconds {
        UnixSeconds::new(seconds(&self.last_seen).unwrap_or(self.since.into()))
    }

    pub(crate) fn read(&self) -> EmbedCounts {
        let denied = REASONS.iter().zip(&self.denied);
        let denied = denied.map(|(code, count)| (code.as_str(), u64::from(count.load(Ordering::Relaxed))));
        EmbedCounts {
            granted: self.granted.load(Ordering::Relaxed),
            denied: denied.filter(|(_, count)| *count > 0).collect(),
            first_seen: seconds(&self.first_seen),
            last_seen: seconds(&self.last_seen),
        }
    }
}

fn seconds(moment: &AtomicU32) -> Option<i64> {
    match moment.load(Ordering::Relaxed) {
        0 => None,
        seconds => Some(i64::from(seconds)),
    }
}
