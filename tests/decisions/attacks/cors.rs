//! Origins: one taken for another. CORS keeps pages from reading, not clients from asking (WHATWG Fetch):
//! with a good token the bytes come, and no leave for the page.

use playgate::cors::Cors;
use playgate::{Denial, KeyScope};

use super::{Attack, Expected, Family, MISSING, PATH, PAYLOAD, Refused, Unshared, attack, raw};
use crate::support::{Ask, HOST, TestKey, gate, get, vod};

const APP: &str = "https://app.example.com";

pub(crate) fn family() -> Family {
    let listed = [APP, "http://localhost:3000", "https://*.example.net"];
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let verifier = gate().site(vod().cors(Cors::with_credentials(listed))).key(key).build().unwrap();
    let attacks = [origins(), preflights(), several()];
    Family::new("cors", verifier, bearing_origin(APP), attacks.into_iter().flatten().collect())
}

fn bearing_origin(origin: &str) -> Ask {
    get(PATH).cookie(TestKey::Rsa.token(PAYLOAD)).origin(origin)
}

fn preflight(origin: &str) -> Ask {
    get(PATH).method("OPTIONS").origin(origin).field("access-control-request-method", "GET")
}

/// Each with a good token, and as a preflight.
fn origins() -> Vec<Attack> {
    let kettle = "PortSwigger 2016, Exploiting CORS misconfigurations";
    let suffix = "CVE-2024-27302 (go-zero); CVE-2023-28109 (play-with-docker)";
    let rows = [
        ("https://app.example.com.evil.net", kettle),
        ("https://evilapp.example.com", suffix),
        ("https://evil.app.example.com", suffix),
        ("https://example.com", kettle),
        ("https://evilexample.net", suffix),
        ("https://example.net", kettle),
        ("https://.example.net", suffix),
        ("https://a.b.example.net", "RFC 6125 §6.4.3: one label"),
        ("https://evil.com/.example.net", suffix),
        ("https://evil.com?.example.net", suffix),
        ("https://evil.com#.example.net", suffix),
        ("https://evil.com\\.example.net", suffix),
        ("https://evil.com%2f.example.net", suffix),
        ("https://evil.com`.example.net", "Corben Leo 2018, special characters in Safari"),
        ("https://evil.com{.example.net", "Corben Leo 2018, special characters in Safari"),
        ("https://evil.com:443.example.net", suffix),
        ("https://user@a.example.net", "CVE-2012-4520 (Django): userinfo"),
        ("https://app.example.com@evil.net", "CVE-2012-4520 (Django): userinfo"),
        ("https://*.example.net", kettle),
        ("*", "MediaMTX #5975: a wildcard is echoed"),
        ("null", "PortSwigger 2016: null is reflected"),
        ("Null", kettle),
        ("http://app.example.com", "PortSwigger 2016: plain HTTP is trusted"),
        ("HTTP://APP.example.com:443", "RFC 6454 §4: another scheme on the default port of the listed one"),
        ("https://app.example.com:0443", "RFC 6454 §4: ports compare exactly"),
        ("https://app.example.com:8443", kettle),
        ("https://app.example.com.", "RFC 9110 §4.2.3: a trailing dot"),
        ("https://app.example.com/", "WHATWG Fetch: no path"),
        ("https://app.example.com/evil", "WHATWG Fetch: no path"),
        ("http://localhost", kettle),
        ("http://localhost:30000", kettle),
        ("https://localhost:3000", kettle),
        ("app.example.com", kettle),
        ("//app.example.com", kettle),
        ("file://", "RFC 6454 §6.2: opaque"),
        ("https://xn--pp-7ia.example.com", "RFC 3490: homographs"),
        ("https://app.example.com, https://evil.net", "RFC 6454 §7.1: a list"),
        ("https://app.example.com https://evil.net", "RFC 6454 §7.1: a list"),
    ];
    let mut attacks = Vec::new();
    for (origin, source) in rows {
        attacks.push(attack(format!("origin {origin:?}"), source, bearing_origin(origin), Unshared("200")));
        attacks.push(attack(format!("preflight of {origin:?}"), source, preflight(origin), Unshared("204")));
    }
    attacks
}

/// `OPTIONS` that would slip past authentication, or learn something.
fn preflights() -> Vec<Attack> {
    let not_one = "tower-http#497: every OPTIONS is a preflight";
    let method = Refused("405 method", Denial::Method { verified: true });
    let good = TestKey::Rsa.token(PAYLOAD);
    let options = || get(PATH).method("OPTIONS");
    let asks = |ask: Ask| ask.field("access-control-request-method", "GET");
    vec![
        attack("OPTIONS alone", not_one, options(), MISSING),
        attack("OPTIONS with Origin alone", not_one, options().origin(APP), MISSING),
        attack("OPTIONS with the method alone", not_one, asks(options()), MISSING),
        attack("OPTIONS with a token, and no method", not_one, options().origin(APP).cookie(&good), method),
        attack(
            "two origins",
            "RFC 6454 §7.1",
            asks(options().origin(APP).origin("https://evil.net")),
            MISSING,
        ),
        attack("the same origin twice", "RFC 6454 §7.1", asks(options().origin(APP).origin(APP)), MISSING),
        attack(
            "GET posing as a preflight",
            "envoy bypass_cors_preflight",
            asks(get(PATH).origin(APP)),
            MISSING,
        ),
        attack(
            "HEAD posing as a preflight",
            "envoy bypass_cors_preflight",
            asks(get(PATH).method("HEAD").origin(APP)),
            HEAD,
        ),
        attack(
            "POST posing as a preflight",
            "envoy bypass_cors_preflight",
            asks(get(PATH).method("POST").origin(APP)),
            MISSING,
        ),
        attack(
            "options in small letters",
            "RFC 9110 §9.1",
            asks(get(PATH).method("options").origin(APP)),
            MISSING,
        ),
        attack(
            "X-HTTP-Method-Override: OPTIONS",
            "CWE-650: verb tampering",
            asks(get(PATH).origin(APP).field("x-http-method-override", "OPTIONS")),
            MISSING,
        ),
    ]
}

/// A HEAD has no body to read the code in.
const HEAD: Expected = Expected::Unheard(401);

fn several() -> Vec<Attack> {
    let cookie = format!("Cookie: Qencode-Auth-Token={}\r\n", TestKey::Rsa.token(PAYLOAD));
    let with = |fields: &str| {
        format!("GET {PATH} HTTP/1.1\r\nHost: {HOST}\r\n{cookie}{fields}Connection: close\r\n\r\n")
    };
    let many = "1,".repeat(2000);
    vec![
        raw(
            "two Origin fields, the good one first",
            "RFC 6454 §7.3",
            with(&format!("Origin: {APP}\r\nOrigin: https://evil.net\r\n")),
            Unshared("200"),
        ),
        raw(
            "two Origin fields, the good one last",
            "RFC 6454 §7.3",
            with(&format!("Origin: https://evil.net\r\nOrigin: {APP}\r\n")),
            Unshared("200"),
        ),
        raw("an empty Origin", "RFC 6454 §7.1", with("Origin:\r\n"), Unshared("200")),
        raw(
            "bytes that are no text",
            "RFC 6454 §7.1",
            with("Origin: https://app.example.com\u{ff}\r\n"),
            Unshared("200"),
        ),
        raw(
            "X-Forwarded-Origin",
            "PortSwigger 2016",
            with(&format!("X-Forwarded-Origin: {APP}\r\n")),
            Unshared("200"),
        ),
        raw("Referer for Origin", "RFC 6454 §7.3", with(&format!("Referer: {APP}/\r\n")), Unshared("200")),
        attack(
            "a long list of headers",
            "GHSA-mh55-gqvf-xfwm (rs/cors)",
            preflight("https://evil.net").field("access-control-request-headers", many),
            Unshared("204"),
        ),
        attack(
            "private network",
            "CVE-2024-6221 (flask-cors)",
            preflight("https://evil.net").field("access-control-request-private-network", "true"),
            Unshared("204"),
        ),
        attack(
            "a line break in the requested method",
            "CWE-113",
            preflight("https://evil.net").field("access-control-request-headers", "x%0d%0aset-cookie: a"),
            Unshared("204"),
        ),
    ]
}
