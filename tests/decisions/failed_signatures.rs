//! Limits of failed signatures: who is refused once one is reached, who is not, and when it is over.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::time::Duration;

use crate::support::{HOST, NOW, TestKey, World, encode, gate, get, http1, lines_about, vod};
use http::Request;
use playgate::crypto::{Algorithm, BadSignature, SignatureCheck};
use playgate::error::Failing;
use playgate::internals::danger::key_checked_by;
use playgate::rate::FailedSignatures;
use playgate::rate::Rate;
use playgate::request::PeerAddr;
use playgate::site::Policy;
use playgate::time::UnixSeconds;
use playgate::{Denial, Key, KeyScope, Site, Verifier};
use sha2::{Digest as _, Sha256};

/// A key that counts how often it is asked. Its signatures are no secret: SHA-256 of what was signed.
#[derive(Clone, Default)]
struct Counting(Arc<AtomicUsize>);

impl SignatureCheck for Counting {
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if *Sha256::digest(message) == *signature { Ok(()) } else { Err(BadSignature) }
    }
}

impl Counting {
    fn key(&self, kid: &str) -> Key {
        key_checked_by(kid, Algorithm::Hs256, KeyScope::bucket("vod"), self.clone()).unwrap()
    }

    fn asked(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

/// A token by the counting key of this `kid`, the same for the same number.
fn good(kid: &str, number: usize) -> String {
    let header = encode(format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#));
    let input = format!("{header}.{}", encode(format!(r#"{{"uri":"videos/1/","n":{number}}}"#)));
    format!("{input}.{}", encode(Sha256::digest(&input)))
}

fn bad(kid: &str) -> String {
    let good = good(kid, 0);
    format!("{}.{}", good.rsplit_once('.').unwrap().0, "A".repeat(43))
}

fn rate(requests: u32, seconds: u64) -> Rate {
    Rate::new(requests, Duration::from_secs(seconds)).unwrap()
}

fn per_client(requests: u32, seconds: u64) -> FailedSignatures {
    FailedSignatures::unlimited().per_client(rate(requests, seconds))
}

fn per_key(requests: u32, seconds: u64) -> FailedSignatures {
    FailedSignatures::unlimited().per_key(rate(requests, seconds))
}

#[test]
fn failures_count_for_each_key_that_was_tried_and_for_no_other_of_its_kid() {
    let (vod_key, site_key, other_key) = (Counting::default(), Counting::default(), Counting::default());
    let of = |check: &Counting, scope: KeyScope| {
        key_checked_by("1", Algorithm::Hs256, scope, check.clone()).unwrap()
    };
    let other = Site::bucket("other").host("other.example.com");
    let keys = [
        of(&vod_key, KeyScope::bucket("vod")),
        of(&site_key, KeyScope::site(HOST)),
        of(&other_key, KeyScope::bucket("other")),
    ];
    let gate = gate().token_cache(0).site(vod()).site(other).keys(keys);
    let verifier = gate.failed_signatures(per_key(2, 60)).build().unwrap();
    let asked = || [&vod_key, &site_key, &other_key].map(Counting::asked);
    let (bad, good) = (by(A, &bad("1")), by(A, &good("1", 1)));
    for _ in 0..2 {
        assert_eq!(denial(&verifier, &bad, NOW), Some(Denial::BadSignature));
        assert_eq!(asked(), [1, 1, 0], "each of the two that may sign");
    }
    assert_eq!(denial(&verifier, &good, NOW), Some(full(Failing::Key, 30)));
    assert_eq!(asked(), [0, 0, 0]);
    let elsewhere = Request::get(format!("/videos/1/a.ts?auth={}", self::good("1", 2)));
    let elsewhere = elsewhere.header("host", "other.example.com").body(()).unwrap();
    assert_eq!(denial(&verifier, &elsewhere, NOW), None, "the other tenant's key is another one");
}

/// A key of the narrower scope that the signature does not fit.
struct Never;

impl SignatureCheck for Never {
    fn check(&self, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
        Err(BadSignature)
    }
}

#[test]
fn a_signature_that_fits_one_key_of_its_kid_has_failed_by_none() {
    let narrow = key_checked_by("1", Algorithm::Hs256, KeyScope::bucket("vod"), Never).unwrap();
    let key = Counting::default();
    let wide = key_checked_by("1", Algorithm::Hs256, KeyScope::site(HOST), key.clone()).unwrap();
    let gate = gate().token_cache(0).site(vod()).keys([narrow, wide]);
    let limits = per_client(2, 60).per_key(rate(2, 60));
    let verifier = gate.failed_signatures(limits).build().unwrap();
    for number in 0..10 {
        assert_eq!(denial(&verifier, &by(A, &good("1", number)), NOW), None, "{number}");
    }
    assert_eq!(key.asked(), 10);
}

/// A verifier under these limits, and how often its keys `k` and `other` are asked.
fn limited(limits: FailedSignatures) -> (Verifier, Counting) {
    let key = Counting::default();
    let keys = [key.key("k"), key.key("other")];
    (gate().site(vod()).keys(keys).failed_signatures(limits).build().unwrap(), key)
}

fn with(field: &str, value: &str, client: Option<&str>) -> Request<()> {
    let request = Request::get("/videos/1/a.ts").header("host", HOST).header(field, value);
    match client {
        Some(client) => request.extension(PeerAddr((client.parse::<IpAddr>().unwrap(), 50000).into())),
        None => request,
    }
    .body(())
    .unwrap()
}

/// A request with a token in a cookie.
fn by(client: &str, token: &str) -> Request<()> {
    with("cookie", &format!("Qencode-Auth-Token={token}"), Some(client))
}

fn denial(verifier: &Verifier, request: &Request<()>, now: i64) -> Option<Denial> {
    verifier.decide(request, UnixSeconds::new(now)).denial()
}

const A: &str = "192.0.2.1";
const B: &str = "192.0.2.2";
const C: &str = "192.0.2.3";

const fn full(of: Failing, retry_after: u32) -> Denial {
    Denial::TooManyFailures { of, retry_after }
}

#[tokio::test]
async fn a_client_whose_signatures_fail_is_told_at_every_door_when_to_come_again_and_others_go_on() {
    lines_about("start");
    let second = Arc::new(AtomicI64::new(NOW));
    let clock = Arc::clone(&second);
    let verifier = Verifier::builder()
        .clock(move || UnixSeconds::new(clock.load(Ordering::Relaxed)))
        .trusted_proxies(["127.0.0.1"])
        .failed_signatures(per_client(3, 60))
        .site(vod())
        .key(TestKey::Rsa.key(KeyScope::bucket("vod")))
        .build()
        .unwrap();
    let token = |name: &str| TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","n":"{name}"}}"#));
    let world = World::start(verifier).await;
    for (number, (door, address)) in world.addresses().enumerate() {
        let from = |client: u8, token: &str| {
            let client = format!("198.51.{number}.{client}");
            let ask = get("/videos/1/a.ts").query(token).field("x-forwarded-for", client);
            async move { http1(door, address, &ask.http1()).await }
        };
        let forged = TestKey::RsaOther.sign(&TestKey::Rsa.header(), r#"{"uri":"videos/1/"}"#);
        let (seen, new) = (token(&format!("{door}, seen")), token(&format!("{door}, new")));
        assert_eq!(from(1, &seen).await.verdict(), "200", "{door}");
        for _ in 0..3 {
            assert_eq!(from(1, &forged).await.verdict(), "401 bad_signature", "{door}");
        }
        for token in [&forged, &new] {
            let answer = from(1, token).await;
            assert_eq!(answer.verdict(), "429 rate_limited", "{door}");
            assert_eq!(answer.field("retry-after"), Some("20"), "{door}");
            assert_eq!(answer.field("cache-control"), Some("no-store"), "{door}");
            assert_eq!(answer.field("www-authenticate"), None, "{door}");
            assert_eq!(answer.problem().unwrap()["title"], "Too Many Requests", "{door}");
            assert!(!answer.is_inner(), "{door}");
        }
        let lines = lines_about(&format!("client=\"198.51.{number}.1\""));
        let last = lines.last().unwrap();
        assert!(last.contains("code=\"rate_limited\"") && last.contains("kid=\"rsa\""), "{door}: {last}");
        let reason =
            "reason=\"too many invalid signatures from this client: verification is suspended for 20 s\"";
        assert!(last.contains(reason), "{door}: {last}");
        assert_eq!(from(1, &seen).await.verdict(), "200", "{door}: whoever floods, a token that was seen");
        assert_eq!(from(2, &forged).await.verdict(), "401 bad_signature", "{door}: another client");
        assert_eq!(
            from(2, &token(&format!("{door}, other"))).await.verdict(),
            "200",
            "{door}: another client"
        );

        second.fetch_add(19, Ordering::Relaxed);
        let answer = from(1, &new).await;
        assert_eq!((answer.status, answer.field("retry-after")), (429, Some("1")), "{door}: a second early");
        second.fetch_add(1, Ordering::Relaxed);
        assert_eq!(from(1, &new).await.verdict(), "200", "{door}: when it was told to come again");
        second.fetch_add(1000, Ordering::Relaxed);
    }
}

#[test]
fn once_a_limit_is_reached_no_key_is_asked() {
    let (verifier, key) = limited(per_client(10, 60));
    for _ in 0..10 {
        assert_eq!(denial(&verifier, &by(A, &bad("k")), NOW), Some(Denial::BadSignature));
    }
    assert_eq!(key.asked(), 10);
    for kid in ["k", "other"] {
        for token in [bad(kid), good(kid, 1)] {
            assert_eq!(denial(&verifier, &by(A, &token), NOW), Some(full(Failing::Client, 6)), "{kid}");
        }
    }
    assert_eq!(key.asked(), 0);
}

#[test]
fn good_signatures_are_free() {
    let (verifier, key) = limited(per_client(1, 60).per_key(rate(1, 60)));
    for number in 0..1000 {
        assert_eq!(denial(&verifier, &by(A, &good("k", number)), NOW), None);
    }
    assert_eq!(key.asked(), 1000);
}

#[test]
fn what_is_refused_without_cryptography_neither_counts_nor_is_limited() {
    let (verifier, key) = limited(per_client(1, 60).per_key(rate(1, 60)));
    let sign =
        |header: &str, claims: &str| format!("{}.{}.{}", encode(header), encode(claims), "A".repeat(43));
    let of_k = |claims: &str| sign(r#"{"alg":"HS256","kid":"k"}"#, claims);
    let cheap = [
        ("expired", of_k(r#"{"uri":"videos/1/","exp":1}"#)),
        ("not_yet_valid", of_k(r#"{"uri":"videos/1/","nbf":4102444800}"#)),
        ("out_of_scope", of_k(r#"{"uri":"videos/2/"}"#)),
        ("claim_refused", of_k("{}")),
        ("malformed_token", of_k("[]")),
        ("unknown_key", sign(r#"{"alg":"HS256","kid":"gone"}"#, r#"{"uri":"videos/1/"}"#)),
        ("wrong_algorithm", sign(r#"{"alg":"RS256","kid":"k"}"#, r#"{"uri":"videos/1/"}"#)),
    ];
    let refused = |when: &str| {
        for (code, token) in &cheap {
            for _ in 0..10 {
                let found = denial(&verifier, &by(A, token), NOW).map(|denial| denial.code().as_str());
                assert_eq!(found, Some(*code), "{when}");
            }
        }
    };
    refused("before");
    assert_eq!(key.asked(), 0);
    assert_eq!(denial(&verifier, &by(A, &bad("k")), NOW), Some(Denial::BadSignature));
    assert_eq!(denial(&verifier, &by(A, &bad("k")), NOW), Some(full(Failing::Key, 60)));
    refused("after");
}

#[test]
fn the_limit_of_a_key_holds_whoever_brings_its_tokens_and_no_other_key() {
    let (verifier, key) = limited(per_key(100, 50));
    assert_eq!(denial(&verifier, &by(A, &good("k", 1)), NOW), None);
    for number in 0..100 {
        let client = format!("203.0.113.{number}");
        assert_eq!(denial(&verifier, &by(&client, &bad("k")), NOW), Some(Denial::BadSignature));
    }
    assert_eq!(key.asked(), 101);
    assert_eq!(
        denial(&verifier, &by(B, &good("k", 2)), NOW),
        Some(full(Failing::Key, 1)),
        "one who is new waits"
    );
    assert_eq!(denial(&verifier, &by(B, &good("k", 1)), NOW), None, "one who was seen goes on");
    assert_eq!(denial(&verifier, &by(B, &good("other", 1)), NOW), None, "another key");
    assert_eq!(denial(&verifier, &by(B, &bad("other")), NOW), Some(Denial::BadSignature), "another key");
    assert_eq!(denial(&verifier, &by(B, &good("k", 2)), NOW + 1), None, "after the wait");
}

#[test]
fn the_limit_that_lasts_longer_is_told() {
    for (name, of, requests, seconds) in [("client", Failing::Client, 1, 90), ("key", Failing::Key, 1, 10)] {
        let (verifier, _) = limited(per_client(requests, seconds).per_key(rate(1, 30)));
        assert_eq!(denial(&verifier, &by(A, &bad("k")), NOW), Some(Denial::BadSignature));
        let longest = u32::try_from(seconds.max(30)).unwrap();
        assert_eq!(denial(&verifier, &by(A, &bad("k")), NOW), Some(full(of, longest)), "{name}");
    }
}

#[test]
fn of_several_cookies_each_counts_and_one_that_was_seen_opens() {
    let (verifier, key) = limited(per_client(3, 60));
    let cookies = |tokens: &[&str]| {
        let list: Vec<_> = tokens.iter().map(|token| format!("Qencode-Auth-Token={token}")).collect();
        with("cookie", &list.join("; "), Some(A))
    };
    let (bad, seen, new) = (&bad("k"), &good("k", 1), &good("k", 2));
    assert_eq!(denial(&verifier, &cookies(&[seen]), NOW), None);
    assert_eq!(denial(&verifier, &cookies(&[bad, bad]), NOW), Some(Denial::BadSignature));
    assert_eq!(key.asked(), 3);
    let limited = Some(full(Failing::Client, 20));
    assert_eq!(
        denial(&verifier, &cookies(&[bad, new]), NOW),
        limited,
        "the third fails, and a good one waits"
    );
    assert_eq!(key.asked(), 1);
    assert_eq!(denial(&verifier, &cookies(&[bad, bad, bad, bad]), NOW), limited);
    assert_eq!(denial(&verifier, &cookies(&[bad, new, seen]), NOW), None, "the third was seen");
    assert_eq!(key.asked(), 0);
}

#[test]
fn a_network_of_ipv6_is_one_client_and_those_without_an_address_share_the_rate_of_one() {
    let (verifier, key) = limited(per_client(2, 60));
    let clients = ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:3::4", "2001:db8:1:3::1"];
    let found = clients.map(|client| denial(&verifier, &by(client, &bad("k")), NOW));
    let failed = Some(Denial::BadSignature);
    assert_eq!(found, [failed, failed, Some(full(Failing::Client, 30)), failed]);
    key.asked();
    let nobody = with("cookie", &format!("Qencode-Auth-Token={}", bad("k")), None);
    while denial(&verifier, &nobody, NOW) == failed {}
    assert_eq!(key.asked(), 2, "as one client");
    assert_eq!(denial(&verifier, &nobody, NOW), Some(full(Failing::Client, 30)));
}

/// Whatever a client writes into the fields of proxies, its failures are counted, and for no more than two addresses.
#[test]
fn no_field_of_a_client_behind_a_trusted_proxy_widens_its_limit() {
    let key = Counting::default();
    let verifier = gate().site(vod()).key(key.key("k")).failed_signatures(per_client(2, 3600));
    let verifier = verifier.trusted_proxies(["10.0.0.0/8"]).build().unwrap();
    let spoofed = ["\"", "unknown", "6.6.6.6", "for=\"", ",", "10.9.9.9", "\"a", "\\\"", "[", "127.0.0.1"];
    let failed = Some(Denial::BadSignature);
    let mut checked = 0;
    for spoof in spoofed {
        for fields in [
            [("x-forwarded-for", format!("{spoof}, {A}")), ("x-other", String::new())],
            [("x-forwarded-for", A.to_owned()), ("forwarded", format!("for={spoof}"))],
            [("x-forwarded-for", A.to_owned()), ("forwarded", format!("for=unknown, {spoof}"))],
        ] {
            let mut request = by("10.0.0.1", &bad("k"));
            for (name, value) in fields {
                request.headers_mut().append(name, value.parse().unwrap());
            }
            checked += usize::from(denial(&verifier, &request, NOW) == failed);
        }
    }
    assert!(checked <= 4, "{checked} signatures were checked");
    let mut other = by("10.0.0.1", &bad("k"));
    other.headers_mut().append("x-forwarded-for", B.parse().unwrap());
    assert_eq!(denial(&verifier, &other, NOW), failed, "another client");
}

#[test]
fn by_default_a_public_address_has_sixty_thousand_a_minute_and_nobody_else_waits() {
    let (verifier, key) = limited(FailedSignatures::default());
    let verifier_of_none = gate().site(vod()).key(key.key("k")).build().unwrap();
    let bad = by(A, &bad("k"));
    for verifier in [verifier, verifier_of_none] {
        for _ in 0..60_000 {
            assert_eq!(denial(&verifier, &bad, NOW), Some(Denial::BadSignature));
        }
        assert_eq!(denial(&verifier, &bad, NOW), Some(full(Failing::Client, 1)));
        assert_eq!(denial(&verifier, &by(B, &good("k", 1)), NOW), None, "another address");
    }
}

#[test]
fn the_default_limit_passes_over_what_may_be_a_proxy_that_is_not_listed() {
    for (name, proxies, peer, limited) in [
        ("a public address", None, Some(A), true),
        ("this machine", None, Some("127.0.0.1"), false),
        ("this machine, IPv6", None, Some("::1"), false),
        ("this machine, mapped", None, Some("::ffff:127.0.0.9"), false),
        ("a private network", None, Some("10.1.2.3"), false),
        ("another", None, Some("192.168.1.1"), false),
        ("a shared network", None, Some("100.64.0.1"), false),
        ("a local network of IPv6", None, Some("fd00::1"), false),
        ("a link", None, Some("fe80::1"), false),
        ("no known peer", None, None, false),
        ("a trusted proxy that names no client", Some("10.0.0.0/8"), Some("10.1.2.3"), true),
        ("a trusted proxy on this machine", Some("127.0.0.1"), Some("127.0.0.1"), true),
    ] {
        let key = Counting::default();
        let verifier = gate().site(vod()).key(key.key("k")).trusted_proxies(proxies).build().unwrap();
        let request = with("cookie", &format!("Qencode-Auth-Token={}", bad("k")), peer);
        let found = (0..60_001).map(|_| denial(&verifier, &request, NOW)).last().unwrap();
        let expected = if limited { full(Failing::Client, 1) } else { Denial::BadSignature };
        assert_eq!(found, Some(expected), "{name}");
    }
    let (verifier, _) = self::limited(per_client(1, 60));
    let request = by("127.0.0.1", &bad("k"));
    assert_eq!(denial(&verifier, &request, NOW), Some(Denial::BadSignature));
    assert_eq!(
        denial(&verifier, &request, NOW),
        Some(full(Failing::Client, 60)),
        "a limit by name counts for all"
    );
}

#[test]
fn a_policy_that_keeps_a_limit_keeps_what_is_owed() {
    fn swap(verifier: &Verifier, limits: FailedSignatures, tokens: usize) {
        let policy = Policy::builder().site(vod()).token_cache(tokens).failed_signatures(limits);
        verifier.swap(policy.build().unwrap());
    }
    let (verifier, key) = limited(per_client(2, 60).per_key(rate(4, 60)));
    let bad = bad("k");
    for client in [A, A, B, B] {
        assert_eq!(denial(&verifier, &by(client, &bad), NOW), Some(Denial::BadSignature));
    }
    let (of_client, of_key) = (Some(full(Failing::Client, 30)), Some(full(Failing::Key, 15)));
    let found = |client| denial(&verifier, &by(client, &bad), NOW);
    swap(&verifier, per_client(2, 60).per_key(rate(4, 60)), 64);
    assert_eq!([found(A), found(C)], [of_client, of_key], "the same limits");
    verifier.keys().insert(key.key("new")).unwrap();
    assert_eq!(verifier.keys().remove_kid("k"), 1);
    verifier.keys().insert(key.key("k")).unwrap();
    assert_eq!([found(A), found(C)], [of_client, of_key], "other keys, and one that came again");
    swap(&verifier, per_client(2, 60).per_key(rate(1000, 60)), 64);
    assert_eq!([found(A), found(C)], [of_client, Some(Denial::BadSignature)], "another limit for keys");
    swap(&verifier, per_client(3, 60).per_key(rate(1000, 60)), 64);
    assert_eq!(found(A), Some(Denial::BadSignature), "another limit for clients");
    swap(&verifier, FailedSignatures::unlimited(), 64);
    for _ in 0..10 {
        assert_eq!(found(A), Some(Denial::BadSignature), "no limit");
    }
}

#[test]
fn a_clock_that_is_set_back_keeps_nobody_out_for_long() {
    for (name, step) in [("a minute", 60), ("an hour", 3600), ("a year", 31_536_000), ("all of it", NOW)] {
        let (verifier, _) = limited(per_client(10, 60));
        while denial(&verifier, &by(A, &bad("k")), NOW).is_some_and(|denial| denial == Denial::BadSignature) {
        }
        let set = NOW - step;
        let free = (0..1_000).find(|later| denial(&verifier, &by(A, &good("k", 1)), set + later).is_none());
        assert!(free.unwrap() <= 120, "{name}: {free:?}");
    }
    for now in [i64::MIN, -1, 0, i64::MAX] {
        let (verifier, _) = limited(per_client(1, 60));
        let _ = denial(&verifier, &by(A, &bad("k")), now);
        assert_eq!(denial(&verifier, &by(A, &good("k", 1)), NOW), None, "{now}");
    }
}

#[test]
fn without_a_limit_any_number_is_checked() {
    let (verifier, key) = limited(FailedSignatures::unlimited());
    for _ in 0..70_000 {
        assert_eq!(denial(&verifier, &by(A, &bad("k")), NOW), Some(Denial::BadSignature));
    }
    assert_eq!(key.asked(), 70_000);
}

#[test]
fn threads_that_flood_at_once_are_limited_together() {
    let (verifier, key) = limited(per_client(100, 60));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..1_000 {
                    let _ = denial(&verifier, &by(A, &bad("k")), NOW);
                }
            });
        }
    });
    let asked = key.asked();
    assert!((100..104).contains(&asked), "{asked}: at most one more for each thread but one");
}
