use super::*;

fn parse(raw: &str) -> Result<String, PathFault> {
    let mut buffer = PathBuffer::new();
    RequestPath::parse(raw.as_bytes(), &mut buffer)
        .map(|path| String::from_utf8(path.as_bytes().to_vec()).unwrap())
}

#[test]
fn one_normal_form_decodes_once() {
    for (raw, normal) in [
        ("/", "/"),
        ("/videos/1/a.ts", "/videos/1/a.ts"),
        ("/videos/1/", "/videos/1/"),
        ("/%76ideos/1", "/videos/1"),
        ("/a+b%20c", "/a+b c"),
        ("/caf%C3%A9", "/café"),
        ("/.hidden/..a/...", "/.hidden/..a/..."),
        ("/100%25.ts", "/100%.ts"),
        ("/50%25off/a", "/50%off/a"),
        ("/A;v=1/b:c@d", "/A;v=1/b:c@d"),
    ] {
        assert_eq!(parse(raw).as_deref(), Ok(normal), "{raw}");
    }
}

#[test]
fn a_path_with_another_reading_is_refused() {
    use PathFault::{
        Backslash, Control, DecodesAgain, DotSegment, EmptySegment, EncodedSlash, NotAbsolute, NotUtf8,
        PercentEncoding,
    };
    for (raw, fault) in [
        ("", NotAbsolute),
        ("*", NotAbsolute),
        ("videos/1", NotAbsolute),
        ("//a", EmptySegment),
        ("/a//b", EmptySegment),
        ("/a//", EmptySegment),
        ("/./a", DotSegment),
        ("/a/.", DotSegment),
        ("/a/..", DotSegment),
        ("/a/../b", DotSegment),
        ("/a/%2e%2E/b", DotSegment),
        ("/a/.%2e/b", DotSegment),
        ("/a/%2e", DotSegment),
        ("/a\\b", Backslash),
        ("/a%5cb", Backslash),
        ("/a%2fb", EncodedSlash),
        ("/a%2F..%2fb", EncodedSlash),
        ("/a%00", Control),
        ("/a%0d%0a", Control),
        ("/a%7f", Control),
        ("/a\u{7f}", Control),
        ("/a%C2%85", Control),
        ("/a%", PercentEncoding),
        ("/a%2", PercentEncoding),
        ("/a%zz", PercentEncoding),
        ("/a%ff", NotUtf8),
        ("/a%c0%af", NotUtf8),
        ("/a/%252e%252e/b", DecodesAgain),
        ("/a/%25252e%25252e/b", DecodesAgain),
        ("/a%252fb", DecodesAgain),
        ("/a%255cb", DecodesAgain),
        ("/a%2500", DecodesAgain),
        ("/a%25252525252525252541", DecodesAgain),
    ] {
        assert_eq!(parse(raw), Err(fault), "{raw}");
    }
    assert_eq!(parse(&format!("/{}", "a".repeat(MAX_PATH_LEN))), Err(PathFault::TooLong));
    assert!(parse(&format!("/{}", "a".repeat(MAX_PATH_LEN - 1))).is_ok());
}
