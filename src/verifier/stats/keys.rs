use serde::Serialize;

use crate::keys::{Key, KeySet};
use crate::time::UnixSeconds;

/// The keys in force, by age. [`Health::keys`](crate::verifier::Health::keys) lists each key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyStats {
    /// The number of keys in force.
    pub count: u64,
    /// The number of keys by the time since they were loaded. Each key is in one entry.
    pub by_age: Vec<AgeCount>,
    /// The number of keys by the time since their last grant. Keys without a grant are not included.
    pub by_last_use: Vec<AgeCount>,
    /// The number of keys without a grant since they were loaded.
    pub never_used: u64,
    /// The earliest last second of validity of any key, in seconds since 1970. Absent if no key has an expiry. It may be past.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_not_after: Option<i64>,
    /// The earliest second in which keys expire because their source cannot be read. Absent if no source sets `max_staleness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_fresh_until: Option<i64>,
}

/// The number of keys with an age up to a bound and above the previous bound.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AgeCount {
    /// The name of the bound: `1h`, `1d`, `7d`, `30d`, `90d`, `1y` or `older`.
    pub age: &'static str,
    /// The number of keys.
    pub keys: u64,
}

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// The bounds of ages, in seconds.
const AGES: [(&str, i64); 7] = [
    ("1h", HOUR),
    ("1d", DAY),
    ("7d", 7 * DAY),
    ("30d", 30 * DAY),
    ("90d", 90 * DAY),
    ("1y", 365 * DAY),
    ("older", i64::MAX),
];

impl KeyStats {
    pub(super) fn of(keys: &KeySet, now: UnixSeconds) -> Self {
        let mut stats = Self { by_age: no_ages(), by_last_use: no_ages(), ..Self::default() };
        for key in keys.iter() {
            stats.count += 1;
            add(&mut stats.by_age, key.loaded_at(), now);
            match key.last_used() {
                Some(last_used) => add(&mut stats.by_last_use, last_used, now),
                None => stats.never_used += 1,
            }
        }
        let earliest = |read: fn(&Key) -> Option<UnixSeconds>| keys.iter().filter_map(read).min();
        stats.first_not_after = earliest(Key::retires).map(UnixSeconds::get);
        stats.first_fresh_until = earliest(Key::fresh_until).map(UnixSeconds::get);
        stats
    }
}

fn no_ages() -> Vec<AgeCount> {
    AGES.iter().map(|(age, _)| AgeCount { age, keys: 0 }).collect()
}

fn add(ages: &mut [AgeCount], since: UnixSeconds, now: UnixSeconds) {
    let age = now.get().saturating_sub(since.get());
    let bounds = ages.iter_mut().zip(AGES);
    if let Some((count, _)) = bounds.into_iter().find(|(_, (_, bound))| age <= *bound) {
        count.keys += 1;
    }
}
