//! A server with a request type of its own, without the layer: what it has to tell, and what it gets to answer.

mod support;

use std::net::{IpAddr, Ipv4Addr};

use http::Request;
use http::request::Parts;
use playgate::answer::{Answer, Reply, ResponseEdits};
use playgate::cors::Cors;
use playgate::request::{MAX_PATH_LEN, PeerAddr, RequestView, Target, TlsConnection, TrustedProxies};
use playgate::scheme::Carrier;
use playgate::site::{SiteView, UnknownHost};
use playgate::{Decision, Denial, KeyScope, Site, Verifier};
use support::{HOST, TestKey, behind, gate, get, token, vod};

const ORIGIN: &str = "https://app.example.com";

/// What every server knows, and nothing else.
#[derive(Clone, Copy)]
struct Bare<'a> {
    method: &'a str,
    host: &'a str,
    target: &'a str,
}

impl RequestView for Bare<'_> {
    fn method(&self) -> &str {
        self.method
    }

    fn target(&self) -> Target<'_> {
        Target::origin_form(self.target)
    }

    fn hosts(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::once(self.host.as_bytes())
    }
}

/// `GET` on [`HOST`].
fn bare(target: &str) -> Bare<'_> {
    Bare { method: "GET", host: HOST, target }
}

fn answer(decision: &Decision<'_>, request: &impl RequestView) -> Answer {
    match decision.reply(request) {
        Reply::Answer(answer) => answer,
        call @ Reply::Call(..) => panic!("{call:?}"),
    }
}

fn calls(decision: &Decision<'_>, request: &impl RequestView) -> ResponseEdits {
    match decision.reply(request) {
        Reply::Call(_, edits) => edits,
        answer @ Reply::Answer(_) => panic!("{answer:?}"),
    }
}

fn fields(answer: &Answer) -> Vec<(&str, &str)> {
    answer.headers().iter().map(|field| (field.name(), std::str::from_utf8(field.value()).unwrap())).collect()
}

#[test]
fn method_target_and_host_are_enough_for_a_signed_url() {
    let verifier = behind(vod().accept_bearer(true));
    let target = format!("/videos/1/a.ts?auth={}", token("videos/1/"));
    let request = bare(&target);
    let decision = verifier.decide(&request, verifier.now());
    assert_eq!(decision.site().map(SiteView::id), Some(HOST));
    let Decision::Granted(grant) = &decision else { panic!("{decision:?}") };
    assert_eq!(grant.to_owned().scheme().as_str(), "signed-token");
    let edits = calls(&decision, &request);
    assert_eq!(edits.cache_control(std::iter::empty()).as_deref(), Some(&b"private"[..]));
}

#[test]
fn what_a_server_does_not_tell_of_is_absent_and_grants_nothing() {
    let cors = Cors::with_credentials([ORIGIN]);
    let verifier = gate()
        .site(vod().accept_bearer(true).cors(cors))
        .site(Site::bucket("vod").id("tls").host("tls.example.com").require_https())
        .trusted_proxies(["0.0.0.0/0"])
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let denied = |request: Bare<'_>| verifier.decide(&request, verifier.now()).denial();
    assert_eq!(
        denied(bare("/videos/1/a.ts")),
        Some(Denial::CredentialMissing),
        "no cookie, no Authorization"
    );
    let options = Bare { method: "OPTIONS", ..bare("/videos/1/a.ts") };
    assert_eq!(denied(options), Some(Denial::CredentialMissing), "no preflight without its field");
    let tls = Bare { host: "tls.example.com", ..bare("/videos/1/a.ts") };
    assert_eq!(denied(tls), Some(Denial::HttpsRequired), "no peer, no proxy's word, no TLS");

    let request = bare("/videos/1/a.ts");
    let decision = verifier.decide(&request, verifier.now());
    let answer = answer(&decision, &request);
    assert!(fields(&answer).contains(&("vary", "origin")), "no origin, and still it matters: {answer:?}");
    assert!(!fields(&answer).iter().any(|(name, _)| *name == "access-control-allow-origin"), "{answer:?}");
    let proxies = TrustedProxies::parse(["0.0.0.0/0"]).unwrap();
    assert_eq!((proxies.client(&request), proxies.is_https(&request)), (None, false));
}

/// A server that knows its peer and no more.
struct WithPeer(IpAddr);

impl RequestView for WithPeer {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target::origin_form("/a.ts")
    }

    fn hosts(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.0)
    }
}

#[test]
fn a_proxy_that_says_nothing_is_the_client_and_speaks_no_tls() {
    let proxies = TrustedProxies::parse(["10.0.0.0/8", "127.0.0.0/8"]).unwrap();
    for (name, peer, https) in [
        ("a trusted proxy", [10, 0, 0, 1], false),
        ("somebody", [198, 51, 100, 7], false),
        ("a trusted proxy on this machine", [127, 0, 0, 1], false),
    ] {
        let request = WithPeer(peer.into());
        assert_eq!(proxies.client(&request), Some(peer.into()), "{name}");
        assert_eq!(proxies.is_https(&request), https, "{name}");
    }
}

#[test]
fn a_refusal_is_a_whole_answer() {
    const PROBLEM: &str =
        r#"{"title":"Unauthorized","status":401,"code":"malformed_token","detail":"the token is malformed"}"#;
    let verifier = behind(vod());
    for (method, length, body) in [("GET", None, PROBLEM), ("HEAD", Some(PROBLEM.len().to_string()), "")] {
        let request = Bare { method, ..bare("/videos/1/a.ts?auth=a.b") };
        let decision = verifier.decide(&request, verifier.now());
        let Decision::Denied(refusal) = &decision else { panic!("{decision:?}") };
        assert_eq!(refusal.site().map(SiteView::id), Some(HOST));
        assert_eq!(refusal.carrier(), Some(Carrier::Query));
        let answer = answer(&decision, &request);
        assert_eq!((answer.status(), answer.denial()), (401, Some(refusal.denial())), "{method}");
        assert_eq!(std::str::from_utf8(answer.body()).unwrap(), body, "{method}");
        let mut expected = vec![
            ("content-type", "application/problem+json"),
            ("cache-control", "no-store"),
            ("www-authenticate", "Bearer error=\"invalid_token\""),
        ];
        expected.extend(length.as_deref().map(|length| ("content-length", length)));
        assert_eq!(fields(&answer), expected, "{method}");
    }
}

#[test]
fn a_refusal_without_a_credential_has_no_carrier_and_without_a_site_no_site() {
    let verifier = behind(vod());
    let elsewhere = Bare { host: "other.example.com", ..bare("/a.ts") };
    for (request, site) in [(bare("/a.ts"), Some(HOST)), (elsewhere, None)] {
        let decision = verifier.decide(&request, verifier.now());
        assert_eq!(decision.site().map(SiteView::id), site);
        let Decision::Denied(refusal) = &decision else { panic!("{decision:?}") };
        assert_eq!((refusal.carrier(), refusal.claimed_kid()), (None, None));
    }
}

#[test]
fn a_request_outside_of_every_site_is_passed_on_untouched() {
    let verifier = gate().site(vod()).unknown_host(UnknownHost::Pass).build().unwrap();
    let request = Bare { host: "other.example.com", ..bare("/index.html") };
    let decision = verifier.decide(&request, verifier.now());
    assert!(matches!(decision, Decision::Pass(_)) && decision.site().is_none(), "{decision:?}");
    let edits = calls(&decision, &request);
    assert!(edits.is_empty());
    assert!(edits.remove().is_empty());
    assert_eq!(edits.cache_control([&b"public"[..]].into_iter()), None);
    assert_eq!(edits.append().count(), 0);
}

/// What lies outside of a base path is passed on, so no way of reading it may lead inside: whatever its length.
#[test]
fn a_path_that_lacks_its_slash_is_not_passed_around_a_site() {
    let verifier = behind(vod().under("/media/"));
    for length in [20, MAX_PATH_LEN - 1, MAX_PATH_LEN, MAX_PATH_LEN + 1] {
        let target = format!("{:a<length$}", "media/videos/");
        let request = bare(&target);
        let decision = verifier.decide(&request, verifier.now());
        assert!(matches!(decision.denial(), Some(Denial::AmbiguousPath(_))), "{length}: {decision:?}");
    }
}

/// TLS that ends here or at a proxy that may be believed; its refusals have rows of their own in `denials`.
#[test]
fn a_site_for_https_is_open_over_tls_and_behind_a_proxy_that_ends_it() {
    let verifier = gate()
        .site(vod().require_https())
        .trusted_proxies(["10.0.0.0/8"])
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let ask = || get("/videos/1/a.ts").cookie(token("videos/1/"));
    let proto = |value: &str| ask().field("x-forwarded-proto", value);
    for (name, ask, peer, tls, granted) in [
        ("TLS", ask(), [198, 51, 100, 7], true, true),
        ("no TLS", ask(), [198, 51, 100, 7], false, false),
        ("a proxy that ends TLS", proto("https"), [10, 0, 0, 1], false, true),
        ("a proxy that does not", proto("http"), [10, 0, 0, 1], false, false),
        ("a client that says so", proto("https"), [198, 51, 100, 7], false, false),
        ("this machine", ask(), [127, 0, 0, 1], false, true),
    ] {
        let mut request = ask.parsed().unwrap();
        request.extensions_mut().insert(PeerAddr((peer, 40000).into()));
        if tls {
            request.extensions_mut().insert(TlsConnection);
        }
        let decision = verifier.decide(&request, verifier.now());
        let expected = (!granted).then_some(Denial::HttpsRequired);
        assert_eq!(decision.denial(), expected, "{name}");
        assert_eq!(matches!(decision, Decision::Granted(_)), granted, "{name}: {decision:?}");
    }
}

/// All that a view tells, in one value.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    target: Vec<Option<Vec<u8>>>,
    method: String,
    fields: Vec<Vec<Vec<u8>>>,
    origin: Option<Vec<u8>>,
    asks_for_method: bool,
    peer: Option<IpAddr>,
    is_tls: bool,
}

fn told(view: &impl RequestView) -> Told {
    let owned = |bytes: &[u8]| bytes.to_vec();
    let Target { authority, path, query, .. } = view.target();
    Told {
        target: vec![authority.map(owned), Some(owned(path)), query.map(owned)],
        method: view.method().to_owned(),
        fields: vec![
            view.hosts().map(owned).collect(),
            view.authorization().map(owned).collect(),
            view.cookies().map(owned).collect(),
            view.x_forwarded_for().map(owned).collect(),
            view.x_forwarded_proto().map(owned).collect(),
            view.forwarded().map(owned).collect(),
        ],
        origin: view.origin().map(owned),
        asks_for_method: view.asks_for_method(),
        peer: view.peer(),
        is_tls: view.is_tls(),
    }
}

/// Middleware and extractors hold `Parts`; what they decide must be what the layer decides.
#[test]
fn the_parts_of_a_request_tell_what_the_request_tells() {
    let mut request = Request::builder()
        .method("OPTIONS")
        .uri("http://cdn.example.com:8080/videos/1/a.ts?auth=x")
        .body(())
        .unwrap();
    for (number, name) in [
        "host",
        "authorization",
        "cookie",
        "x-forwarded-for",
        "x-forwarded-proto",
        "forwarded",
        "host",
        "authorization",
        "cookie",
        "origin",
        "access-control-request-method",
    ]
    .into_iter()
    .enumerate()
    {
        request.headers_mut().append(name, format!("{name}-{number}").parse().unwrap());
    }
    request.extensions_mut().insert(PeerAddr(([198, 51, 100, 7], 40000).into()));
    request.extensions_mut().insert(TlsConnection);
    let expected = {
        let list = |values: &[&str]| values.iter().map(|value| value.as_bytes().to_vec()).collect();
        Told {
            target: ["cdn.example.com:8080", "/videos/1/a.ts", "auth=x"]
                .map(|text| Some(text.as_bytes().to_vec()))
                .to_vec(),
            method: "OPTIONS".to_owned(),
            fields: vec![
                list(&["host-0", "host-6"]),
                list(&["authorization-1", "authorization-7"]),
                list(&["cookie-2", "cookie-8"]),
                list(&["x-forwarded-for-3"]),
                list(&["x-forwarded-proto-4"]),
                list(&["forwarded-5"]),
            ],
            origin: Some(b"origin-9".to_vec()),
            asks_for_method: true,
            peer: Some(Ipv4Addr::new(198, 51, 100, 7).into()),
            is_tls: true,
        }
    };
    assert_eq!(told(&request), expected);
    assert_eq!(told(&request.into_parts().0), expected);

    let (mut parts, ()) = Request::new(()).into_parts();
    let nothing = told(&parts);
    assert_eq!(nothing.fields, vec![Vec::<Vec<u8>>::new(); 6]);
    assert_eq!((nothing.origin, nothing.asks_for_method), (None, false));
    assert_eq!((nothing.peer, nothing.is_tls), (None, false));
    parts.headers.append("origin", "https://a.example".parse().unwrap());
    parts.headers.append("origin", "https://b.example".parse().unwrap());
    assert_eq!(told(&parts).origin, None, "two origins are none");
}

#[test]
fn parts_are_decided_as_their_request_is() {
    let verifier = behind(vod());
    let denial = |verifier: &Verifier, parts: &Parts| verifier.decide(parts, verifier.now()).denial();
    for (ask, expected) in [
        (get("/videos/1/a.ts").cookie(token("videos/1/")), None),
        (get("/videos/1/a.ts").cookie(token("videos/2/")), Some(Denial::OutOfScope)),
        (get("/videos/1/a.ts"), Some(Denial::CredentialMissing)),
    ] {
        let request = ask.parsed().unwrap();
        assert_eq!(verifier.decide(&request, verifier.now()).denial(), expected);
        assert_eq!(denial(&verifier, &request.into_parts().0), expected);
    }
}

#[test]
fn a_target_shows_no_query() {
    let shown = format!("{:?}", bare("/videos/1/a.ts?auth=eyJhbGciOiJSUzI1NiJ9").target());
    assert!(
        shown.contains("/videos/1/a.ts") && !shown.contains("eyJ") && !shown.contains("auth="),
        "{shown}"
    );
}
