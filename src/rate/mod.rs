//! Rate limits.
//!
//! 1. A [`Rate`] is a number of events in a period, which may all occur at once. After that, one more event is allowed as soon
//!    as its share of the period has passed. This is the generic cell rate algorithm (GCRA), a leaky bucket.
//! 2. Each process counts for itself.
//!
//! The modules that configure a rate document the events that it counts: [requests with an embed
//! token](crate::records::EmbedDraft::rate), failed signatures or, in a shared store, lookups that find nothing. This module
//! does not depend on requests or tokens.

use std::num::NonZeroU32;
use std::time::Duration;

use serde::Serialize;

use crate::error::ConfigError;

mod failed_signatures;
mod gcra;
mod limiter;
mod table;

pub use failed_signatures::FailedSignatures;
pub(crate) use failed_signatures::PerClient;
pub(crate) use limiter::Limiter;
pub(crate) use table::LimiterTable;

/// A number of requests in a period, which may all occur at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rate {
    requests: NonZeroU32,
    /// The period in seconds.
    within: NonZeroU32,
}

/// The maximum number of requests. A higher rate would hardly limit anything.
const MAX_REQUESTS: u32 = 1_000_000;

impl Rate {
    /// The default limit on one client's failed signatures.
    pub(crate) const SIXTY_THOUSAND_A_MINUTE: Self =
        Self { requests: NonZeroU32::MIN.saturating_add(59_999), within: NonZeroU32::MIN.saturating_add(59) };

    /// The default limit on one client's lookups of unknown tokens in a shared store.
    #[cfg(feature = "redis")]
    pub(crate) const OF_UNKNOWN_TOKENS: Self =
        Self { requests: NonZeroU32::MIN.saturating_add(19), within: NonZeroU32::MIN.saturating_add(1) };

    /// Creates a rate of 1 to a million requests a minute.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Rate`] for any other number of requests.
    pub fn per_minute(requests: u32) -> Result<Self, ConfigError> {
        Self::new(requests, Duration::from_mins(1))
    }

    /// Creates a rate of 1 to a million requests in a period of 1 second to 1 day.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Rate`] for any other number of requests or period.
    pub fn new(requests: u32, within: Duration) -> Result<Self, ConfigError> {
        let seconds = u32::try_from(within.as_secs()).ok().filter(|seconds| (1..=86_400).contains(seconds));
        let in_range = (requests <= MAX_REQUESTS).then_some(requests);
        match (in_range.and_then(NonZeroU32::new), seconds.and_then(NonZeroU32::new)) {
            (Some(requests), Some(within)) => Ok(Self { requests, within }),
            _ => Err(ConfigError::Rate { requests, within }),
        }
    }

    /// Returns the number of requests, which may all come at once.
    pub(crate) const fn requests(self) -> NonZeroU32 {
        self.requests
    }

    /// Returns the time between two evenly spaced requests.
    pub(crate) fn interval(self) -> Duration {
        Duration::from_secs(self.within.get().into()).checked_div(self.requests.get()).unwrap_or_default()
    }
}

/// Returns a wait in whole seconds, rounded up and at least 1, so that a client that waits this long is allowed.
pub(crate) fn ceil_seconds(wait: Duration) -> u32 {
    let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
