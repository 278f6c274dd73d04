use super::*;

/// A server that reads `http::Uri` never passes such a path on; one with its own request type may.
#[test]
fn a_path_without_its_slash_is_read_with_one_up_to_the_longest() {
    for length in [MAX_PATH_LEN - 1, MAX_PATH_LEN] {
        for shape in ["media/", "media//", "./media/", "x/../media/"] {
            let raw = format!("{shape:a<length$}");
            let read = some_reading(raw.as_bytes(), |path| path.starts_with(b"/media/a").then_some(()));
            assert_eq!(read, Reading::Inside(()), "{shape} of {length} bytes");
        }
    }
    let longer = "a".repeat(MAX_PATH_LEN + 1);
    assert_eq!(some_reading(longer.as_bytes(), |_| None::<()>), Reading::TooLong);
}

fn reads_inside(folder: &str, raw: &str) -> bool {
    let inside = |path: &[u8]| {
        let rest = path.strip_prefix(folder.as_bytes())?;
        (rest.is_empty() || rest.starts_with(b"/")).then_some(())
    };
    some_reading(raw.as_bytes(), inside) != Reading::Outside
}

fn reads_inside_media(raw: &str) -> bool {
    reads_inside("/media", raw)
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

#[test]
fn a_path_that_does_not_stop_decoding_is_not_let_past() {
    let encoded = |times| format!("/%{}41", "25".repeat(times));
    assert!(!reads_inside_media(&encoded(MAX_DECODE_PASSES)));
    assert!(reads_inside_media(&encoded(MAX_DECODE_PASSES + 1)), "more to read than is looked at");
}

#[test]
fn slashes_may_be_merged_before_dots_are_resolved_or_after() {
    // Two servers in a row may apply these steps in different orders.
    assert!(reads_inside("/a/c", "/a/b//../../c/x"), "merged, then resolved");
    assert!(reads_inside("/a/b/c", "/a/b//..//c/x"), "resolved, then merged");
}
