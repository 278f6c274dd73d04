//! Signed tokens that are taken back before they expire, and what decides meanwhile.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{HOST, NOW, TestKey, World, behind, gate, get, vod};
use futures_util::FutureExt as _;
use playgate::error::Denial;
use playgate::keys::KeyIdentity;
use playgate::revocation::Revocation;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::store::Store;
use playgate::time::{Leeway, UnixSeconds};
use playgate::{Decision, Key, KeyScope, Site, Verifier};

fn revoke(verifier: &Verifier, revocation: Revocation) {
    verifier.revoke(revocation).now_or_never().unwrap().unwrap();
}

/// A token by the RSA key with these claims beside its scope.
fn token(claims: &str) -> String {
    TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1"{claims}}}"#))
}

fn at(second: i64) -> UnixSeconds {
    UnixSeconds::new(second)
}

#[tokio::test]
async fn a_token_is_taken_back_by_its_name_its_subject_or_its_key() {
    const REVOKED: &str = "403 revoked";
    let long = "x".repeat(300);
    for (name, revocation, rows) in [
        (
            "by jti",
            Revocation::token("t1"),
            vec![
                (r#","jti":"t1""#, REVOKED),
                (r#","jti":"\u00741""#, REVOKED),
                (r#","jti":"t10""#, "200"),
                (r#","jti":"T1""#, "200"),
                (r#","sub":"t1""#, "200"),
                ("", "200"),
            ],
        ),
        (
            "by a number for a jti",
            Revocation::token("17"),
            vec![(r#","jti":17"#, REVOKED), (r#","jti":"17""#, REVOKED), (r#","jti":170"#, "200")],
        ),
        (
            "by sub",
            Revocation::subject("ann"),
            vec![(r#","sub":"ann""#, REVOKED), (r#","sub":"bob""#, "200")],
        ),
        (
            "by sub, issued before",
            Revocation::subject("ann").issued_before(at(100)),
            vec![
                (r#","sub":"ann","iat":99"#, REVOKED),
                (r#","sub":"ann","iat":99.9"#, REVOKED),
                (r#","sub":"ann","iat":100"#, "200"),
                (r#","sub":"ann""#, REVOKED),
                (r#","sub":"ann","iat":"200""#, REVOKED),
                (r#","sub":"bob","iat":99"#, "200"),
            ],
        ),
        (
            "by kid",
            Revocation::key(TestKey::Rsa.kid()),
            vec![("", REVOKED), (r#","iat":1790000000"#, REVOKED)],
        ),
        (
            "by kid, issued before",
            Revocation::key(TestKey::Rsa.kid()).issued_before(at(100)),
            vec![(r#","iat":99"#, REVOKED), (r#","iat":100"#, "200"), ("", REVOKED)],
        ),
        ("of another kid", Revocation::key("another"), vec![("", "200")]),
        ("beside a long jti", Revocation::token("t1"), vec![(&*long, "200")]),
    ] {
        let verifier = behind(vod());
        let world = World::start(verifier.clone()).await;
        for (claims, verdict) in rows {
            let claims = if claims == long { format!(r#","jti":"{long}""#) } else { claims.to_owned() };
            let ask = get("/videos/1/a.ts").query(token(&claims));
            assert_eq!(world.verdict(&ask).await, "200", "{name}, before: {claims}");
            revoke(&verifier, revocation.clone());
            assert_eq!(world.verdict(&ask).await, verdict, "{name}: {claims}");
            verifier.restore(&revocation).await.unwrap();
            assert_eq!(world.verdict(&ask).await, "200", "{name}, given back: {claims}");
        }
    }
}

#[tokio::test]
async fn one_key_of_several_is_taken_back_by_its_identity_and_all_of_them_by_their_kid() {
    let other = Site::bucket("other").host("other.example.com");
    let key = |bucket: &str| TestKey::Rsa.key(KeyScope::bucket(bucket));
    let issued = key("other").issued_by("us").unwrap();
    let keys = [key("vod"), key("other"), issued.clone()];
    let verifier = gate().site(vod()).site(other).keys(keys).build().unwrap();
    let one_key = |key: Key| Revocation::one_key(&key.identity());
    for (name, revocation, open) in [
        ("the bucket's", one_key(key("vod")), [false, true, true]),
        ("the other bucket's", one_key(key("other")), [true, false, true]),
        ("the issuer's, whose tokens the other verifies too", one_key(issued), [true, true, true]),
        ("another scope", one_key(TestKey::Rsa.key(KeyScope::site(HOST))), [true, true, true]),
        ("issued before", one_key(key("vod")).issued_before(at(100)), [false, true, true]),
        ("the kid", Revocation::key(TestKey::Rsa.kid()), [false, false, false]),
    ] {
        let world = World::start(verifier.clone()).await;
        let opens = async || {
            let mut opens = Vec::new();
            for (host, claims) in
                [(HOST, ""), ("other.example.com", ""), ("other.example.com", r#","iss":"us""#)]
            {
                let ask = get("/videos/1/a.ts").host(host).query(token(claims));
                opens.push(match &*world.verdict(&ask).await {
                    "200" => true,
                    "403 revoked" => false,
                    verdict => panic!("{name}: {verdict}"),
                });
            }
            opens
        };
        assert_eq!(opens().await, [true; 3], "{name}, before");
        revoke(&verifier, revocation.clone());
        assert_eq!(opens().await, open, "{name}");
        assert!(verifier.restore(&revocation).await.unwrap());
        assert_eq!(opens().await, [true; 3], "{name}, given back");
    }
    let long = KeyIdentity::new("k", KeyScope::site("s".repeat(300))).unwrap();
    let error = verifier.revoke(Revocation::one_key(&long)).await.unwrap_err();
    assert!(error.to_string().contains("has 313 bytes"), "{error}");
}

#[tokio::test]
async fn what_is_taken_back_does_not_go_by_the_bytes_of_the_token() {
    // Two spellings of one signature are good: r and s, or r and n - s.
    let key = TestKey::P256;
    let verifier = gate().site(vod()).key(key.key(KeyScope::bucket("vod"))).build().unwrap();
    let (one, other) =
        (key.token(r#"{"uri":"videos/1","jti":"t1"}"#), key.token(r#"{"uri":"videos/1","jti":"t1"}"#));
    assert_ne!(one, other, "each signature is made with a new random number");
    let world = World::start(verifier.clone()).await;
    revoke(&verifier, Revocation::token("t1"));
    for token in [one, other] {
        assert_eq!(world.verdict(&get("/videos/1/a.ts").query(token)).await, "403 revoked");
    }
}

#[test]
fn a_revocation_is_told_after_the_signature_and_before_the_hook() {
    let site = vod().hook(|_| Err(playgate::schemes::Refuse::default()));
    let verifier = behind(site);
    revoke(&verifier, Revocation::token("t1"));
    let denial = |claims: &str, damage: &str| {
        let token = token(claims).replace('.', damage);
        let ask = get("/videos/1/a.ts").query(token).parsed().unwrap();
        verifier.decide(&ask, at(NOW)).denial()
    };
    assert_eq!(denial(r#","jti":"t1""#, "."), Some(Denial::Revoked));
    assert_eq!(
        denial(r#","jti":"t2""#, "."),
        Some(Denial::RefusedByHook(playgate::schemes::Refuse::default()))
    );
    let forged = token(r#","jti":"t1""#);
    let (signed, signature) = forged.rsplit_once('.').unwrap();
    let turned: String = signature.chars().rev().collect();
    let ask = get("/videos/1/a.ts").query(format!("{signed}.{turned}")).parsed().unwrap();
    let denial = verifier.decide(&ask, at(NOW)).denial().unwrap();
    assert!(!denial.verified(), "who cannot sign does not learn what was revoked: {denial:?}");
}

#[test]
fn names_that_are_none_are_refused() {
    let verifier = behind(vod());
    for name in [String::new(), "x".repeat(257)] {
        let error = verifier.revoke(Revocation::subject(name)).now_or_never().unwrap().unwrap_err();
        assert!(error.to_string().contains("use 1 to 256"), "{error}");
    }
}

#[test]
fn verifiers_of_one_store_share_what_was_taken_back() {
    let store = Store::in_memory();
    let verifier =
        || gate().site(vod()).key(TestKey::Rsa.key(KeyScope::bucket("vod"))).store(&store).build().unwrap();
    let (one, other) = (verifier(), verifier());
    revoke(&one, Revocation::token("t1"));
    let ask = get("/videos/1/a.ts").query(token(r#","jti":"t1""#)).parsed().unwrap();
    assert_eq!(other.decide(&ask, at(NOW)).denial(), Some(Denial::Revoked));
}

/// While decisions run on two threads, tokens are revoked one by one: once the call has returned no decision that starts
/// after it grants, and what was not revoked is granted all the time.
#[test]
fn no_decision_that_starts_after_a_revocation_grants() {
    const TOKENS: usize = 400;
    let verifier = gate()
        .site(vod().embed(Embed::new()))
        .key(TestKey::Secret.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let embeds = verifier.embeds(HOST).unwrap();
    let issue = |video: &str| embeds.issue(EmbedDraft::new(video)).now_or_never().unwrap().unwrap();
    let asked = |credential: String| get("/videos/1/a.ts").query(credential).parsed().unwrap();
    let tokens: Vec<_> = (0..TOKENS).map(|_| issue("1")).collect();
    let mut requests: Vec<_> = tokens.iter().map(|token| asked(token.to_text())).collect();
    let jti = |number: usize| format!("t{number}");
    let signed = |number| TestKey::Secret.token(&format!(r#"{{"uri":"videos/1","jti":"{}"}}"#, jti(number)));
    requests.extend((0..TOKENS).map(|number| asked(signed(number))));
    let kept = [asked(issue("1").to_text()), asked(signed(TOKENS))];
    let revoked = AtomicUsize::new(0);
    let done = AtomicBool::new(false);
    let granted = |request| matches!(verifier.decide(request, at(NOW)), Decision::Granted(_));
    // The signed ones are remembered from here on: what is raced with is no first sight of a token.
    assert!(requests.iter().all(granted));
    let decided = thread::scope(|scope| {
        let deciders: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut decided = 0_usize;
                    while !done.load(Ordering::Acquire) {
                        let gone = revoked.load(Ordering::Acquire);
                        // The last one that is gone, and one that is not.
                        if gone > 0 {
                            assert!(!granted(&requests[gone - 1]), "embed token {gone}");
                            assert!(!granted(&requests[TOKENS + gone - 1]), "signed token {gone}");
                        }
                        assert!(kept.iter().all(&granted), "what was not revoked");
                        decided += 1;
                    }
                    decided
                })
            })
            .collect();
        for (number, token) in tokens.iter().enumerate() {
            embeds.revoke(*token).now_or_never().unwrap().unwrap();
            revoke(&verifier, Revocation::token(jti(number)));
            revoked.store(number + 1, Ordering::Release);
            thread::yield_now();
        }
        done.store(true, Ordering::Release);
        deciders.into_iter().map(|decider| decider.join().unwrap()).sum::<usize>()
    });
    assert!(decided > 0, "nothing was decided meanwhile");
    assert!(requests.iter().all(|request| !granted(request)));
}

#[test]
fn a_revocation_outlives_the_leeway_of_what_it_revokes() {
    const EXP: i64 = NOW + 100;
    let clock = Arc::new(AtomicI64::new(NOW));
    let now = Arc::clone(&clock);
    let site = vod().leeway(Leeway::from_secs(60).unwrap());
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let builder = Verifier::builder().clock(move || at(now.load(Ordering::Relaxed)));
    let verifier = builder.site(site).key(key).build().unwrap();
    let ask = |jti: &str| {
        let token = token(&format!(r#","jti":"{jti}","exp":{EXP}"#));
        get("/videos/1/a.ts").query(token).parsed().unwrap()
    };
    let denial = |request| verifier.decide(request, verifier.now()).denial();
    let (revoked, other) = (ask("t1"), ask("t2"));
    revoke(&verifier, Revocation::token("t1").until(at(EXP)));
    revoke(&verifier, Revocation::token("t2").until(at(EXP - 1))); // shows when the sweeper has passed
    clock.store(EXP + 59, Ordering::Relaxed);
    let began = Instant::now();
    while denial(&other).is_some() {
        assert!(began.elapsed() < Duration::from_secs(25), "nothing is swept");
        thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(denial(&revoked), Some(Denial::Revoked), "within the leeway");
    clock.store(EXP + 60, Ordering::Relaxed);
    assert_eq!(denial(&revoked).map(|denial| denial.code().as_str()), Some("expired"));
}
