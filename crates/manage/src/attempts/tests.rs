use std::net::Ipv6Addr;

use super::*;

const FAILED: ManageError = ManageError::Unauthenticated("the test fails");

fn is_limited(attempts: &Attempts, client: IpAddr) -> bool {
    matches!(attempts.limit(Some(client), FAILED), ManageError::TooManyAttempts { .. })
}

#[test]
fn each_network_has_thirty_failures_in_a_minute() {
    let attempts = Attempts::default();
    let host = |last| IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, last));
    assert!((0..30).all(|last| !is_limited(&attempts, host(last))), "one /64 is one client");
    assert!(is_limited(&attempts, host(99)));
    assert!(!is_limited(&attempts, IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1))));
    assert!(matches!(attempts.limit(Some(host(1)), ManageError::Unavailable), ManageError::Unavailable));
}

#[test]
fn a_flood_of_networks_takes_bounded_memory_and_shares_one_limit() {
    let attempts = Attempts::default();
    let network = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number));
    let limited = (0..20_000).filter(|number| is_limited(&attempts, network(*number))).count();
    assert!(attempts.limiter.len() <= MAX_CLIENTS + 1, "{}", attempts.limiter.len());
    assert!(limited > 9_000, "{limited}");
}
