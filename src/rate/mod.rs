//! How often may something happen?
//!
//! 1. A [`Rate`] is so many times in a time, of which all may come at once (GCRA): from then on one more as soon as its share
//!    of the time has passed.
//! 2. Each process counts by itself.
//!
//! What is counted is told where it is configured: [requests with an embed token](crate::embed::EmbedDraft::rate) or, in a
//! shared store, lookups that find nothing. This room knows neither requests nor tokens.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Serialize;

use crate::error::ConfigError;

mod debts;

pub(crate) use debts::Debts;

/// So many requests in a time, of which all may come at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    requests: NonZeroU32,
    /// In seconds.
    within: NonZeroU32,
}

/// The most requests of a rate: more are hardly a limit.
const MAX_REQUESTS: u32 = 1_000_000;

impl Rate {
    /// What one client may have checked in vain, unless something else is said.
    pub(crate) const SIXTY_THOUSAND_A_MINUTE: Self =
        Self { requests: NonZeroU32::MIN.saturating_add(59_999), within: NonZeroU32::MIN.saturating_add(59) };

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
    pub(crate) const fn requests(self) -> NonZeroU32 {
        self.requests
    }

    /// In how many seconds.
    pub(crate) const fn within(self) -> u32 {
        self.within.get()
    }

    /// The time from one to the next, where they come evenly.
    pub(crate) fn each(self) -> Duration {
        Duration::from_secs(self.within.get().into()).checked_div(self.requests.get()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_requests_and_other_times_are_refused() {
        for (requests, secs) in [(0, 60), (1, 0), (1, 86_401), (1_000_001, 86_400)] {
            assert!(Rate::new(requests, Duration::from_secs(secs)).is_err(), "{requests} in {secs} s");
        }
    }
}
