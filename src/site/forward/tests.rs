use super::*;

#[test]
fn the_last_byte_of_a_path_rules_no_manifest_out() {
    for extension in ["m3u8", "m3u", "mpd", "mpp", "M3U8", "M3U", "MPD", "MPP"] {
        assert!(Format::of_extension(extension.as_bytes()).is_some(), "{extension}");
        assert!(extension.as_bytes().last().copied().is_some_and(may_end_a_manifest), "{extension}");
    }
    let pairs = (0..=u8::MAX).flat_map(|one| (0..=u8::MAX).map(move |last| [b'm', one, last]));
    let known = pairs.filter(|extension| Format::of_extension(extension).is_some());
    assert_eq!(known.filter(|[.., last]| !may_end_a_manifest(*last)).count(), 0);
}

#[test]
fn an_extension_is_that_of_the_last_segment() {
    for (path, expected) in [
        ("/a/b.m3u8", Some("m3u8")),
        ("/a.mpd/b", None),
        ("/a/b.c.mpd", Some("mpd")),
        ("/a/.m3u8", Some("m3u8")),
        ("/a/b.", Some("")),
        ("/", None),
    ] {
        assert_eq!(extension(path.as_bytes()), expected.map(str::as_bytes), "{path}");
    }
}
