use super::*;

fn playback_id(pattern: &str, host: &str) -> Option<String> {
    let pattern = HostPattern::parse(pattern).unwrap();
    let captures = pattern.captures(host.as_bytes())?;
    captures.playback_id.map(|id| String::from_utf8(id.to_vec()).unwrap())
}

#[test]
fn a_name_stands_for_part_of_one_label() {
    let pattern = "play-{playback_id}.example.com";
    assert_eq!(playback_id(pattern, "play-ch1.example.com").as_deref(), Some("ch1"));
    assert_eq!(playback_id(pattern, "play-a-b.example.com").as_deref(), Some("a-b"));
    for host in [
        "play-.example.com",
        "play-a.b.example.com",
        "xplay-a.example.com",
        "play-a.example.com.evil.net",
        "play-a.example",
        "example.com",
        "",
    ] {
        assert_eq!(playback_id(pattern, host), None, "{host}");
    }
    assert_eq!(playback_id("a{playback_id}a.x", "aa.x"), None, "the literal parts do not overlap");
}

#[test]
fn a_pattern_that_means_nothing_is_refused() {
    for text in ["a..b", "{x}.a", "{bucket.a", "{bucket}.{bucket}", "a b.c", "{bucket}{region}.c", "*.a.b"] {
        assert!(HostPattern::parse(text).is_err(), "{text}");
    }
}
