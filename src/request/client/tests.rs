use super::*;
use crate::request::Target;

#[derive(Default)]
struct Told<'a> {
    peer: Option<&'a str>,
    x_forwarded_for: &'a [&'a str],
    forwarded: &'a [&'a str],
    proto: &'a [&'a str],
    tls: bool,
}

impl RequestView for Told<'_> {
    fn method(&self) -> &'static str {
        "GET"
    }
    fn target(&self) -> Target<'_> {
        Target::origin_form("/")
    }
    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        let lines = match name {
            "x-forwarded-for" => self.x_forwarded_for,
            "forwarded" => self.forwarded,
            "x-forwarded-proto" => self.proto,
            _ => &[],
        };
        lines.get(nth).map(|line| line.as_bytes())
    }
    fn peer(&self) -> Option<IpAddr> {
        self.peer.map(|peer| peer.parse().unwrap())
    }
    fn is_tls(&self) -> bool {
        self.tls
    }
}

fn proxies() -> TrustedProxies {
    TrustedProxies::parse(["10.0.0.0/8", "127.0.0.1", "2001:db8::/32"]).unwrap()
}

fn client(told: &Told<'_>) -> Option<String> {
    proxies().client(told).map(|address| address.to_string())
}

fn confirmed(told: &Told<'_>) -> Option<String> {
    proxies().confirmed_client(told).map(|address| address.to_string())
}

#[test]
fn a_peer_that_is_no_trusted_proxy_is_the_client_whatever_it_says() {
    let told = Told {
        peer: Some("203.0.113.9"),
        x_forwarded_for: &["198.51.100.1"],
        forwarded: &["for=198.51.100.1"],
        ..Told::default()
    };
    assert_eq!(client(&told).as_deref(), Some("203.0.113.9"));
    assert_eq!(client(&Told::default()), None);
    assert_eq!(TrustedProxies::default().client(&told).unwrap().to_string(), "203.0.113.9");
}

#[test]
fn the_client_is_the_right_most_untrusted_entry() {
    for (fields, expected) in [
        (&["198.51.100.1"][..], Some("198.51.100.1")),
        (&["6.6.6.6, 198.51.100.1"], Some("198.51.100.1")),
        (&["6.6.6.6, 198.51.100.1, 10.1.1.1"], Some("198.51.100.1")),
        (&["6.6.6.6", "198.51.100.1", "10.1.1.1, 10.2.2.2"], Some("198.51.100.1")),
        (&["10.1.1.1, 10.2.2.2"], Some("10.1.1.1")),
        (&["198.51.100.1:4711"], Some("198.51.100.1")),
        (&["2a00::1"], Some("2a00::1")),
        (&["[2a00::1]:4711, 2001:db8::5"], Some("2a00::1")),
        (&["::ffff:198.51.100.1"], Some("198.51.100.1")),
        (&["198.51.100.1\t"], Some("198.51.100.1")),
        (&["  6.6.6.6  ,  198.51.100.1  "], Some("198.51.100.1")),
        (&["fe80::7%eth0"], Some("fe80::7")),
        (&["[fe80::7%25eth0]:80"], Some("fe80::7")),
        (&["[2a00::1]"], Some("2a00::1")),
        (&[], Some("10.0.0.1")),
        (&[""], Some("10.0.0.1")),
        (&["", " "], Some("10.0.0.1")),
        (&["", "198.51.100.1"], Some("198.51.100.1")),
    ] {
        let told = Told { peer: Some("10.0.0.1"), x_forwarded_for: fields, ..Told::default() };
        assert_eq!(client(&told).as_deref(), expected, "{fields:?}");
        assert_eq!(confirmed(&told).as_deref(), expected, "{fields:?}");
    }
}

/// Text from a client is to the left of the trusted proxy's entry. None of its bytes may change the meaning of that entry.
#[test]
fn nothing_to_the_left_of_a_trusted_entry_changes_the_client() {
    for spoofed in [
        "\"",
        "\"x",
        "'",
        "\\",
        "\\\"",
        "for=\"",
        "for=\"[",
        "a;b=\"",
        "unknown",
        ",",
        ",,",
        " ",
        ";",
        "=",
        "\"\"\"",
        "6.6.6.6;host=\"",
        "for=6.6.6.6;host=\"",
        "[",
        "]",
        "for=\"\\\"",
    ] {
        let listed = format!("{spoofed}, 198.51.100.1, 10.1.1.1");
        let standard = format!("{spoofed}, for=198.51.100.1;host=\"a,b;c\", for=\"10.1.1.1:80\"");
        for (name, x_forwarded_for, forwarded) in [
            ("X-Forwarded-For", &[listed.as_str()][..], &[][..]),
            ("X-Forwarded-For in two fields", &[spoofed, "198.51.100.1"], &[]),
            ("Forwarded", &[], &[standard.as_str()]),
            ("Forwarded in two fields", &[], &[spoofed, "for=198.51.100.1"]),
            ("both", &[listed.as_str()], &[standard.as_str()]),
        ] {
            let told = Told { peer: Some("10.0.0.1"), x_forwarded_for, forwarded, ..Told::default() };
            assert_eq!(client(&told).as_deref(), Some("198.51.100.1"), "{name} after {spoofed:?}");
            assert_eq!(confirmed(&told).as_deref(), Some("198.51.100.1"), "{name} after {spoofed:?}");
        }
    }
}

/// The client is then the nearest known hop, by which limits count. No credential that is bound to an address is accepted for it.
#[test]
fn an_entry_that_is_no_address_ends_the_way_at_the_nearest_known_hop() {
    for (x_forwarded_for, forwarded, nearest) in [
        (&["198.51.100.1, unknown"][..], &[][..], "10.0.0.1"),
        (&["198.51.100.1, garbage"], &[], "10.0.0.1"),
        (&["198.51.100.1, \""], &[], "10.0.0.1"),
        (&["198.51.100.1, \"203.0.113.5\""], &[], "10.0.0.1"),
        (&["198.51.100.1, unknown, 10.1.1.1"], &[], "10.1.1.1"),
        (&["198.51.100.1, unknown", "10.1.1.1", "10.2.2.2"], &[], "10.1.1.1"),
        (&["198.51.100.1, "], &[], "10.0.0.1"),
        (&[" , "], &[], "10.0.0.1"),
        (&["198.51.100.1", ""], &[], "10.0.0.1"),
        (&["198.51.100.1:99999"], &[], "10.0.0.1"),
        (&["198.51.100.1:"], &[], "10.0.0.1"),
        (&["[198.51.100.1"], &[], "10.0.0.1"),
        (&["198.51.100.1 203.0.113.5"], &[], "10.0.0.1"),
        (&["198.51.100.1, 10.1.1.1;"], &[], "10.0.0.1"),
        (&["0198.051.0100.01"], &[], "10.0.0.1"),
        (&[], &["for=unknown"], "10.0.0.1"),
        (&[], &["for=_hidden"], "10.0.0.1"),
        (&[], &["for=198.51.100.1, for=_hidden"], "10.0.0.1"),
        (&[], &["for=198.51.100.1, for=unknown, for=10.1.1.1"], "10.1.1.1"),
        (&[], &["for=198.51.100.1, proto=https"], "10.0.0.1"),
        (&[], &["for=198.51.100.1, "], "10.0.0.1"),
        (&[], &["for=198.51.100.1;for=203.0.113.5"], "10.0.0.1"),
        (&[], &["for=\"198.51.100.1"], "10.0.0.1"),
        (&["198.51.100.1"], &["for=unknown"], "10.0.0.1"),
        (&["198.51.100.1"], &["for=6.6.6.6"], "10.0.0.1"),
        (&["\""], &["for=198.51.100.1"], "10.0.0.1"),
        (&["198.51.100.1, 10.1.1.1"], &["for=6.6.6.6, for=10.1.1.1"], "10.0.0.1"),
    ] {
        let told = Told { peer: Some("10.0.0.1"), x_forwarded_for, forwarded, ..Told::default() };
        assert_eq!(client(&told).as_deref(), Some(nearest), "{x_forwarded_for:?} {forwarded:?}");
        assert_eq!(confirmed(&told), None, "{x_forwarded_for:?} {forwarded:?}");
    }
}

#[test]
fn forwarded_is_read_as_rfc_7239_writes_it() {
    for (field, expected) in [
        ("for=198.51.100.1", Some("198.51.100.1")),
        ("For=\"198.51.100.1:80\";proto=https;by=10.0.0.1", Some("198.51.100.1")),
        ("for=6.6.6.6, for=\"[2a00::1]:80\", for=10.1.1.1", Some("2a00::1")),
        ("proto=https;for=\"[2a00::1]\"", Some("2a00::1")),
        ("by=10.1.1.1", Some("10.0.0.1")),
        ("for=198.51.100.1;host=\"a;for=6.6.6.6\"", Some("198.51.100.1")),
        ("host=\"a;for=6.6.6.6,for=6.6.6.6\";for=198.51.100.1", Some("198.51.100.1")),
        ("for=198.51.100.1;host=\"a\\\", for=6.6.6.6;x=\\\"\"", Some("198.51.100.1")),
        ("for=\"198.51.100.1:_http\"", Some("198.51.100.1")),
        ("for=\"[2a00::1]:_http\"", Some("2a00::1")),
    ] {
        let told = Told { peer: Some("10.0.0.1"), forwarded: &[field], ..Told::default() };
        assert_eq!(client(&told).as_deref(), expected, "{field}");
        assert_eq!(confirmed(&told).as_deref(), expected, "{field}");
    }
}

#[test]
fn two_headers_that_disagree_confirm_nobody() {
    let told = |forwarded| Told {
        peer: Some("::ffff:10.0.0.1"),
        x_forwarded_for: &["198.51.100.1"],
        forwarded,
        ..Told::default()
    };
    assert_eq!(client(&told(&["for=198.51.100.1"])).as_deref(), Some("198.51.100.1"));
    assert_eq!(client(&told(&["for=6.6.6.6"])).as_deref(), Some("10.0.0.1"));
    assert_eq!(confirmed(&told(&["for=6.6.6.6"])), None);
    let only_proto = ["proto=https;host=cdn.example.com"];
    assert_eq!(confirmed(&told(&only_proto)).as_deref(), Some("198.51.100.1"), "it speaks of no client");
}

#[test]
fn https_is_believed_of_the_connection_and_of_trusted_proxies() {
    let https = |told: &Told<'_>| proxies().is_https(told);
    let from = |peer| Told { peer: Some(peer), ..Told::default() };
    assert!(https(&Told { tls: true, ..from("203.0.113.9") }));
    assert!(!https(&from("203.0.113.9")));
    assert!(!https(&Told { proto: &["https"], ..from("203.0.113.9") }), "anybody can say so");
    assert!(https(&Told { proto: &["https"], ..from("10.0.0.1") }));
    assert!(https(&Told { proto: &["http", "HTTPS"], ..from("10.0.0.1") }), "the nearest proxy counts");
    assert!(!https(&Told { proto: &["https, http"], ..from("10.0.0.1") }));
    assert!(https(&Told { forwarded: &["for=1.2.3.4;proto=https"], ..from("10.0.0.1") }));
    assert!(!https(&Told { forwarded: &["proto=http"], proto: &["https"], ..from("10.0.0.1") }));
    assert!(!https(&from("10.0.0.1")), "a trusted proxy that does not say so");
    assert!(!https(&Told { proto: &["https", "http"], ..from("10.0.0.1") }));
    assert!(!https(&Told { proto: &["https, "], ..from("10.0.0.1") }), "the nearest proxy said nothing");
    assert!(!https(&Told { proto: &["https", ""], ..from("10.0.0.1") }), "the nearest proxy said nothing");
    assert!(!https(&Told { proto: &["\", http"], ..from("10.0.0.1") }));
    assert!(https(&Told { proto: &["\", https"], ..from("10.0.0.1") }), "X-Forwarded-Proto has no quoting");
    assert!(!https(&Told { forwarded: &["proto=https;x=\", proto=http"], ..from("10.0.0.1") }));
    assert!(!https(&Told { forwarded: &["proto=https, for=1.2.3.4"], ..from("10.0.0.1") }));
    assert!(
        !https(&Told { forwarded: &["proto=http;proto=https"], ..from("10.0.0.1") }),
        "it says two things"
    );
    assert!(!https(&Told::default()));
}

/// Nobody can intercept traffic within the machine, but a proxy on the machine forwards for clients elsewhere.
#[test]
fn only_a_direct_peer_on_this_machine_needs_no_tls() {
    let direct = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
    for peer in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        let from = |told: Told<'static>| Told { peer: Some(peer), ..told };
        assert!(direct.is_https(&from(Told::default())), "{peer}: a client on this machine");
        for (name, told) in [
            ("X-Forwarded-For", Told { x_forwarded_for: &["198.51.100.1"], ..Told::default() }),
            ("an empty X-Forwarded-For", Told { x_forwarded_for: &[""], ..Told::default() }),
            ("X-Forwarded-Proto", Told { proto: &["https"], ..Told::default() }),
            ("Forwarded", Told { forwarded: &["for=198.51.100.1;proto=https"], ..Told::default() }),
        ] {
            assert!(!direct.is_https(&from(told)), "{peer}: a proxy that is not trusted, by {name}");
        }
        let proxies = TrustedProxies::parse(["127.0.0.0/8", "::1"]).unwrap();
        assert!(!proxies.is_https(&from(Told::default())), "{peer}: a trusted proxy that says nothing");
        assert!(proxies.is_https(&from(Told { proto: &["https"], ..Told::default() })), "{peer}");
        assert!(!proxies.is_https(&from(Told { proto: &["http"], ..Told::default() })), "{peer}");
    }
    for peer in ["10.0.0.1", "192.168.0.1", "::", "0.0.0.0", "fe80::1", "::127.0.0.1"] {
        assert!(
            !direct.is_https(&Told { peer: Some(peer), ..Told::default() }),
            "{peer} is not this machine"
        );
    }
    assert!(!direct.is_https(&Told::default()), "a Unix socket, or a server that does not know its peers");
}

#[test]
fn a_network_that_is_none_is_refused_with_the_remedy() {
    for (text, write) in
        [("10.0.0.1/8", "10.0.0.0/8"), ("proxy", "10.0.0.0/8"), ("10.0.0.0/33", "10.0.0.0/8"), ("", "10")]
    {
        let error = TrustedProxies::parse([text]).unwrap_err().to_string();
        assert!(error.contains(&format!("{text:?}")) && error.contains(write), "{error}");
    }
}

#[test]
fn a_network_of_ipv6_is_one_client_and_an_ipv4_address_is_the_same_in_either_spelling() {
    for (name, one, other, same) in [
        ("one /64", "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true),
        ("two /64", "2001:db8:1:2::1", "2001:db8:1:3::1", false),
        ("IPv4 within IPv6", "192.0.2.7", "::ffff:192.0.2.7", true),
        ("neighbours", "192.0.2.7", "192.0.2.8", false),
        ("IPv4, and IPv6 with its bits", "192.0.2.7", "0:0:c000:207::", false),
    ] {
        let [one, other] = [one, other].map(|text| Network::of(text.parse().unwrap()));
        assert_eq!(one == other, same, "{name}");
    }
}
