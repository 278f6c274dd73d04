//! A verdict is about one request: what was asked before has no part in it.

use playgate::cors::Cors;
use playgate::explain::{Outcome, StepResult};
use playgate::schemes::Carrier;
use playgate::time::UnixSeconds;
use playgate::{Decision, KeyScope, Site, Verifier};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::drawn::{Drawn, cases, get};
use crate::support::{HOST, NOW, TestKey, gate, vod};

/// Sites that differ in what they ask for, and a key for most of them.
fn fresh() -> Verifier {
    let cors = Cors::with_credentials(["https://www.example.com"]);
    gate()
        .outside(playgate::site::Outside::Pass)
        .site(vod().cors(cors).public_paths(["open/"]))
        .site(Site::bucket("apps").host("apps.example.com").base_path("/media/").carriers([
            Carrier::Query,
            Carrier::Bearer,
            Carrier::Cookie,
        ]))
        .site(Site::live_by_path().host("live.example.com").require_exp(true))
        .key(TestKey::Secret.key(KeyScope::bucket("vod")))
        .key(TestKey::P256.key(KeyScope::bucket("apps")))
        .key(TestKey::Ed25519.key(KeyScope::site("live.example.com")))
        .key(TestKey::SecretOther.key(KeyScope::bucket("vod")).not_after(UnixSeconds::new(NOW)))
        .build()
        .unwrap()
}

/// Tokens of every fate.
fn tokens() -> Vec<String> {
    let keys = [TestKey::Secret, TestKey::P256, TestKey::Ed25519, TestKey::SecretOther];
    let payloads = [
        r#"{"uri":""}"#.to_owned(),
        r#"{"uri":"videos/1/"}"#.to_owned(),
        format!(r#"{{"uri":"videos","exp":{},"nbf":{}}}"#, NOW + 1, NOW - 1),
        format!(r#"{{"uri":"","exp":{NOW}}}"#),
        r#"{"uri":"/"}"#.to_owned(),
        r#"{"sub":"nobody"}"#.to_owned(),
    ];
    let signed = keys.iter().flat_map(|key| payloads.iter().map(|payload| key.token(payload)));
    let good = TestKey::Secret.token(&payloads[0]);
    let odd = [
        TestKey::SecretOther.sign(&TestKey::Secret.header(), &payloads[0]),
        TestKey::P256Other.sign(&TestKey::P256.header(), &payloads[0]),
        TestKey::Rsa.token(&payloads[0]),
        good[..good.len() - 4].to_owned(),
        format!("{good}="),
        "junk".to_owned(),
        String::new(),
    ];
    signed.chain(odd).collect()
}

/// Where tokens are asked for.
const PLACES: &[(&str, &str)] = &[
    (HOST, "/videos/1/a.ts"),
    (HOST, "/other"),
    ("apps.example.com", "/media/videos/1/a.ts"),
    ("live.example.com", "/videos.m3u8"),
];

fn request(tokens: Vec<String>) -> impl Strategy<Value = (Drawn, i64)> {
    let token = move || option::weighted(0.3, select(tokens.clone()));
    // A method, a host and a path that lead to a token, and others.
    let usual = (Just("GET"), select(PLACES)).prop_map(|(method, (host, path))| (method, host, path));
    let other = (
        select(&["HEAD", "OPTIONS", "PUT"][..]),
        select(&[HOST, "apps.example.com", "live.example.com", "elsewhere.example.com", ""][..]),
        select(&["/videos/1/a.ts", "/media/videos/2", "/videos.m3u8", "/open/a", "/a/../b", "/%", "/"][..]),
    );
    let place = prop_oneof![2 => usual, 1 => other];
    let origin =
        option::of(select(vec![&b"https://www.example.com"[..], b"https://evil.example.com", b"null"]));
    let now = select(&[NOW - 2, NOW - 1, NOW, NOW + 1, NOW + 2][..]);
    (place, (token(), token(), token(), token()), origin, now).prop_map(|(place, tokens, origin, now)| {
        let (method, host, path) = place;
        let (query, first, second, bearer) = tokens;
        let mut request = Drawn { method, origin, ..get(path).host(host) };
        request = first.into_iter().chain(second).fold(request, Drawn::cookie);
        request = bearer.into_iter().fold(request, Drawn::bearer);
        (query.into_iter().fold(request, Drawn::query), now)
    })
}

/// All that a decision tells; where a key lies in its set is no part of it.
fn told(decision: &Decision<'_>) -> String {
    match decision {
        Decision::Granted(grant) => {
            let claims: serde_json::Value = grant.claims().unwrap();
            let by = (grant.kid(), grant.key_scope(), grant.scheme(), grant.carrier(), grant.expires_at());
            format!("granted by {by:?} on {:?}: {claims}", grant.to_owned().site())
        }
        Decision::Denied(refusal) => format!("{refusal:?} {:?}", refusal.claimed_kid()),
        other => format!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(cases(300))]

    /// The explanation runs first, on a verifier that has decided nothing, and then once more after the decision.
    #[test]
    fn an_explanation_has_the_outcome_and_the_code_of_the_decision(
        requests in vec(request(tokens()), 1..12),
    ) {
        let verifier = fresh();
        for (request, now) in requests {
            let now = UnixSeconds::new(now);
            let before = verifier.explain(&request, now);
            let decision = verifier.decide(&request, now);
            let after = verifier.explain(&request, now);
            for explanation in [before, after] {
                let outcome = match &decision {
                    Decision::Pass(_) => Outcome::Passed,
                    Decision::Preflight(_) => Outcome::Preflight,
                    Decision::Public(_) => Outcome::Public,
                    Decision::Granted(_) => Outcome::Granted,
                    Decision::Denied(_) => Outcome::Denied,
                    other => panic!("{request:?} is {other:?}"),
                };
                prop_assert_eq!(explanation.outcome, outcome, "{:?}", request);
                let denial = decision.denial();
                prop_assert_eq!(explanation.code, denial.map(|denial| denial.code().as_str()), "{:?}", request);
                prop_assert_eq!(&explanation.reason, &denial.map(|denial| denial.to_string()));
                let own = explanation.credentials.iter().flat_map(|credential| &credential.steps);
                let has_failed =
                    own.chain(&explanation.steps).any(|step| step.result == StepResult::Failed);
                prop_assert_eq!(has_failed, denial.is_some() || explanation.credentials.len() > 1 && has_failed);
                prop_assert!(!explanation.to_string().is_empty());
            }
        }
    }

    #[test]
    fn a_verdict_never_depends_on_earlier_requests(
        requests in vec(request(tokens()), 1..12),
        order in vec(any::<Index>(), 1..24),
    ) {
        let used = fresh();
        for index in order {
            let (request, now) = index.get(&requests);
            let now = UnixSeconds::new(*now);
            let alone = fresh();
            let (here, there) = (used.decide(request, now), alone.decide(request, now));
            prop_assert_eq!(told(&here), told(&there), "{:?}", request);
        }
    }
}
