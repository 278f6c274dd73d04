use super::*;

fn object(key: &str) -> Resource<'_> {
    Resource::Object { bucket: b"vod", key: key.as_bytes() }
}

#[test]
fn prefix_scope_stops_at_a_segment_boundary() {
    let coverage = Coverage::default();
    for (uri, key, covered) in [
        ("videos/1", "videos/1", true),
        ("videos/1", "videos/1/", true),
        ("videos/1", "videos/1/a.ts", true),
        ("videos/1", "videos/1/720p/a.ts", true),
        ("videos/1/", "videos/1/a.ts", true),
        ("videos/1/", "videos/1/", true),
        ("videos/1/", "videos/1", false),
        ("videos/1", "videos/10/a.ts", false),
        ("videos/1", "videos/1.mp4", false),
        ("videos/1/", "videos/10/a.ts", false),
        ("videos/1/a", "videos/1/a.ts", false),
        ("videos/1/a.ts", "videos/1/a.ts", true),
        ("Videos/1", "videos/1", false),
        ("videos//1", "videos/1/a", false),
        ("videos/1/..", "videos/1/a", false),
        ("videos/2/../1", "videos/1/a", false),
        ("%76ideos/1", "videos/1/a", false),
        ("videos/1", "", false),
    ] {
        assert_eq!(coverage.check(uri.as_bytes(), &object(key)).is_ok(), covered, "{uri:?} on {key:?}");
    }
}

#[test]
fn byte_prefixes_are_there_by_name() {
    let coverage = Coverage { prefix: PrefixRule::Bytes, ..Coverage::default() };
    assert_eq!(coverage.check(b"videos/1", &object("videos/10/a.ts")), Ok(()));
    assert_eq!(coverage.check(b"videos/1", &object("video/1")), Err(Denial::OutOfScope));
}

#[test]
fn the_empty_uri_covers_a_bucket_unless_the_site_forbids_it_and_nothing_live() {
    let strict = Coverage { whole_bucket: false, ..Coverage::default() };
    assert_eq!(Coverage::default().check(b"", &object("any/thing")), Ok(()));
    assert_eq!(strict.check(b"", &object("any/thing")), Err(Denial::WholeBucket));
    let live = Resource::Live { playback_id: b"", file: b"" };
    assert_eq!(Coverage::default().check(b"", &live), Err(Denial::OutOfScope));
}

#[test]
fn a_uri_that_starts_with_a_slash_is_refused_by_name() {
    for uri in ["/", "/videos/1", "//"] {
        let verdict = Coverage::default().check(uri.as_bytes(), &object("videos/1"));
        assert_eq!(verdict, Err(Denial::ScopeStartsWithSlash), "{uri}");
    }
}

#[test]
fn live_scope_is_the_playback_id_exactly() {
    let live = Resource::Live { playback_id: b"ch1", file: b"ch1/seg-1.ts" };
    assert_eq!(Coverage::default().check(b"ch1", &live), Ok(()));
    for uri in ["ch", "ch10", "ch1/", "CH1", "ch1/seg-1.ts"] {
        assert_eq!(Coverage::default().check(uri.as_bytes(), &live), Err(Denial::OutOfScope), "{uri}");
    }
}
