//! A server with a request type of its own, without the layer: what it has to tell, and what it gets to answer.

mod replies;

use std::net::{IpAddr, Ipv4Addr};

use crate::support::{HOST, TestKey, behind, gate, get, token, vod};
use http::request::Parts;
use http::{HeaderMap, Request};
use playgate::answer::{Answer, Reply, ResponseEdits};
use playgate::cors::Cors;
use playgate::request::{
    MAX_FIELD_LINES, MAX_PATH_LEN, PeerAddr, RequestView, Target, TlsConnection, TrustedProxies,
};
use playgate::schemes::Carrier;
use playgate::site::{SiteView, UnknownHost};
use playgate::{Decision, Denial, KeyScope, Site, Verifier};

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

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (name == "host" && nth == 0).then_some(self.host.as_bytes())
    }
}

/// `GET` on [`HOST`].
fn bare(target: &str) -> Bare<'_> {
    Bare { method: "GET", host: HOST, target }
}

fn answer(decision: &Decision<'_>, request: &impl RequestView) -> Answer {
    match decision.reply(request) {
        Ok(Reply::Answer(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

/// The edits of the response, once `edited` is edited for the inner service.
fn calls(decision: &Decision<'_>, request: &impl RequestView, edited: &mut Request<()>) -> ResponseEdits {
    decision.reply(request).unwrap().apply(edited).unwrap()
}

fn fields(answer: &Answer) -> Vec<(&str, &str)> {
    answer.headers().iter().map(|field| (field.name(), std::str::from_utf8(field.value()).unwrap())).collect()
}

#[test]
fn method_target_and_host_are_enough_for_a_signed_url() {
    let verifier = behind(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]));
    let target = format!("/videos/1/a.ts?auth={}", token("videos/1/"));
    let request = bare(&target);
    let decision = verifier.decide(&request, verifier.now());
    assert_eq!(decision.site().map(SiteView::id), Some(HOST));
    let Decision::Granted(grant) = &decision else { panic!("{decision:?}") };
    assert_eq!(grant.to_owned().scheme().as_str(), "signed-token");
    let mut fields = HeaderMap::new();
    let _ = calls(&decision, &request, &mut Request::new(())).apply_to(200, &mut fields, ());
    assert_eq!(fields["cache-control"], "private");
}

#[test]
fn what_a_server_does_not_tell_of_is_absent_and_grants_nothing() {
    let cors = Cors::with_credentials([ORIGIN]);
    let verifier = gate()
        .site(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]).cors(cors))
        .site(Site::bucket("vod").id("tls").host("tls.example.com").require_https(true))
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

    fn field(&self, _: &str, _: usize) -> Option<&[u8]> {
        None
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
    let mut edited =
        Request::get("/index.html?auth=x").header("cookie", "Qencode-Auth-Token=x").body(()).unwrap();
    let (sent, mut fields) = (edited.headers().clone(), HeaderMap::new());
    fields.insert("cache-control", "public".parse().unwrap());
    let said = fields.clone();
    let edits = calls(&decision, &request, &mut edited);
    assert!(edits.is_empty());
    let _ = edits.apply_to(200, &mut fields, ());
    assert_eq!((edited.uri().to_string().as_str(), edited.headers()), ("/index.html?auth=x", &sent));
    assert_eq!(fields, said);
}

/// What lies outside of a base path is passed on, so no way of reading it may lead inside: whatever its length.
#[test]
fn a_path_that_lacks_its_slash_is_not_passed_around_a_site() {
    let verifier = behind(vod().base_path("/media/"));
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
        .site(vod().require_https(true))
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

/// Every answer of a view, for the field names given.
fn told(view: &dyn RequestView, names: &[&str]) -> Vec<String> {
    let shown = |text: Option<&[u8]>| format!("{:?}", text.map(|text| text.escape_ascii().to_string()));
    let Target { authority, path, query, .. } = view.target();
    let mut told = vec![
        view.method().to_owned(),
        [authority, Some(path), query].map(shown).join(" "),
        format!("{:?} {}", view.peer(), view.is_tls()),
    ];
    told.extend(names.iter().map(|name| [0, 1, 2].map(|nth| shown(view.field(name, nth))).join(" ")));
    told
}

/// Middleware and extractors hold `Parts`; what they decide must be what the layer decides.
#[test]
fn the_parts_of_a_request_tell_what_the_request_tells() {
    // Every field that a decision reads, and one that it does not know.
    let names = [
        "access-control-request-method",
        "authorization",
        "cookie",
        "forwarded",
        "host",
        "origin",
        "referer",
        "sec-fetch-dest",
        "sec-fetch-site",
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-own",
    ];
    let mut request = Request::builder()
        .method("OPTIONS")
        .uri("http://cdn.example.com:8080/videos/1/a.ts?auth=x")
        .body(())
        .unwrap();
    for name in names {
        for number in 0..2 {
            request.headers_mut().append(name, format!("{name}-{number}").parse().unwrap());
        }
    }
    request.extensions_mut().insert(PeerAddr(([198, 51, 100, 7], 40000).into()));
    request.extensions_mut().insert(TlsConnection);
    let mut expected = vec![
        "OPTIONS".to_owned(),
        r#"Some("cdn.example.com:8080") Some("/videos/1/a.ts") Some("auth=x")"#.to_owned(),
        "Some(198.51.100.7) true".to_owned(),
    ];
    expected.extend(names.map(|name| format!(r#"Some("{name}-0") Some("{name}-1") None"#)));
    assert_eq!(told(&request, &names), expected);
    assert_eq!(told(&request.into_parts().0, &names), expected);

    let (parts, ()) = Request::new(()).into_parts();
    let nothing = told(&parts, &names);
    assert_eq!(nothing[2], "None false");
    assert!(nothing[3..].iter().all(|field| field == "None None None"), "{nothing:?}");
}

/// A server may keep its requests behind a pointer, and hooks receive them so.
#[test]
fn a_request_behind_a_pointer_is_decided_as_the_request_itself() {
    let verifier = behind(vod());
    for target in [format!("/videos/1/a.ts?auth={}", token("videos/1/")), "/videos/1/a.ts".to_owned()] {
        let request = bare(&target);
        let pointer: &dyn RequestView = &request;
        let (itself, behind) =
            (verifier.decide(&request, verifier.now()), verifier.decide(&pointer, verifier.now()));
        assert_eq!(itself.denial(), behind.denial());
        assert_eq!(itself.denial().is_none(), target.contains("auth="));
        assert!(matches!(
            (itself.reply(&request), behind.reply(pointer)),
            (Ok(Reply::Call(_)), Ok(Reply::Call(_))) | (Ok(Reply::Answer(_)), Ok(Reply::Answer(_)))
        ));
    }
}

/// A client may send each cookie in a line of its own; lines beyond the bound open nothing.
#[test]
fn a_cookie_in_any_of_256_lines_is_found_and_no_further_line_is_read() {
    let verifier = behind(vod());
    for (before, expected) in
        [(0, None), (MAX_FIELD_LINES - 1, None), (MAX_FIELD_LINES, Some(Denial::CredentialMissing))]
    {
        let mut request = get("/videos/1/a.ts");
        for number in 0..before {
            request = request.field("cookie", format!("c{number}=x"));
        }
        let request =
            request.field("cookie", format!("Qencode-Auth-Token={}", token("videos/1/"))).parsed().unwrap();
        assert_eq!(verifier.decide(&request, verifier.now()).denial(), expected, "{before}");
    }
}

/// What a proxy wrote stands in the last line, and may be beyond the bound.
#[test]
fn more_lines_of_a_proxys_field_than_are_read_name_neither_client_nor_protocol() {
    let proxies = TrustedProxies::parse(["10.0.0.0/8"]).unwrap();
    for (count, known) in [(MAX_FIELD_LINES, true), (MAX_FIELD_LINES + 1, false)] {
        for (name, field, value) in
            [("list", "x-forwarded-for", "203.0.113.9"), ("standard", "forwarded", "for=203.0.113.9")]
        {
            let mut request = Request::new(());
            request.extensions_mut().insert(PeerAddr(([10, 0, 0, 1], 40000).into()));
            for _ in 0..count {
                request.headers_mut().append(field, value.parse().unwrap());
            }
            let client = Ipv4Addr::new(203, 0, 113, 9).into();
            assert_eq!(proxies.confirmed_client(&request), known.then_some(client), "{name} {count}");
        }
        for (field, value) in [("x-forwarded-proto", "https"), ("forwarded", "proto=https")] {
            let mut request = Request::new(());
            request.extensions_mut().insert(PeerAddr(([10, 0, 0, 1], 40000).into()));
            for _ in 0..count {
                request.headers_mut().append(field, value.parse().unwrap());
            }
            assert_eq!(proxies.is_https(&request), known, "{field} {count}");
        }
    }
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
