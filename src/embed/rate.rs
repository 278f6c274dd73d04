use std::num::NonZeroU32;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize};

use super::stored::Object;
use crate::error::ConfigError;

/// How often manifests and keys may be asked for with one embed token: so many requests in a time, of which all may
/// come at once.
///
/// Counted in each process by itself (GCRA), after every other rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    requests: NonZeroU32,
    /// In seconds.
    within: NonZeroU32,
}

impl Rate {
    /// How many tokens that are none one client may have looked up in a shared store, unless that says otherwise.
    #[cfg(feature = "redis")]
    pub(crate) const OF_UNKNOWN_TOKENS: Self =
        Self { requests: NonZeroU32::MIN.saturating_add(19), within: NonZeroU32::MIN.saturating_add(1) };

    /// So many requests a minute.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Rate`] for none.
    pub fn per_minute(requests: u32) -> Result<Self, ConfigError> {
        Self::new(requests, Duration::from_mins(1))
    }

    /// So many requests, 1 to a million, in a time of 1 second to 1 day.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Rate`] for no requests, or another time.
    pub fn new(requests: u32, within: Duration) -> Result<Self, ConfigError> {
        let seconds = u32::try_from(within.as_secs()).ok().filter(|seconds| (1..=86_400).contains(seconds));
        let requests_said = (requests <= MAX_REQUESTS).then_some(requests);
        match (requests_said.and_then(NonZeroU32::new), seconds.and_then(NonZeroU32::new)) {
            (Some(requests), Some(within)) => Ok(Self { requests, within }),
            _ => Err(ConfigError::Rate { requests, within }),
        }
    }

    /// How many may come at once.
    #[cfg(feature = "redis")]
    pub(crate) const fn requests(self) -> u32 {
        self.requests.get()
    }

    /// The time from one to the next, where they come evenly.
    #[cfg(feature = "redis")]
    pub(crate) fn each(self) -> Duration {
        Duration::from_secs(self.within.get().into()).checked_div(self.requests.get()).unwrap_or_default()
    }
}

/// The most requests of a rate: more are hardly a limit.
const MAX_REQUESTS: u32 = 1_000_000;

/// A rate as it stands in a store, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    requests: u32,
    within: u32,
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let said = Said::deserialize(Object(deserializer))?;
        Self::new(said.requests, Duration::from_secs(said.within.into())).map_err(D::Error::custom)
    }
}

/// What is left of a token's rate.
pub(crate) struct Limiter(RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Nanos>>);

impl Limiter {
    pub(crate) fn new(rate: Rate) -> Option<Self> {
        let each = Duration::from_secs(rate.within.get().into()).checked_div(rate.requests.get())?;
        let quota = Quota::with_period(each)?.allow_burst(rate.requests);
        Some(Self(RateLimiter::direct_with_clock(quota, Monotonic)))
    }

    /// Counts one request, or tells in how many seconds one more is allowed.
    pub(crate) fn count(&self) -> Result<(), u32> {
        self.0.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(Monotonic.now());
            let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
            u32::try_from(whole).unwrap_or(u32::MAX).max(1)
        })
    }
}

impl std::fmt::Debug for Limiter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limiter")
    }
}

/// Time since the process began to count: it does not jump when a clock is set.
#[derive(Clone, Copy, Debug)]
struct Monotonic;

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Clock for Monotonic {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        START.elapsed().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_allows_so_many_at_once_and_then_tells_when() {
        let limiter = Limiter::new(Rate::new(3, Duration::from_secs(90)).unwrap()).unwrap();
        for _ in 0..3 {
            assert_eq!(limiter.count(), Ok(()));
        }
        let wait = limiter.count().unwrap_err();
        assert!((29..=30).contains(&wait), "{wait}");
    }

    #[test]
    fn no_requests_and_other_times_are_refused() {
        for (requests, secs) in [(0, 60), (1, 0), (1, 86_401), (1_000_001, 86_400)] {
            assert!(Rate::new(requests, Duration::from_secs(secs)).is_err(), "{requests} in {secs} s");
        }
    }
}
