use super::*;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJ1cmkiOiIifQ.c2lnbmF0dXJlIG9mIHRoaXJ0eS10d28gYnl0ZXM";

/// Renders a path with every mark as `{length}`.
fn shown(path: &str, places: &[SegmentPlace]) -> String {
    let text = shown_path(path.as_bytes(), places).to_string();
    let mut short = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once(" bytes #") {
        let (hash, after) = after.split_once('}').unwrap();
        assert!(hash.len() == 8 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), "{text}");
        short += before;
        short.push('}');
        rest = after;
    }
    short + rest
}

#[test]
fn a_path_shows_everything_that_could_be_no_credential() {
    for path in [
        "/",
        "",
        "*",
        "/videos/1/master.m3u8",
        "/videos/nineteen-characters/seg-000001.ts",
        "/videos/2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d/2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d.720p.ts",
        "/caf%C3%A9/100%25.ts",
        "//a/../b",
        "/a&auth=junk;b",
    ] {
        assert_eq!(shown(path, &[]), path);
    }
    assert_eq!(shown("/a b\u{e9}\r\n\"\u{7f}", &[]), r#"/a b\xc3\xa9\r\n\"\x7f"#);
}

#[test]
fn what_could_be_a_credential_is_replaced_by_its_length_and_a_hash() {
    let hex = "0123456789abcdef".repeat(2);
    for (path, expected) in [
        (format!("/watch/{hex}"), "/watch/{32}"),
        (format!("/watch/{hex}.html"), "/watch/{32}.html"),
        (format!("/a/{JWT}"), "/a/{75}"),
        (format!("/a/{JWT}.ts"), "/a/{78}"),
        (format!("/a&auth={JWT};b"), "/a&auth={75};b"),
        (format!("/a/{}/b.ts", "x".repeat(20)), "/a/{20}/b.ts"),
        (format!("/a/{}==/b.ts", "x+_-".repeat(5)), "/a/{20}==/b.ts"),
        (format!("/a/b{}", "2c5ea4c0-4067-11e9-8bad-9b1deb4d3b7d"), "/a/{37}"),
        (format!("/a/%6{hex}"), "/a/{34}"),
        (format!("/a/{}", hex.replace('0', "%30")), "/a/{36}"),
        (format!("/a/{}", hex.replace('0', "%2530")), "/a/{40}"),
        (format!("/a/{}", hex.replace('0', "%252530")), "/a/{44}"),
        (format!("/a/{}", "%2525252541".repeat(2)), "/a/{22}"),
        (format!("/a/{}", "a.".repeat(129)), "/a/{258}"),
    ] {
        assert_eq!(shown(&path, &[]), expected, "{path}");
    }
}

#[test]
fn a_name_of_words_is_shown_whatever_its_length_and_nothing_that_could_be_a_credential() {
    let shown = |name: &str| shown_name::<128>(name.as_bytes()).to_string();
    for name in [
        "cdn.example.com",
        "media-origin-production-eu-west-1.example.com:8443",
        "[2001:db8::1]:8080",
        "https://player-of-the-training-portal.example.com",
        "null",
        "Viewer-Session-Key-Pair-Id",
        "__Secure-Session-Of-The-Viewer",
    ] {
        assert_eq!(shown(name), name);
    }
    let hex = "0123456789abcdef".repeat(2);
    for name in [
        &*hex,
        JWT,
        &format!("{hex}.example.com"),
        &format!("https://a-{hex}.example.com"),
        "X03MO1qnZdYdgyfeuILPmQ",
        "abcdefghijkl-abcdefghijklmnop",
    ] {
        assert!(shown(name).contains(" bytes #"), "{name}: {}", shown(name));
    }
    assert_eq!(shown("a b\n\""), r#"a b\n\""#);
    let cut = shown(&"a.".repeat(100));
    assert!(cut.len() <= 128 && cut.ends_with(CUT), "{cut}");
    assert_eq!(shown(&"a.".repeat(200)).split(' ').next(), Some("{400"));
}

#[test]
fn a_place_of_credentials_is_replaced_whatever_stands_there() {
    let places = [SegmentPlace::new("/watch/", 0), SegmentPlace::new("/m/videos/", 1)];
    for (path, expected) in [
        ("/watch/abc", "/watch/{3}"),
        ("/watch/abc/videos/1.ts", "/watch/{3}/videos/1.ts"),
        ("/%77atch/a%20", "/%77atch/{4}"),
        ("/watch/", "/watch/"),
        ("/watch", "/watch"),
        ("/m/videos/a_1/xyz/17/b.ts", "/m/videos/a_1/{3}/17/b.ts"),
        ("/m/videos/a_1", "/m/videos/a_1"),
        ("/videos/a_1/xyz", "/videos/a_1/xyz"),
    ] {
        assert_eq!(shown(path, &places), expected, "{path}");
        assert_eq!(has_credential_place(path.as_bytes(), &places), path != expected, "{path}");
    }
}

#[test]
fn what_is_shown_has_a_bound_and_ends_between_two_characters() {
    for path in ["/a".repeat(40_000), format!("/{}", "\u{e9}/".repeat(9000)), "/".repeat(65_000)] {
        let text = shown_path(path.as_bytes(), &[]).to_string();
        assert!(text.len() <= MAX_PATH_SHOWN && text.ends_with(CUT), "{text}");
        assert!(text.len() + 4 > MAX_PATH_SHOWN, "{text}");
    }
    let text = shown_text::<MAX_METHOD_SHOWN>(b"A!".repeat(40).as_slice()).to_string();
    assert_eq!(text, format!("{}…", "A!".repeat(14) + "A"));
}

#[test]
fn the_same_text_has_the_same_hash_and_another_has_another() {
    let of = |text: &str| shown_path(text.as_bytes(), &[]).to_string();
    let (one, other) = ("/0123456789abcdef0123", "/0123456789abcdef0124");
    assert_eq!(of(one), of(one));
    assert_ne!(of(one), of(other));
}

/// The text is `%2525…41`, which a loop to a fixpoint would decode thousands of times.
#[test]
fn no_byte_is_visited_more_than_a_few_times() {
    for segment in [
        format!("%{}41", "25".repeat(30_000)),
        "%2541".repeat(12_000),
        "a.".repeat(30_000),
        "a".repeat(61_000),
        "/%2541".repeat(10_000),
        "/a.b.c%25".repeat(7000),
    ] {
        let path = format!("/{segment}");
        work::take();
        let text = shown_path(path.as_bytes(), &[SegmentPlace::new("/", 0), SegmentPlace::new("/a/", 3)]);
        let visited = work::take();
        assert!(text.0.len() <= MAX_PATH_SHOWN);
        let length = u64::try_from(path.len()).unwrap();
        assert!(visited <= 5 * length + 20_000, "{visited} of {length}");
    }
}
