//! Explanations: the fault and the remedy, for a person and as data.

use std::time::Duration;

use futures_util::FutureExt as _;
use playgate::cors::Cors;
use playgate::explain::{Explanation, Outcome, Rule, SelectedBy, Step, StepResult};
use playgate::mint::LinkSigner;
use playgate::rate::{FailedSignatures, Rate};
use playgate::request::PeerAddr;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::schemes::link::{IpBinding, SecureLink};
use playgate::site::Outside;
use playgate::site::danger::Danger;
use playgate::time::UnixSeconds;
use playgate::{Key, KeyScope, Site, Verifier};

use crate::support::{Ask, HOST, NOW, TestKey, gate, get, token, vod};

fn vod_key() -> Key {
    TestKey::Rsa.key(KeyScope::bucket("vod"))
}

fn with(site: Site) -> Verifier {
    gate().site(site).outside(Outside::Refuse).key(vod_key()).build().unwrap()
}

/// Explains a request at [`NOW`]. The decision about the same request has the same code.
fn explain(verifier: &Verifier, ask: &Ask) -> Explanation {
    let request = ask.parsed().unwrap();
    let explanation = verifier.explain(&request, UnixSeconds::new(NOW));
    let decision = verifier.decide(&request, UnixSeconds::new(NOW));
    assert_eq!(explanation.code, decision.denial().map(|denial| denial.code().as_str()), "{explanation}");
    explanation
}

/// The one rule that failed.
fn failed(explanation: &Explanation) -> &Step {
    let own = explanation.credentials.iter().flat_map(|credential| &credential.steps);
    let failed: Vec<&Step> =
        own.chain(&explanation.steps).filter(|step| step.result == StepResult::Failed).collect();
    assert_eq!(failed.len(), 1, "{explanation:#?}");
    failed[0]
}

/// An operator's mistake, and how the explanation names it.
struct Mistake {
    name: &'static str,
    verifier: Verifier,
    ask: Ask,
    code: Option<&'static str>,
    rule: Option<Rule>,
    /// Text of the remedies or notes.
    says: &'static str,
}

const PATH: &str = "/videos/1/a.ts";

/// A mistake because of which a request is refused.
fn refused(
    name: &'static str,
    verifier: Verifier,
    ask: Ask,
    code: &'static str,
    rule: Rule,
    says: &'static str,
) -> Mistake {
    Mistake { name, verifier, ask, code: Some(code), rule: Some(rule), says }
}

/// The mistakes that concern host, path and carriers.
fn mistakes_of_requests() -> Vec<Mistake> {
    vec![
        refused(
            "a host that no site lists",
            with(vod()),
            get(PATH).host("cdn.exmaple.com"),
            "unknown_host",
            Rule::Host,
            r#"the host differs by one letter from "cdn.example.com""#,
        ),
        refused(
            "a path outside of every base path",
            with(vod().base_path("/media/")),
            get(PATH),
            "outside",
            Rule::BasePath,
            "the base paths of this host's sites are /media/",
        ),
        refused(
            "a parameter with another name",
            with(vod()),
            get(format!("{PATH}?Auth={}", token(""))),
            "credential_missing",
            Rule::Credential,
            r#"the request has the query parameter "Auth", but the site reads "auth""#,
        ),
        refused(
            "a cookie with another domain or path",
            with(vod()),
            get(PATH),
            "credential_missing",
            Rule::Credential,
            "only if its Domain, Path and Secure match",
        ),
        refused(
            "a bearer token that the site does not list",
            with(vod()),
            get(PATH).bearer(token("")),
            "credential_missing",
            Rule::Credential,
            "the site's carriers do not include bearer",
        ),
        Mistake {
            name: "an origin that the site's cors does not list",
            verifier: with(vod().cors(Cors::with_credentials(["https://app.example.com"]))),
            ask: get(PATH).query(token("")).field("origin", "https://www.example.com"),
            code: None,
            rule: None,
            says: r#"cors.origins does not list "https://www.example.com""#,
        },
    ]
}

/// The mistakes that concern credentials and keys.
fn mistakes_of_credentials() -> Vec<Mistake> {
    let claims = |claims: &str| TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/",{claims}}}"#));
    let bound = SecureLink::gcore("a shared secret").ip_binding(IpBinding::EXACT);
    let link = LinkSigner::new(&bound).unwrap();
    let link = link.link(PATH).client("192.0.2.1".parse().unwrap()).expires_at(UnixSeconds::new(NOW + 60));
    let other_key = gate().site(vod().id("main")).key(TestKey::Rsa.key(KeyScope::bucket("corses")));
    vec![
        refused(
            "a date in milliseconds",
            with(vod()),
            get(PATH).query(claims(&format!(r#""exp":{NOW}000"#))),
            "malformed_token",
            Rule::Expiry,
            "divide it by 1000",
        ),
        refused(
            "a uri with the base path in it",
            with(vod().base_path("/media/")),
            get("/media/videos/1/a.ts").query(token("media/videos/1/")),
            "out_of_scope",
            Rule::Scope,
            "the scope would match without the base path /media/",
        ),
        refused(
            "a key of another bucket",
            other_key.build().unwrap(),
            get(PATH).query(token("")),
            "wrong_key",
            Rule::KeyScope,
            "needs the scope of bucket vod or of site main",
        ),
        refused(
            "a kid that is not loaded",
            with(vod()),
            get(PATH).query(TestKey::Rsa.sign(r#"{"alg":"RS256","kid":"rsb"}"#, r#"{"uri":""}"#)),
            "unknown_key",
            Rule::Key,
            r#"kid differs by one letter from "rsa""#,
        ),
        refused(
            "a clock that is off by an hour",
            with(vod()),
            get(PATH).query(claims(&format!(r#""exp":{}"#, NOW - 3600))),
            "expired",
            Rule::Expiry,
            "the date is off by 3600 s, about 1 h: check the clocks",
        ),
        refused(
            "a server that does not pass the client's address",
            gate().site(vod().secure_link(bound)).build().unwrap(),
            get(link.sign().unwrap()),
            "link_bad",
            Rule::Address,
            "the client's address is unknown",
        ),
    ]
}

#[test]
fn each_of_the_twelve_mistakes_is_named_with_its_remedy() {
    let mistakes: Vec<Mistake> =
        mistakes_of_requests().into_iter().chain(mistakes_of_credentials()).collect();
    assert_eq!(mistakes.len(), 12);
    for Mistake { name, verifier, ask, code, rule, says } in mistakes {
        let explanation = explain(&verifier, &ask);
        assert_eq!(explanation.code, code, "{name}: {explanation}");
        let mut said = explanation.notes.iter().chain(&explanation.remedies);
        assert!(said.any(|text| text.contains(says)), "{name}: {explanation}");
        assert!(explanation.to_string().contains(says), "{name}: {explanation}");
        if let Some(rule) = rule {
            assert_eq!(failed(&explanation).rule, rule, "{name}: {explanation}");
        }
    }
}

#[test]
fn a_scope_that_does_not_cover_the_path_is_shown_with_the_scopes_that_would() {
    let verifier = with(vod().id("main"));
    let payload = format!(r#"{{"uri":"videos/1/","exp":{},"sub":"u42"}}"#, NOW + 2460);
    let ask = get("/videos/10/a.ts").query(TestKey::Rsa.token(&payload)).cookie(token(""));
    let explanation = explain(&verifier, &ask);
    let text = explanation.to_string();
    let expected = [
        "403 out_of_scope   GET cdn.example.com/videos/10/a.ts\n",
        "\n  site        main (exact host, base path /), bucket \"vod\", authenticated",
        "\n  path        object key \"videos/10/a.ts\"\n  ok          host, base path, path\n",
        "\n  credential  signed-token in query parameter \"auth\"\n",
        "alg \"RS256\", kid \"rsa\"",
        "sub \"u42\"",
        "uri \"videos/1/\"",
        ", in 41 min",
        "\n  key         kid \"rsa\", RS256, scope bucket vod, from code\n  ok          form, key,",
        "\n  ok          form, key, key in force, algorithm, key scope, expiry, not before\n",
        "\n  FAILED      scope: path is outside the scope of the token: uri \"videos/1/\", object key \"videos/10/a.ts\"\n",
        "\n  not checked signature, revocation\n  not checked method, query length, rate\n",
        "\n  unused      cookie \"Qencode-Auth-Token\"",
        "needs the scope \"videos/10/\", \"videos/\" or \"videos/10/a.ts\"",
    ];
    for part in expected {
        assert!(text.contains(part), "{part:?} is not in\n{text}");
    }
    let site = explanation.site.as_ref().unwrap();
    assert_eq!((&*site.id, site.selected_by), ("main", SelectedBy::ExactHost));
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["outcome"], "denied");
    assert_eq!(json["code"], "out_of_scope");
    assert_eq!(json["status"], 403);
    assert_eq!(json["credentials"][0]["keys"][0]["kid"], "rsa");
    assert_eq!(json["unused"][0], "cookie \"Qencode-Auth-Token\"");
}

#[test]
fn a_grant_is_explained_with_every_rule_that_was_met() {
    let verifier = with(vod());
    let ask = get(PATH).query(token("videos/1/"));
    for remembered in [false, true] {
        let explanation = explain(&verifier, &ask); // the decision in it remembers the token
        assert_eq!(explanation.outcome, Outcome::Granted);
        let [credential] = &*explanation.credentials else { panic!("{explanation}") };
        assert_eq!(credential.remembered, remembered, "{explanation}");
        let rules: Vec<Rule> = credential.steps.iter().map(|step| step.rule).collect();
        let expected = [
            Rule::Form,
            Rule::Key,
            Rule::KeyInForce,
            Rule::Algorithm,
            Rule::KeyScope,
            Rule::Expiry,
            Rule::NotBefore,
            Rule::Scope,
            Rule::Signature,
            Rule::Revocation,
        ];
        assert_eq!(rules, expected, "{explanation}");
        let mut steps = credential.steps.iter().chain(&explanation.steps);
        assert!(steps.all(|step| step.result == StepResult::Passed), "{explanation}");
        assert!(explanation.remedies.is_empty(), "{explanation}");
    }
}

#[test]
fn public_passed_and_preflight_requests_are_explained() {
    let public = explain(&with(vod().public()), &get("/a"));
    assert_eq!(public.outcome, Outcome::Public);
    assert!(!public.site.as_ref().unwrap().authenticated, "{public}");
    let media = vod().base_path("/media/");
    let passing = gate().site(media).outside(Outside::Pass).key(vod_key()).build().unwrap();
    let passed = explain(&passing, &get("/app"));
    assert_eq!((passed.outcome, passed.site), (Outcome::Passed, None));
    let cors = with(vod().cors(Cors::with_credentials(["https://app.example.com"])));
    let preflight = get("/a").method("OPTIONS").field("origin", "https://app.example.com");
    let preflight = explain(&cors, &preflight.field("access-control-request-method", "GET"));
    assert_eq!(preflight.outcome, Outcome::Preflight);
}

#[test]
fn a_request_that_passes_because_its_site_does_not_enforce_is_explained_as_one_that_would_be_refused() {
    let verifier = with(vod().danger(Danger { enforce: false }));
    let ask = get("/videos/10/a.ts").query(token("videos/1/"));
    let explanation = verifier.explain(&ask.parsed().unwrap(), UnixSeconds::new(NOW));
    assert_eq!(explanation.outcome, Outcome::Shadowed);
    assert_eq!((explanation.status, explanation.code), (Some(403), Some("out_of_scope")));
    assert_eq!(failed(&explanation).rule, Rule::Scope);
    let text = explanation.to_string();
    assert!(text.starts_with("shadowed: the request passes, because its site is in shadow mode"), "{text}");
    assert!(text.contains("the refusal would be 403 out_of_scope"), "{text}");
    // The method is enforced, and is then the one rule that failed last.
    let put = ask.method("PUT").parsed().unwrap();
    let put = verifier.explain(&put, UnixSeconds::new(NOW));
    assert_eq!((put.outcome, put.code), (Outcome::Denied, Some("method")));
}

#[test]
fn explaining_leaves_no_trace() {
    let limits = FailedSignatures::unlimited().per_key(Rate::new(1, Duration::from_hours(1)).unwrap());
    let site = vod().embed(Embed::new());
    let verifier = gate().site(site).key(vod_key()).failed_signatures(limits).build().unwrap();
    let embeds = verifier.embeds(HOST).unwrap();
    let draft = EmbedDraft::new("1").rate(Rate::new(1, Duration::from_hours(1)).unwrap());
    let embed = embeds.issue(draft).now_or_never().unwrap().unwrap();
    let now = UnixSeconds::new(NOW);
    let forged = get(PATH).query(TestKey::RsaOther.sign(&TestKey::Rsa.header(), r#"{"uri":""}"#));
    let good = get(PATH).query(token(""));
    let page = get("/videos/1/master.m3u8").query(embed.to_text());
    for _ in 0..3 {
        let explained = |ask: &Ask| verifier.explain(&ask.parsed().unwrap(), now);
        assert_eq!(explained(&forged).code, Some("bad_signature"));
        let good = explained(&good);
        assert_eq!(good.outcome, Outcome::Granted);
        assert!(!good.credentials[0].remembered, "{good}");
        let page = explained(&page);
        assert_eq!(page.outcome, Outcome::Granted, "{page}");
        let fields: Vec<&str> = page.credentials[0].fields.iter().map(|field| &*field.name).collect();
        assert!(fields.starts_with(&["video", "realm"]), "{fields:?}");
    }
    assert_eq!(verifier.keys().snapshot().iter().next().unwrap().last_used(), None);
    let counts = embeds.counts(embed).unwrap();
    assert_eq!((counts.granted, counts.denied.len(), counts.last_seen), (0, 0, None));
    // A decision counts: the second forged token meets the limit, and so does the second manifest.
    let decided = |ask: &Ask| {
        let denial = verifier.decide(&ask.parsed().unwrap(), now).denial();
        denial.map(|denial| denial.code().as_str())
    };
    assert_eq!(decided(&forged), Some("bad_signature"));
    assert_eq!(decided(&forged), Some("rate_limited"));
    assert_eq!(decided(&page), None);
    assert_eq!(decided(&page), Some("rate_limited"));
    assert_eq!(explain(&verifier, &page).code, Some("rate_limited"));
}

#[test]
fn text_of_a_credential_is_cut_and_has_no_control_characters() {
    let long = "x".repeat(1000);
    let payload = format!(r#"{{"uri":"videos/1/","long":"{long}","odd":"a\u0000\nb"}}"#);
    let verifier = with(vod());
    let explanation = explain(&verifier, &get(PATH).query(TestKey::Rsa.token(&payload)));
    let field = |name: &str| {
        let fields = &explanation.credentials[0].fields;
        fields.iter().find(|field| field.name == name).unwrap().value.clone()
    };
    assert_eq!(field("long").len(), 256 + '…'.len_utf8());
    assert_eq!(field("odd"), r"a\u{0}\u{a}b");
    assert!(!explanation.to_string().contains('\0'));
}

#[test]
fn the_client_of_an_explanation_is_the_one_of_the_decision() {
    let verifier = gate().site(vod()).key(vod_key()).trusted_proxies(["127.0.0.1"]).build().unwrap();
    let mut request = get(PATH).field("x-forwarded-for", "203.0.113.7").parsed().unwrap();
    request.extensions_mut().insert(PeerAddr("127.0.0.1:40000".parse().unwrap()));
    let explanation = verifier.explain(&request, UnixSeconds::new(NOW));
    assert_eq!(explanation.client.as_deref(), Some("203.0.113.7"));
}
