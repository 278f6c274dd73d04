use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;

use super::*;

const DAY: Duration = Duration::from_hours(24);

fn table(requests: u32, within: u64) -> LimiterTable {
    LimiterTable::new(Rate::new(requests, Duration::from_secs(within)).unwrap(), 4096)
}

/// Returns how many of ten thousand events are allowed, one after the other at the same moment.
fn allowed(limits: &LimiterTable, client: Option<&str>, now: Duration) -> usize {
    let check_and_count = |_: &usize| {
        let allowed = limits.check(client, now).is_ok();
        if allowed {
            limits.count(client, now);
        }
        allowed
    };
    (0..10_000).filter(check_and_count).count()
}

#[test]
fn twenty_at_once_and_ten_a_second() {
    let limits = table(20, 2);
    assert_eq!(allowed(&limits, Some("ann"), DAY), 20);
    assert_eq!(allowed(&limits, Some("ann"), DAY), 0);
    assert_eq!(limits.check(Some("ann"), DAY), Err(Duration::from_millis(100)));
    assert_eq!(allowed(&limits, Some("ann"), DAY + Duration::from_secs(1)), 10);
    assert_eq!(allowed(&limits, Some("ann"), DAY * 2), 20);
    assert_eq!(allowed(&limits, None, DAY), 20, "unknown clients share one bucket");
    assert_eq!(limits.check(None::<&str>, DAY), Err(Duration::from_millis(100)));
}

#[test]
fn a_check_counts_nothing() {
    let limits = table(1, 60);
    for _ in 0..100 {
        assert_eq!(limits.check(Some("ann"), DAY), Ok(()));
    }
}

#[test]
fn events_above_the_burst_delay_what_follows() {
    let limits = table(20, 2);
    for _ in 0..100 {
        limits.count(Some("ann"), DAY);
    }
    assert!(limits.check(Some("ann"), DAY + Duration::from_secs(8)).is_err());
    assert!(limits.check(Some("ann"), DAY + Duration::from_millis(8_101)).is_ok());
}

#[test]
fn by_a_clock_that_is_set_no_client_waits_for_longer_than_twice_the_time() {
    for (name, step) in [("a second", 1), ("a minute", 60), ("three minutes", 180), ("a day", 86_400)] {
        let limits = table(60, 60).by_a_clock_that_is_set();
        for _ in 0..1_000 {
            limits.count(Some("ann"), DAY);
        }
        let longest = Duration::from_mins(1) + Duration::from_secs(1);
        assert_eq!(
            limits.check(Some("ann"), DAY),
            Err(longest),
            "{name}: at most twice what may come at once"
        );
        let set = Duration::from_secs(86_400 - step);
        let free =
            (0..1_000).find(|later| limits.check(Some("ann"), set + Duration::from_secs(*later)).is_ok());
        assert!(free.unwrap() <= 121, "{name}: {free:?}");
        let far = Duration::from_hours(23);
        limits.count(Some("ann"), far);
        assert_eq!(
            limits.check(Some("ann"), far),
            Ok(()),
            "{name}: the level by the other clock does not count"
        );
    }
}

#[test]
fn no_time_is_too_early_or_too_late() {
    for limits in [table(1, 86_400), table(1, 86_400).by_a_clock_that_is_set()] {
        for now in [Duration::ZERO, Duration::MAX, Duration::ZERO] {
            let _ = limits.check(Some("ann"), now);
            limits.count(Some("ann"), now);
        }
    }
    let limits = table(1, 60).by_a_clock_that_is_set();
    limits.count(Some("ann"), Duration::MAX);
    assert_eq!(limits.check(Some("ann"), DAY), Ok(()));
}

#[test]
fn many_clients_are_spread_over_the_buckets() {
    let limits = table(20, 2);
    let names: Vec<String> = (0..256).map(|number| format!("viewer {number}")).collect();
    let free = names.iter().filter(|name| allowed(&limits, Some(name), DAY) == 20).count();
    assert!(free > 200, "{free} of 256 have a bucket of their own");
}

#[test]
fn threads_that_count_at_once_lose_nothing() {
    let limits = table(10_000, 60);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..2_500).for_each(|_| limits.count(Some("ann"), DAY)));
        }
    });
    assert_eq!(limits.check(Some("ann"), DAY), Err(Duration::from_millis(6)));
}

/// The plain version: a queue for each client, which one event leaves every interval.
struct Queues {
    /// The moments at which the events of a client leave.
    leaving: HashMap<u8, VecDeque<Duration>>,
    interval: Duration,
    /// The longest queue that conforms to the rate.
    places: usize,
}

impl Queues {
    fn check(&mut self, client: u8, now: Duration) -> Result<(), Duration> {
        let queue = self.leaving.entry(client).or_default();
        queue.retain(|moment| *moment > now);
        // This many have to leave before there is a free place.
        match (queue.len() + 1).checked_sub(self.places) {
            None | Some(0) => Ok(()),
            Some(too_many) => Err(queue[too_many - 1].saturating_sub(now)),
        }
    }

    fn count(&mut self, client: u8, now: Duration) {
        let queue = self.leaving.entry(client).or_default();
        let last = queue.back().copied().unwrap_or(now);
        queue.push_back(last + self.interval);
    }
}

proptest! {
    /// Clients check and count in any order, even after a failed check.
    #[test]
    fn a_table_allows_what_a_queue_for_each_client_allows(
        requests in 1_u32..8,
        within in 1_u64..30,
        steps in prop::collection::vec((0_u8..3, 0_u64..5_000, any::<bool>()), 1..200),
    ) {
        let rate = Rate::new(requests, Duration::from_secs(within)).unwrap();
        let limits = LimiterTable::new(rate, 65_536); // three clients seldom share one of so many buckets
        let buckets: Vec<_> = (0..3_u8).map(|client| std::ptr::from_ref(limits.bucket(Some(client)))).collect();
        prop_assume!(buckets[0] != buckets[1] && buckets[1] != buckets[2] && buckets[0] != buckets[2]);
        let mut plain = Queues {
            leaving: HashMap::new(),
            interval: rate.interval(),
            places: usize::try_from(requests).unwrap(),
        };
        let mut now = DAY;
        for (client, millis, counts) in steps {
            now += Duration::from_millis(millis);
            prop_assert_eq!(limits.check(Some(client), now), plain.check(client, now));
            if counts {
                limits.count(Some(client), now);
                plain.count(client, now);
            }
        }
    }

    /// However a clock is set, a client waits for at most twice the period of its rate and one interval, and never after that.
    #[test]
    fn a_clock_that_is_set_never_shuts_a_client_out(
        requests in 1_u32..8,
        within in 1_u64..30,
        steps in prop::collection::vec((0_u64..200_000, 0_u8..20), 1..50),
    ) {
        let limits = table(requests, within).by_a_clock_that_is_set();
        let rate = limits.rate();
        for (second, events) in steps {
            let now = Duration::from_secs(second);
            (0..events).for_each(|_| limits.count(Some("ann"), now));
            if let Err(wait) = limits.check(Some("ann"), now) {
                prop_assert!(wait <= rate.interval() * (2 * requests + 1), "{wait:?}");
                prop_assert_eq!(limits.check(Some("ann"), now + wait), Ok(()));
            }
        }
    }
}
