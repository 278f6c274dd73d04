use super::*;
use crate::manifest::child::{Child, Place, host_is_settled};

fn appended(uri: &str, carried: &Carried) -> bool {
    let child = Child::read(uri.as_bytes(), carried).unwrap();
    child.missing(carried).is_some()
}

#[test]
fn parameters_go_to_our_hosts_only() {
    let carried = carried("auth=x");
    for uri in [
        "seg.ts",
        "a/seg.ts",
        "../seg.ts",
        "./seg.ts",
        "/a/seg.ts",
        "/seg.ts",
        "//own.example/seg.ts",
        "//media.example.com/seg.ts",
        "https://own.example/seg.ts",
        "HTTPS://OWN.EXAMPLE/seg.ts",
        "https://own.example./seg.ts",
        "https://own.example:443/seg.ts",
        "https://own.example:/seg.ts",
        "https://MEDIA.example.com/seg.ts",
        "https://[2001:DB8::1]/seg.ts",
        "https://[2001:DB8::1]:9443/seg.ts",
        "https://own.example//seg.ts",
        "seg.ts?next=https://evil.example/",
        "seg.ts#@evil.example",
        "a//evil.example/seg.ts",
        ".//evil.example/seg.ts",
        "/.//evil.example/seg.ts",
        "/a:b/seg.ts",
        "a/b:c.ts",
        "%2f%2fevil.example/seg.ts",
        "вид/éo.ts",
        "seg.ts?",
        "seg.ts?a=@b:c",
    ] {
        assert!(appended(uri, &carried), "{uri}");
    }
}

#[test]
fn parameters_go_nowhere_else() {
    let carried = carried("auth=x");
    for uri in FOREIGN {
        assert!(!appended(uri, &carried), "{uri}");
    }
}

#[test]
fn plain_http_may_go_on_to_either() {
    let carried = carried_as("auth=x", Types::Any, false);
    for uri in ["http://own.example/seg.ts", "https://own.example/seg.ts", "//own.example/seg.ts"] {
        assert!(appended(uri, &carried), "{uri}");
    }
    for uri in ["http:/own.example/seg.ts", "http://evil.example/seg.ts", "ws://own.example/seg.ts"] {
        assert!(!appended(uri, &carried), "{uri}");
    }
}

#[test]
fn the_requests_own_port_is_ours_and_the_default_port_of_its_host_is_not() {
    for (https, port, own, foreign) in [
        (true, None, "https://own.example:443/", "https://own.example:8443/"),
        (true, Some(443), "https://own.example/", "https://own.example:8443/"),
        (true, Some(8443), "https://own.example:8443/", "https://own.example/"),
        (true, Some(8443), "//own.example:8443/", "//own.example/"),
        (true, Some(8443), "https://media.example.com:8443/", "https://media.example.com:9443/"),
        (false, None, "http://own.example:80/", "http://own.example:443/"),
        (false, None, "https://own.example/", "https://own.example:80/"),
        (false, Some(8080), "http://own.example:8080/", "http://own.example/"),
        (false, Some(8080), "//own.example:8080/", "//own.example/"),
        // A proxy that ends TLS and does not report it.
        (false, Some(443), "https://own.example/", "http://own.example/"),
        (false, Some(443), "//own.example/", "//own.example:8443/"),
    ] {
        let carried = carried_as("auth=x", Types::Any, https).port(port);
        assert!(appended(&format!("{own}seg.ts"), &carried), "{own} from {port:?}");
        assert!(!appended(&format!("{foreign}seg.ts"), &carried), "{foreign} from {port:?}");
    }
}

#[test]
fn directories_and_the_manifest_itself_are_left_alone() {
    let carried = carried("auth=x");
    for uri in [
        "",
        ".",
        "..",
        "a/",
        "a/.",
        "a/..",
        "../",
        "/",
        "%2e",
        "%2E%2e",
        ".%2e",
        "a/%2e/",
        "?",
        "?a=b",
        "#",
        "#t=1",
        "?a#b",
        "https://own.example",
        "https://own.example/",
        "https://own.example?a",
        "a/?b=c/d.ts",
        "a/#b.ts",
    ] {
        assert!(!appended(uri, &carried), "{uri}");
    }
    for uri in ["...", ".a", "a.", "%2ea", "..a"] {
        assert!(appended(uri, &carried), "{uri}");
    }
}

#[test]
fn only_listed_types_get_parameters() {
    let carried = carried_as("auth=x", listed(&["ts", "m3u8"]), true);
    for uri in ["a.ts", "a.TS", "a.b.m3u8", "a.ts?b.mp4", "a.ts#b.mp4", ".ts", "https://own.example/a.ts"] {
        assert!(appended(uri, &carried), "{uri}");
    }
    for uri in ["a.mp4", "a", "ts", "a.ts/b", "a.ts.mp4", "a.", "a?b.ts", "a#b.ts", "a.tsx", "a.t", "a.%74s"]
    {
        assert!(!appended(uri, &carried), "{uri}");
    }
}

#[test]
fn a_uri_that_is_no_utf8_is_a_doubt_even_where_it_would_be_left_alone() {
    let carried = carried("auth=x");
    for uri in [&b"\xff.ts"[..], b"data:\xc3", b"a\xed\xa0\x80", b" \xff"] {
        assert!(matches!(Child::read(uri, &carried), Err(Reason::NotUtf8)), "{uri:?}");
    }
}

#[test]
fn what_a_base_does_is_told_apart() {
    let carried = carried("auth=x");
    for (uri, place) in [
        ("a/", Place::Base),
        ("", Place::Base),
        ("/a/", Place::Base),
        ("//own.example", Place::Own),
        ("https://own.example/", Place::Own),
        ("http://own.example/", Place::Foreign),
        ("https://evil.example/", Place::Foreign),
        ("a b/", Place::Foreign),
    ] {
        assert_eq!(Child::read(uri.as_bytes(), &carried).unwrap().place(), place, "{uri}");
    }
}

#[test]
fn an_unknown_variable_can_change_the_host_until_it_is_settled() {
    for start in
        ["", "a", "/", "//", "//h", "h:", "https:", "https:/", "https://", "https://h", "https://h:8", "a:b/"]
    {
        assert!(!host_is_settled(start.as_bytes()), "{start}");
    }
    for start in ["a/", "./", "/a", "//h/", "https://h/", "https://h?", "a?", "https://h/a", "?", "#"] {
        assert!(host_is_settled(start.as_bytes()), "{start}");
    }
}

const FOREIGN: &[&str] = &[
    // other hosts
    "https://evil.example/seg.ts",
    "//evil.example/seg.ts",
    "https://own.example.evil.example/seg.ts",
    "https://evil-own.example/seg.ts",
    "https://own.examples/seg.ts",
    "https://a.own.example/seg.ts",
    "https://own.example../seg.ts",
    "https://media.example.com../seg.ts",
    "https://[::1]/seg.ts",
    "https://own%2eexample/seg.ts",
    "https://%6fwn.example/seg.ts",
    "https://own。example/seg.ts",
    "https://ｏwn.example/seg.ts",
    "https://own.example\u{ad}/seg.ts",
    "https://own.example;evil.example/seg.ts",
    "https://own.example,evil.example/seg.ts",
    "https://own.example$/seg.ts",
    "https://own.example:x/seg.ts",
    "https://own.example:123456/seg.ts",
    "https://own.example:80:80/seg.ts",
    "https://.own.example/seg.ts",
    // other ports
    "//own.example:8443/seg.ts",
    "https://own.example:8443/seg.ts",
    "https://own.example:80/seg.ts",
    "https://own.example:0/seg.ts",
    "https://own.example:65979/seg.ts",
    "https://media.example.com:8443/seg.ts",
    "https://[2001:DB8::1]:8443/seg.ts",
    // userinfo
    "https://own.example@evil.example/seg.ts",
    "https://own.example:443@evil.example/seg.ts",
    "//own.example@evil.example/seg.ts",
    "https://user@own.example/seg.ts",
    "https://@own.example/seg.ts",
    "https://evil.example@own.example/seg.ts",
    // slashes
    "https:/own.example/seg.ts",
    "https:own.example/seg.ts",
    "https:seg.ts",
    "https:///own.example/seg.ts",
    "https:////own.example/seg.ts",
    "https:",
    "https://",
    "https:///",
    "///own.example/seg.ts",
    "////own.example/seg.ts",
    "//",
    "///seg.ts",
    // backslashes, white space, control characters
    "\\\\evil.example/seg.ts",
    "/\\evil.example/seg.ts",
    "\\/evil.example/seg.ts",
    "https:\\\\evil.example/seg.ts",
    "https://own.example\\@evil.example/seg.ts",
    "https://own.example\\.evil.example/seg.ts",
    "a\\seg.ts",
    "/\t/evil.example/seg.ts",
    "ht\ttps://evil.example/seg.ts",
    "ht\ntps://evil.example/seg.ts",
    " https://evil.example/seg.ts",
    "a seg.ts",
    "seg.ts ",
    "seg.ts\u{0}",
    "seg.ts\u{7f}",
    "\u{1}seg.ts",
    "\u{a0}//evil.example/seg.ts",
    "\u{feff}//evil.example/seg.ts",
    "\u{2028}seg.ts",
    "\u{85}seg.ts",
    // plain HTTP from HTTPS
    "http://own.example/seg.ts",
    "HTTP://own.example/seg.ts",
    // other schemes
    "data:text/plain,seg.ts",
    "skd://own.example/key.ts",
    "urn:mpeg:dash:resolve-to-zero:2013",
    "blob:https://own.example/seg.ts",
    "ftp://own.example/seg.ts",
    "httpss://own.example/seg.ts",
    "javascript:alert(1)",
    "seg:1.ts",
    "1:2.ts",
    ":seg.ts",
    "file:///seg.ts",
    "view-source:https://own.example/seg.ts",
];
