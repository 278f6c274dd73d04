use super::*;

#[test]
fn a_span_has_its_two_largest_units() {
    let cases = [
        (0, "0 s"),
        (42, "42 s"),
        (60, "1 min"),
        (2465, "41 min 5 s"),
        (12_000, "3 h 20 min"),
        (3_605, "1 h"),
        (86_400, "1 day"),
        (90_000, "1 day 1 h"),
        (1_036_800 + 7_200, "12 days"),
        (-5, "0 s"),
    ];
    for (seconds, text) in cases {
        assert_eq!(span(seconds), text, "{seconds}");
    }
}

#[test]
fn a_date_is_written_in_utc_and_out_of_range_as_a_number() {
    assert_eq!(date(UnixSeconds::new(1_796_051_045)), "2026-11-30 15:04:05 UTC");
    assert_eq!(date(UnixSeconds::new(0)), "1970-01-01 00:00:00 UTC");
    assert_eq!(date(UnixSeconds::new(LAST)), "9999-12-31 23:59:59 UTC");
    for odd in [LAST + 1, -1, i64::MAX, i64::MIN] {
        assert_eq!(date(UnixSeconds::new(odd)), format!("second {odd}"));
    }
}

#[test]
fn a_date_is_before_or_after_now() {
    let now = UnixSeconds::new(1_000);
    assert_eq!(relative(UnixSeconds::new(958), now), "1970-01-01 00:15:58 UTC, 42 s ago");
    assert_eq!(relative(UnixSeconds::new(1_060), now), "1970-01-01 00:17:40 UTC, in 1 min");
    assert_eq!(relative(now, now), "1970-01-01 00:16:40 UTC, now");
    assert!(relative(UnixSeconds::new(i64::MIN), UnixSeconds::new(i64::MAX)).ends_with(" ago"));
}
