use std::net::{IpAddr, Ipv4Addr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};

use crate::error::ManageError;

/// The number of failed attempts that a client may make in a minute.
const PER_MINUTE: NonZeroU32 = NonZeroU32::new(30).unwrap();

/// The maximum number of clients with a limit of their own.
const MAX_CLIENTS: usize = 10_000;

/// Limits failed attempts to authenticate, for each IPv4 address and each IPv6 /64.
pub(crate) struct Attempts {
    limiter: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
    /// The time at which quiet clients were last forgotten.
    swept: Mutex<Instant>,
}

impl Default for Attempts {
    fn default() -> Self {
        Self {
            limiter: DefaultKeyedRateLimiter::keyed(Quota::per_minute(PER_MINUTE)),
            clock: DefaultClock::default(),
            swept: Mutex::new(Instant::now()),
        }
    }
}

impl Attempts {
    /// Counts a failed attempt. Returns the error, or another one if there were too many.
    pub(crate) fn limit(&self, client: Option<IpAddr>, error: ManageError) -> ManageError {
        if !matches!(error, ManageError::Unauthenticated(_)) {
            return error;
        }
        // Without an address, all clients share one limit. So do clients beyond the maximum.
        let client = client.filter(|_| self.has_room()).map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), network);
        match self.limiter.check_key(&client) {
            Ok(()) => error,
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                ManageError::TooManyAttempts { retry_after: wait.as_secs().saturating_add(1) }
            }
        }
    }
}

impl Attempts {
    /// Returns true if another client can have a limit of its own. Forgets quiet clients, at most once a second.
    fn has_room(&self) -> bool {
        if self.limiter.len() < MAX_CLIENTS {
            return true;
        }
        let mut swept = self.swept.lock().unwrap_or_else(PoisonError::into_inner);
        if swept.elapsed() >= Duration::from_secs(1) {
            *swept = Instant::now();
            self.limiter.retain_recent();
        }
        self.limiter.len() < MAX_CLIENTS
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests;
