use super::*;

#[test]
fn a_path_pattern_is_a_whole_segment_and_perhaps_what_is_below() {
    for (pattern, path, read) in [
        ("/watch/{token}", "/watch/abc", Some(("abc", None))),
        ("/watch/{token}", "/watch/", Some(("", None))),
        ("/watch/{token}", "/watch/abc/", None),
        ("/watch/{token}", "/watch/abc/x", None),
        ("/watch/{token}", "/watch", None),
        ("/watch/{token}", "/Watch/abc", None),
        ("/embed/{token}/", "/embed/abc/videos/1/a.ts", Some(("abc", Some("videos/1/a.ts")))),
        ("/embed/{token}/", "/embed/abc/", Some(("abc", Some("")))),
        ("/embed/{token}/", "/embed/abc", None),
        ("/{token}/", "/abc/x", Some(("abc", Some("x")))),
    ] {
        let pattern = PathPattern::parse(pattern).unwrap();
        let expected = read.map(|(text, below): (&str, Option<&str>)| InPath {
            text: text.as_bytes(),
            below: below.map(str::as_bytes),
        });
        assert_eq!(pattern.read(path.as_bytes()), expected, "{pattern:?} {path}");
    }
    for bad in [
        "",
        "/",
        "/watch",
        "watch/{token}",
        "/w-{token}",
        "/{token}x",
        "/{token}/x",
        "/a//{token}",
        "/{a}/{token}",
    ] {
        assert_eq!(PathPattern::parse(bad), None, "{bad}");
    }
}

#[test]
fn a_scope_pattern_is_the_folder_of_one_video() {
    let scope = ScopePattern::parse("videos/{video}/").unwrap();
    for (key, covered) in [
        ("videos/1/a.ts", true),
        ("videos/1/", true),
        ("videos/1/b/c.ts", true),
        ("videos/1", false),
        ("videos/10/a.ts", false),
        ("videos/11/", false),
        ("video/1/a.ts", false),
        ("", false),
    ] {
        assert_eq!(scope.covers("1", key.as_bytes()), covered, "{key}");
    }
    assert!(ScopePattern::parse("{video}/").unwrap().covers("1", b"1/a.ts"));
    assert!(ScopePattern::parse("v/{video}/hls/").unwrap().covers("1", b"v/1/hls/a.ts"));
    for bad in [
        "",
        "videos/",
        "videos/{video}",
        "/videos/{video}/",
        "videos/v{video}/",
        "{video}",
        "{video}/{video}/",
        "a//{video}/",
    ] {
        assert_eq!(ScopePattern::parse(bad), None, "{bad}");
    }
}
