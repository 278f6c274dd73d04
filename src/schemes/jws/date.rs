//! `NumericDate` (RFC 7519 §2): a JSON number of seconds, read exactly, without floating point.

use crate::time::UnixSeconds;

/// A date on a whole second, or between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NumericDate {
    floor: i64,
    fraction: bool,
}

impl NumericDate {
    /// Parses a number whose form was checked. Returns `None` if its whole seconds do not fit 64 bits.
    #[inline]
    pub(crate) fn parse(number: &[u8]) -> Option<Self> {
        match short_integer(number) {
            Some(floor) => Some(Self { floor, fraction: false }),
            None => Self::parse_closely(std::str::from_utf8(number).ok()?),
        }
    }

    /// Parses the content of a string: only digits, and few enough to fit.
    pub(crate) fn parse_digits(text: &[u8]) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        short_integer(text).map(|floor| Self { floor, fraction: false })
    }

    #[cold]
    fn parse_closely(number: &str) -> Option<Self> {
        if let Ok(floor) = number.parse() {
            return Some(Self { floor, fraction: false });
        }
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let (mantissa, exponent) = match number.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent_of(exponent)),
            None => (number, 0),
        };
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        // The position of the decimal point among the digits after the exponent has moved it.
        let point = i64::try_from(whole.len()).ok()?.saturating_add(exponent);
        // Counted downwards, because the negative range has one more second.
        let mut seconds: i64 = 0;
        let mut fraction = false;
        let mut read: i64 = 0;
        for digit in whole.bytes().chain(part.bytes()) {
            let digit = i64::from(digit.saturating_sub(b'0'));
            if read < point {
                seconds = seconds.checked_mul(10)?.checked_sub(digit)?;
            } else {
                fraction |= digit != 0;
            }
            read = read.saturating_add(1);
        }
        if seconds != 0 {
            for _ in read..point {
                seconds = seconds.checked_mul(10)?;
            }
        }
        let floor = match (negative, fraction) {
            (false, _) => seconds.checked_neg()?,
            (true, false) => seconds,
            (true, true) => seconds.checked_sub(1)?,
        };
        Some(Self { floor, fraction })
    }

    /// Returns whether the date is too large to be in seconds.
    pub(crate) const fn looks_like_milliseconds(self) -> bool {
        self.floor().looks_like_milliseconds()
    }

    /// Returns the last whole second that is not after this date.
    pub(crate) const fn floor(self) -> UnixSeconds {
        UnixSeconds::new(self.floor)
    }

    /// Returns the first whole second that is not before this date.
    pub(crate) const fn ceil(self) -> UnixSeconds {
        UnixSeconds::new(self.floor.saturating_add(self.fraction as i64))
    }
}

/// Parses a short run of digits, the form that issuers write.
#[inline]
fn short_integer(digits: &[u8]) -> Option<i64> {
    const FIT: usize = 18;
    if digits.len() > FIT {
        return None;
    }
    let mut seconds: i64 = 0;
    for byte in digits {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        seconds = seconds.wrapping_mul(10).wrapping_add(i64::from(digit));
    }
    Some(seconds)
}

/// Returns the exponent as a number. An exponent too large to matter is capped at a value far beyond 64 bits of seconds.
fn exponent_of(digits: &str) -> i64 {
    const FAR: i64 = 1_000_000;
    match digits.strip_prefix('-') {
        Some(digits) => digits.parse().map_or(-FAR, |exponent: i64| exponent.saturating_neg().max(-FAR)),
        None => digits.trim_start_matches('+').parse().map_or(FAR, |exponent: i64| exponent.min(FAR)),
    }
}

#[cfg(test)]
mod tests;
