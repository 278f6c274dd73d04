use arrayvec::ArrayVec;

use super::path::MAX_PATH_LEN;

/// A folded path. Bytes that do not fit are left out.
pub(crate) type Folded = ArrayVec<u8, MAX_PATH_LEN>;

/// Returns the folded form of a path: the common form of all spellings that some file system treats as the same name.
///
/// Segments are folded until the form is longer than `length` bytes. APFS and NTFS ignore the case of letters. Windows also
/// ignores dots and spaces at the end of a name, and finds a directory under `name::$INDEX_ALLOCATION`. HFS+ ignores characters
/// without width. So in each segment:
///
/// 1. if the segment contains `:$`, everything after the first `:` is left out;
/// 2. characters without width are left out;
/// 3. every character becomes lower case, upper case and lower case again, so that `ſ` and `s`, `ß`, `ẞ` and `SS` become the
///    same;
/// 4. dots and spaces at the end are left out, and the whole segment if nothing remains.
///
/// A path that lacks its first slash gets one. Short names of Windows (`COURSE~1`) and the normal forms of Unicode are not
/// accounted for.
pub(crate) fn fold(path: &[u8], length: usize) -> Folded {
    let mut folded = Folded::new();
    for segment in path.strip_prefix(b"/").unwrap_or(path).split(|&byte| byte == b'/') {
        crate::work::visited(segment.len().saturating_mul(3));
        let name = name_of(segment);
        if name.is_empty() && !segment.is_empty() {
            continue;
        }
        let start = folded.len();
        push(&mut folded, b"/");
        if name.is_ascii() {
            for byte in name {
                push(&mut folded, &[byte.to_ascii_lowercase()]);
            }
        } else {
            fold_text(name, &mut folded);
            trim(start, &mut folded);
        }
        if folded.len() > length {
            break;
        }
    }
    folded
}

/// Returns whether a path is known to be its own folded form. False for some paths that are. Every byte is read once, without a
/// branch between them.
#[expect(clippy::needless_bitwise_bool, reason = "lazy operators keep the vectors out")]
pub(crate) fn is_folded(path: &[u8]) -> bool {
    crate::work::visited(path.len());
    let odd = |byte: u8| byte.is_ascii_uppercase() | (byte >= 0x80) | (byte == b' ') | (byte == b':');
    let ends_name = |byte: u8, next: u8| (byte == b'.') & (next == b'/');
    let ([b'/', ..], Some((&last, _))) = (path, path.split_last()) else { return false };
    let pairs = path.iter().zip(path.get(1..).unwrap_or_default());
    let found =
        pairs.fold(odd(last) | (last == b'.'), |any, (&byte, &next)| any | odd(byte) | ends_name(byte, next));
    !found
}

/// Folds a base path without its last slash. Returns `None` if it is longer than any path on a file system.
pub(crate) fn fold_base_path(path: &[u8]) -> Option<Folded> {
    let folded = fold(path, MAX_PATH_LEN);
    (!folded.is_full()).then_some(folded)
}

/// Returns a segment without the text that Windows leaves out at its end.
fn name_of(segment: &[u8]) -> &[u8] {
    let is_stream = segment.array_windows().any(|pair| pair == b":$");
    let end = if is_stream { memchr::memchr(b':', segment) } else { None };
    let name = segment.get(..end.unwrap_or(segment.len())).unwrap_or_default();
    let kept =
        name.iter().rposition(|byte| !matches!(byte, b'.' | b' ')).map_or(0, |last| last.saturating_add(1));
    name.get(..kept).unwrap_or_default()
}

fn fold_text(name: &[u8], folded: &mut Folded) {
    let mut encoded = [0; 4];
    for chunk in name.utf8_chunks() {
        let visible = chunk.valid().chars().filter(|character| !has_no_width(*character));
        let upper = visible.flat_map(char::to_lowercase).flat_map(char::to_uppercase);
        for character in upper.flat_map(char::to_lowercase) {
            push(folded, character.encode_utf8(&mut encoded).as_bytes());
        }
        push(folded, chunk.invalid());
    }
}

/// Removes the ignored characters at the end of the name that begins at `start`, and the slash before it if nothing remains.
fn trim(start: usize, folded: &mut Folded) {
    if folded.is_full() {
        return; // cut off, beyond every base path
    }
    let first = start.saturating_add(1);
    while folded.len() > first && matches!(folded.last(), Some(b'.' | b' ')) {
        folded.pop();
    }
    if folded.len() == first {
        folded.truncate(start);
    }
}

/// Returns whether HFS+ ignores the character when it compares names.
const fn has_no_width(character: char) -> bool {
    matches!(
        character,
        '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

fn push(folded: &mut Folded, bytes: &[u8]) {
    let _ = folded.try_extend_from_slice(bytes);
}

#[cfg(test)]
mod tests;
