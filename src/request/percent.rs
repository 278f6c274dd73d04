use arrayvec::ArrayVec;

use crate::work;

/// Returns the value of one hexadecimal digit in either case.
pub(crate) const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The reason why percent-decoding failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum PercentFault {
    /// A `%` without two hexadecimal digits.
    Encoding,
    /// More than the buffer holds.
    Full,
}

/// Splits off the byte that `rest`, which follows a `%`, encodes.
pub(crate) fn split_encoded(rest: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], rest) = rest.split_first_chunk::<2>()?;
    Some(((hex_value(high)? << 4) | hex_value(low)?, rest))
}

/// Appends the percent-decoded `raw` to `decoded`. A `%` without two digits is a fault (RFC 3986 §2.1).
pub(crate) fn decode_strictly<const N: usize>(
    raw: &[u8],
    decoded: &mut ArrayVec<u8, N>,
) -> Result<(), PercentFault> {
    work::visited(raw.len());
    let mut rest = raw;
    while let Some(percent) = memchr::memchr(b'%', rest) {
        let (plain, encoded) = rest.split_at_checked(percent).unwrap_or((rest, &[]));
        decoded.try_extend_from_slice(plain).map_err(|_| PercentFault::Full)?;
        let (byte, after) = encoded.get(1..).and_then(split_encoded).ok_or(PercentFault::Encoding)?;
        decoded.try_push(byte).map_err(|_| PercentFault::Full)?;
        rest = after;
    }
    decoded.try_extend_from_slice(rest).map_err(|_| PercentFault::Full)
}

/// Percent-decodes like a lenient server: an invalid encoding stays unchanged.
///
/// Returns whether anything was decoded. `decoded` starts empty and is as large as `raw`'s bound.
pub(crate) fn decode_leniently<const N: usize>(raw: &[u8], decoded: &mut ArrayVec<u8, N>) -> bool {
    work::visited(raw.len());
    let mut changed = false;
    let mut rest = raw;
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match (byte, split_encoded(after)) {
            (b'%', Some((byte, after))) => {
                changed = true;
                (byte, after)
            }
            _ => (byte, after),
        };
        if decoded.try_push(byte).is_err() {
            break;
        }
        rest = after;
    }
    changed
}

#[cfg(test)]
mod tests;
