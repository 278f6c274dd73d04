use std::collections::VecDeque;

use proptest::prelude::*;

use super::*;

fn limiter(requests: u32, within: u64) -> Limiter {
    Limiter::new(Rate::new(requests, Duration::from_secs(within)).unwrap())
}

#[test]
fn a_limiter_is_small() {
    assert_eq!(size_of::<Limiter>(), 24);
}

#[test]
fn three_at_once_and_one_more_every_thirty_seconds() {
    let limiter = limiter(3, 90);
    let at = Duration::from_secs;
    for _ in 0..3 {
        assert_eq!(limiter.count(at(0)), Ok(()));
    }
    assert_eq!(limiter.count(at(0)), Err(at(30)));
    assert_eq!(limiter.count(at(29)), Err(at(1)), "a refused event is not counted");
    assert_eq!(limiter.count(at(30)), Ok(()));
    assert_eq!(limiter.count(at(30)), Err(at(30)));
    assert_eq!(limiter.memory(), at(90));
}

#[test]
fn no_time_is_too_early_or_too_late() {
    for (requests, within) in [(1, 1), (1, 86_400), (1_000_000, 1), (1_000_000, 86_400)] {
        let limiter = limiter(requests, within);
        assert_eq!(limiter.count(Duration::ZERO), Ok(()));
        assert_eq!(limiter.count(Duration::MAX), Ok(()));
        // The clock has stepped back, although it must not: the wait is long, and nothing overflows.
        assert!(limiter.count(Duration::ZERO).is_err());
        assert!(limiter.count(Duration::MAX).is_ok());
    }
}

#[test]
fn threads_that_count_at_once_get_the_burst_and_no_more() {
    let limiter = limiter(10_000, 86_400);
    let counted = |_| (0..5_000).filter(|_| limiter.count(Duration::ZERO).is_ok()).count();
    let total: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(move || counted(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(total, 10_000);
}

proptest! {
    /// The plain version is a queue with as many places as events may come at once. One event leaves it every interval.
    #[test]
    fn a_limiter_allows_what_a_queue_of_as_many_places_allows(
        requests in 1_u32..8,
        within in 1_u64..30,
        pauses in prop::collection::vec(0_u64..5_000, 1..200),
    ) {
        let limiter = limiter(requests, within);
        let interval = Duration::from_secs(within) / requests;
        let mut leaving = VecDeque::<Duration>::new();
        let mut now = Duration::ZERO;
        for millis in pauses {
            now += Duration::from_millis(millis);
            leaving.retain(|moment| *moment > now);
            let full = leaving.len() == usize::try_from(requests).unwrap();
            let expected = if full { Err(leaving[0].saturating_sub(now)) } else { Ok(()) };
            prop_assert_eq!(limiter.count(now), expected);
            if !full {
                leaving.push_back(leaving.back().copied().unwrap_or(now) + interval);
            }
        }
    }
}
