//! The log under a flood of refusals: a bounded number of lines, and sums of the rest. The code in a response header.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use http::{Request, Response};
use http_body_util::Full;
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::error::Code;
use playgate::schemes::Refuse;
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{KeyScope, Site, Verifier};
use tower::{Layer as _, Service as _, service_fn};

use crate::support::{HOST, NOW, TestKey, World, behind, gate, get, lines_about, token, vod};

/// The time, which a test moves on by hand.
#[derive(Clone)]
struct Time(Arc<AtomicI64>);

impl Time {
    fn new() -> Self {
        Self(Arc::new(AtomicI64::new(NOW)))
    }

    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    /// A verifier of the bucket `vod` on these hosts. Log lines of one test contain its hosts.
    fn verifier(&self, hosts: &[&str], refine: impl FnOnce(VerifierBuilder) -> VerifierBuilder) -> Verifier {
        lines_about("start");
        let clock = Arc::clone(&self.0);
        let builder = Verifier::builder().clock(move || UnixSeconds::new(clock.load(Ordering::Relaxed)));
        let sites = hosts.iter().map(|host| Site::bucket("vod").host(*host));
        let builder = sites.fold(builder, VerifierBuilder::site);
        refine(builder.key(TestKey::Rsa.key(KeyScope::bucket("vod")))).build().unwrap()
    }
}

/// Sends requests through the layer, and fails unless each is refused with this status.
fn flood(verifier: &Verifier, count: usize, host: &str, query: &str, status: u16) {
    let mut service = GateLayer::new(verifier.clone()).layer(service_fn(|_: Request<Bytes>| async {
        Ok::<_, std::convert::Infallible>(Response::new(Full::<Bytes>::from("inner")))
    }));
    for _ in 0..count {
        let request = get(format!("/videos/1/a.ts{query}")).host(host).parsed().unwrap();
        let response = service.call(request).now_or_never().unwrap().unwrap();
        assert_eq!(response.status(), status);
    }
}

/// The lines of refusals of a site, and the counts of those that were not logged. Both are of one code.
fn logged(site: &str, code: &str) -> (usize, Vec<u64>) {
    let lines = lines_about(&format!("site=\"{site}\""));
    let lines: Vec<_> = lines.into_iter().filter(|line| line.contains(&format!("code=\"{code}\""))).collect();
    let (sums, refused): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| line.contains("more refusals were not logged"));
    assert!(refused.iter().all(|line| line.contains(" refused ")), "{refused:?}");
    let count =
        |line: &String| line.split_once("count=").unwrap().1.split(' ').next().unwrap().parse().unwrap();
    (refused.len(), sums.into_iter().map(count).collect())
}

#[test]
fn a_flood_of_ten_thousand_refusals_writes_a_hundred_lines_and_one_sum_a_second() {
    let (time, host) = (Time::new(), "flood.example.com");
    let verifier = time.verifier(&[host], |builder| builder);
    for count in [5_000, 4_000, 1_000] {
        flood(&verifier, count, host, "", 401);
        time.pass(1);
    }
    flood(&verifier, 1, host, "", 401);
    assert_eq!(logged(host, "credential_missing"), (301, vec![4_900, 3_900, 900]));
    // A second in which every refusal was logged has no sum.
    time.pass(1);
    flood(&verifier, 100, host, "", 401);
    time.pass(1);
    flood(&verifier, 1, host, "", 401);
    assert_eq!(logged(host, "credential_missing"), (402, vec![4_900, 3_900, 900]));
}

#[test]
fn two_codes_and_two_sites_each_have_their_own_number_of_lines() {
    let (time, hosts) = (Time::new(), ["one-of-two.example.com", "two-of-two.example.com"]);
    let verifier = time.verifier(&hosts, |builder| builder.denials_per_second(20));
    let elsewhere = format!("?auth={}", token("videos/2/"));
    flood(&verifier, 500, hosts[0], "", 401);
    flood(&verifier, 50, hosts[0], &elsewhere, 403);
    flood(&verifier, 30, hosts[1], "", 401);
    flood(&verifier, 5, hosts[1], &elsewhere, 403);
    time.pass(1);
    flood(&verifier, 1, hosts[1], &elsewhere, 403);
    for (host, code, expected) in [
        (hosts[0], "credential_missing", (20, vec![480])),
        (hosts[0], "out_of_scope", (20, vec![30])),
        (hosts[1], "credential_missing", (20, vec![10])),
        (hosts[1], "out_of_scope", (6, vec![])),
    ] {
        assert_eq!(logged(host, code), expected, "{host} {code}");
    }
}

#[test]
fn two_codes_of_a_hook_each_have_their_own_number_of_lines() {
    let (time, host) = (Time::new(), "hooked-flood.example.com");
    let verifier = time.verifier(&[], |builder| {
        builder.denials_per_second(3).site(Site::bucket("vod").host(host).hook(|request| {
            Err(Refuse::new(if request.field("x-odd", 0).is_some() { "odd" } else { "even" }))
        }))
    });
    let query = format!("?auth={}", token("videos/1/"));
    flood(&verifier, 10, host, &query, 403);
    let mut odd = get(format!("/videos/1/a.ts{query}")).host(host).field("x-odd", "1").parsed().unwrap();
    odd.extensions_mut().clear();
    for _ in 0..5 {
        let decision = verifier.decide(&odd, verifier.now());
        assert!(decision.reply(&odd).is_ok());
    }
    time.pass(1);
    flood(&verifier, 1, host, &query, 403);
    assert_eq!(logged(host, "even"), (4, vec![7]));
    assert_eq!(logged(host, "odd"), (3, vec![2]));
}

#[test]
fn the_sum_of_the_last_second_does_not_wait_for_another_refusal() {
    let (time, host) = (Time::new(), "last-second.example.com");
    let verifier = time.verifier(&[host], |builder| builder);
    flood(&verifier, 150, host, "", 401);
    assert_eq!(logged(host, "credential_missing"), (100, vec![]));
    time.pass(1);
    let start = Instant::now();
    while logged(host, "credential_missing").1.is_empty() {
        assert!(start.elapsed() < Duration::from_secs(30), "no sum was written");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(logged(host, "credential_missing"), (100, vec![50]));
}

#[test]
fn a_verifier_that_is_dropped_writes_its_sums() {
    let (time, host) = (Time::new(), "dropped.example.com");
    let verifier = time.verifier(&[host], |builder| builder);
    flood(&verifier, 103, host, "", 401);
    drop(verifier);
    assert_eq!(logged(host, "credential_missing"), (100, vec![3]));
}

#[test]
fn with_zero_lines_a_second_only_sums_are_written() {
    let (time, host) = (Time::new(), "sums-only.example.com");
    let verifier = time.verifier(&[host], |builder| builder.denials_per_second(0));
    flood(&verifier, 10, host, "", 401);
    time.pass(1);
    flood(&verifier, 1, host, "", 401);
    assert_eq!(logged(host, "credential_missing"), (0, vec![10]));
}

#[test]
fn a_policy_that_is_swapped_changes_the_number_of_lines_and_keeps_what_was_counted() {
    let (time, host) = (Time::new(), "swapped-log.example.com");
    let verifier = time.verifier(&[host], |builder| builder);
    flood(&verifier, 90, host, "", 401);
    let policy = playgate::Policy::builder().site(Site::bucket("vod").host(host)).denials_per_second(95);
    verifier.swap(policy.build().unwrap());
    flood(&verifier, 10, host, "", 401);
    time.pass(1);
    flood(&verifier, 1, host, "", 401);
    assert_eq!(logged(host, "credential_missing"), (96, vec![5]));
}

#[test]
fn refusals_without_a_site_are_limited_too() {
    let (time, host) = (Time::new(), "unknown-flood.example.com");
    let verifier = time.verifier(&[HOST], |builder| builder.denials_per_second(2));
    flood(&verifier, 12, host, "", 421);
    // Their lines have no site; a sum has no host either.
    assert_eq!(lines_about("unknown-flood.example.com").len(), 2);
    time.pass(1);
    flood(&verifier, 1, host, "", 421);
    let sums = lines_about("more refusals were not logged");
    assert!(sums.iter().any(|line| {
        line.contains("code=\"unknown_host\"") && line.contains("count=10") && !line.contains("site=")
    }));
}

#[tokio::test]
async fn the_code_is_in_a_header_of_refusals_if_the_policy_says_so() {
    let site = || {
        let cors = Cors::without_credentials(["*"]);
        let site = vod().cors(cors).public_paths(["open/"]).answer(Code::OutOfScope, 404);
        site.hook(
            |request| if request.has("plan", "tin") { Err(Refuse::new("plan_too_small")) } else { Ok(()) },
        )
    };
    let with = |builder: VerifierBuilder| builder.site(site()).key(TestKey::Rsa.key(KeyScope::bucket("vod")));
    let tin = TestKey::Rsa.token(r#"{"uri":"","plan":"tin"}"#);
    let quiet = World::start(with(gate().code_header(true).expose_reason(false)).build().unwrap()).await;
    let world = World::start(with(gate().code_header(true)).build().unwrap()).await;
    let without = World::start(behind(site())).await;
    for (name, ask, code) in [
        ("no credential", get("/videos/1/a.ts"), Some("credential_missing")),
        ("HEAD", get("/videos/1/a.ts").method("HEAD"), Some("credential_missing")),
        ("another status", get("/videos/1/a.ts").query(token("videos/2/")), Some("out_of_scope")),
        ("a hook's own code", get("/videos/1/a.ts").query(tin), Some("plan_too_small")),
        ("unknown host", get("/videos/1/a.ts").host("other.example.com"), Some("unknown_host")),
        ("granted", get("/videos/1/a.ts").query(token("videos/1/")), None),
        ("public", get("/open/a.ts"), None),
        (
            "preflight",
            get("/videos/1/a.ts").method("OPTIONS").field("access-control-request-method", "GET"),
            None,
        ),
    ] {
        let ask = ask.origin("https://app.example.com");
        let answer = world.ask(&ask).await;
        assert_eq!(answer.fields("x-playgate-code"), code.into_iter().collect::<Vec<_>>(), "{name}");
        // Pages of other origins cannot read it.
        let exposed = answer.field("access-control-expose-headers").unwrap_or_default();
        assert!(!exposed.contains("x-playgate-code"), "{name}: {exposed}");
        assert_eq!(quiet.ask(&ask).await.field("x-playgate-code"), code, "{name}");
        assert_eq!(without.ask(&ask).await.field("x-playgate-code"), None, "{name}");
    }
}
