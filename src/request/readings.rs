use arrayvec::ArrayVec;

use super::path::{MAX_DECODE_PASSES, MAX_PATH_LEN};
use super::percent::decode_leniently;

type Text = ArrayVec<u8, MAX_PATH_LEN>;

/// What the readings of a path come to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reading<T> {
    /// One of them is inside: what was found there.
    Inside(T),
    /// None of them is.
    Outside,
    /// There is more to read than is looked at; what cannot be looked at is not let past.
    TooLong,
}

/// Whether some way of reading a path that has no normal form, or lies outside every base path, is `inside` one.
///
/// The readings: percent-decoded none to [`MAX_DECODE_PASSES`] times, backslashes taken for slashes, then as it
/// stands, with empty segments merged, with dot segments resolved, and with both. The first that is inside
/// counts.
#[cold]
pub(crate) fn some_reading<T>(raw: &[u8], inside: impl Fn(&[u8]) -> Option<T>) -> Reading<T> {
    let mut current = Text::new();
    if current.try_extend_from_slice(raw).is_err() {
        return Reading::TooLong;
    }
    for _ in 0..=MAX_DECODE_PASSES {
        if let Some(found) = some_shape(&current, &inside) {
            return Reading::Inside(found);
        }
        let mut again = Text::new();
        if !decode_leniently(&current, &mut again) {
            return Reading::Outside;
        }
        current = again;
    }
    some_shape(&current, &inside).map_or(Reading::Outside, Reading::Inside)
}

fn some_shape<T>(decoded: &Text, inside: &impl Fn(&[u8]) -> Option<T>) -> Option<T> {
    let mut slashed = Text::new();
    for &byte in decoded {
        slashed.push(if byte == b'\\' { b'/' } else { byte });
    }
    inside(&slashed).or_else(|| {
        [(true, false), (false, true), (true, true)]
            .into_iter()
            .find_map(|(merge, resolve)| inside(&reading(&slashed, merge, resolve)))
    })
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
        let media = |path: &[u8]| (path.starts_with(b"/media/") || path == b"/media").then_some(());
        some_reading(raw.as_bytes(), media) != Reading::Outside
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
