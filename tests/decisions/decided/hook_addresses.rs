//! Hooks about the client's address: a claim that it must match, and lookup tables.

use std::net::IpAddr;

use maxminddb::{Reader, path};
use playgate::request::PeerAddr;
use playgate::schemes::link::IpBinding;
use playgate::schemes::{HookRequest, Refuse};
use playgate::time::UnixSeconds;
use playgate::{Denial, KeyScope, Site, Verifier};

use crate::support::{NOW, TestKey, gate, get, vod};

const PROXY: &str = "10.0.0.1";
const OTHER_CLIENT: Refuse = Refuse::new("other_client");

fn verifier(site: Site) -> Verifier {
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    gate().site(site).key(key).trusted_proxies([PROXY]).build().unwrap()
}

/// The denial of a request with these claims, from `peer` if the server knows it, with `X-Forwarded-For` if given.
fn decide(verifier: &Verifier, claims: &str, peer: Option<&str>, forwarded: Option<&str>) -> Option<Denial> {
    let token = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/"{claims}}}"#));
    let mut request = get("/videos/1/a.ts").query(token);
    if let Some(forwarded) = forwarded {
        request = request.field("x-forwarded-for", forwarded);
    }
    let mut request = request.parsed().unwrap();
    if let Some(peer) = peer {
        request.extensions_mut().insert(PeerAddr((peer.parse::<IpAddr>().unwrap(), 40_000).into()));
    }
    verifier.decide(&request, UnixSeconds::new(NOW)).denial()
}

/// A verifier whose site has a hook that compares the claim `ip`.
fn bound(binding: IpBinding) -> Verifier {
    verifier(vod().hook(
        move |request: &HookRequest<'_>| {
            if request.client_matches("ip", binding) { Ok(()) } else { Err(OTHER_CLIENT) }
        },
    ))
}

fn networks(v4: u8, v6: u8) -> Verifier {
    bound(IpBinding::EXACT.v4(v4).unwrap().v6(v6).unwrap())
}

#[test]
fn a_claim_binds_a_token_to_an_address_or_to_its_network() {
    let (exact, narrow, wide) = (bound(IpBinding::EXACT), networks(24, 64), networks(16, 48));
    for (claim, client, granted_by) in [
        ("203.0.113.7", "203.0.113.7", [true, true, true]),
        ("203.0.113.7", "203.0.113.8", [false, true, true]),
        ("203.0.113.0", "203.0.113.255", [false, true, true]),
        ("203.0.113.7", "203.0.114.7", [false, false, true]),
        ("203.0.113.7", "203.1.113.7", [false, false, false]),
        ("2001:db8:1:2::7", "2001:db8:1:2::7", [true, true, true]),
        ("2001:DB8:1:2:0:0:0:7", "2001:db8:1:2::7", [true, true, true]),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::8", [false, true, true]),
        ("2001:db8:1:2::7", "2001:db8:1:3::7", [false, false, true]),
        ("2001:db8:1:2::7", "2001:db8:2:2::7", [false, false, false]),
        // An IPv6 address that maps an IPv4 address is that address.
        ("::ffff:203.0.113.7", "203.0.113.7", [true, true, true]),
        ("203.0.113.7", "::ffff:203.0.113.7", [true, true, true]),
        ("::ffff:cb00:7107", "203.0.113.8", [false, true, true]),
        ("::ffff:203.0.113.7", "::ffff:198.51.100.7", [false, false, false]),
        // Both are addresses of one host, which nothing says.
        ("203.0.113.7", "2001:db8:1:2::7", [false, false, false]),
        ("::203.0.113.7", "203.0.113.7", [false, false, false]),
    ] {
        for (verifier, granted) in [&exact, &narrow, &wide].into_iter().zip(granted_by) {
            let denial = decide(verifier, &format!(r#","ip":"{claim}""#), Some(client), None);
            let expected = (!granted).then_some(Denial::RefusedByHook(OTHER_CLIENT));
            assert_eq!(denial, expected, "{claim} for {client}");
        }
    }
}

#[test]
fn escapes_in_the_claim_are_resolved() {
    let verifier = bound(IpBinding::EXACT);
    for claim in [r"203.0.113.\u0037", r"\u0032\u0030\u0033\u002e\u0030\u002e\u0031\u0031\u0033\u002e\u0037"]
    {
        assert_eq!(decide(&verifier, &format!(r#","ip":"{claim}""#), Some("203.0.113.7"), None), None);
    }
}

#[test]
fn a_claim_that_is_no_address_matches_no_client() {
    for verifier in [bound(IpBinding::EXACT), networks(16, 48)] {
        let long = format!(r#","ip":"{}203.0.113.7""#, "0".repeat(60));
        for claims in [
            "",
            r#","ip":null"#,
            r#","ip":3405803783"#,
            r#","ip":true"#,
            r#","ip":["203.0.113.7"]"#,
            r#","ip":{"v4":"203.0.113.7"}"#,
            r#","ip":"""#,
            r#","ip":"*""#,
            r#","ip":"0.0.0.0/0""#,
            r#","ip":"203.0.113.0/24""#,
            r#","ip":"203.0.113.7:443""#,
            r#","ip":" 203.0.113.7""#,
            r#","ip":"203.0.113.7\u0000""#,
            r#","ip":"203.0.113.07""#,
            r#","ip":"[2001:db8::7]""#,
            r#","ip":"fe80::7%eth0""#,
            r#","ip":"unknown""#,
            r#","IP":"203.0.113.7""#,
            &long,
        ] {
            let denial = decide(&verifier, claims, Some("203.0.113.7"), None);
            assert_eq!(denial, Some(Denial::RefusedByHook(OTHER_CLIENT)), "{claims}");
        }
    }
}

#[test]
fn a_client_that_is_unknown_or_hidden_matches_no_claim() {
    let verifier = bound(IpBinding::EXACT);
    for (name, claim, peer, forwarded, granted) in [
        ("the proxy names the client", "203.0.113.7", Some(PROXY), Some("203.0.113.7"), true),
        (
            "what the client wrote before does not count",
            PROXY,
            Some(PROXY),
            Some("10.0.0.1, 203.0.113.7"),
            false,
        ),
        ("another client behind the proxy", "203.0.113.7", Some(PROXY), Some("203.0.113.8"), false),
        ("the proxy hides the client", PROXY, Some(PROXY), Some("unknown"), false),
        ("the proxy itself", PROXY, Some(PROXY), None, true),
        ("no proxy, which anyone can name", "203.0.113.7", Some("198.51.100.1"), Some("203.0.113.7"), false),
        ("a server that knows no peer", "203.0.113.7", None, Some("203.0.113.7"), false),
        ("a server that knows no peer, no field", "203.0.113.7", None, None, false),
    ] {
        let denial = decide(&verifier, &format!(r#","ip":"{claim}""#), peer, forwarded);
        assert_eq!(denial.is_none(), granted, "{name}: {denial:?}");
    }
}

const GEO_BLOCKED: Refuse = Refuse::new("geo_blocked").status(451);
const BLOCKED_NETWORK: Refuse = Refuse::new("blocked_network");

/// The example of `docs/hooks.md`: some countries, and no network of one operator.
#[test]
fn a_hook_refuses_by_country_and_by_network_from_lookup_tables() {
    let countries = Reader::open_readfile("tests/data/GeoIP2-Country-Test.mmdb").unwrap();
    let networks = Reader::open_readfile("tests/data/GeoLite2-ASN-Test.mmdb").unwrap();
    let verifier = verifier(vod().hook(move |request: &HookRequest<'_>| {
        let client = request.confirmed_client().ok_or(GEO_BLOCKED)?;
        let country =
            countries.lookup(client).and_then(|found| found.decode_path(&path!["country", "iso_code"]));
        if !matches!(country, Ok(Some("SE" | "GB" | "JP"))) {
            return Err(GEO_BLOCKED);
        }
        let network = networks
            .lookup(client)
            .and_then(|found| found.decode_path::<u32>(&path!["autonomous_system_number"]));
        if matches!(network, Ok(Some(29518)) | Err(_)) { Err(BLOCKED_NETWORK) } else { Ok(()) }
    }));
    for (client, refuse) in [
        ("2001:218::1", None),
        ("2.125.160.216", None),
        ("::ffff:2.125.160.216", None),
        ("89.160.20.112", Some(BLOCKED_NETWORK)),
        ("216.160.83.56", Some(GEO_BLOCKED)),
        ("127.0.0.1", Some(GEO_BLOCKED)),
    ] {
        let denial = decide(&verifier, "", Some(client), None);
        assert_eq!(denial, refuse.map(Denial::RefusedByHook), "{client}");
    }
    assert_eq!(decide(&verifier, "", None, None), Some(Denial::RefusedByHook(GEO_BLOCKED)));
    let hidden = decide(&verifier, "", Some(PROXY), Some("unknown"));
    assert_eq!(hidden, Some(Denial::RefusedByHook(GEO_BLOCKED)));
    let behind_proxy = decide(&verifier, "", Some(PROXY), Some("2.125.160.216"));
    assert_eq!(behind_proxy, None);
}
