//! Renders request text for logs, errors and `Debug`: short, in visible ASCII, and without anything that could be a credential.
//!
//! Rules, in the order they are tried on each segment of a path:
//!
//! 1. A segment in a position that holds credentials ([`SegmentPlace`]) is replaced.
//! 2. A segment of more than [`MAX_SEGMENT`] bytes is replaced.
//! 3. A segment with percent-encoding is replaced if decoding it up to [`MAX_PASSES`] times reveals a run by rule 4, or if it has
//!    [`MIN_RUN`] bytes or more and could be decoded further.
//! 4. In every other segment, each run that could be a token or a hash is replaced: [`MIN_RUN`] or more letters, digits and
//!    `-_+`, the characters of base64, base64url and hexadecimal text. A JWT is replaced as a whole, with its dots. A UUID is not
//!    replaced: it has that length, but no scheme uses UUIDs as credentials.
//!
//! The replacement contains the length and a hash of the text, `{43 bytes #1a2b3c4d}`. Lines about the same text have the same hash.
//! Each process generates a random key for the hash, so that the hash does not help to guess the text. Long ids and file names are
//! replaced too. The result is truncated to [`MAX_PATH_SHOWN`] bytes. No byte is visited more than a few times.

use std::fmt::{self, Write as _};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::LazyLock;

use arrayvec::{ArrayString, ArrayVec};

use super::percent::{decode_leniently, split_encoded};
use crate::work;

/// The maximum length of a path in a log line, in bytes. Paths in practice fit.
pub(crate) const MAX_PATH_SHOWN: usize = 256;

/// The maximum length of a method in a log line, in bytes. Registered methods have at most 17.
pub(crate) const MAX_METHOD_SHOWN: usize = 32;

/// The maximum length of an authority in the `Debug` output of a request, in bytes: that of a host name (RFC 1035 §2.3.4).
pub(super) const MAX_AUTHORITY_SHOWN: usize = 255;

/// The maximum length of a segment that is shown, in bytes.
const MAX_SEGMENT: usize = 256;

/// The minimum length of a run that could be a credential, in bytes. The shortest hash, MD5 in base64, has 22.
const MIN_RUN: usize = 20;

/// The longest word in a long name that is shown, in bytes.
const MAX_WORD: usize = 15;

/// The maximum number of times that a segment is decoded. Each pass visits the whole segment.
const MAX_PASSES: usize = 3;

/// The mark at the end of text that was cut.
const CUT: &str = "…";

/// A place of credentials in paths: one whole segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentPlace {
    /// The decoded beginning of the path, from a slash to a slash.
    before: Box<str>,
    /// The number of segments between that beginning and the credential.
    skip: usize,
    /// The number of slashes before the credential.
    slashes: usize,
}

impl SegmentPlace {
    pub(crate) fn new(before: impl Into<Box<str>>, skip: usize) -> Self {
        let before = before.into();
        let slashes = before.matches('/').count().saturating_add(skip);
        Self { before, skip, slashes }
    }

    /// Returns the position and length of the segment in a path as received, or `None` if the path has no such place.
    fn find(&self, path: &[u8]) -> Option<Span> {
        let mut rest = path;
        for &wanted in self.before.as_bytes() {
            let (&byte, after) = rest.split_first()?;
            let encoded = if byte == b'%' { split_encoded(after) } else { None };
            let (byte, after) = encoded.unwrap_or((byte, after));
            if byte != wanted {
                return None;
            }
            rest = after;
        }
        work::visited(path.len().saturating_sub(rest.len()));
        for _ in 0..self.skip {
            rest = rest.get(memchr::memchr(b'/', rest)?.saturating_add(1)..)?;
        }
        let length = memchr::memchr(b'/', rest).unwrap_or(rest.len());
        work::visited(length);
        Some(Span { start: path.len().saturating_sub(rest.len()), length })
    }
}

/// A segment's position in a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: usize,
    length: usize,
}

/// Returns whether a path has text in one of these places.
pub(crate) fn has_credential_place(path: &[u8], places: &[SegmentPlace]) -> bool {
    places.iter().any(|place| place.find(path).is_some_and(|span| span.length > 0))
}

/// Renders a path as received.
pub(crate) fn shown_path(path: &[u8], places: &[SegmentPlace]) -> Shown<MAX_PATH_SHOWN> {
    let mut shown = Shown::new();
    let mut start = 0;
    for (number, segment) in path.split(|&byte| byte == b'/').enumerate() {
        work::visited(segment.len());
        let held = |place: &SegmentPlace| {
            place.slashes == number && place.find(path).is_some_and(|span| span.start == start)
        };
        let known = !segment.is_empty() && places.iter().any(held);
        let whole = (number == 0 || shown.push("/")) && shown.push_segment(segment, known);
        if !whole {
            break;
        }
        start = start.saturating_add(segment.len()).saturating_add(1);
    }
    shown
}

/// Renders any other text of a request, cut at `N` bytes.
pub(crate) fn shown_text<const N: usize>(text: &[u8]) -> Shown<N> {
    let mut shown = Shown::new();
    shown.push_segment(text, false);
    shown
}

/// Renders a name from a request: a host, an origin, or the name of a cookie or parameter; cut at `N` bytes. Names that consist of
/// words, such as `media-origin-production.example.com`, are shown whatever their length. The rules for other text apply to the rest.
pub(crate) fn shown_name<const N: usize>(name: &[u8]) -> Shown<N> {
    let is_name_byte = |byte: &u8| is_run_byte(*byte) || matches!(byte, b':' | b'/' | b'[' | b']');
    let is_plain =
        |label: &[u8]| label.len() < MIN_RUN || label.split(|byte| matches!(byte, b'-' | b'_')).all(is_word);
    work::visited(name.len().saturating_mul(3));
    let mut labels = name.split(|byte| matches!(byte, b'.' | b':' | b'/'));
    if !(name.len() <= MAX_SEGMENT && name.iter().all(is_name_byte) && labels.all(is_plain)) {
        return shown_text(name);
    }
    let mut shown = Shown::new();
    shown.push_escaped(name);
    shown
}

/// Returns whether text is short and spelled like `word`, `Word` or `TwoWords`, with up to three digits behind it. Encoded text of
/// some length is not.
fn is_word(text: &[u8]) -> bool {
    let letters = text.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(text.len());
    let (letters, digits) = text.split_at_checked(letters).unwrap_or_default();
    let ends_in_a_capital = letters.last().is_some_and(u8::is_ascii_uppercase);
    let has_two_capitals = letters.windows(2).any(|pair| pair.iter().all(u8::is_ascii_uppercase));
    text.len() <= MAX_WORD
        && !ends_in_a_capital
        && !has_two_capitals
        && digits.len() <= 3
        && digits.iter().all(u8::is_ascii_digit)
}

/// Returns whether text holds something like a JWT or an embed token, in any percent-encoding, or is too long to check.
pub(crate) fn holds_token(text: &[u8]) -> bool {
    shows_up(text, |run| run.contains(&b'.') || (run.len() >= 32 && run.iter().all(u8::is_ascii_hexdigit)))
}

/// Rendered text of at most `N` bytes.
pub(crate) struct Shown<const N: usize>(ArrayString<N>);

impl<const N: usize> Shown<N> {
    fn new() -> Self {
        Self(ArrayString::new())
    }

    /// Appends `text` if it fits and leaves room for the mark, or else the mark. Returns whether it fitted.
    fn push(&mut self, text: &str) -> bool {
        if text.len().saturating_add(CUT.len()) <= self.0.remaining_capacity() {
            self.0.push_str(text);
            return true;
        }
        self.0.push_str(CUT);
        false
    }

    fn push_segment(&mut self, segment: &[u8], known: bool) -> bool {
        if known || segment.len() > MAX_SEGMENT {
            return self.push_replaced(segment);
        }
        if segment.contains(&b'%') {
            if shows_up(segment, |_| true) {
                return self.push_replaced(segment);
            }
            return self.push_escaped(segment);
        }
        let mut whole = true;
        each_piece(segment, |piece, secret| {
            whole = if secret { self.push_replaced(piece) } else { self.push_escaped(piece) };
            whole
        });
        whole
    }

    fn push_replaced(&mut self, text: &[u8]) -> bool {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        work::visited(text.len());
        let [.., a, b, c, d] = KEY.hash_one(text).to_be_bytes();
        let mut mark = ArrayString::<48>::new();
        let written = write!(mark, "{{{} bytes #{:08x}}}", text.len(), u32::from_be_bytes([a, b, c, d]));
        written.is_ok() && self.push(&mark)
    }

    fn push_escaped(&mut self, text: &[u8]) -> bool {
        work::visited(text.len());
        text.iter().all(|&byte| {
            let escaped: ArrayVec<u8, 4> = std::ascii::escape_default(byte).collect();
            self.push(str::from_utf8(&escaped).unwrap_or("?")) // it is ASCII
        })
    }
}

impl<const N: usize> Shown<N> {
    /// Returns the text as an owned string, for the value of a log field.
    pub(crate) fn into_string(self) -> String {
        self.0.as_str().to_owned()
    }
}

impl<const N: usize> fmt::Display for Shown<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<const N: usize> fmt::Debug for Shown<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

/// Returns whether decoding the text reveals a run that is `wanted`, or such a run cannot be ruled out.
fn shows_up(text: &[u8], wanted: impl Fn(&[u8]) -> bool) -> bool {
    let mut current = ArrayVec::<u8, MAX_SEGMENT>::new();
    if current.try_extend_from_slice(text).is_err() {
        return true;
    }
    for _ in 0..MAX_PASSES {
        if has_run(&current, &wanted) {
            return true;
        }
        let mut again = ArrayVec::new();
        if !decode_leniently(&current, &mut again) {
            return false;
        }
        current = again;
    }
    let mut rest = &*current;
    let mut decodes = false;
    while let Some(percent) = memchr::memchr(b'%', rest) {
        rest = rest.get(percent.saturating_add(1)..).unwrap_or_default();
        decodes |= split_encoded(rest).is_some();
    }
    has_run(&current, &wanted) || (decodes && text.len() >= MIN_RUN)
}

fn has_run(text: &[u8], wanted: impl Fn(&[u8]) -> bool) -> bool {
    let mut found = false;
    each_piece(text, |piece, secret| {
        found |= secret && wanted(piece);
        !found
    });
    found
}

/// Splits text into pieces, and passes each to `take` with whether it could be a credential. Ends once `take` returns false.
fn each_piece(text: &[u8], mut take: impl FnMut(&[u8], bool) -> bool) {
    work::visited(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end =
            |wanted: bool| rest.iter().position(|&byte| is_run_byte(byte) == wanted).unwrap_or(rest.len());
        let plain = end(true);
        let dotted = if plain == 0 { end(false) } else { 0 };
        let (piece, after) = rest.split_at_checked(plain.max(dotted)).unwrap_or((rest, &[]));
        rest = after;
        let goes_on = if dotted == 0 { take(piece, false) } else { each_part(piece, &mut take) };
        if !goes_on {
            return;
        }
    }
}

/// Does the same for a run with dots. It is a JWT if it has three parts or more and one of them is long enough.
fn each_part(run: &[u8], take: &mut impl FnMut(&[u8], bool) -> bool) -> bool {
    work::visited(run.len().saturating_mul(3));
    let mut parts = run.split(|&byte| byte == b'.');
    let is_token = parts.clone().count() >= 3 && parts.clone().any(is_secret);
    if is_token {
        return take(run, true);
    }
    let mut first = true;
    parts.all(|part| {
        let dot = std::mem::take(&mut first) || take(b".", false);
        dot && (part.is_empty() || take(part, is_secret(part)))
    })
}

/// Returns whether a run without dots is long enough to be a credential, and not a UUID (RFC 9562 §4).
fn is_secret(run: &[u8]) -> bool {
    let is_uuid = || {
        run.len() == 36
            && run.iter().enumerate().all(|(at, byte)| match at {
                8 | 13 | 18 | 23 => *byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            })
    };
    run.len() >= MIN_RUN && !is_uuid()
}

/// Returns whether a byte is a character of base64 or base64url (RFC 4648 §4, §5), without padding and slash, or a JWT's dot.
const fn is_run_byte(byte: u8) -> bool {
    matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'+' | b'.')
}

#[cfg(test)]
mod tests;
