use arrayvec::ArrayVec;

use super::path::{MAX_DECODE_PASSES, MAX_PATH_LEN};
use super::percent::decode_leniently;
use crate::work;

/// A reading. It has room for one byte more than a path, for the slash that the path may lack.
type Text = ArrayVec<u8, { MAX_PATH_LEN + 1 }>;

/// The result of trying the readings of a path.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading<T> {
    /// A reading is inside, with this result.
    Inside(T),
    /// No reading is inside.
    Outside,
    /// The path has too many readings to try. It must not pass.
    TooLong,
}

/// Searches the readings of a path for one that is `inside` a base path. The path has no normal form, or its normal form is
/// outside.
///
/// The readings: the path is percent-decoded as often as that changes anything, with backslashes as slashes. Each result is
/// tried as it is, with empty segments merged, with dot segments resolved, and with both in either order. The first reading
/// inside counts. A path that still changes after [`MAX_DECODE_PASSES`] passes beyond the first is too long.
#[cold]
pub(crate) fn some_reading<T>(raw: &[u8], inside: impl Fn(&[u8]) -> Option<T>) -> Reading<T> {
    let mut current = Text::new();
    if raw.len() > MAX_PATH_LEN || current.try_extend_from_slice(raw).is_err() {
        return Reading::TooLong;
    }
    for _ in 0..=MAX_DECODE_PASSES + 1 {
        if let Some(found) = some_shape(&current, &inside) {
            return Reading::Inside(found);
        }
        let mut again = Text::new();
        if !decode_leniently(&current, &mut again) {
            return Reading::Outside;
        }
        current = again;
    }
    Reading::TooLong
}

fn some_shape<T>(decoded: &Text, inside: &impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    work::visited(decoded.len().saturating_mul(2));
    let mut slashed = Text::new();
    slashed.extend(decoded.iter().map(|&byte| if byte == b'\\' { b'/' } else { byte }));
    if let Some(found) = inside(&slashed) {
        return Some(found);
    }
    let plain = slashed.first() == Some(&b'/')
        && !slashed.array_windows().any(|pair| matches!(pair, [b'/', b'/' | b'.']));
    if plain {
        return None; // there is nothing to merge or resolve
    }
    let (merged, resolved) = (merge(&slashed), resolve(&slashed));
    inside(&merged)
        .or_else(|| inside(&resolved))
        .or_else(|| inside(&resolve(&merged)))
        .or_else(|| inside(&merge(&resolved)))
}

/// Returns the path without empty segments, except the last.
fn merge(path: &[u8]) -> Text {
    work::visited(path.len());
    let mut merged = Text::new();
    let mut segments = segments(path).peekable();
    while let Some(segment) = segments.next() {
        if !segment.is_empty() || segments.peek().is_none() {
            push(&mut merged, segment);
        }
    }
    merged
}

/// Returns the path without dot segments (RFC 3986 §5.2.4).
fn resolve(path: &[u8]) -> Text {
    work::visited(path.len().saturating_mul(2)); // each byte may be removed again
    let mut resolved = Text::new();
    let mut segments = segments(path).peekable();
    while let Some(segment) = segments.next() {
        if segment == b".." {
            let parent = memchr::memrchr(b'/', &resolved).unwrap_or(0);
            resolved.truncate(parent);
        }
        match segment {
            b"." | b".." if segments.peek().is_none() => push(&mut resolved, b""),
            b"." | b".." => {}
            _ => push(&mut resolved, segment),
        }
    }
    resolved
}

fn segments(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.strip_prefix(b"/").unwrap_or(path).split(|&byte| byte == b'/')
}

/// Appends `/segment`. There is room for every segment of a path and a slash before each.
fn push(read: &mut Text, segment: &[u8]) {
    let _ = read.try_push(b'/');
    let _ = read.try_extend_from_slice(segment);
}

#[cfg(test)]
mod tests;
