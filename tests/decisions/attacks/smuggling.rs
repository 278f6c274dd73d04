//! Headers of the client that would speak for the server: who the viewer is, where the request came from, and
//! what was asked.

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};
use playgate::cors::Cors;
use playgate::error::Denial;
use playgate::{KeyScope, Site};

use super::{Attack, Expected, Family, Harmless, MISSING, PATH, Refused, Unheard, attack, raw};
use crate::support::{Ask, HOST, Inner, TestKey, echo, gate, get, inner, vod};

const HTTPS: Expected = Refused("403 https_required", Denial::HttpsRequired);

pub(crate) fn family() -> Family {
    let site = vod()
        .identity_header("x-viewer", "sub")
        .identity_header("x-plan", "plan")
        .cors(Cors::with_credentials(["https://app.example.com"]));
    let tls = Site::bucket("vod").id("tls").host("tls.example.com").require_https(true);
    let verifier = gate()
        .site(site)
        .site(tls)
        // Tests come from 127.0.0.1: as a proxy it may say that its client spoke no TLS.
        .trusted_proxies(["127.0.0.1"])
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let attacks = [identity(), ignored(), targets(), framing(), hops()];
    let attacks = attacks.into_iter().flatten().collect();
    Family { inner: service(), ..Family::new("smuggling", verifier, clean(), attacks) }
}

/// Says what it saw of the fields that matter, and answers as a careless origin does.
fn service() -> Inner {
    inner(|parts| {
        let mut seen = parts.clone();
        let viewers =
            |name: &HeaderName| name.as_str().starts_with("x-viewer") || name.as_str().starts_with("x-plan");
        seen.headers = parts
            .headers
            .iter()
            .filter(|(name, _)| viewers(name))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect();
        let mut response = echo(&seen);
        for (name, value) in [
            ("access-control-allow-origin", "*"),
            ("access-control-allow-credentials", "true"),
            ("cache-control", "public, s-maxage=600"),
            ("vary", "accept-encoding"),
        ] {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response.map(Bytes::from)
    })
}

fn clean() -> Ask {
    get(PATH).cookie(TestKey::Rsa.token(r#"{"uri":"videos/1/","sub":"ada"}"#))
}

/// The inner service sees what the token says, and nothing that the client says.
fn identity() -> Vec<Attack> {
    let spoof = "Envoy claim_to_headers: a client sends its own";
    let mut attacks: Vec<Attack> = [
        ("x-viewer", "root"),
        ("X-Viewer", "root"),
        ("X-VIEWER", "root"),
        ("x-vIeWeR", ""),
        ("x-plan", "gold"),
        ("X-Plan", "gold, platinum"),
    ]
    .into_iter()
    .map(|(name, value)| {
        attack(format!("identity: {name}: {value:?}"), spoof, clean().field(name, value), Harmless)
    })
    .collect();
    attacks.extend([
        attack(
            "identity: twice",
            spoof,
            clean().field("x-viewer", "root").field("X-Viewer", "eve"),
            Harmless,
        ),
        attack(
            "identity: both, and many",
            spoof,
            (0..20).fold(clean(), |ask, _| ask.field("x-plan", "gold").field("x-viewer", "root")),
            Harmless,
        ),
        attack("identity: without a token", spoof, get(PATH).field("x-viewer", "root"), MISSING),
        attack(
            "identity: a blank before the colon",
            "RFC 9112 §5.1",
            clean().field("x-viewer ", "root").http1_only(),
            Unheard(400),
        ),
        attack(
            "identity: a field in a line of another",
            "CWE-113",
            clean().field("x-other", "a\rx-viewer: root").http1_only(),
            Unheard(400),
        ),
        attack(
            "identity: NUL in a name",
            "CWE-158",
            clean().field("x-viewer\0", "root").http1_only(),
            Unheard(400),
        ),
    ]);
    attacks
}

/// Fields that other servers obey.
fn ignored() -> Vec<Attack> {
    let rewrite = "CVE-2018-14773 (Symfony): X-Original-URL, X-Rewrite-URL";
    let rows = [
        ("X-Original-URL", "/videos/2/a.ts", rewrite),
        ("X-Rewrite-URL", "/videos/2/a.ts", rewrite),
        ("X-Original-URI", "/videos/2/a.ts", "nginx auth_request"),
        ("X-Forwarded-Uri", "/videos/2/a.ts", "Traefik ForwardAuth"),
        ("X-Forwarded-Prefix", "/videos/2", "Traefik StripPrefix"),
        ("X-Forwarded-Method", "DELETE", "Traefik ForwardAuth"),
        ("X-HTTP-Method", "DELETE", "CWE-650: verb tampering"),
        ("X-Accel-Redirect", "/videos/2/a.ts", "nginx X-Accel"),
        ("X-Sendfile", "/etc/passwd", "Apache mod_xsendfile"),
        ("X-Middleware-Subrequest", "middleware:middleware", "CVE-2025-29927 (Next.js)"),
        ("X-Envoy-Original-Path", "/videos/2/a.ts", "Envoy"),
        ("X-Forwarded-For", "127.0.0.1", "CWE-348: X-Forwarded-For"),
        ("X-Real-IP", "127.0.0.1", "CWE-348: X-Real-IP"),
        ("True-Client-IP", "127.0.0.1", "CWE-348: True-Client-IP"),
        ("Forwarded", "for=127.0.0.1;proto=https", "RFC 7239 §8"),
        ("X-Forwarded-Access-Token", "x", "oauth2-proxy"),
        ("X-Auth-Request-User", "root", "oauth2-proxy"),
        ("Range", "bytes=0-,0-,0-,0-,0-,0-,0-,0-", "CVE-2011-3192 (Apache httpd)"),
        ("Range", "bytes=-9223372036854775809", "CVE-2017-7529 (nginx)"),
        ("If-None-Match", "*", "RFC 9110 §13.1.2"),
        ("Cache-Control", "public, only-if-cached", "Kettle 2018, Practical web cache poisoning"),
        ("X-Forwarded-Scheme", "http", "Kettle 2018, Practical web cache poisoning"),
        ("Expect", "200-ok", "RFC 9110 §10.1.1"),
        ("Upgrade", "h2c", "Bishop Fox 2020, h2c smuggling"),
        ("Content-Length", "0", "RFC 9110 §8.6: a GET without a body"),
    ];
    rows.into_iter()
        .map(|(name, value, source)| {
            let mut ask = clean().field(name, value);
            ask.http1_only = matches!(name, "Upgrade" | "Expect");
            attack(format!("{name}: {value}"), source, ask, Harmless)
        })
        .collect()
}

/// Where a header would open what the token does not, or let plain HTTP in.
fn targets() -> Vec<Attack> {
    let other = || get("/videos/2/a.ts").cookie(TestKey::Rsa.token(r#"{"uri":"videos/1/"}"#));
    let rewrite = "CVE-2018-14773 (Symfony)";
    let https = || get(PATH).host("tls.example.com").cookie(TestKey::Rsa.token(r#"{"uri":"videos/1/"}"#));
    let plain = "RFC 7239 §8; CVE-2022-31813 (Apache httpd)";
    let mut attacks: Vec<Attack> = ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Uri", "X-Forwarded-Path"]
        .into_iter()
        .map(|name| {
            attack(format!("{name} that is covered"), rewrite, other().field(name, PATH), super::OUT_OF_SCOPE)
        })
        .collect();
    attacks.extend([
        attack("X-Forwarded-Proto: http", plain, https().field("x-forwarded-proto", "http"), HTTPS),
        attack(
            "X-Forwarded-Proto: https, http",
            plain,
            https().field("x-forwarded-proto", "https, http"),
            HTTPS,
        ),
        attack(
            "two X-Forwarded-Proto",
            plain,
            https().field("x-forwarded-proto", "https").field("x-forwarded-proto", "http"),
            HTTPS,
        ),
        attack("X-Forwarded-Proto: httpss", plain, https().field("x-forwarded-proto", "httpss"), HTTPS),
        attack("X-Forwarded-Proto, empty", plain, https().field("x-forwarded-proto", "http,"), HTTPS),
        attack("Forwarded: proto=http", plain, https().field("forwarded", "proto=http"), HTTPS),
        attack(
            "Forwarded and X-Forwarded-Proto disagree",
            plain,
            https().field("forwarded", "proto=http").field("x-forwarded-proto", "https"),
            HTTPS,
        ),
        attack(
            "X-Middleware-Subrequest and no token",
            "CVE-2025-29927 (Next.js)",
            get(PATH).field("x-middleware-subrequest", "middleware:middleware:middleware"),
            MISSING,
        ),
        attack(
            "X-Forwarded-For: 127.0.0.1 and no token",
            "CWE-348: X-Forwarded-For",
            get(PATH).field("x-forwarded-for", "127.0.0.1"),
            MISSING,
        ),
        attack(
            "X-Custom-IP-Authorization and no token",
            "CWE-348",
            get(PATH).field("x-custom-ip-authorization", "127.0.0.1"),
            MISSING,
        ),
        attack(
            "Referer of our own and no token",
            "CWE-293: Referer",
            get(PATH).field("referer", "https://cdn.example.com/"),
            MISSING,
        ),
    ]);
    attacks
}

/// Two lengths for one body: the server's to refuse, and never inside.
fn framing() -> Vec<Attack> {
    let token = TestKey::Rsa.token(r#"{"uri":"videos/1/"}"#);
    let cookie = format!("Cookie: Qencode-Auth-Token={token}\r\n");
    let hidden = format!("GET /videos/2/a.ts HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let head = |fields: &str| {
        format!("GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n{cookie}{fields}Connection: close\r\n\r\n{hidden}")
    };
    let hyper = "CVE-2021-32714, CVE-2021-32715 (hyper)";
    vec![
        raw("two lengths", "RFC 9112 §6.3", head("Content-Length: 0\r\nContent-Length: 5\r\n"), Unheard(400)),
        raw("a length with a sign", hyper, head("Content-Length: +5\r\n"), Unheard(400)),
        raw("a length in hexadecimal", hyper, head("Content-Length: 0x5\r\n"), Unheard(400)),
        raw("a length beyond 64 bits", hyper, head("Content-Length: 99999999999999999999\r\n"), Unheard(400)),
        raw(
            "chunked is not the last coding",
            "CVE-2021-21299 (hyper)",
            head("Transfer-Encoding: chunked, x\r\n"),
            Unheard(400),
        ),
        raw(
            "a version of none",
            "RFC 9112 §2.3",
            format!("GET {PATH} HTTP/9.9\r\nHost: {HOST}\r\n\r\n"),
            Unheard(400),
        ),
        raw("a folded field", "RFC 9112 §5.2", head("X-A: b\r\n x-viewer: root\r\n"), Unheard(400)),
    ]
}

/// Fields that a proxy would drop at the client's word.
fn hops() -> Vec<Attack> {
    let hop = "CVE-2022-1388 (BIG-IP), CVE-2022-31813 (Apache httpd): hop-by-hop";
    let bare = |fields: &str| format!("GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n{fields}\r\n");
    vec![
        raw("Connection names the cookie", hop, bare("Connection: close, Cookie\r\n"), MISSING),
        raw("Connection names Authorization", hop, bare("Connection: close, Authorization\r\n"), MISSING),
        attack(
            "Connection names x-viewer",
            hop,
            clean().field("connection", "x-viewer").http1_only(),
            Harmless,
        ),
        raw(
            "Trailer names the cookie",
            "RFC 9110 §6.5.1",
            bare("Connection: close\r\nTrailer: Cookie\r\n"),
            MISSING,
        ),
    ]
}
