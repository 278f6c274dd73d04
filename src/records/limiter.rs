use std::sync::LazyLock;
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

use super::stored::Object;
use crate::rate::Rate;

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
pub(crate) struct Limiter {
    limiter: RateLimiter<NotKeyed, InMemoryState, Monotonic, NoOpMiddleware<Nanos>>,
    rate: Rate,
}

impl Limiter {
    pub(crate) fn new(rate: Rate) -> Option<Self> {
        let quota = Quota::with_period(rate.each())?.allow_burst(rate.requests());
        Some(Self { limiter: RateLimiter::direct_with_clock(quota, Monotonic), rate })
    }

    /// After how many seconds without a request the whole rate is there again.
    pub(crate) fn within(&self) -> i64 {
        self.rate.within().into()
    }

    /// Counts one request, or tells in how many seconds one more is allowed.
    pub(crate) fn count(&self) -> Result<(), u32> {
        self.limiter.check().map_err(|not_until| {
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
        assert_eq!(limiter.within(), 90);
    }
}
