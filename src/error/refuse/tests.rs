use super::*;

#[test]
fn a_code_is_lower_case_letters_digits_and_underscores() {
    let longest: &'static str = "a23456789_123456789_123456789_123456789_123456789_123456789_1234";
    assert_eq!(longest.len(), Refuse::MAX_CODE_LEN);
    for code in ["geo_blocked", "a", "_", "7", longest] {
        assert_eq!(Refuse::new(code).code(), code);
    }
    let too_long = "a23456789_123456789_123456789_123456789_123456789_123456789_12345";
    for code in ["", too_long, "Geo", "geo-blocked", "geo blocked", "geo\n", "gé", "a\0", "a\"b"] {
        assert_eq!(Refuse::new(code), Refuse::default(), "{code:?}");
    }
}

/// A dashboard that counts a code must count one thing.
#[test]
fn a_built_in_code_counts_as_refused_by_hook() {
    for code in Code::ALL {
        assert_eq!(Refuse::new(code.as_str()).code(), "refused_by_hook", "{code}");
    }
    assert_eq!(Refuse::new("expired_").code(), "expired_");
}

#[test]
fn a_status_that_is_no_error_counts_as_the_sites_status() {
    for status in [400, 401, 451, 599] {
        assert_eq!(Refuse::default().status(status).own_status(), Some(status));
    }
    for status in [0, 1, 100, 200, 204, 302, 399, 600, 999, u16::MAX] {
        assert_eq!(Refuse::default().status(451).status(status), Refuse::default(), "{status}");
    }
}

#[test]
fn every_number_of_seconds_can_be_set() {
    assert_eq!(Refuse::default().seconds_to_wait(), None);
    for seconds in [0, 1, u32::MAX] {
        assert_eq!(Refuse::default().retry_after(seconds).seconds_to_wait(), Some(seconds));
    }
}
