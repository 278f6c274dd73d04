//! Paths in a second spelling. The token covers `videos/1/`, and everything else is what it must not open.

use super::{
    Attack, Expected, Family, Harmless, OUT_OF_SCOPE, PATH, PAYLOAD, Unheard, ambiguous_path, attack, raw,
};
use crate::support::{HOST, TestKey, behind, get, vod};
use playgate::error::PathFault::{
    self, Backslash, Control, DecodesAgain, DotSegment, EmptySegment, EncodedSlash, NotAbsolute, NotUtf8,
    PercentEncoding, TooLong,
};

pub(crate) fn family() -> Family {
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    let attacks = [refused(), not_covered(), request_lines()];
    Family::new("paths", behind(vod()), clean, attacks.into_iter().flatten().collect())
}

fn target(path: &str, source: &'static str, expected: Expected) -> Attack {
    let shown: String = path.chars().take(60).collect();
    attack(format!("path {shown}"), source, get(path).cookie(TestKey::Rsa.token(PAYLOAD)), expected)
}

fn refused() -> Vec<Attack> {
    let apache = "CVE-2021-41773, CVE-2021-42013 (Apache httpd)";
    let envoy = "CVE-2019-9901, CVE-2021-29492 (Envoy)";
    let iis = "CVE-2000-0884, CVE-2001-0333 (IIS)";
    let jetty = "CVE-2021-28164, CVE-2021-34429 (Jetty)";
    let spring = "CVE-2018-1271 (Spring): backslashes";
    let tomcat = "CVE-2007-0450 (Tomcat behind proxies)";
    let rows: [(&str, &'static str, PathFault); 52] = [
        ("/videos/1/../2/a.ts", "RFC 3986 §5.2.4", DotSegment),
        ("/videos/1/./../2/a.ts", "RFC 3986 §5.2.4", DotSegment),
        ("/videos/1/..", "RFC 3986 §5.2.4", DotSegment),
        ("/videos/1/.", "RFC 3986 §5.2.4", DotSegment),
        ("/../videos/1/a.ts", "RFC 3986 §5.2.4", DotSegment),
        ("/./videos/1/a.ts", envoy, DotSegment),
        ("/videos/1/%2e%2e/2/a.ts", apache, DotSegment),
        ("/videos/1/.%2e/2/a.ts", apache, DotSegment),
        ("/videos/1/%2E./2/a.ts", apache, DotSegment),
        ("/videos/1/%2e/a.ts", jetty, DotSegment),
        ("/videos/1/%%32%65%%32%65/2/a.ts", apache, PercentEncoding),
        ("/videos/1/%252e%252e/2/a.ts", iis, DecodesAgain),
        ("/videos/1/%25252e%25252e/2/a.ts", iis, DecodesAgain),
        ("/videos/1/%252e%252e%252f2/a.ts", iis, DecodesAgain),
        ("/videos/1/..%252f2/a.ts", iis, DecodesAgain),
        ("/videos/1/%u002e%u002e/2/a.ts", jetty, PercentEncoding),
        ("/videos/1/.%00./2/a.ts", jetty, Control),
        ("/videos/1/..%00/2/a.ts", jetty, Control),
        ("/videos/1/%c0%ae%c0%ae/2/a.ts", iis, NotUtf8),
        ("/videos/1/..%c0%af2/a.ts", iis, NotUtf8),
        ("/videos/1/..%e0%80%af2/a.ts", iis, NotUtf8),
        ("/videos/1/..%f0%80%80%af2/a.ts", iis, NotUtf8),
        ("/videos/1/..%c1%9c2/a.ts", iis, NotUtf8),
        ("/videos/1/..%2f2/a.ts", envoy, EncodedSlash),
        ("/videos/1/..%2F2/a.ts", envoy, EncodedSlash),
        ("/videos%2f1/a.ts", envoy, EncodedSlash),
        ("/videos/1/%2f/a.ts", envoy, EncodedSlash),
        ("/%2fvideos/1/a.ts", envoy, EncodedSlash),
        ("/videos/1/..%5c2/a.ts", tomcat, Backslash),
        ("/videos/1/..%5C..%5C2/a.ts", tomcat, Backslash),
        ("/videos/1/..\\2/a.ts", spring, Backslash),
        ("/videos\\1\\a.ts", spring, Backslash),
        ("/videos/1/..%255c2/a.ts", spring, DecodesAgain),
        ("//videos/1/a.ts", envoy, EmptySegment),
        ("/videos//1/a.ts", envoy, EmptySegment),
        ("/videos/1//a.ts", envoy, EmptySegment),
        ("/videos/1/a.ts//", envoy, EmptySegment),
        ("///videos/1/a.ts", envoy, EmptySegment),
        ("/videos/1/a.ts%00", "CWE-158", Control),
        ("/videos/2/a.ts%00videos/1/", "CWE-158", Control),
        ("/videos/1/a.ts%0a", "CVE-2022-22978 (Spring): a line feed", Control),
        ("/videos/1/a.ts%0d%0aX-Accel-Redirect:%20/", "CWE-113: response splitting", Control),
        ("/videos/1/%09a.ts", "CWE-116", Control),
        ("/videos/1/%7f", "CWE-116", Control),
        ("/videos/1/%c2%85", "Unicode C1 controls", Control),
        ("/videos/1/a.ts%", "RFC 3986 §2.1", PercentEncoding),
        ("/videos/1/a.ts%2", "RFC 3986 §2.1", PercentEncoding),
        ("/videos/1/%gg", "RFC 3986 §2.1", PercentEncoding),
        ("/videos/1/%ff", "RFC 3629 §3", NotUtf8),
        ("/videos/1/%ed%a0%80", "RFC 3629 §3: a surrogate", NotUtf8),
        ("/videos/1/%2500", "CVE-2001-0333 (IIS), with NUL", DecodesAgain),
        ("/videos/1/%25%32%65%25%32%65/2/a.ts", iis, DecodesAgain),
    ];
    let mut attacks: Vec<Attack> =
        rows.into_iter().map(|(path, source, fault)| target(path, source, ambiguous_path(fault))).collect();
    let long = format!("/videos/1/{}", "a".repeat(5000));
    attacks.push(target(&long, "CWE-120: longer than any object key", ambiguous_path(TooLong)));
    attacks
}

/// Paths that have one reading, which the token does not cover.
fn not_covered() -> Vec<Attack> {
    let shiro = "CVE-2020-1957 (Shiro); CVE-2020-5902 (BIG-IP): ..;";
    let windows = "CWE-46: names that Windows shortens";
    [
        ("/videos/1;/a.ts", shiro),
        ("/videos/2/..;/1/a.ts", shiro),
        ("/videos;v=1/1/a.ts", "RFC 3986 §3.3: parameters"),
        ("/videos/1%3b/a.ts", shiro),
        ("/videos/1./a.ts", windows),
        ("/videos/1%20/a.ts", windows),
        ("/videos%20/1/a.ts", windows),
        ("/videos/1::$DATA/a.ts", "CVE-1999-0278 (IIS)"),
        ("/VIDEOS/1/a.ts", "CVE-2024-6866 (flask-cors): case"),
        ("/videos/1", "nginx alias off by slash (Tsai 2018)"),
        ("/videos/1%3f/a.ts", "RFC 3986 §3.4: an encoded question mark"),
        ("/videos/1%23/a.ts", "CVE-2021-32779 (Envoy): a fragment"),
        ("/videos/%EF%BC%91/a.ts", "Unicode TR36: a full-width digit"),
        ("/videos/1%E2%80%8B/a.ts", "Unicode TR36: zero width"),
        ("/videos%E2%88%951/a.ts", "CVE-2019-9636 (Python): a slash by NFKC"),
        ("/videos%EF%BC%8F1/a.ts", "CVE-2019-9636 (Python): a slash by NFKC"),
        ("/videos/%E2%80%A5/a.ts", "CVE-2019-9636 (Python): dots by NFKC"),
        ("/videos+/1/a.ts", "RFC 1866 §8.2.1: + is no blank in a path"),
        ("/x/videos/1/a.ts", "CWE-187: part of a path"),
        ("/", "RFC 9110 §4.2.3"),
    ]
    .into_iter()
    .map(|(path, source)| target(path, source, OUT_OF_SCOPE))
    .chain([
        // A segment of that name, inside the scope, to every handler that knows no path parameters (RFC 3986
        // §3.3). In front of a servlet container it would be another thing.
        target("/videos/1/..;/2/a.ts", shiro, Harmless),
        target("/%76%69deos/%31/%61.ts", "RFC 3986 §6.2.2.2", Harmless),
        target("/videos/1/a.ts?/../../2/b.ts", "RFC 3986 §3.4: a query is no path", Harmless),
        target("/videos/1/..a/...", "RFC 3986 §5.2.4: no dot segments", Harmless),
    ])
    .collect()
}

/// Request lines that no client writes.
fn request_lines() -> Vec<Attack> {
    let cookie = format!("Cookie: Qencode-Auth-Token={}\r\n", TestKey::Rsa.token(PAYLOAD));
    let line = |line: &str| format!("{line}\r\nHost: {HOST}\r\n{cookie}Connection: close\r\n\r\n");
    let lost = "RFC 9112 §3.2";
    vec![
        raw("asterisk form", "RFC 9112 §3.2.4", line("GET * HTTP/1.1"), ambiguous_path(NotAbsolute)),
        raw("no leading slash", lost, line("GET videos/1/a.ts HTTP/1.1"), Unheard(400)),
        raw(
            "a blank in the path",
            "CVE-2013-4547 (nginx)",
            line("GET /videos/1/a.ts /x HTTP/1.1"),
            Unheard(400),
        ),
        raw("a raw NUL", "CVE-2013-4547 (nginx)", line("GET /videos/1/a.ts\0 HTTP/1.1"), Unheard(400)),
        raw("a raw tab", lost, line("GET /videos/1/\ta.ts HTTP/1.1"), Unheard(400)),
        raw(
            "a dot segment in a raw line",
            "curl --path-as-is",
            line("GET /videos/1/../2/a.ts HTTP/1.1"),
            ambiguous_path(DotSegment),
        ),
        raw(
            "a dot segment in absolute form",
            "RFC 9112 §3.2.2",
            line(&format!("GET http://{HOST}/videos/1/../2/a.ts HTTP/1.1")),
            ambiguous_path(DotSegment),
        ),
        raw(
            "a fragment",
            "CVE-2021-32779 (Envoy)",
            line("GET /videos/2/a.ts#/../../videos/1/ HTTP/1.1"),
            OUT_OF_SCOPE,
        ),
        raw("absolute form", "RFC 9112 §3.2.2", line(&format!("GET http://{HOST}{PATH} HTTP/1.1")), Harmless),
    ]
}
