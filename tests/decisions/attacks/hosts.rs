//! Hosts: one name taken for another. Two sites stand here, and the token is for the first.

use bytes::Bytes;
use http::Request;
use playgate::error::HostFault::{self, Disagrees, Malformed, Missing, Repeated};
use playgate::{Denial, KeyScope, Site};

use super::{Attack, Expected, Family, Harmless, PATH, PAYLOAD, Refused, Shot, Unheard, attack, raw};
use crate::support::{HOST, TestKey, gate, get, vod};

const OTHER: &str = "other.example.com";
const UNKNOWN: Expected = Refused("421 unknown_host", Denial::UnknownHost);
const WRONG_KEY: Expected = Refused("403 wrong_key", Denial::WrongKeyScope);

pub(crate) fn family() -> Family {
    let pattern = Site::bucket("{bucket}").id("pattern").host("{bucket}.media.example.com");
    let verifier = gate()
        .site(vod())
        .site(Site::bucket("other").id("other").host(OTHER))
        .site(pattern)
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    let attacks = [names(), fields(), authorities(), http2()];
    Family::new("hosts", verifier, clean, attacks.into_iter().flatten().collect())
}

const fn ambiguous(fault: HostFault) -> Expected {
    Refused("400 ambiguous_host", Denial::AmbiguousHost(fault))
}

fn names() -> Vec<Attack> {
    let cors = "PortSwigger, host header attacks: flawed validation";
    let django = "CVE-2012-4520 (Django): userinfo";
    let rows: [(&str, &'static str, Expected); 36] = [
        ("cdn.example.com.evil.net", cors, UNKNOWN),
        ("evilcdn.example.com", cors, UNKNOWN),
        ("cdn.example.com.:80", "RFC 9110 §4.2.3", Harmless),
        ("CDN.EXAMPLE.COM", "RFC 9110 §4.2.3", Harmless),
        ("cdn.example.com:443", "RFC 9110 §7.2", Harmless),
        ("cdn.example.com..", "RFC 1034 §3.1: one root", UNKNOWN),
        (".cdn.example.com", "RFC 6265 §5.2.3: a leading dot is for cookies", UNKNOWN),
        ("cdn..example.com", "RFC 1034 §3.1", UNKNOWN),
        ("example.com", cors, UNKNOWN),
        ("localhost", cors, UNKNOWN),
        ("127.0.0.1", "DNS rebinding (Jackson et al. 2007)", UNKNOWN),
        ("[::1]", "DNS rebinding (Jackson et al. 2007)", UNKNOWN),
        ("2130706433", "PortSwigger, SSRF: addresses as numbers", UNKNOWN),
        ("evil.net:80@cdn.example.com", django, ambiguous(Malformed)),
        ("user@cdn.example.com", django, ambiguous(Malformed)),
        ("cdn.example.com@evil.net", django, ambiguous(Malformed)),
        ("cdn.example.com:80:80", cors, ambiguous(Malformed)),
        ("cdn.example.com:x", cors, ambiguous(Malformed)),
        ("cdn.example.com:-1", cors, ambiguous(Malformed)),
        ("cdn.example.com/evil", cors, ambiguous(Malformed)),
        ("cdn.example.com?evil", cors, ambiguous(Malformed)),
        ("cdn.example.com#evil", cors, ambiguous(Malformed)),
        ("cdn.example.com\\evil", cors, ambiguous(Malformed)),
        ("http://cdn.example.com", cors, ambiguous(Malformed)),
        ("cdn.example.com, other.example.com", cors, ambiguous(Malformed)),
        ("cdn.example.com other.example.com", cors, ambiguous(Malformed)),
        ("cdn.example.com;other.example.com", cors, ambiguous(Malformed)),
        ("cdn%2eexample.com", "RFC 3986 §3.2.2: reg-name", ambiguous(Malformed)),
        ("cdn.example.com%00.evil.net", "CWE-158", ambiguous(Malformed)),
        ("[::1", "RFC 3986 §3.2.2", ambiguous(Malformed)),
        ("", "RFC 9110 §7.2", ambiguous(Malformed)),
        (".", "RFC 1034 §3.1", ambiguous(Malformed)),
        (":80", "RFC 9110 §7.2", ambiguous(Malformed)),
        (OTHER, "RFC 8725 §3.9: another audience", WRONG_KEY),
        ("x.media.example.com", "RFC 8725 §3.9: another bucket", WRONG_KEY),
        ("a.vod.media.example.com", "RFC 6125 §6.4.3: one label", UNKNOWN),
    ];
    rows.into_iter()
        .map(|(host, source, expected)| {
            // What is no authority cannot be said in HTTP/2.
            let mut ask = get(PATH).host(host).cookie(TestKey::Rsa.token(PAYLOAD));
            ask.http1_only = matches!(expected, Refused(_, Denial::AmbiguousHost(_)));
            attack(format!("host {host:?}"), source, ask, expected)
        })
        .collect()
}

fn request(line: &str, hosts: &[&str]) -> String {
    let hosts = hosts.iter().map(|host| format!("{host}\r\n")).collect::<Vec<_>>().concat();
    let token = TestKey::Rsa.token(PAYLOAD);
    format!("{line}\r\n{hosts}Cookie: Qencode-Auth-Token={token}\r\nConnection: close\r\n\r\n")
}

/// `Host` fields that are none, too many, or in another shape.
fn fields() -> Vec<Attack> {
    let get = format!("GET {PATH} HTTP/1.1");
    let old = format!("GET {PATH} HTTP/1.0");
    let two = "RFC 9112 §3.2: more than one Host";
    let of = |hosts: &[&str]| request(&get, hosts);
    vec![
        raw(
            "two hosts, the good one first",
            two,
            of(&["Host: cdn.example.com", "Host: evil.net"]),
            ambiguous(Repeated),
        ),
        raw(
            "two hosts, the good one last",
            two,
            of(&["Host: evil.net", "Host: cdn.example.com"]),
            ambiguous(Repeated),
        ),
        raw(
            "two hosts, the same",
            two,
            of(&["Host: cdn.example.com", "host: cdn.example.com"]),
            ambiguous(Repeated),
        ),
        raw("no host", "RFC 9112 §3.2", of(&[]), ambiguous(Missing)),
        raw("no host in HTTP/1.0", "RFC 9112 §3.2", request(&old, &[]), ambiguous(Missing)),
        raw("a blank before the colon", "RFC 9112 §5.1", of(&["Host : cdn.example.com"]), Unheard(400)),
        raw("a folded host", "RFC 9112 §5.2", of(&["Host: cdn.example.com", " evil.net"]), Unheard(400)),
        raw("a blank before the name", "RFC 9112 §2.2", of(&[" Host: cdn.example.com"]), Unheard(400)),
        raw(
            "X-Forwarded-Host",
            "PortSwigger, host header attacks: override",
            of(&["Host: evil.net", "X-Forwarded-Host: cdn.example.com"]),
            UNKNOWN,
        ),
        raw(
            "X-Host",
            "PortSwigger, host header attacks: override",
            of(&["Host: evil.net", "X-Host: cdn.example.com"]),
            UNKNOWN,
        ),
        raw(
            "Forwarded",
            "RFC 7239 §5.3",
            of(&["Host: evil.net", "Forwarded: host=cdn.example.com"]),
            UNKNOWN,
        ),
        raw(
            "X-Original-Host",
            "PortSwigger, host header attacks: override",
            of(&["Host: evil.net", "X-Original-Host: cdn.example.com"]),
            UNKNOWN,
        ),
        raw(
            "X-Forwarded-Host beside the good one",
            "PortSwigger, host header attacks",
            of(&["Host: cdn.example.com", "X-Forwarded-Host: other.example.com"]),
            Harmless,
        ),
    ]
}

/// Targets in absolute form and what looks like it.
fn authorities() -> Vec<Attack> {
    let good = "Host: cdn.example.com";
    let absolute = "RFC 9112 §3.2.2: absolute form";
    let line = |target: &str| format!("GET {target} HTTP/1.1");
    let target = |authority: &str| line(&format!("http://{authority}{PATH}"));
    vec![
        raw(
            "absolute form of another host",
            absolute,
            request(&target(OTHER), &[good]),
            ambiguous(Disagrees),
        ),
        raw(
            "absolute form beside another Host",
            absolute,
            request(&target(HOST), &["Host: other.example.com"]),
            ambiguous(Disagrees),
        ),
        raw(
            "absolute form with a user",
            "RFC 9110 §4.2.4",
            request(&target("user@cdn.example.com"), &[good]),
            ambiguous(Malformed),
        ),
        raw(
            "absolute form with another host as user",
            "RFC 9110 §4.2.4",
            request(&target("cdn.example.com@evil.net"), &[good]),
            ambiguous(Malformed),
        ),
        raw(
            "absolute form with two hosts",
            absolute,
            request(&target(HOST), &[good, good]),
            ambiguous(Repeated),
        ),
        raw(
            "absolute form in capitals",
            absolute,
            request(&target("CDN.EXAMPLE.COM.:80"), &[good]),
            Harmless,
        ),
        raw(
            "CONNECT",
            "RFC 9110 §9.3.6",
            request("CONNECT cdn.example.com:80 HTTP/1.1", &[good]),
            super::ambiguous_path(playgate::error::PathFault::NotAbsolute),
        ),
        raw(
            "authority form with GET",
            "RFC 9112 §3.2.3",
            request(&line("cdn.example.com:80"), &[good]),
            super::ambiguous_path(playgate::error::PathFault::NotAbsolute),
        ),
        raw(
            "another scheme",
            "RFC 9110 §4.2",
            request(&line(&format!("ftp://{OTHER}{PATH}")), &[good]),
            ambiguous(Disagrees),
        ),
        raw(
            "two slashes and a host",
            "RFC 3986 §4.2",
            request(&line(&format!("//{OTHER}{PATH}")), &[good]),
            super::ambiguous_path(playgate::error::PathFault::EmptySegment),
        ),
    ]
}

/// `:authority` against `host` (RFC 9113 §8.3.1).
fn http2() -> Vec<Attack> {
    let source = "RFC 9113 §8.3.1";
    let rows = [
        ("h2: host is another", HOST, &[OTHER][..], ambiguous(Disagrees)),
        ("h2: authority is another", OTHER, &[HOST], ambiguous(Disagrees)),
        ("h2: two host fields", HOST, &[HOST, HOST], ambiguous(Repeated)),
        ("h2: host is no name", HOST, &["a b"], ambiguous(Malformed)),
        ("h2: host is empty", HOST, &[""], ambiguous(Malformed)),
        ("h2: an unknown authority", "evil.net", &[], UNKNOWN),
        ("h2: host agrees but for case and port", HOST, &["CDN.example.com.:80"], Harmless),
    ];
    rows.into_iter()
        .map(|(name, authority, hosts, expected)| {
            let cookie = format!("Qencode-Auth-Token={}", TestKey::Rsa.token(PAYLOAD));
            let request = Request::get(format!("http://{authority}{PATH}")).header("cookie", cookie);
            let request = hosts.iter().fold(request, |request, host| request.header("host", *host));
            let shot = Shot::Http2(request.body(Bytes::new()).unwrap());
            Attack { name: name.to_owned(), source, shot, expected }
        })
        .collect()
}
