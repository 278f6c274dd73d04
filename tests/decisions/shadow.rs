//! Sites that do not enforce: which denials pass, what a request that passes gets, and the comparison with another gate.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use playgate::answer::Reply;
use playgate::cors::Cors;
use playgate::decide::{MAX_DISAGREEMENTS, MAX_DISAGREEMENTS_LOGGED, OtherVerdict, OwnVerdict};
use playgate::error::{Code, UrlSignatureFault};
use playgate::rate::Rate;
use playgate::request::PeerAddr;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::site::CacheScope;
use playgate::site::danger::Danger;
use playgate::store::Store;
use playgate::verifier::ShadowReport;
use playgate::{Decision, Denial, KeyScope, OwnedGrant, Site, Verifier};

use super::denials::{self, Row};
use crate::support::{Ask, HOST, NOW, TestKey, World, behind, gate, get, inner, lines_about, token, vod};

const SHADOWED: Danger = Danger { enforce: false };
const PATH: &str = "/videos/1/a.ts";
const HEADER: &str = "x-gate-verdict";

/// Codes of denials of a credential. A site that does not enforce passes them.
const PASSES: &[Code] = &[
    Code::CredentialMissing,
    Code::MalformedToken,
    Code::UnknownKey,
    Code::WrongAlgorithm,
    Code::BadSignature,
    Code::Expired,
    Code::NotYetValid,
    Code::ClaimRefused,
    Code::WrongKey,
    Code::OutOfScope,
    Code::LinkBad,
    Code::LinkExpired,
    Code::UrlSignatureBad,
    Code::UrlSignatureExpired,
    Code::UrlSignatureNotYetValid,
    Code::UrlSignatureOutOfScope,
    Code::EmbedUnknown,
    Code::EmbedExpired,
    Code::Revoked,
    Code::OriginNotAllowed,
    Code::RefusedByHook,
    Code::RateLimited,
];

/// Codes that every site enforces.
const ENFORCED: &[Code] = &[
    Code::AmbiguousPath,
    Code::AmbiguousHost,
    Code::AmbiguousCredential,
    Code::Method,
    Code::HttpsRequired,
    Code::QueryTooLong,
    Code::UnknownHost,
    Code::Outside,
    Code::StoreUnavailable,
];

#[test]
fn every_code_either_passes_or_is_enforced() {
    for code in Code::ALL {
        assert_ne!(PASSES.contains(code), ENFORCED.contains(code), "{code}");
    }
    assert_eq!(PASSES.len() + ENFORCED.len(), Code::ALL.len());
}

/// One row for each denial but [`Denial::StoreUnavailable`], which has a test of its own.
#[tokio::test]
async fn only_denials_of_credentials_pass_a_site_that_does_not_enforce() {
    let world = World::start(denials::unenforcing_verifier()).await;
    for Row { name, ask, denial, verdict, .. } in denials::rows() {
        if denial == Denial::UrlSignatureBad(UrlSignatureFault::OtherClient) {
            continue; // not every server here knows its peer
        }
        let request = ask.parsed().unwrap();
        let decision = world.verifier.decide(&request, world.verifier.now());
        let answer = world.ask(&ask).await;
        if PASSES.contains(&denial.code()) {
            assert!(answer.is_inner(), "{name}: {}", answer.verdict());
            assert!(matches!(decision, Decision::Shadowed(_)), "{name}: {decision:?}");
            assert_eq!((decision.denial(), decision.unenforced_denial()), (None, Some(denial)), "{name}");
            assert!(!decision.site().unwrap().enforces(), "{name}");
        } else {
            assert_eq!(answer.verdict(), verdict, "{name}");
            // On a site that does not enforce, nothing was verified before the method and the query are checked.
            assert_eq!(decision.denial().map(Denial::code), Some(denial.code()), "{name}");
            assert_eq!(decision.unenforced_denial(), None, "{name}");
        }
    }
}

#[tokio::test]
async fn a_lookup_that_is_needed_is_awaited_and_its_failure_enforced() {
    let nobody_listens = Store::redis("redis://127.0.0.1:1").connect().unwrap();
    let site = vod().embed(Embed::new()).danger(SHADOWED);
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let world =
        World::start(Verifier::builder().site(site).key(key).store(&nobody_listens).build().unwrap()).await;
    for (name, ask) in [
        ("an embed token, which is looked up", get(PATH).query("0".repeat(32))),
        ("a signed token, which may be revoked", get(PATH).query(token("videos/1/"))),
    ] {
        assert_eq!(world.verdict(&ask).await, "503 store_unavailable", "{name}");
    }
    assert!(world.ask(&get(PATH)).await.is_inner(), "no credential needs no lookup");
}

#[tokio::test]
async fn without_a_valid_credential_no_other_method_and_no_longer_query_passes() {
    let forward = playgate::site::Forward::only_keys(["a"]);
    let world = World::start(behind(vod().forward(forward).danger(SHADOWED))).await;
    let long = format!("/videos/1/a.m3u8?a={}", "x".repeat(playgate::manifest::MAX_CARRIED));
    for (name, ask, verdict) in [
        ("GET", get(PATH), "200"),
        ("HEAD", get(PATH).method("HEAD"), "200"),
        ("DELETE", get(PATH).method("DELETE"), "405 method"),
        ("OPTIONS", get(PATH).method("OPTIONS"), "405 method"),
        ("DELETE with a bad token", get(PATH).method("DELETE").query("junk"), "405 method"),
        ("DELETE with a good token", get(PATH).method("DELETE").query(token("videos/1/")), "405 method"),
        ("a query that is too long", get(&long), "414 query_too_long"),
        ("the same for a segment", get(long.replace("m3u8", "ts")), "200"),
    ] {
        assert_eq!(world.verdict(&ask).await, verdict, "{name}");
    }
}

/// A site with everything that a granted request gets.
fn generous() -> Site {
    vod()
        .identity_header("x-viewer", "sub")
        .grant_extension(true)
        .strip_credentials(true)
        .shadow_header(HEADER)
        .cors(Cors::with_credentials(["https://app.example.com"]))
}

fn proxied(site: Site) -> Verifier {
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    gate().site(site).key(key).trusted_proxies(["127.0.0.1"]).build().unwrap()
}

fn expired(path: &str) -> Ask {
    get(path).query(TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","sub":"mallory","exp":{NOW}}}"#)))
}

#[tokio::test]
async fn a_request_that_passes_gets_nothing_from_its_credential() {
    let answer = |parts: &http::request::Parts| {
        if parts.uri.path().ends_with("m3u8") {
            return Response::new(Bytes::from_static(b"#EXTM3U\nseg-1.ts\n"));
        }
        let mut seen = crate::support::echo(parts);
        if parts.extensions.get::<OwnedGrant>().is_some() {
            *seen.body_mut() = "a grant".into();
        }
        seen
    };
    let world = World::around(proxied(generous().danger(SHADOWED)), inner(answer)).await;
    let good = TestKey::Rsa.token(r#"{"uri":"videos/1/","sub":"alice"}"#);
    let forged = |ask: Ask| ask.field("x-viewer", "root").field("X_VIEWER", "root").field(HEADER, "allow");

    let passed = world.ask(&forged(expired(PATH)).origin("https://app.example.com")).await;
    assert_eq!(passed.seen(), "GET /videos/1/a.ts\norigin: https://app.example.com\n");
    assert_eq!(passed.field("access-control-allow-origin"), Some("https://app.example.com"));
    assert_eq!(passed.field("access-control-allow-credentials"), Some("true"));
    assert_eq!(passed.vary(), ["origin"]);
    let bare = world.ask(&forged(get(PATH))).await;
    assert_eq!(bare.seen(), "GET /videos/1/a.ts\n");

    let manifest = world.ask(&expired("/videos/1/a.m3u8")).await;
    assert_eq!(manifest.body, "#EXTM3U\nseg-1.ts\n", "nothing is carried");
    let granted = world.ask(&get("/videos/1/a.m3u8").query(&good)).await;
    assert_eq!(
        granted.body,
        format!("#EXTM3U\nseg-1.ts?auth={good}\n"),
        "a granted request is served as usual"
    );
    let granted = world.ask(&get(PATH).query(&good)).await;
    assert!(granted.seen().contains("x-viewer: alice") || granted.seen() == "a grant", "{}", granted.seen());
}

#[tokio::test]
async fn a_response_that_passed_is_as_private_as_a_granted_one() {
    const PUBLIC: &[(&str, &str)] =
        &[("cache-control", "public, max-age=60"), ("cdn-cache-control", "max-age=600")];
    const NO_STORE: &[(&str, &str)] = &[("cache-control", "no-store")];
    for (name, site, fields) in [
        ("private, public inside", vod(), PUBLIC),
        ("private, no-store inside", vod(), NO_STORE),
        ("private, nothing inside", vod(), &[]),
        ("inner, public inside", vod().cache(CacheScope::Inner), PUBLIC),
        ("inner, no-store inside", vod().cache(CacheScope::Inner), NO_STORE),
    ] {
        let world = crate::support::saying(site.danger(SHADOWED), fields).await;
        let (granted, passed) =
            (world.ask(&get(PATH).query(token("videos/1/"))).await, world.ask(&get(PATH)).await);
        assert!(passed.is_inner() && granted.is_inner(), "{name}");
        for field in ["cache-control", "cdn-cache-control"] {
            assert_eq!(passed.field(field), granted.field(field), "{name}: {field}");
        }
    }
}

#[tokio::test]
async fn a_token_over_its_rate_passes_and_the_url_with_it_is_not_sent_on() {
    let site = vod().embed(Embed::new().path("/embed/{token}/")).danger(SHADOWED);
    let world = World::start(behind(site)).await;
    let rate = Rate::new(1, Duration::from_hours(24)).unwrap();
    let issued = world.verifier.embeds(HOST).unwrap().issue(EmbedDraft::new("1").rate(rate)).await.unwrap();
    let ask = get(format!("/embed/{}/videos/1/master.m3u8", issued.to_text()));
    let request = ask.parsed().unwrap();
    assert!(matches!(world.verifier.decide(&request, world.verifier.now()), Decision::Granted(_)));
    let decision = world.verifier.decide(&request, world.verifier.now());
    assert_eq!(decision.unenforced_denial().map(Denial::code), Some(Code::RateLimited));
    drop(decision);
    let answer = world.ask(&ask).await;
    assert!(answer.is_inner());
    assert_eq!(
        answer.field("referrer-policy"),
        Some("strict-origin"),
        "the token in the path is still valid"
    );
}

#[test]
fn a_line_says_that_the_request_would_be_refused() {
    lines_about("start");
    let path = "/videos/1/would-be-refused.ts";
    let ask = expired(path);
    for (site, said) in [(vod().danger(SHADOWED), "would be refused"), (vod(), "refused")] {
        let before = lines_about(path).len();
        let (verifier, request) = (behind(site), ask.parsed().unwrap());
        let _ = verifier.decide(&request, verifier.now()).reply(&request).unwrap();
        let lines = lines_about(path).split_off(before);
        let [line] = lines.as_slice() else { panic!("{lines:#?}") };
        assert!(line.contains(&format!(" INFO playgate: {said} ")), "{line}");
        assert_eq!(line.contains("enforced=false"), said == "would be refused", "{line}");
        for field in ["code=\"expired\"", "kid=\"rsa\"", "site=\"cdn.example.com\"", "reason="] {
            assert!(line.contains(field), "{line}");
        }
    }
}

#[test]
fn each_site_that_does_not_enforce_is_a_warning_and_in_health() {
    lines_about("start");
    let trial =
        |id: &str| Site::bucket(format!("of-{id}")).id(id).host(format!("{id}.example.com")).danger(SHADOWED);
    let builder = || gate().site(trial("trial-1")).site(vod()).key(TestKey::Rsa.key(KeyScope::bucket("vod")));
    let verifier = builder().site(trial("trial-2")).build().unwrap();
    assert_eq!(verifier.health().shadowed, ["trial-1", "trial-2"]);
    assert_eq!(verifier.shadow().sites, ["trial-1", "trial-2"]);
    let warnings = |id: &str| {
        let lines = lines_about(&format!("site=\"{id}\""));
        lines.iter().filter(|line| line.contains("WARN") && line.contains("site does not enforce")).count()
    };
    assert_eq!((warnings("trial-1"), warnings("trial-2")), (1, 1));

    let policy = |sites: [Site; 2]| {
        let builder = playgate::Policy::builder().trusted_proxies(["127.0.0.1"]);
        sites.into_iter().fold(builder, playgate::site::PolicyBuilder::site).build().unwrap()
    };
    verifier.swap(policy([trial("trial-1"), vod()]));
    assert_eq!((warnings("trial-1"), warnings("trial-2")), (1, 1), "nothing is new");
    let ended = lines_about("site=\"trial-2\"");
    assert!(ended.iter().any(|line| line.contains("no longer in shadow mode")), "{ended:#?}");
    verifier.swap(policy([trial("trial-1").shadow_header(HEADER), vod()]));
    assert_eq!(warnings("trial-1"), 2, "it changed");
    assert_eq!(verifier.keys().remove_kid("rsa"), 1);
    assert_eq!(warnings("trial-1"), 2, "a key is another change");

    let json = serde_json::to_value(verifier.health()).unwrap();
    assert_eq!(json["shadowed"], serde_json::json!(["trial-1"]));
    verifier.swap(policy([vod(), Site::bucket("b").host("b.example.com")]));
    assert!(verifier.health().shadowed.is_empty());
    assert_eq!(serde_json::to_value(verifier.health()).unwrap().get("shadowed"), None);
}

/// Asks as this peer, with these values of the header.
fn compared(verifier: &Verifier, ask: &Ask, peer: Option<&str>, values: &[&str]) {
    let mut request: Request<Bytes> = ask.parsed().unwrap();
    for value in values {
        request.headers_mut().append(HEADER, value.parse().unwrap());
    }
    if let Some(peer) = peer {
        request.extensions_mut().insert(PeerAddr(SocketAddr::new(peer.parse().unwrap(), 40000)));
    }
    let reply = verifier.reply(&request).now_or_never().unwrap();
    drop::<Reply>(reply);
}

fn counts(report: &ShadowReport) -> BTreeMap<(&'static str, &'static str), u64> {
    report.counts.iter().map(|row| ((row.theirs.as_str(), row.ours.as_str()), row.requests)).collect()
}

const PROXY: Option<&str> = Some("127.0.0.1");

#[test]
fn requests_are_counted_by_both_verdicts_and_only_a_trusted_proxy_is_believed() {
    let site = vod().public_paths(["posters/"]).shadow_header("X-Gate-Verdict").danger(SHADOWED);
    let verifier = proxied(site);
    let good = || get(PATH).query(token("videos/1/"));
    let poster = || get("/posters/1.jpg");
    for (ask, peer, values, theirs, ours) in [
        (good(), PROXY, &["allow"][..], "allowed", "granted"),
        (good(), PROXY, &["DENIED"], "refused", "granted"),
        (good(), PROXY, &["403"], "refused", "granted"),
        (good(), PROXY, &["perhaps"], "unknown", "granted"),
        (good(), PROXY, &["allow", "allow"], "unknown", "granted"),
        (good(), PROXY, &[], "missing", "granted"),
        (good(), Some("203.0.113.7"), &["deny"], "untrusted", "granted"),
        (good(), Some("::ffff:127.0.0.1"), &["deny"], "refused", "granted"),
        (good(), None, &["deny"], "untrusted", "granted"),
        (expired(PATH), PROXY, &["200"], "allowed", "expired"),
        (expired(PATH), PROXY, &["401"], "refused", "expired"),
        (get(PATH), PROXY, &["allowed"], "allowed", "credential_missing"),
        (get("/videos//a.ts"), PROXY, &["allow"], "allowed", "ambiguous_path"),
        (get(PATH).method("PUT"), PROXY, &["allow"], "allowed", "method"),
        (poster(), PROXY, &["granted"], "allowed", "public"),
        (poster(), PROXY, &["refused"], "refused", "public"),
    ] {
        let before = verifier.shadow();
        compared(&verifier, &ask, peer, values);
        let after = verifier.shadow();
        let mut wanted = counts(&before);
        *wanted.entry((theirs, ours)).or_default() += 1;
        assert_eq!(counts(&after), wanted, "{theirs} {ours} {values:?}");
        let disagree = (theirs == "allowed" && !["granted", "public"].contains(&ours))
            || (theirs == "refused" && ["granted", "public"].contains(&ours));
        assert_eq!(after.disagreeing() - before.disagreeing(), u64::from(disagree), "{theirs} {ours}");
        assert_eq!(after.disagreements.len() - before.disagreements.len(), usize::from(disagree));
    }
}

#[test]
fn a_disagreement_tells_when_where_and_who_and_nothing_secret() {
    lines_about("start");
    let verifier = proxied(generous().id("compares").danger(SHADOWED));
    let secret = token("videos/2/");
    compared(&verifier, &get(format!("/videos/1/{secret}.ts")).query(&secret), PROXY, &["allow"]);
    let report = verifier.shadow();
    let [one] = report.disagreements.as_slice() else { panic!("{report:?}") };
    assert_eq!((one.at, one.site.as_str(), one.method.as_str()), (NOW, "compares", "GET"));
    assert_eq!(one.theirs, OtherVerdict::Allowed);
    assert_eq!(one.ours, OwnVerdict::Refused(Code::OutOfScope));
    assert_eq!(one.kid.as_deref(), Some("rsa"));
    assert!(one.path.starts_with("/videos/1/{"), "{}", one.path);
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["sites"], serde_json::json!(["compares"]));
    assert_eq!(
        json["counts"],
        serde_json::json!([{ "site": "compares", "theirs": "allowed", "ours": "out_of_scope", "requests": 1 }])
    );
    assert_eq!(json["disagreements"][0]["ours"], "out_of_scope");
    let lines = lines_about("gates disagree site=\"compares\"");
    let [line] = lines.as_slice() else { panic!("{lines:#?}") };
    assert!(line.contains("theirs=\"allowed\" ours=\"out_of_scope\" kid=\"rsa\""), "{line}");
    for part in secret.split('.') {
        assert!(!format!("{report:?}{json}{line}").contains(part), "{part}");
    }
}

#[test]
fn the_list_and_the_lines_of_disagreements_are_bounded_and_the_counts_are_not() {
    lines_about("start");
    let verifier = proxied(vod().id("flooded-with-disagreements").shadow_header(HEADER).danger(SHADOWED));
    let asked = u64::try_from(MAX_DISAGREEMENTS).unwrap() + 50;
    for number in 0..asked {
        compared(&verifier, &get(format!("/videos/{number}/a.ts")), PROXY, &["allow"]);
    }
    let report = verifier.shadow();
    assert_eq!(report.disagreeing(), asked);
    assert_eq!(report.disagreements.len(), MAX_DISAGREEMENTS);
    assert_eq!(report.disagreements.first().unwrap().path, "/videos/50/a.ts", "the oldest are dropped");
    let lines = lines_about("gates disagree site=\"flooded-with-disagreements\"");
    assert_eq!(lines.len(), usize::try_from(MAX_DISAGREEMENTS_LOGGED).unwrap(), "within one second");
}

#[test]
fn an_enforcing_site_compares_nothing_and_removes_the_header() {
    let verifier = proxied(vod().shadow_header(HEADER));
    compared(&verifier, &get(PATH), PROXY, &["allow"]);
    compared(&verifier, &get(PATH).query(token("videos/1/")), PROXY, &["deny"]);
    assert_eq!(verifier.shadow(), ShadowReport::default());
    let mut request = get(PATH).query(token("videos/1/")).field("X_Gate_Verdict", "deny").parsed().unwrap();
    let reply = verifier.reply(&request).now_or_never().unwrap();
    assert!(reply.apply(&mut request).is_ok());
    assert_eq!(request.headers().keys().map(http::HeaderName::as_str).collect::<Vec<_>>(), ["host"]);
}

#[test]
fn counts_outlive_a_new_policy_and_belong_to_the_site() {
    let site = || vod().shadow_header(HEADER).danger(SHADOWED);
    let other = || Site::bucket("other").host("other.example.com").danger(SHADOWED);
    let verifier = proxied(site());
    let policy = |sites: Vec<Site>| {
        let builder = playgate::Policy::builder().trusted_proxies(["127.0.0.1"]);
        sites.into_iter().fold(builder, playgate::site::PolicyBuilder::site).build().unwrap()
    };
    compared(&verifier, &get(PATH), PROXY, &["allow"]);
    verifier.swap(policy(vec![other(), site()])); // another index
    compared(&verifier, &get(PATH), PROXY, &["allow"]);
    compared(&verifier, &get(PATH).host("other.example.com"), PROXY, &["allow"]);
    verifier.swap(policy(vec![other(), vod()]));
    compared(&verifier, &get(PATH), PROXY, &["allow"]);
    let report = verifier.shadow();
    let rows: Vec<_> =
        report.counts.iter().map(|row| (row.site.as_str(), row.theirs.as_str(), row.requests)).collect();
    assert_eq!(rows, [(HOST, "allowed", 2), ("other.example.com", "missing", 1)]);
    assert_eq!(report.sites, ["other.example.com"]);
}

#[test]
fn a_site_cannot_be_open_on_one_host_and_protected_on_another() {
    let build = |sites: Vec<Site>| {
        sites.into_iter().fold(playgate::Policy::builder(), playgate::site::PolicyBuilder::site).build()
    };
    let trial = || Site::bucket("vod").host("trial.example.com").danger(SHADOWED);
    let refused = build(vec![vod(), trial()]).unwrap_err().to_string();
    assert_eq!(
        refused,
        "site \"trial.example.com\" does not enforce, but site \"cdn.example.com\" enforces and also serves bucket \"vod\": \
         write danger = { enforce = false } on both sites, or on neither"
    );
    assert!(build(vec![vod().danger(SHADOWED), trial()]).is_ok());
    assert!(build(vec![Site::live_by_path().host("live.example.com"), trial()]).is_ok());
    assert!(build(vec![vod().public(), trial()]).is_ok(), "the bucket is open already");
}
