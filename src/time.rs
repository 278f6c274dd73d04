//! Time: whole seconds, the permitted clock difference, and clocks.
//!
//! All times are compared in [`UnixSeconds`], with saturating arithmetic, so that no date in a token can overflow. The time is
//! always passed in: only adapters read a [`Clock`].

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::error::ConfigError;

/// Whole seconds since 1970-01-01T00:00:00Z, without leap seconds. RFC 7519 §2 calls this a `NumericDate`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixSeconds(i64);

impl UnixSeconds {
    /// Creates the time that is this number of seconds after (or, if negative, before) the epoch.
    pub const fn new(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Returns the seconds as a number.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Returns whether the number is too large to be meant in seconds: 10^12 seconds are the year 33658, and 10^12 milliseconds
    /// are 2001.
    pub(crate) const fn looks_like_milliseconds(self) -> bool {
        self.0 >= 1_000_000_000_000
    }

    /// Returns the current second by the [system's clock](SystemClock).
    pub fn now() -> Self {
        last_tick().unwrap_or_else(|| Self::from_system(SystemTime::now()))
    }

    /// Returns the whole seconds of a system time.
    pub(crate) fn from_system(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self(whole_seconds(since)),
            Err(before) => Self(whole_seconds(before.duration()).saturating_neg()),
        }
    }

    /// Adds seconds. The result is at most the last representable second.
    #[must_use]
    pub const fn saturating_add(self, later: i64) -> Self {
        Self(self.0.saturating_add(later))
    }

    /// Subtracts seconds. The result is at least the first representable second.
    #[must_use]
    pub const fn saturating_sub(self, earlier: i64) -> Self {
        Self(self.0.saturating_sub(earlier))
    }
}

/// Returns the second of the kernel's last tick, which takes 2 ns instead of 27.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[expect(clippy::unnecessary_wraps, reason = "other systems have none")]
fn last_tick() -> Option<UnixSeconds> {
    Some(UnixSeconds(rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse).tv_sec))
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
const fn last_tick() -> Option<UnixSeconds> {
    None
}

impl std::fmt::Display for UnixSeconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Returns the whole seconds of a duration, as a signed number. The result is at most the largest number.
pub(crate) fn whole_seconds(duration: Duration) -> i64 {
    i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)
}

/// Returns the time since the first call in this process. It does not jump when the system's clock is set.
pub(crate) fn uptime() -> Duration {
    static START: LazyLock<Instant> = LazyLock::new(Instant::now);
    START.elapsed()
}

/// A length of time: whole seconds, or text such as "24h".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    /// Returns the whole seconds, at most `u32::MAX`.
    pub(crate) fn as_secs(self) -> u32 {
        u32::try_from(self.0.as_secs()).unwrap_or(u32::MAX)
    }
}

/// The permitted clock difference when `exp` and `nbf` are checked, in whole seconds.
///
/// It applies at both ends: a token is valid while `nbf - leeway <= now < exp + leeway`. Without leeway, a token is no longer
/// valid in the second of `exp` (RFC 7519 §4.1.4). The default is 0, the maximum [`Leeway::MAX`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leeway(u16);

impl Leeway {
    /// The maximum leeway: a minute. A longer leeway would hide a broken clock.
    pub const MAX: u16 = 60;

    /// Creates a leeway of `secs` seconds.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::LeewayTooLong`] above [`Leeway::MAX`]; nothing else fails.
    pub const fn from_secs(secs: u16) -> Result<Self, ConfigError> {
        if secs > Self::MAX { Err(ConfigError::LeewayTooLong { secs }) } else { Ok(Self(secs)) }
    }

    /// Returns the seconds as a number.
    pub const fn as_secs(self) -> i64 {
        self.0 as i64
    }
}

/// The rules for the dates of credentials on one site. In a configuration file they are fields of the site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(default))]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct TimeRules {
    /// Rejects tokens without `exp`. Default false.
    pub(crate) require_exp: bool,
    /// Rejects tokens that expire later than this from now: seconds, or text such as "24h".
    pub(crate) max_lifetime: Option<Span>,
    /// The permitted clock difference to the issuer: at most a minute. Default 0.
    #[cfg_attr(test, schemars(with = "Span"))]
    pub(crate) leeway: Leeway,
}

impl TimeRules {
    /// Returns whether a credential may be valid until then. `None` means forever.
    pub(crate) fn allow_until(&self, expires: Option<UnixSeconds>, now: UnixSeconds) -> bool {
        match expires {
            Some(expires) => !self.is_too_far(expires, now),
            None => !self.require_exp && self.max_lifetime.is_none(),
        }
    }

    /// Returns whether a credential expires later than the site allows.
    pub(crate) fn is_too_far(&self, expires: UnixSeconds, now: UnixSeconds) -> bool {
        self.max_lifetime.is_some_and(|max| expires > now.saturating_add(i64::from(max.as_secs())))
    }
}

/// The source of time for adapters.
///
/// The default is [`SystemClock`]. Any `Fn() -> UnixSeconds` is a clock too, so a test can hold time still:
///
/// ```
/// use playgate::time::{Clock, UnixSeconds};
/// let noon = || UnixSeconds::new(1_750_000_000);
/// assert_eq!(noon.now().get(), 1_750_000_000);
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Returns the current second.
    fn now(&self) -> UnixSeconds;
}

/// The operating system's real-time clock. If it is set back, decisions follow it.
///
/// On Linux it is the clock of the kernel's last tick (`CLOCK_REALTIME_COARSE`), so a second begins up to 10 ms late, usually
/// up to 4 ms. On other systems it is the precise clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixSeconds {
        UnixSeconds::now()
    }
}

impl<F: Fn() -> UnixSeconds + Send + Sync + 'static> Clock for F {
    fn now(&self) -> UnixSeconds {
        self()
    }
}

#[cfg(feature = "config")]
mod file {
    use std::fmt;
    use std::time::Duration;

    use serde::de::{Deserialize, Deserializer, Error, Expected, Unexpected, Visitor};

    use super::{Leeway, Span};

    impl<'de> Deserialize<'de> for Span {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reader;
            impl Visitor<'_> for Reader {
                type Value = Span;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("whole seconds, or text such as \"24h\"")
                }

                fn visit_i64<E: Error>(self, seconds: i64) -> Result<Span, E> {
                    Span::of_seconds(seconds, &self)
                }

                fn visit_str<E: Error>(self, text: &str) -> Result<Span, E> {
                    Span::of_text(text, &self)
                }
            }
            deserializer.deserialize_any(Reader)
        }
    }

    impl Span {
        pub(crate) fn of_seconds<E: Error>(seconds: i64, wanted: &dyn Expected) -> Result<Self, E> {
            let unexpected = Unexpected::Signed(seconds);
            let seconds = u64::try_from(seconds).map_err(|_| E::invalid_value(unexpected, wanted))?;
            Ok(Self(Duration::from_secs(seconds)))
        }

        pub(crate) fn of_text<E: Error>(text: &str, wanted: &dyn Expected) -> Result<Self, E> {
            let span = humantime::parse_duration(text).ok().filter(|span| span.subsec_nanos() == 0);
            span.map(Self).ok_or_else(|| E::invalid_value(Unexpected::Str(text), wanted))
        }
    }

    impl<'de> Deserialize<'de> for Leeway {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let span = Span::deserialize(deserializer)?;
            let leeway = Self::from_secs(u16::try_from(span.as_secs()).unwrap_or(u16::MAX));
            leeway.map_err(|_| {
                D::Error::custom(format!("is {} s: write {} or less", span.0.as_secs(), Self::MAX))
            })
        }
    }
}

#[cfg(test)]
mod schema {
    use std::borrow::Cow;

    use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

    use super::Span;

    impl JsonSchema for Span {
        fn schema_name() -> Cow<'static, str> {
            "span".into()
        }

        fn json_schema(_: &mut SchemaGenerator) -> Schema {
            json_schema!({
                "description": "Whole seconds, or text such as \"24h\" or \"7days\".",
                "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "string", "pattern": "^(0|( *[0-9]+([.][0-9]+)? *[a-zA-Zµ]+)+ *)$" }],
            })
        }
    }
}

#[cfg(test)]
mod tests;
