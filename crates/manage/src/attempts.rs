use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::error::ManageError;

/// The number of failed attempts that a client may make in a minute.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// The number of clients from which the limiter forgets those that were quiet.
const MANY: usize = 10_000;

/// Limits failed attempts to authenticate, for each IPv4 address and each IPv6 /64.
pub(crate) struct Attempts {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(Quota::per_minute(PER_MINUTE)),
            clock: DefaultClock::default(),
        }
    }
}

impl Attempts {
    /// Counts a failed attempt. Returns the error, or another one if there were too many.
    pub(crate) fn limit(&self, client: Option<IpAddr>, error: ManageError) -> ManageError {
        if !matches!(error, ManageError::Unauthenticated(_)) {
            return error;
        }
        if self.limiter.len() > MANY {
            self.limiter.retain_recent();
        }
        // Without an address, all clients share one limit.
        let client = client.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), network);
        match self.limiter.check_key(&client) {
            Ok(()) => error,
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                ManageError::TooManyAttempts { retry_after: wait.as_secs().saturating_add(1) }
            }
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}
