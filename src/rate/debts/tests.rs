use std::collections::{HashMap, VecDeque};

use proptest::prelude::*;

use super::*;

const DAY: Duration = Duration::from_hours(24);

fn debts(requests: u32, within: u64) -> Debts {
    Debts::new(Rate::new(requests, Duration::from_secs(within)).unwrap(), 4096)
}

/// How many of ten thousand may go wrong one after the other, all in one moment.
fn wrong(debts: &Debts, who: Option<&str>, now: Duration) -> usize {
    let go_wrong = |_: &usize| {
        let allowed = debts.allow(who, now).is_ok();
        if allowed {
            debts.count(who, now);
        }
        allowed
    };
    (0..10_000).filter(go_wrong).count()
}

#[test]
fn twenty_at_once_and_ten_a_second() {
    let debts = debts(20, 2);
    assert_eq!(wrong(&debts, Some("ann"), DAY), 20);
    assert_eq!(wrong(&debts, Some("ann"), DAY), 0);
    assert_eq!(debts.allow(Some("ann"), DAY), Err(Duration::from_millis(100)));
    assert_eq!(wrong(&debts, Some("ann"), DAY + Duration::from_secs(1)), 10);
    assert_eq!(wrong(&debts, Some("ann"), DAY * 2), 20);
    assert_eq!(wrong(&debts, None, DAY), 20, "unknown clients share one place");
    assert_eq!(debts.allow(None::<&str>, DAY), Err(Duration::from_millis(100)));
}

#[test]
fn asking_costs_nothing() {
    let debts = debts(1, 60);
    for _ in 0..100 {
        assert_eq!(debts.allow(Some("ann"), DAY), Ok(()));
    }
}

#[test]
fn what_was_under_way_already_is_paid_off_later() {
    let debts = debts(20, 2);
    for _ in 0..100 {
        debts.count(Some("ann"), DAY);
    }
    assert!(debts.allow(Some("ann"), DAY + Duration::from_secs(8)).is_err());
    assert!(debts.allow(Some("ann"), DAY + Duration::from_millis(8_101)).is_ok());
}

#[test]
fn by_a_clock_that_is_set_nobody_waits_for_longer_than_twice_the_time_and_none_for_ever() {
    for (name, step) in [("a second", 1), ("a minute", 60), ("three minutes", 180), ("a day", 86_400)] {
        let debts = debts(60, 60).by_a_clock_that_is_set();
        for _ in 0..1_000 {
            debts.count(Some("ann"), DAY);
        }
        let longest = Duration::from_mins(1) + Duration::from_secs(1);
        assert_eq!(
            debts.allow(Some("ann"), DAY),
            Err(longest),
            "{name}: at most twice what may come at once"
        );
        let set = Duration::from_secs(86_400 - step);
        let free =
            (0..1_000).find(|later| debts.allow(Some("ann"), set + Duration::from_secs(*later)).is_ok());
        assert!(free.unwrap() <= 121, "{name}: {free:?}");
        let far = Duration::from_hours(23);
        debts.count(Some("ann"), far);
        assert_eq!(debts.allow(Some("ann"), far), Ok(()), "{name}: what was owed by the other clock is not");
    }
}

#[test]
fn no_time_is_too_early_or_too_late() {
    for debts in [debts(1, 86_400), debts(1, 86_400).by_a_clock_that_is_set()] {
        for now in [Duration::ZERO, Duration::MAX, Duration::ZERO] {
            let _ = debts.allow(Some("ann"), now);
            debts.count(Some("ann"), now);
        }
    }
    let debts = debts(1, 60).by_a_clock_that_is_set();
    debts.count(Some("ann"), Duration::MAX);
    assert_eq!(debts.allow(Some("ann"), DAY), Ok(()));
}

#[test]
fn many_are_spread_over_the_places() {
    let debts = debts(20, 2);
    let names: Vec<String> = (0..256).map(|number| format!("viewer {number}")).collect();
    let free = names.iter().filter(|name| wrong(&debts, Some(name), DAY) == 20).count();
    assert!(free > 200, "{free} of 256 have a place of their own");
}

#[test]
fn threads_that_count_at_once_lose_nothing() {
    let debts = debts(10_000, 60);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..2_500).for_each(|_| debts.count(Some("ann"), DAY)));
        }
    });
    assert_eq!(debts.allow(Some("ann"), DAY), Err(Duration::from_millis(6)));
}

/// The plain version: a queue for each, from whose front one is paid every `each`.
#[derive(Default)]
struct Plain(HashMap<u8, VecDeque<u64>>);

impl Plain {
    /// Those that are not paid at `now`: each is paid a share of the time after the one before it, or after it came.
    fn unpaid(&mut self, who: u8, now: u64) -> &mut VecDeque<u64> {
        let queue = self.0.entry(who).or_default();
        while queue.front().is_some_and(|paid_at| *paid_at <= now) {
            queue.pop_front();
        }
        queue
    }

    fn count(&mut self, who: u8, now: u64, each: u64) {
        let queue = self.unpaid(who, now);
        let last = queue.back().copied().unwrap_or(now);
        queue.push_back(last + each);
    }
}

proptest! {
    /// However asking and counting take turns, all that is allowed is what the plain version allows.
    #[test]
    fn it_allows_what_a_queue_for_each_allows(
        requests in 1_u32..8,
        within in 1_u64..30,
        steps in prop::collection::vec((0_u8..3, 0_u64..5_000, any::<bool>()), 1..200),
    ) {
        let rate = Rate::new(requests, Duration::from_secs(within)).unwrap();
        let debts = Debts::new(rate, 65_536); // three seldom meet in so many
        let each = nanos(rate.each());
        let places: Vec<_> = (0..3_u8).map(|who| std::ptr::from_ref(debts.place(Some(who)))).collect();
        prop_assume!(places[0] != places[1] && places[1] != places[2] && places[0] != places[2]);
        let (mut plain, mut now) = (Plain::default(), nanos(DAY));
        for (who, millis, wrong) in steps {
            now += millis * 1_000_000;
            let moment = Duration::from_nanos(now);
            let queue = plain.unpaid(who, now);
            // What is left to pay for all in the queue, and one more, is at most what may come at once.
            let owed = queue.back().map_or(0, |last| last - now);
            let allowed = owed + each <= each * u64::from(requests);
            prop_assert_eq!(debts.allow(Some(who), moment).is_ok(), allowed);
            if let Err(wait) = debts.allow(Some(who), moment) {
                prop_assert!(debts.allow(Some(who), moment + wait).is_ok(), "after the wait one is allowed");
                prop_assert!(debts.allow(Some(who), Duration::from_nanos(now + nanos(wait) - 1)).is_err());
            }
            if wrong {
                plain.count(who, now, each);
                debts.count(Some(who), moment);
            }
        }
    }
}
