use super::*;

#[test]
fn seconds_are_rounded_up() {
    for (wait, seconds) in [
        (Duration::ZERO, 1),
        (Duration::from_nanos(1), 1),
        (Duration::from_secs(1), 1),
        (Duration::new(1, 1), 2),
        (Duration::MAX, u32::MAX),
    ] {
        assert_eq!(ceil_seconds(wait), seconds, "{wait:?}");
    }
}

#[test]
fn no_requests_and_other_times_are_refused() {
    for (requests, secs) in [(0, 60), (1, 0), (1, 86_401), (1_000_001, 86_400)] {
        assert!(Rate::new(requests, Duration::from_secs(secs)).is_err(), "{requests} in {secs} s");
    }
}
