use arrayvec::ArrayVec;

use super::path::{MAX_DECODE_PASSES, MAX_PATH_LEN};
use super::percent::decode_leniently;

type Text = ArrayVec<u8, MAX_PATH_LEN>;

/// Whether some way of reading a path that has no normal form, or lies outside every base path, is `inside` one.
///
/// The readings: percent-decoded none to [`MAX_DECODE_PASSES`] times, backslashes taken for slashes, then as it
/// stands, with empty segments merged, with dot segments resolved, and with both. A path too long to be read
/// counts as inside: what cannot be looked at is not let past.
#[cold]
pub(crate) fn some_reading(raw: &[u8], inside: impl Fn(&[u8]) -> bool) -> bool {
    let mut current = Text::new();
    if current.try_extend_from_slice(raw).is_err() {
        return true;
    }
    for _ in 0..=MAX_DECODE_PASSES {
        if some_shape(&current, &inside) {
            return true;
        }
        let mut again = Text::new();
        if !decode_leniently(&current, &mut again) {
            return false;
        }
        current = again;
    }
    some_shape(&current, &inside)
}

fn some_shape(decoded: &Text, inside: &impl Fn(&[u8]) -> bool) -> bool {
    let mut slashed = Text::new();
    for &byte in decoded {
        slashed.push(if byte == b'\\' { b'/' } else { byte });
    }
    inside(&slashed)
        || [(true, false), (false, true), (true, true)]
            .into_iter()
            .any(|(merge, resolve)| inside(&reading(&slashed, merge, resolve)))
}

/// The path with empty segments merged and dot segments resolved (RFC 3986 §5.2.4), as asked for.
fn reading(path: &[u8], merge: bool, resolve: bool) -> Text {
    let mut read = Text::new();
    let mut segments = path.strip_prefix(b"/").unwrap_or(path).split(|&byte| byte == b'/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            b"" if merge && !last => {}
            b"." if resolve => {
                if last {
                    push(&mut read, b"");
                }
            }
            b".." if resolve => {
                let parent = memchr::memrchr(b'/', &read).unwrap_or(0);
                read.truncate(parent);
                if last {
                    push(&mut read, b"");
                }
            }
            _ => push(&mut read, segment),
        }
    }
    read
}

/// Appends `/segment`; a leading slash that the path lacked may make it one byte too long, and is let go.
fn push(read: &mut Text, segment: &[u8]) {
    let room = read
        .try_push(b'/')
        .and_then(|()| read.try_extend_from_slice(segment).map_err(|_| arrayvec::CapacityError::new(b'/')));
    if room.is_err() {
        read.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads_inside_media(raw: &str) -> bool {
        some_reading(raw.as_bytes(), |path| path.starts_with(b"/media/") || path == b"/media")
    }

    #[test]
    fn every_way_of_reading_a_path_into_a_base_path_is_seen() {
        for raw in [
            "/media/a",
            "/media",
            "//media/a",
            "/a/../media/b",
            "/a/%2e%2e/media/b",
            "/%6dedia/a",
            "/%256dedia/a",
            "/x/..//media/a",
            "/x//../media/a",
            "/x//../../media/a",
            "\\media\\a",
            "/media%2fa",
            "/media%5ca",
            "/./media/a",
            "/media/../other",
            "media/a",
            "/x/../media",
        ] {
            assert!(reads_inside_media(raw), "{raw}");
        }
        for raw in ["/", "/mediA/a", "/medial/a", "/api//x", "/a/../b", "/x/media/a", "/%", "/100%25"] {
            assert!(!reads_inside_media(raw), "{raw}");
        }
        assert!(reads_inside_media(&"/x".repeat(MAX_PATH_LEN)), "too long to look at");
    }
}
