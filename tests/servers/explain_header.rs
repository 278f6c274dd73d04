//! The header `x-playgate-explain`: who receives the explanation of a decision, and what the response then has.

use std::time::Duration;

use crate::support::{Answer, Ask, NOW, TestKey, World, at, encode, get, lines_about, token, vod};
use futures_util::FutureExt as _;
use http::Request;
use playgate::answer::Reply;
use playgate::cors::Cors;
use playgate::explain::MAX_LINE;
use playgate::rate::{FailedSignatures, Rate};
use playgate::request::PeerAddr;
use playgate::revocation::Revocation;
use playgate::schemes::Scheme;
use playgate::schemes::embed::EmbedDraft;
use playgate::site::{ExplainHeader, Outside};
use playgate::verifier::VerifierBuilder;
use playgate::{Decision, KeyScope, Site, Verifier};
use serde_json::Value;

const HEADER: &str = "x-playgate-explain";
const PATH: &str = "/videos/1/a.ts";
const APP: &str = "https://app.example.com";

/// The bucket `vod`, whose key is RSA, and the bucket `other` of another tenant, whose key is P-256. The doors are compared, so
/// no token is remembered.
fn builder() -> VerifierBuilder {
    at(NOW)
        .outside(Outside::Pass)
        .token_cache(0)
        .site(vod().public_paths(["posters/"]).cors(Cors::with_credentials([APP])))
        .site(Site::bucket("other").host("other.example.com"))
        .site(Site::bucket("shadow").host("shadow.example.com").base_path("/media/"))
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .key(TestKey::P256.key(KeyScope::bucket("other")))
}

/// The tests come from this machine.
fn listed() -> ExplainHeader {
    ExplainHeader::new().clients(["127.0.0.0/8", "::1"])
}

async fn for_listed() -> World {
    World::start(builder().explain_header(listed()).build().unwrap()).await
}

async fn for_tokens() -> World {
    World::start(builder().explain_header(ExplainHeader::new().tokens(true)).build().unwrap()).await
}

fn debug_claims(lifetime: i64) -> String {
    format!(r#"{{"aud":"playgate-explain","exp":{}}}"#, NOW + lifetime)
}

/// A debug token of this key, valid for ten minutes.
fn debug_token(key: TestKey) -> String {
    key.token(&debug_claims(600))
}

fn asking(ask: Ask) -> Ask {
    ask.field(HEADER, "1")
}

/// Returns the explanation in a response, which has to be private.
fn explanation(answer: &Answer) -> Value {
    let line = answer.field(HEADER).unwrap_or_else(|| panic!("no explanation: {answer:?}"));
    assert!(line.len() <= MAX_LINE && line.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{line}");
    let caches = answer.field("cache-control").unwrap();
    assert!(caches.contains("private") || caches.contains("no-store"), "{caches}");
    serde_json::from_str(line).unwrap()
}

fn outcome(answer: &Answer) -> String {
    let explanation = explanation(answer);
    let text = |name: &str| explanation[name].as_str().unwrap_or_default().to_owned();
    format!("{} {}", text("outcome"), text("code")).trim().to_owned()
}

fn requests() -> Vec<(&'static str, Ask, &'static str, &'static str)> {
    let old = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","exp":{NOW}}}"#));
    let preflight = get(PATH).method("OPTIONS").origin(APP).field("access-control-request-method", "GET");
    vec![
        ("granted", get(PATH).query(token("videos/1/")), "200", "granted"),
        ("nothing", get(PATH), "401 credential_missing", "denied credential_missing"),
        ("expired", get(PATH).query(old), "401 expired", "denied expired"),
        ("public", get("/posters/1.jpg"), "200", "public"),
        ("preflight", preflight, "204", "preflight"),
        ("unknown host", get(PATH).host("x.example.com"), "421 unknown_host", "denied unknown_host"),
        ("outside", get("/page").host("shadow.example.com"), "200", "passed"),
        ("ambiguous path", get("/videos/../a"), "400 ambiguous_path", "denied ambiguous_path"),
        ("head", get(PATH).method("HEAD"), "401", "denied credential_missing"),
    ]
}

#[tokio::test]
async fn by_default_no_response_has_an_explanation_and_the_header_passes() {
    let world = World::start(builder().build().unwrap()).await;
    for (name, ask, verdict, _) in requests() {
        let answer = world.ask(&asking(ask)).await;
        assert_eq!((answer.verdict(), answer.field(HEADER)), (verdict.to_owned(), None), "{name}");
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(body.contains(HEADER), answer.is_inner() && !answer.body.is_empty(), "{name}: {body}");
    }
}

#[tokio::test]
async fn every_response_to_a_listed_client_that_asks_has_the_explanation_of_its_decision() {
    let world = for_listed().await;
    for (name, ask, verdict, explained) in requests() {
        let without = world.ask(&ask).await;
        assert_eq!((without.verdict(), without.field(HEADER)), (verdict.to_owned(), None), "{name}");
        let answer = world.ask(&asking(ask)).await;
        assert_eq!(
            (answer.verdict(), outcome(&answer)),
            (verdict.to_owned(), explained.to_owned()),
            "{name}"
        );
        assert_eq!(
            answer.field("access-control-expose-headers"),
            without.field("access-control-expose-headers")
        );
        assert!(!answer.fields("access-control-expose-headers").join(",").contains("explain"), "{name}");
    }
}

#[tokio::test]
async fn the_inner_service_receives_the_header_in_no_spelling() {
    for world in [for_listed().await, for_tokens().await] {
        for name in ["x-playgate-explain", "X-Playgate-Explain", "X_PLAYGATE_EXPLAIN", "x-playgate_explain"] {
            for ask in [get("/posters/1.jpg"), get("/page").host("shadow.example.com")] {
                let answer =
                    world.ask(&ask.field(name, debug_token(TestKey::Rsa)).field("x-other", "1")).await;
                let body = String::from_utf8_lossy(&answer.body);
                assert!(
                    body.contains("x-other") && !body.to_lowercase().contains("explain"),
                    "{name}: {body}"
                );
            }
        }
    }
}

#[tokio::test]
async fn behind_a_trusted_proxy_the_clients_own_address_decides() {
    let readers = ExplainHeader::new().clients(["203.0.113.0/24", "2001:db8:1::/48"]);
    let builder = builder().trusted_proxies(["127.0.0.1", "10.0.0.0/8"]).explain_header(readers);
    let world = World::start(builder.build().unwrap()).await;
    for (forwarded, is_listed) in [
        (Some("203.0.113.7"), true),
        (Some("203.0.113.7, 10.0.0.1"), true),
        (Some("::ffff:203.0.113.7"), true),
        (Some("2001:db8:1::5"), true),
        (Some("2001:db8:2::5"), false),
        (Some("198.51.100.1"), false),
        (Some("203.0.113.7, 198.51.100.1"), false),
        (Some("203.0.113.7, unknown"), false),
        (Some("unknown"), false),
        (None, false),
    ] {
        let mut ask = asking(get(PATH));
        if let Some(forwarded) = forwarded {
            ask = ask.field("x-forwarded-for", forwarded);
        }
        let answer = world.ask(&ask).await;
        assert_eq!(answer.field(HEADER).is_some(), is_listed, "{forwarded:?}");
    }
}

#[tokio::test]
async fn a_client_that_is_not_listed_gets_the_same_response_as_without_the_header() {
    let readers = ExplainHeader::new().clients(["203.0.113.0/24"]);
    let world = World::start(builder().explain_header(readers).build().unwrap()).await;
    for (name, ask, ..) in requests() {
        let forged = ask.clone().field("x-forwarded-for", "203.0.113.7").field(HEADER, "1");
        let (without, with) = (world.ask(&ask).await, world.ask(&asking(ask)).await);
        assert_eq!(without.essence(), with.essence(), "{name}");
        assert_eq!(world.ask(&forged).await.field(HEADER), None, "{name}");
        let token = world.ask(&forged.field(HEADER, debug_token(TestKey::Rsa))).await;
        assert_eq!(token.field(HEADER), None, "{name}: tokens are off");
    }
}

#[tokio::test]
async fn a_debug_token_explains_the_requests_that_its_key_may_sign_for() {
    let world = for_tokens().await;
    for (name, ask, verdict, explained) in requests() {
        let answer = world.ask(&ask.field(HEADER, debug_token(TestKey::Rsa))).await;
        assert_eq!(answer.verdict(), verdict, "{name}");
        if matches!(name, "unknown host" | "outside" | "ambiguous path") {
            assert_eq!(answer.field(HEADER), None, "{name}: no key is for it");
        } else {
            assert_eq!(outcome(&answer), explained, "{name}");
        }
    }
    let other = get(PATH).host("other.example.com");
    for (key, ask, is_explained) in [
        (TestKey::Rsa, get(PATH), true),
        (TestKey::P256, get(PATH), false),
        (TestKey::P256, other.clone(), true),
        (TestKey::Rsa, other, false),
    ] {
        let answer = world.ask(&ask.field(HEADER, debug_token(key))).await;
        assert_eq!(answer.field(HEADER).is_some(), is_explained, "{key:?} {answer:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_no_debug_token_explains_nothing() {
    let world = for_tokens().await;
    world.verifier.revoke(Revocation::token("gone")).await.unwrap();
    let good = debug_token(TestKey::Rsa);
    assert_eq!(outcome(&world.ask(&get(PATH).field(HEADER, &good)).await), "denied credential_missing");
    let claims = |rest: &str| format!(r#"{{"aud":"playgate-explain",{rest}}}"#);
    let soon = NOW + 600;
    let tokens = [
        ("expired", TestKey::Rsa.token(&debug_claims(0))),
        ("expired long ago", TestKey::Rsa.token(&debug_claims(-86_400))),
        ("a second too far ahead", TestKey::Rsa.token(&debug_claims(3601))),
        ("in milliseconds", TestKey::Rsa.token(&debug_claims(NOW * 1000))),
        ("without an expiry", TestKey::Rsa.token(r#"{"aud":"playgate-explain"}"#)),
        ("with an expiry as text", TestKey::Rsa.token(&claims(&format!(r#""exp":"{soon}""#)))),
        ("not valid yet", TestKey::Rsa.token(&claims(&format!(r#""exp":{soon},"nbf":{}"#, NOW + 1)))),
        ("for another audience", TestKey::Rsa.token(&format!(r#"{{"aud":"cdn","exp":{soon}}}"#))),
        ("without an audience", TestKey::Rsa.token(&format!(r#"{{"exp":{soon}}}"#))),
        ("with a scope", TestKey::Rsa.token(&claims(&format!(r#""exp":{soon},"uri":"videos/1/""#)))),
        ("with an empty scope", TestKey::Rsa.token(&claims(&format!(r#""exp":{soon},"uri":"""#)))),
        ("with a null scope", TestKey::Rsa.token(&claims(&format!(r#""exp":{soon},"uri":null"#)))),
        ("revoked", TestKey::Rsa.token(&claims(&format!(r#""exp":{soon},"jti":"gone""#)))),
        ("for media", token("videos/1/")),
        ("of another key's scope", debug_token(TestKey::P256)),
        ("of an unknown key", debug_token(TestKey::Ed25519)),
        ("by another key of this name", TestKey::RsaOther.sign(&TestKey::Rsa.header(), &debug_claims(600))),
        ("unsigned", {
            format!("{}.{}.", encode(r#"{"alg":"none","kid":"rsa"}"#), encode(debug_claims(600)))
        }),
        ("without its last character", good[..good.len() - 1].to_owned()),
        ("cut", good[..good.len() / 2].to_owned()),
        ("empty", String::new()),
        ("junk", "1".to_owned()),
    ];
    for (name, token) in tokens {
        let answer = world.ask(&get(PATH).field(HEADER, &token)).await;
        assert_eq!((answer.status, answer.field(HEADER)), (401, None), "{name}");
    }
    let twice = get(PATH).field(HEADER, &good).field(HEADER, &good);
    assert_eq!(world.ask(&twice).await.field(HEADER), None, "two tokens");
    let several = claims(&format!(r#""exp":{},"aud":["cdn","playgate-explain"]"#, NOW + 3600));
    let several = several.replacen(r#""aud":"playgate-explain","#, "", 1);
    let answer = world.ask(&get(PATH).field(HEADER, TestKey::Rsa.token(&several))).await;
    assert_eq!(outcome(&answer), "denied credential_missing", "an audience among others, for an hour");
}

#[tokio::test]
async fn a_debug_token_is_refused_as_a_credential() {
    let world = for_tokens().await;
    let good = debug_token(TestKey::Rsa);
    for ask in [get(PATH).query(&good), get(PATH).cookie(&good), get(PATH).query(&good).field(HEADER, &good)]
    {
        let answer = world.ask(&ask).await;
        assert_eq!(answer.verdict(), "401 claim_refused", "{ask:?}");
    }
    assert_eq!(world.verdict(&get(PATH).bearer(&good)).await, "401 credential_missing");
}

#[tokio::test]
async fn an_explanation_shows_no_credential_and_no_debug_token() {
    let _ = lines_about("");
    let readers = listed().tokens(true);
    let world = World::start(builder().explain_header(readers).build().unwrap()).await;
    let debug = debug_token(TestKey::Rsa);
    let media = TestKey::Rsa.token(r#"{"uri":"videos/1/","sub":"marked-viewer"}"#);
    for (ask, verdict) in [
        (get(PATH).query(&media), "200"),
        (get("/videos/2/a.ts").query(&media), "403 out_of_scope"),
        (get(PATH).query(format!("{media}x")), "401 malformed_token"),
        (get(format!("/videos/1/{media}")), "401 credential_missing"),
        (get(PATH).query(&media).cookie(&media), "200"),
    ] {
        let answer = world.ask(&ask.clone().field(HEADER, &debug)).await;
        assert_eq!(answer.verdict(), verdict, "{ask:?}");
        let line = answer.field(HEADER).unwrap();
        for secret in [&media, &debug] {
            // Other tests' tokens have the same header.
            for part in secret.split('.').skip(1) {
                assert!(!line.contains(part), "{part} in {line}");
                assert_eq!(lines_about(part), <[String; 0]>::default(), "{ask:?}");
            }
        }
    }
    let granted = world.ask(&get(PATH).query(&media).field(HEADER, &debug)).await;
    assert!(granted.field(HEADER).unwrap().contains("marked-viewer"), "claims are shown");
    let mut request = get(PATH).query(&media).field(HEADER, &debug).parsed().unwrap();
    let reply = world.verifier.reply(&request).await;
    let shown = format!("{reply:?}");
    let edits = reply.apply(&mut request).unwrap();
    let shown = format!("{shown}{edits:?}{request:?}");
    assert!(!shown.contains("marked-viewer") && !shown.contains(&debug), "{shown}");
    let mut refused = get(PATH).field(HEADER, &debug).parsed().unwrap();
    let answer = world.verifier.reply(&refused).await.apply(&mut refused).unwrap_err();
    let shown = format!("{answer:?}");
    assert!(shown.contains(HEADER) && !shown.contains("outcome"), "{shown}");
}

#[tokio::test]
async fn a_response_with_an_explanation_is_private_whatever_the_inner_service_says() {
    use crate::support::inner;
    use bytes::Bytes;
    use http::Response;

    let says = inner(|_| {
        let response = Response::builder()
            .header("cache-control", "public, max-age=60")
            .header("cdn-cache-control", "max-age=600")
            .header(HEADER, "of the inner service");
        response.body(Bytes::from_static(b"bytes")).unwrap()
    });
    let world = World::around(builder().explain_header(listed()).build().unwrap(), says).await;
    for ask in [get("/posters/1.jpg"), get("/page").host("shadow.example.com")] {
        let without = world.ask(&ask).await;
        assert_eq!(without.field("cache-control"), Some("public, max-age=60"));
        let answer = world.ask(&asking(ask)).await;
        assert_eq!(answer.field("cache-control"), Some("private, max-age=60"));
        assert_eq!(answer.field("cdn-cache-control"), None);
        assert!(matches!(&*outcome(&answer), "public" | "passed"));
    }
}

#[tokio::test]
async fn an_explanation_with_many_long_claims_is_cut_to_4096_bytes() {
    let world = for_listed().await;
    let claim = |claims: String, n: i32| claims + &format!(r#","claim-{n}":"{}""#, "é".repeat(30));
    let claims = (0..25).fold(String::new(), claim);
    let granted = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/"{claims}}}"#));
    let refused = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/2/"{claims}}}"#));
    for (token, expected) in [(granted, "granted"), (refused, "denied out_of_scope")] {
        let answer = world.ask(&asking(get(PATH).query(token))).await;
        assert_eq!(outcome(&answer), expected);
        let explanation = explanation(&answer);
        assert_eq!(explanation["truncated"], true);
        assert_eq!(explanation["credentials"][0]["fields"], Value::Array(Vec::new()));
        assert_ne!(explanation["credentials"][0]["steps"], Value::Array(Vec::new()));
    }
}

/// Returns the explanation in the answer or in the edited response, and whether the request passes.
fn explained_here(verifier: &Verifier, ask: &Ask, peer: &str) -> (bool, Option<String>) {
    let mut request: Request<_> = ask.parsed().unwrap();
    request.extensions_mut().insert(PeerAddr(format!("{peer}:50000").parse().unwrap()));
    let reply: Reply = verifier.reply(&request).now_or_never().unwrap();
    let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
    match reply.apply(&mut request) {
        Err(answer) => {
            let header = answer.headers().iter().find(|header| header.name() == HEADER);
            (false, header.map(|header| text(header.value())))
        }
        Ok(edits) => {
            let response = edits.apply(http::Response::new(String::new()));
            (true, response.headers().get(HEADER).map(|value| text(value.as_bytes())))
        }
    }
}

#[test]
fn the_last_use_of_a_rate_is_explained_as_granted_and_the_next_as_refused() {
    let site = Site::bucket("embed").host("embed.example.com").accepts([Scheme::EmbedToken]);
    let verifier = builder().site(site).explain_header(listed()).build().unwrap();
    let rate = Rate::new(1, Duration::from_hours(24)).unwrap();
    let embeds = verifier.embeds("embed.example.com").unwrap();
    let token = embeds.issue(EmbedDraft::new("1").rate(rate)).now_or_never().unwrap().unwrap();
    let ask = asking(get("/videos/1/a.m3u8").host("embed.example.com").query(token.to_text()));
    let (passes, first) = explained_here(&verifier, &ask, "127.0.0.1");
    assert!(passes && first.clone().unwrap().contains(r#""outcome":"granted""#), "{first:?}");
    let (passes, second) = explained_here(&verifier, &ask, "127.0.0.1");
    assert!(!passes && second.clone().unwrap().contains("rate_limited"), "{second:?}");
}

#[test]
fn forged_debug_tokens_count_as_failed_signatures() {
    let limits = FailedSignatures::unlimited().per_client(Rate::new(2, Duration::from_mins(1)).unwrap());
    let readers = ExplainHeader::new().tokens(true);
    let verifier = builder().failed_signatures(limits).explain_header(readers).build().unwrap();
    let forged = TestKey::RsaOther.sign(&TestKey::Rsa.header(), &debug_claims(600));
    let media = |peer: &str| {
        let mut request = get(PATH).query(token("videos/1/")).parsed().unwrap();
        request.extensions_mut().insert(PeerAddr(format!("{peer}:50000").parse().unwrap()));
        match verifier.decide(&request, verifier.now()) {
            Decision::Granted(_) => "granted".to_owned(),
            Decision::Denied(refusal) => refusal.code().as_str().to_owned(),
            other => panic!("{other:?}"),
        }
    };
    for _ in 0..2 {
        assert_eq!(media("198.51.100.1"), "granted");
        let ask = get(PATH).field(HEADER, &forged);
        assert_eq!(explained_here(&verifier, &ask, "198.51.100.1"), (false, None));
    }
    assert_eq!((&*media("198.51.100.1"), &*media("198.51.100.2")), ("rate_limited", "granted"));
    let good = get(PATH).field(HEADER, debug_token(TestKey::Rsa));
    assert_eq!(explained_here(&verifier, &good, "198.51.100.1"), (false, None), "verification is suspended");
    assert!(explained_here(&verifier, &good, "198.51.100.2").1.is_some());
}

#[test]
fn a_change_of_the_policy_turns_the_header_on_and_off() {
    let verifier = builder().build().unwrap();
    let ask = asking(get(PATH));
    let policy = || playgate::Policy::builder().site(vod());
    assert_eq!(explained_here(&verifier, &ask, "127.0.0.1").1, None);
    verifier.swap(policy().explain_header(listed()).build().unwrap());
    assert!(explained_here(&verifier, &ask, "127.0.0.1").1.is_some());
    verifier.swap(policy().build().unwrap());
    assert_eq!(explained_here(&verifier, &ask, "127.0.0.1").1, None);
}
