//! Dates and lifetimes: parsed from options, and formatted for people.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use anyhow::{Result, bail};
use playgate::time::UnixSeconds;

/// The end of a credential's life, as an option has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expires {
    /// This long from now.
    In(Duration),
    /// At this second.
    At(UnixSeconds),
    /// Never, which is written by its name.
    Never,
}

/// A point in time in an option: a date, or seconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) UnixSeconds);

impl FromStr for Moment {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(second) = text.parse() {
            return Ok(Self(UnixSeconds::new(second)));
        }
        let date = humantime::parse_rfc3339_weak(text).ok();
        let since = date.and_then(|date| date.duration_since(SystemTime::UNIX_EPOCH).ok());
        let second = since.and_then(|since| i64::try_from(since.as_secs()).ok());
        let second = second.ok_or("write a date such as 2026-12-01T00:00:00Z, or seconds since 1970")?;
        Ok(Self(UnixSeconds::new(second)))
    }
}

impl FromStr for Expires {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            "write a lifetime such as 90s, 1h or 30days, a date such as 2026-12-01T00:00:00Z, or never"
                .to_owned()
        };
        if text == "never" {
            return Ok(Self::Never);
        }
        if text.len() > 10 && text.as_bytes().get(4) == Some(&b'-') {
            let date = humantime::parse_rfc3339_weak(text).map_err(|_| wrong())?;
            let since = date.duration_since(SystemTime::UNIX_EPOCH).map_err(|_| wrong())?;
            return Ok(Self::At(UnixSeconds::new(i64::try_from(since.as_secs()).map_err(|_| wrong())?)));
        }
        let lifetime = match text.parse() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => humantime::parse_duration(text).map_err(|_| wrong())?,
        };
        if lifetime.as_secs() == 0 {
            return Err("use a lifetime of 1s or more".to_owned());
        }
        Ok(Self::In(lifetime))
    }
}

impl Expires {
    /// Returns the second in which the credential expires, or `None` for never.
    ///
    /// # Errors
    ///
    /// Fails for a date that has passed.
    pub(crate) fn at(self, now: UnixSeconds) -> Result<Option<UnixSeconds>> {
        match self {
            Self::Never => Ok(None),
            Self::In(lifetime) => {
                let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
                Ok(Some(now.saturating_add(seconds)))
            }
            Self::At(date) if date <= now => {
                bail!("--expires is {}, which is in the past: use a later date", utc(date))
            }
            Self::At(date) => Ok(Some(date)),
        }
    }
}

/// Returns a second as `2026-11-30 15:04:05 UTC`, or as a number if it is not in the years 1970 to 9999.
pub(crate) fn utc(second: UnixSeconds) -> String {
    const YEAR_10000: u64 = 253_402_300_800;
    let seconds = u64::try_from(second.get()).ok().filter(|seconds| *seconds < YEAR_10000);
    let date = seconds.and_then(|seconds| SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    match date {
        Some(date) => {
            let text = humantime::format_rfc3339_seconds(date).to_string();
            format!("{} UTC", text.trim_end_matches('Z').replace('T', " "))
        }
        None => format!("second {} since 1970", second.get()),
    }
}

/// Returns the distance from now: `in 41 min`, `2 days 3 h ago`.
pub(crate) fn distance(second: UnixSeconds, now: UnixSeconds) -> String {
    let apart = second.get().abs_diff(now.get());
    let words = words(apart);
    match second.cmp(&now) {
        std::cmp::Ordering::Greater => format!("in {words}"),
        std::cmp::Ordering::Equal => "now".to_owned(),
        std::cmp::Ordering::Less => format!("{words} ago"),
    }
}

/// Returns a second with its distance: `2026-11-30 15:04:05 UTC (in 41 min)`.
pub(crate) fn with_distance(second: UnixSeconds, now: UnixSeconds) -> String {
    format!("{} ({})", utc(second), distance(second, now))
}

/// Returns a number of seconds in its two largest units.
fn words(seconds: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(31_557_600, "years"), (86_400, "days"), (3600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (length, name) in UNITS {
        let number = rest.checked_div(length).unwrap_or_default();
        rest = rest.saturating_sub(number.saturating_mul(length));
        if number > 0 {
            let name = if number == 1 { name.trim_end_matches("ears").trim_end_matches("ays") } else { name };
            let name = match name {
                "y" => "year",
                "d" => "day",
                name => name,
            };
            parts.push(format!("{number} {name}"));
        } else if !parts.is_empty() {
            break; // 1 day and 5 s is 1 day
        }
        if parts.len() == 2 {
            break;
        }
    }
    parts.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_text_seconds_a_date_or_never_by_name() {
        for (text, read) in [
            ("1h", Some(Expires::In(Duration::from_hours(1)))),
            ("90", Some(Expires::In(Duration::from_secs(90)))),
            ("30days", Some(Expires::In(Duration::from_hours(720)))),
            ("1h 30min", Some(Expires::In(Duration::from_mins(90)))),
            ("2026-12-01T00:00:00Z", Some(Expires::At(UnixSeconds::new(1_796_083_200)))),
            ("2026-12-01 00:00:00", Some(Expires::At(UnixSeconds::new(1_796_083_200)))),
            ("never", Some(Expires::Never)),
            ("", None),
            ("0", None),
            ("0s", None),
            ("Never", None),
            ("-5", None),
            ("1 fortnight", None),
            ("1960-12-01T00:00:00Z", None),
            ("2026-13-01T00:00:00Z", None),
        ] {
            assert_eq!(text.parse::<Expires>().ok(), read, "{text:?}");
        }
    }

    #[test]
    fn a_moment_is_a_date_or_a_number() {
        for (text, second) in [
            ("2026-12-01T00:00:00Z", Some(1_796_083_200)),
            ("2026-12-01 00:00:00", Some(1_796_083_200)),
            ("1796083200", Some(1_796_083_200)),
            ("-1", Some(-1)),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(text.parse().ok(), second.map(|second| Moment(UnixSeconds::new(second))), "{text:?}");
        }
    }

    #[test]
    fn a_date_that_has_passed_is_no_expiry() {
        let now = UnixSeconds::new(1_796_083_200);
        let passed = Expires::At(now).at(now).unwrap_err().to_string();
        assert!(passed.contains("2026-12-01 00:00:00 UTC, which is in the past"), "{passed}");
        assert_eq!(
            Expires::In(Duration::from_mins(1)).at(now).unwrap(),
            Some(UnixSeconds::new(1_796_083_260))
        );
        assert_eq!(Expires::Never.at(now).unwrap(), None);
    }

    #[test]
    fn dates_are_written_in_utc_and_in_words() {
        let now = UnixSeconds::new(1_796_083_200);
        for (second, words) in [
            (1_796_083_200, "2026-12-01 00:00:00 UTC (now)"),
            (1_796_083_201, "2026-12-01 00:00:01 UTC (in 1 s)"),
            (1_796_085_660, "2026-12-01 00:41:00 UTC (in 41 min)"),
            (1_796_086_860, "2026-12-01 01:01:00 UTC (in 1 h 1 min)"),
            (1_796_083_200 + 86_405, "2026-12-02 00:00:05 UTC (in 1 day)"),
            (1_796_083_200 - 2 * 86_400 - 3600, "2026-11-28 23:00:00 UTC (2 days 1 h ago)"),
            (0, "1970-01-01 00:00:00 UTC (56 years 334 days ago)"),
        ] {
            assert_eq!(with_distance(UnixSeconds::new(second), now), words);
        }
        for (second, text) in [
            (-1, "second -1 since 1970"),
            (253_402_300_800, "second 253402300800 since 1970"),
            (i64::MAX, "second 9223372036854775807 since 1970"),
        ] {
            assert_eq!(utc(UnixSeconds::new(second)), text);
        }
        assert!(distance(UnixSeconds::new(i64::MIN), UnixSeconds::new(i64::MAX)).ends_with("ago"));
    }
}
