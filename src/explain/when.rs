//! Dates and durations as text.

use std::time::{Duration, UNIX_EPOCH};

use crate::time::UnixSeconds;

/// The last second of the year 9999, after which a date is written as a number.
const LAST: i64 = 253_402_300_799;

/// Formats a date, such as "2026-11-30 15:04:05 UTC".
pub(super) fn date(at: UnixSeconds) -> String {
    let since = u64::try_from(at.get()).ok().filter(|_| at.get() <= LAST);
    let Some(since) = since.and_then(|since| UNIX_EPOCH.checked_add(Duration::from_secs(since))) else {
        return format!("second {at}");
    };
    let text = humantime::format_rfc3339_seconds(since).to_string();
    format!("{} UTC", text.trim_end_matches('Z').replace('T', " "))
}

/// Formats a date with its distance from now, such as "2026-11-30 15:04:05 UTC, 42 s ago".
pub(super) fn relative(at: UnixSeconds, now: UnixSeconds) -> String {
    let distance = at.get().saturating_sub(now.get());
    let date = date(at);
    match distance {
        0 => format!("{date}, now"),
        1.. => format!("{date}, in {}", span(distance)),
        _ => format!("{date}, {} ago", span(distance.saturating_neg())),
    }
}

/// Formats a number of seconds in its two largest units: "42 s", "41 min 5 s", "3 h 20 min", "12 days".
pub(super) fn span(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, " days"), (3_600, " h"), (60, " min"), (1, " s")];
    let mut rest = seconds.max(0);
    let mut parts = Vec::new();
    for (length, name) in UNITS {
        let count = rest.div_euclid(length);
        rest = rest.rem_euclid(length);
        if count > 0 {
            parts.push(if count == 1 && length == 86_400 {
                "1 day".to_owned()
            } else {
                format!("{count}{name}")
            });
        } else if !parts.is_empty() {
            break; // no unit is left out between two others
        }
        if parts.len() == 2 || (length == 86_400 && count > 9) {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}

#[cfg(test)]
mod tests;
