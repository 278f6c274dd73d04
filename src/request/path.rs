use arrayvec::ArrayVec;

use super::percent::{PercentFault, decode_leniently, decode_strictly};
use crate::error::PathFault;
use crate::work;

/// The maximum length of a path, in bytes as sent.
///
/// Object keys have at most 1024 bytes in every object store. Percent-encoding triples that size, and the maximum leaves room
/// for a base path.
pub const MAX_PATH_LEN: usize = 4096;

/// The maximum number of times that a path may change when it is decoded again. Each pass reads the whole path.
pub(super) const MAX_DECODE_PASSES: usize = 3;

/// A buffer on the caller's stack for the path that [`RequestPath::parse`] decodes.
#[derive(Debug, Default)]
pub struct PathBuffer(ArrayVec<u8, MAX_PATH_LEN>);

impl PathBuffer {
    /// Creates an empty buffer.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The one normal form of a request's path: decoded once, starting with `/`, with exactly one reading.
///
/// An accepted path decodes to the same object key in every handler that decodes once. The following are refused in any spelling
/// (RFC 3986 §6.2.2 and §7.3), in this order:
///
/// 1. a missing leading slash;
/// 2. `//`, `.` and `..` segments;
/// 3. control characters;
/// 4. backslashes;
/// 5. invalid percent-encoding;
/// 6. an encoded slash;
/// 7. bytes that are not UTF-8;
/// 8. a path that would decode *again* to one of these.
///
/// Paths are case-sensitive, `+` stays `+`, and nothing is folded.
///
/// ```
/// use playgate::request::{PathBuffer, RequestPath};
/// use playgate::error::PathFault;
///
/// let mut buffer = PathBuffer::new();
/// let path = RequestPath::parse(b"/videos/caf%C3%A9.mp4", &mut buffer)?;
/// assert_eq!(path.as_bytes(), "/videos/café.mp4".as_bytes());
/// assert_eq!(RequestPath::parse(b"/a/%2e%2e/b", &mut PathBuffer::new()), Err(PathFault::DotSegment));
/// # Ok::<(), PathFault>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestPath<'p>(&'p [u8]);

impl<'p> RequestPath<'p> {
    /// Checks and decodes a path as received. A path without `%` is not copied.
    ///
    /// # Errors
    ///
    /// Returns the first [`PathFault`] found.
    pub fn parse(raw: &'p [u8], buffer: &'p mut PathBuffer) -> Result<Self, PathFault> {
        if raw.first() != Some(&b'/') {
            return Err(PathFault::NotAbsolute);
        }
        if raw.len() > MAX_PATH_LEN {
            return Err(PathFault::TooLong);
        }
        match survey(raw)? {
            Survey::Plain => Ok(Self(raw)),
            Survey::Encoded => Self::parse_encoded(raw, buffer),
        }
    }

    #[cold]
    fn parse_encoded(raw: &'p [u8], buffer: &'p mut PathBuffer) -> Result<Self, PathFault> {
        let decoded = &mut buffer.0;
        decoded.clear();
        decode_strictly(raw, decoded).map_err(|fault| match fault {
            PercentFault::Encoding => PathFault::PercentEncoding,
            PercentFault::Full => PathFault::TooLong,
        })?;
        if slashes(decoded) != slashes(raw) {
            return Err(PathFault::EncodedSlash);
        }
        survey(decoded)?;
        work::visited(decoded.len().saturating_mul(2));
        let text = std::str::from_utf8(decoded).map_err(|_| PathFault::NotUtf8)?;
        if text.chars().any(char::is_control) {
            return Err(PathFault::Control);
        }
        if decodes_to_a_fault(decoded) {
            return Err(PathFault::DecodesAgain);
        }
        Ok(Self(decoded))
    }

    /// Returns the decoded path with its leading slash.
    pub const fn as_bytes(self) -> &'p [u8] {
        self.0
    }
}

/// The state of a path without a fault of its own: plain, or with `%` to decode.
enum Survey {
    Plain,
    Encoded,
}

/// The meaning of a byte in a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Plain,
    Slash,
    /// `%`, or a byte above ASCII, which the slow way examines.
    Encoded,
    Backslash,
    Control,
}

#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const CLASSES: [Class; 256] = {
    let mut classes = [Class::Plain; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte < 0x20 || byte == 0x7f {
            classes[byte] = Class::Control;
        } else if byte >= 0x80 {
            classes[byte] = Class::Encoded;
        }
        byte += 1;
    }
    classes[b'/' as usize] = Class::Slash;
    classes[b'%' as usize] = Class::Encoded;
    classes[b'\\' as usize] = Class::Backslash;
    classes
};

/// Returns the path's first fault, or whether it needs decoding.
fn survey(path: &[u8]) -> Result<Survey, PathFault> {
    work::visited(path.len().saturating_mul(2)); // plainly, then closely
    if is_plain(path) { Ok(Survey::Plain) } else { survey_closely(path) }
}

/// Returns whether nothing in the path needs a closer examination. It has no branches, so that many bytes are compared at once.
fn is_plain(path: &[u8]) -> bool {
    let special = |byte: u8| matches!(byte, 0..=0x1f | 0x7f.. | b'%' | b'\\');
    let opens_dots = |slash: u8, next: u8| slash == b'/' && matches!(next, b'/' | b'.');
    let Some((&last, _)) = path.split_last() else { return true };
    let pairs = path.iter().zip(path.get(1..).unwrap_or_default());
    !pairs.fold(special(last), |any, (&byte, &next)| any | special(byte) | opens_dots(byte, next))
}

/// Walks over the path once, byte by byte.
fn survey_closely(path: &[u8]) -> Result<Survey, PathFault> {
    let mut survey = Survey::Plain;
    let mut rest = path;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match CLASSES.get(usize::from(byte)) {
            Some(Class::Plain) => {}
            Some(Class::Slash) => match after {
                [b'/', ..] => return Err(PathFault::EmptySegment),
                [b'.'] | [b'.', b'/', ..] | [b'.', b'.'] | [b'.', b'.', b'/', ..] => {
                    return Err(PathFault::DotSegment);
                }
                _ => {}
            },
            Some(Class::Encoded) => survey = Survey::Encoded,
            Some(Class::Backslash) => return Err(PathFault::Backslash),
            Some(Class::Control) | None => return Err(PathFault::Control),
        }
    }
    Ok(survey)
}

fn slashes(path: &[u8]) -> usize {
    work::visited(path.len());
    memchr::memchr_iter(b'/', path).count()
}

/// Returns whether repeated decoding ends in a fault, or does not end within [`MAX_DECODE_PASSES`].
fn decodes_to_a_fault(decoded: &[u8]) -> bool {
    if memchr::memchr(b'%', decoded).is_none() {
        return false;
    }
    let expected = slashes(decoded);
    let mut current = ArrayVec::<u8, MAX_PATH_LEN>::new();
    if current.try_extend_from_slice(decoded).is_err() {
        return true;
    }
    for _ in 0..MAX_DECODE_PASSES {
        let mut again = ArrayVec::<u8, MAX_PATH_LEN>::new();
        if !decode_leniently(&current, &mut again) {
            return false;
        }
        work::visited(again.len().saturating_mul(2));
        let readable = std::str::from_utf8(&again).is_ok_and(|text| !text.chars().any(char::is_control));
        if !readable || slashes(&again) != expected || survey(&again).is_err() {
            return true;
        }
        current = again;
    }
    true
}

#[cfg(test)]
mod tests;
