//! The embedded film: files by name, and the responses that serve them.

use axum::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, CONTENT_TYPE, IF_RANGE, RANGE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../demo/media/", $name)))),+]
    };
}

/// The files of the film, which `demo/make-media.sh` made.
const FILES: &[(&str, &[u8])] = embedded![
    "captions.m3u8",
    "captions.vtt",
    "init-0.mp4",
    "init-1.mp4",
    "init-2.mp4",
    "manifest.mpd",
    "master.m3u8",
    "media_0.m3u8",
    "media_1.m3u8",
    "media_2.m3u8",
    "movie.mp4",
    "seg-0-1.m4s",
    "seg-0-2.m4s",
    "seg-0-3.m4s",
    "seg-0-4.m4s",
    "seg-0-5.m4s",
    "seg-0-6.m4s",
    "seg-1-1.m4s",
    "seg-1-2.m4s",
    "seg-1-3.m4s",
    "seg-1-4.m4s",
    "seg-1-5.m4s",
    "seg-1-6.m4s",
    "seg-2-1.m4s",
    "seg-2-2.m4s",
    "seg-2-3.m4s",
    "seg-2-4.m4s",
    "seg-2-5.m4s",
    "seg-2-6.m4s",
];

/// Returns the response to a request for media. The folders `videos/1/` and `videos/2/` hold the same film, so that a scope
/// can be too narrow.
pub(super) fn serve(path: &str, headers: &HeaderMap) -> Response {
    let name = path.strip_prefix("/videos/1/").or_else(|| path.strip_prefix("/videos/2/"));
    match name.and_then(|name| FILES.iter().find(|(file, _)| *file == name)) {
        Some((name, bytes)) => file(name, bytes, headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// Returns a file, or the one range of it that was requested (RFC 9110 §14.2).
fn file(name: &str, bytes: &'static [u8], headers: &HeaderMap) -> Response {
    // Without a cache every request of the player reaches the verifier, and the page can show it.
    let head = [(CONTENT_TYPE, content_type(name)), (ACCEPT_RANGES, "bytes"), (CACHE_CONTROL, "no-store")];
    // There is no validator that If-Range could match, so the whole file is the right response.
    let range = headers.get(RANGE).filter(|_| !headers.contains_key(IF_RANGE));
    let Some(range) = range.and_then(|range| range.to_str().ok()).and_then(read_range) else {
        return (head, bytes).into_response();
    };
    let length = bytes.len();
    let (start, end) = match range {
        Range::From(start, end) => (start, end.map_or(length, |end| end.saturating_add(1).min(length))),
        Range::Last(count) => (length.saturating_sub(count), length),
    };
    match bytes.get(start..end).filter(|part| !part.is_empty()) {
        Some(part) => {
            let range = format!("bytes {start}-{}/{length}", end - 1);
            (StatusCode::PARTIAL_CONTENT, head, [(CONTENT_RANGE, range)], part).into_response()
        }
        None => (StatusCode::RANGE_NOT_SATISFIABLE, [(CONTENT_RANGE, format!("bytes */{length}"))])
            .into_response(),
    }
}

/// A range of bytes, as a client requests it.
#[derive(Debug, PartialEq)]
enum Range {
    /// From the first byte to the last, or to the end.
    From(usize, Option<usize>),
    /// So many bytes before the end.
    Last(usize),
}

/// Parses a `Range` field with one range. Anything else is ignored, as the standard permits.
fn read_range(text: &str) -> Option<Range> {
    let (start, end) = text.strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?;
    match (start, end) {
        ("", count) => Some(Range::Last(number(count)?)),
        (start, "") => Some(Range::From(number(start)?, None)),
        (start, end) => {
            let (start, end) = (number(start)?, number(end)?);
            (start <= end).then_some(Range::From(start, Some(end)))
        }
    }
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("m3u8") => "application/vnd.apple.mpegurl",
        Some("mpd") => "application/dash+xml",
        Some("vtt") => "text/vtt; charset=utf-8",
        Some("m4s") => "video/iso.segment",
        _ => "video/mp4",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_read_and_others_are_ignored() {
        for (text, expected) in [
            ("bytes=0-99", Some(Range::From(0, Some(99)))),
            ("bytes=100-", Some(Range::From(100, None))),
            ("bytes=-5", Some(Range::Last(5))),
            ("bytes=9-1", None),
            ("bytes=0-1,5-6", None),
            ("bytes=-", None),
            ("bytes=+1-2", None),
            ("items=0-1", None),
        ] {
            assert_eq!(read_range(text), expected, "{text}");
        }
    }

    #[test]
    fn every_file_of_the_folder_is_embedded() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/demo/media");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(names, FILES.iter().map(|(name, _)| *name).collect::<Vec<_>>());
    }
}
