use memchr::{memchr, memchr3, memmem};

use crate::manifest::child::is_plain_path;
use crate::manifest::{Fault, Reason};

/// The URI in a piece of XML, with its position and spelling.
pub(super) struct Found<'v> {
    /// The decoded URI.
    pub(super) uri: &'v [u8],
    /// True if the URI is known to be a plain path.
    pub(super) is_path: bool,
    /// The position in the raw bytes at which the URI's fragment starts, or the URI ends.
    pub(super) end: usize,
    /// True in a CDATA section, which has no escapes.
    pub(super) raw: bool,
}

/// Decodes an attribute's value into `plain`, unless it has no escapes.
///
/// # Errors
///
/// Fails for a bare `&` and for an entity that XML does not define.
pub(super) fn attribute<'v>(
    raw: &'v [u8],
    template: bool,
    plain: &'v mut Vec<u8>,
) -> Result<Found<'v>, Reason> {
    crate::work::visited(raw.len().saturating_mul(4)); // visited here, and for its parts, its host and its extension
    if !template && is_plain_path(raw) {
        return Ok(Found { uri: raw, is_path: true, end: raw.len(), raw: false });
    }
    let hash = decode(raw, template, plain)?;
    Ok(Found { uri: plain, is_path: false, end: hash.unwrap_or(raw.len()), raw: false })
}

/// Decodes an element's text into `plain`, without the white space around it. Returns `None` if text and CDATA are mixed.
///
/// # Errors
///
/// Returns the errors of [`attribute`].
pub(super) fn text<'v>(
    raw: &[u8],
    template: bool,
    plain: &'v mut Vec<u8>,
) -> Result<Option<Found<'v>>, Reason> {
    crate::work::visited(raw.len().saturating_mul(6));
    let ended = trim_end(raw);
    let trimmed = trim_start(ended);
    let start = ended.len().saturating_sub(trimmed.len());
    if let Some(data) = trimmed.strip_prefix(b"<![CDATA[") {
        let end = memmem::find(data, b"]]>").and_then(|end| data.split_at_checked(end));
        let Some((data, b"]]>")) = end else { return Ok(None) };
        let ended = trim_end(data);
        let uri = trim_start(ended);
        let start =
            start.saturating_add(b"<![CDATA[".len()).saturating_add(ended.len().saturating_sub(uri.len()));
        copy(uri, template, plain);
        let end = memchr(b'#', uri).unwrap_or(uri.len());
        return Ok(Some(Found { uri: plain, is_path: false, end: start.saturating_add(end), raw: true }));
    }
    if trimmed.contains(&b'<') {
        return Ok(None);
    }
    let hash = decode(trimmed, template, plain)?;
    let end = start.saturating_add(hash.unwrap_or(trimmed.len()));
    Ok(Some(Found { uri: plain, is_path: false, end, raw: false }))
}

/// Decodes `raw` and returns the position of its first `#`, in any spelling.
fn decode(raw: &[u8], template: bool, plain: &mut Vec<u8>) -> Result<Option<usize>, Reason> {
    crate::work::visited(raw.len().saturating_mul(2));
    plain.clear();
    let mut hash = None;
    let mut rest = raw;
    while let Some(at) = memchr3(b'&', b'#', b'$', rest) {
        let here = raw.len().saturating_sub(rest.len()).saturating_add(at);
        let (before, special) = rest.split_at_checked(at).unwrap_or((rest, b""));
        plain.extend_from_slice(before);
        rest = match special {
            [b'&', reference @ ..] => {
                let end = reference.iter().take(LONGEST_REFERENCE).position(|&byte| byte == b';');
                let named = end.and_then(|end| reference.split_at_checked(end));
                let Some((name, after)) = named else { return Err(Reason::Malformed(Fault::Entity)) };
                let c = character(name).ok_or(Reason::Malformed(Fault::Entity))?;
                if c == '#' {
                    hash = hash.or(Some(here));
                }
                plain.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                after.get(1..).unwrap_or_default()
            }
            [b'$', b'$', after @ ..] if template => {
                plain.push(b'$');
                after
            }
            [byte, after @ ..] => {
                if *byte == b'#' {
                    hash = hash.or(Some(here));
                }
                plain.push(*byte);
                after
            }
            [] => b"",
        };
    }
    plain.extend_from_slice(rest);
    Ok(hash)
}

/// Copies a decoded URI. A template's `$$` becomes `$`.
fn copy(uri: &[u8], template: bool, plain: &mut Vec<u8>) {
    plain.clear();
    let mut rest = uri;
    while let (true, Some(at)) = (template, memmem::find(rest, b"$$")) {
        let (before, after) = rest.split_at_checked(at.saturating_add(1)).unwrap_or((rest, b""));
        plain.extend_from_slice(before);
        rest = after.get(1..).unwrap_or_default();
    }
    plain.extend_from_slice(rest);
}

/// The maximum length of a reference: more than `#x10FFFF` with a few leading zeros.
const LONGEST_REFERENCE: usize = 16;

/// Returns the character that `&name;` stands for (XML 1.0 §4.1, §4.6).
fn character(name: &[u8]) -> Option<char> {
    match name {
        b"amp" => return Some('&'),
        b"lt" => return Some('<'),
        b"gt" => return Some('>'),
        b"quot" => return Some('"'),
        b"apos" => return Some('\''),
        _ => {}
    }
    let digits = std::str::from_utf8(name.strip_prefix(b"#")?).ok()?;
    let number = match digits.strip_prefix('x') {
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            u32::from_str_radix(digits, 16)
        }
        None if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse(),
        _ => return None,
    };
    char::from_u32(number.ok()?).filter(|&c| c != '\0')
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|&byte| !is_blank(byte)).unwrap_or(text.len());
    text.get(start..).unwrap_or_default()
}

fn trim_end(text: &[u8]) -> &[u8] {
    let end = text.iter().rposition(|&byte| !is_blank(byte)).map_or(0, |last| last.saturating_add(1));
    text.get(..end).unwrap_or_default()
}
