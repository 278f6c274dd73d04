use std::hash::BuildHasher as _;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use foldhash::fast::RandomState;

use crate::rate::Rate;

/// How many addresses are told apart; those that share a place share its rate.
const PLACES: usize = 4096;

/// How much more often those may ask, all together, whose address is not known.
const WITHOUT_ADDRESS: u64 = 100;

/// How many lookups that found nothing each client's address caused of late.
///
/// GCRA in a fixed table. A limiter of the crate governor asks and counts in one, and here it is known only
/// afterwards what counts: a lookup that finds its token is free.
pub(super) struct Misses {
    places: Box<[AtomicU64]>,
    nowhere: AtomicU64,
    spread: RandomState,
    began: Instant,
    /// What one costs, in nanoseconds.
    each: u64,
    /// What may be owed, in nanoseconds.
    at_once: u64,
}

impl Misses {
    pub(super) fn new(rate: Rate) -> Self {
        let each = nanos(rate.each()).max(1);
        Self {
            places: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
            nowhere: AtomicU64::new(0),
            spread: RandomState::default(),
            began: Instant::now(),
            each,
            at_once: each.saturating_mul(rate.requests().get().into()),
        }
    }

    /// Whether one more lookup for this client may find nothing.
    pub(super) fn allow(&self, client: Option<IpAddr>, now: Instant) -> bool {
        let (place, each) = self.place(client);
        let now = self.since(now);
        let paid_at = place.load(Ordering::Relaxed).max(now);
        paid_at.saturating_add(each) <= now.saturating_add(self.at_once)
    }

    /// Counts a lookup that found nothing.
    pub(super) fn count(&self, client: Option<IpAddr>, now: Instant) {
        let (place, each) = self.place(client);
        let now = self.since(now);
        let _ = place.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |paid_at| {
            Some(paid_at.max(now).saturating_add(each))
        });
    }

    /// The place of an address, of the first 64 bits of one of IPv6; and what one costs there.
    fn place(&self, client: Option<IpAddr>) -> (&AtomicU64, u64) {
        let network = match client.map(|client| client.to_canonical()) {
            None => None,
            Some(IpAddr::V4(address)) => Some(u64::from(address.to_bits())),
            Some(IpAddr::V6(address)) => u64::try_from(address.to_bits() >> 64).ok(),
        };
        let place = network.and_then(|network| {
            let number = usize::try_from(self.spread.hash_one(network)).unwrap_or(0); // on 64 bits
            self.places.get(number % PLACES)
        });
        match place {
            Some(place) => (place, self.each),
            None => (&self.nowhere, self.each.div_ceil(WITHOUT_ADDRESS)),
        }
    }

    fn since(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.began))
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twenty() -> Misses {
        Misses::new(Rate::new(20, Duration::from_secs(2)).unwrap())
    }

    /// How many of a hundred may be asked one after the other, all in one moment.
    fn asked(misses: &Misses, client: Option<IpAddr>, now: Instant) -> usize {
        let ask = |_: &usize| {
            let allowed = misses.allow(client, now);
            if allowed {
                misses.count(client, now);
            }
            allowed
        };
        (0..10_000).filter(ask).count()
    }

    #[test]
    fn twenty_at_once_and_ten_a_second() {
        let misses = twenty();
        let client = "192.0.2.1".parse().ok();
        let now = Instant::now();
        assert_eq!(asked(&misses, client, now), 20);
        assert_eq!(asked(&misses, client, now), 0);
        assert_eq!(asked(&misses, client, now + Duration::from_secs(1)), 10);
        assert_eq!(asked(&misses, client, now + Duration::from_hours(1)), 20);
        assert_eq!(asked(&misses, None, now), 2_000, "those without an address have one place together");
    }

    #[test]
    fn what_was_under_way_already_is_paid_off_later() {
        let misses = twenty();
        let (client, now) = ("192.0.2.1".parse().ok(), Instant::now());
        for _ in 0..100 {
            misses.count(client, now);
        }
        assert!(!misses.allow(client, now + Duration::from_secs(8)));
        assert!(misses.allow(client, now + Duration::from_millis(8_101)));
    }

    #[test]
    fn a_network_of_ipv6_is_one_client_and_an_ipv4_address_is_the_same_in_either_spelling() {
        for (name, one, other) in [
            ("a /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
            ("IPv4 within IPv6", "192.0.2.7", "::ffff:192.0.2.7"),
        ] {
            let (misses, now) = (twenty(), Instant::now());
            assert_eq!(asked(&misses, one.parse().ok(), now), 20, "{name}");
            assert_eq!(asked(&misses, other.parse().ok(), now), 0, "{name}");
        }
    }

    #[test]
    fn addresses_are_spread_over_the_places() {
        let (misses, now) = (twenty(), Instant::now());
        let clients = (0..=u8::MAX).map(|number| IpAddr::from([198, 51, 100, number]));
        let free = clients.filter(|client| asked(&misses, Some(*client), now) == 20).count();
        assert!(free > 200, "{free} of 256 have a place of their own");
    }
}
