use super::*;

#[test]
fn leeway_of_a_minute_is_the_most() {
    assert_eq!(Leeway::from_secs(60).map(Leeway::as_secs), Ok(60));
    assert_eq!(Leeway::from_secs(61), Err(ConfigError::LeewayTooLong { secs: 61 }));
}

#[test]
fn seconds_stop_at_the_ends_instead_of_wrapping() {
    assert_eq!(UnixSeconds::new(i64::MAX).saturating_add(60).get(), i64::MAX);
    assert_eq!(UnixSeconds::new(i64::MIN).saturating_sub(60).get(), i64::MIN);
}
