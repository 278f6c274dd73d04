//! The numbers of a verifier: each request counts once, by site, scheme, outcome and code.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use http::Request;
use http_body_util::BodyExt as _;
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::error::Code;
use playgate::mint::Signer;
use playgate::site::danger::Danger;
use playgate::site::{Outside, Policy};
use playgate::stats::SAMPLED_EVERY;
use playgate::time::UnixSeconds;
use playgate::verifier::{DecisionCount, OTHER_SITES, Stats};
use playgate::{Decision, Key, KeyScope, Scope, Site, Verifier};
use tower::{Layer as _, ServiceExt as _, service_fn};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";
const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);

fn key() -> Key {
    Key::from_secret("k", SECRET, KeyScope::bucket("vod")).unwrap()
}

fn vod() -> Site {
    let cors = Cors::with_credentials(["https://a.example"]);
    Site::bucket("vod").id("vod").host("vod.example.com").cors(cors)
}

fn open() -> Site {
    Site::bucket("open").id("open").host("open.example.com").public()
}

fn policy() -> playgate::site::PolicyBuilder {
    Policy::builder().site(vod()).site(open())
}

fn verifier() -> Verifier {
    Verifier::builder().clock(|| NOW).site(vod()).site(open()).key(key()).build().unwrap()
}

fn request(host: &str, target: &str) -> Request<()> {
    Request::get(target).header("host", host).body(()).unwrap()
}

fn signed(number: u32) -> String {
    let signer = Signer::from_secret("k", SECRET).unwrap();
    let token = signer.token(Scope::folder("videos/1").unwrap()).claim("n", u64::from(number));
    token.expires_at(UnixSeconds::new(1_750_003_600)).sign().unwrap().url("/videos/1/a.ts")
}

/// The counts as `site scheme outcome code: count`, without zeros.
fn lines(stats: &Stats) -> Vec<String> {
    let line = |decision: &DecisionCount| {
        let site = decision.site.as_deref().unwrap_or("-");
        let (scheme, code) = (decision.scheme.unwrap_or("-"), decision.code.unwrap_or("-"));
        format!("{site} {scheme} {} {code}: {}", decision.outcome, decision.count)
    };
    stats.decisions.iter().filter(|decision| decision.count > 0).map(line).collect()
}

#[test]
fn a_request_that_passes_because_its_site_does_not_enforce_counts_as_shadowed() {
    let site = Site::bucket("vod").id("vod").host("vod.example.com").danger(Danger { enforce: false });
    let verifier = Verifier::builder().clock(|| NOW).site(site).key(key()).build().unwrap();
    for target in ["/videos/1/a.ts", "/videos/1/a.ts?auth=a.b.c", "/videos//a.ts"] {
        drop(verifier.decide(&request("vod.example.com", target), NOW));
    }
    let expected = [
        "vod - denied ambiguous_path: 1",
        "vod - shadowed credential_missing: 1",
        "vod - shadowed malformed_token: 1",
    ];
    assert_eq!(lines(&verifier.stats()), expected);
}

#[tokio::test]
async fn manifests_are_counted_with_their_bytes_once_their_body_was_read() {
    const PLAYLIST: &str = "#EXTM3U\nseg-1.ts\n";
    let verifier = verifier();
    let inner = service_fn(async |_: Request<String>| {
        let response = http::Response::builder().header("content-type", "application/vnd.apple.mpegurl");
        Ok::<_, std::convert::Infallible>(response.body(PLAYLIST.to_owned()).unwrap())
    });
    let target = signed(0).replace("a.ts", "a.m3u8");
    let request = Request::get(&target).header("host", "vod.example.com").body(String::new()).unwrap();
    let response = GateLayer::new(verifier.clone()).layer(inner).oneshot(request).await.unwrap();
    assert_eq!(verifier.stats().manifests.rewritten, 0, "the body was not read yet");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    let manifests = verifier.stats().manifests;
    assert_eq!((manifests.rewritten, manifests.unchanged.len()), (1, 0));
    assert_eq!(manifests.bytes, body.len() as u64);
    assert!(body.len() > PLAYLIST.len(), "{body:?}");
}

#[test]
fn decisions_are_counted_by_site_scheme_outcome_and_code() {
    let verifier = verifier();
    let bad = format!("{}x", signed(0));
    let preflight = Request::options("/videos/1/a.ts")
        .header("host", "vod.example.com")
        .header("origin", "https://a.example")
        .header("access-control-request-method", "GET");
    let requests = [
        request("vod.example.com", &signed(0)),
        request("vod.example.com", &signed(0)),
        request("vod.example.com", &signed(1)),
        request("vod.example.com", "/videos/1/a.ts"),
        request("vod.example.com", &bad),
        request("vod.example.com", &signed(0).replace("/1/", "/2/")),
        preflight.body(()).unwrap(),
        request("open.example.com", "/a.ts"),
        request("other.example.com", "/a.ts"),
    ];
    for request in &requests {
        let _ = verifier.decide(request, NOW);
    }
    let stats = verifier.stats();
    assert_eq!(
        lines(&stats),
        [
            "- - denied unknown_host: 1",
            "open - public -: 1",
            "vod - preflight -: 1",
            "vod signed-token granted -: 3",
            "vod - denied credential_missing: 1",
            "vod signed-token denied bad_signature: 1",
            "vod signed-token denied out_of_scope: 1",
        ]
    );
    assert_eq!((stats.total("granted"), stats.denied(Code::OutOfScope)), (3, 1));
    // The second request and the one for another folder found their token in the cache.
    assert_eq!((stats.cache.hits, stats.cache.misses, stats.cache.evictions), (2, 3, 0));
    assert_eq!((stats.cache.size, stats.cache.capacity), (2, 65_536));
    let [signatures] = &stats.signatures[..] else { panic!("{:?}", stats.signatures) };
    assert_eq!((signatures.algorithm, signatures.verified, signatures.failed), ("HS256", 2, 1));
    assert_eq!((stats.keys.count, stats.keys.never_used), (1, 0));
    assert_eq!(stats.keys.by_last_use.iter().map(|entry| entry.keys).sum::<u64>(), 1);
}

#[test]
fn a_grant_of_zero_is_listed_for_each_scheme_that_a_site_accepts() {
    let stats = verifier().stats();
    let zeros: Vec<_> =
        stats.decisions.iter().map(|decision| (decision.site.as_deref(), decision.scheme)).collect();
    assert_eq!(zeros, [(Some("open"), Some("signed-token")), (Some("vod"), Some("signed-token"))]);
}

#[test]
fn counters_survive_a_change_of_the_policy_by_the_ids_of_sites() {
    let verifier = verifier();
    let _ = verifier.decide(&request("vod.example.com", &signed(0)), NOW);
    let _ = verifier.decide(&request("open.example.com", "/a.ts"), NOW);
    // Another order, one more site, and one less.
    verifier.swap(
        Policy::builder()
            .site(Site::bucket("new").id("new").host("new.example.com").public())
            .site(Site::bucket("vod").id("vod").host("vod.example.com"))
            .build()
            .unwrap(),
    );
    let _ = verifier.decide(&request("vod.example.com", &signed(0)), NOW);
    let _ = verifier.decide(&request("new.example.com", "/a.ts"), NOW);
    let expected = ["new - public -: 1", "open - public -: 1", "vod signed-token granted -: 2"];
    assert_eq!(lines(&verifier.stats()), expected);
    verifier.swap(policy().build().unwrap());
    let _ = verifier.decide(&request("open.example.com", "/a.ts"), NOW);
    let expected = ["new - public -: 1", "open - public -: 2", "vod signed-token granted -: 2"];
    assert_eq!(lines(&verifier.stats()), expected);
}

#[test]
fn sites_beyond_the_maximum_are_counted_together() {
    let sites = (0..playgate::stats::MAX_SITES + 5)
        .map(|number| Site::bucket("b").host(format!("s{number}.example.com")).public());
    let policy = sites.fold(Policy::builder(), playgate::site::PolicyBuilder::site);
    let verifier = verifier();
    verifier.swap(policy.build().unwrap());
    for number in [0, playgate::stats::MAX_SITES + 3, playgate::stats::MAX_SITES + 4] {
        let _ = verifier.decide(&request(&format!("s{number}.example.com"), "/a.ts"), NOW);
    }
    assert_eq!(
        lines(&verifier.stats()),
        ["s0.example.com - public -: 1".to_owned(), format!("{OTHER_SITES} - public -: 2")]
    );
}

#[test]
fn counts_of_ended_threads_are_kept() {
    let verifier = verifier();
    let signed = signed(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..SAMPLED_EVERY {
                    let _ = verifier.decide(&request("vod.example.com", &signed), NOW);
                }
            });
        }
    });
    let stats = verifier.stats();
    assert_eq!(stats.total("granted"), 8 * u64::from(SAMPLED_EVERY));
    assert_eq!(stats.cache.hits + stats.cache.misses, 8 * u64::from(SAMPLED_EVERY));
    assert_eq!(stats.latency.count, 8);
    assert!(stats.latency.sum_seconds > 0.0);
}

/// A router may have shortened the path, so the layer refuses what the decision alone would pass.
#[tokio::test]
async fn a_request_that_the_layer_refuses_for_its_shortened_path_counts_as_refused() {
    let verifier = Verifier::builder()
        .site(Site::bucket("vod").id("vod").any_host().base_path("/media/"))
        .outside(Outside::Pass)
        .build()
        .unwrap();
    let inner = service_fn(async |_: Request<()>| {
        Ok::<_, std::convert::Infallible>(http::Response::new(http_body_util::Empty::<bytes::Bytes>::new()))
    });
    let layer = GateLayer::new(verifier.clone());
    let ask = || request("a.example.com", "/page");
    assert_eq!(layer.layer(inner).oneshot(ask()).await.unwrap().status(), 404);
    assert_eq!(lines(&verifier.stats()), ["- - denied outside: 1"]);
    assert_eq!(layer.full_paths().layer(inner).oneshot(ask()).await.unwrap().status(), 200);
    assert_eq!(lines(&verifier.stats()), ["- - pass -: 1", "- - denied outside: 1"]);
}

#[test]
fn a_token_that_drives_another_out_is_an_eviction() {
    let verifier = Verifier::builder()
        .site(Site::bucket("vod").host("vod.example.com"))
        .key(key())
        .token_cache(4)
        .build();
    let verifier = verifier.unwrap();
    for number in 0..10 {
        assert!(matches!(
            verifier.decide(&request("vod.example.com", &signed(number)), NOW),
            Decision::Granted(_)
        ));
    }
    let cache = verifier.stats().cache;
    assert_eq!((cache.misses, cache.evictions, cache.size, cache.capacity), (10, 6, 4, 4));
}

#[test]
fn the_numbers_are_serialized_by_the_names_of_their_fields() {
    let verifier = verifier();
    let _ = verifier.decide(&request("vod.example.com", "/a.ts"), NOW);
    let json = serde_json::to_value(verifier.stats()).unwrap();
    let denied =
        json["decisions"].as_array().unwrap().iter().find(|entry| entry["outcome"] == "denied").unwrap();
    let expected =
        serde_json::json!({"site": "vod", "outcome": "denied", "code": "credential_missing", "count": 1});
    assert_eq!(*denied, expected);
    assert_eq!(json["latency"]["sampled_every"], SAMPLED_EVERY);
}

/// A recorder of the crate `metrics` that stores published values and descriptions.
#[derive(Default)]
struct Recorder {
    values: Mutex<BTreeMap<String, Arc<AtomicU64>>>,
    described: Mutex<BTreeMap<String, Option<metrics::Unit>>>,
}

impl Recorder {
    fn value(&self, key: &metrics::Key) -> Arc<AtomicU64> {
        let labels: Vec<String> =
            key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
        let name = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::clone(self.values.lock().unwrap().entry(name).or_default())
    }

    fn describe(&self, name: &metrics::KeyName, unit: Option<metrics::Unit>) {
        self.described.lock().unwrap().insert(name.as_str().to_owned(), unit);
    }

    fn counter(&self, name: &str) -> u64 {
        self.values.lock().unwrap()[name].load(Ordering::Relaxed)
    }
}

impl metrics::Recorder for Recorder {
    fn describe_counter(
        &self,
        name: metrics::KeyName,
        unit: Option<metrics::Unit>,
        _: metrics::SharedString,
    ) {
        self.describe(&name, unit);
    }

    fn describe_gauge(&self, name: metrics::KeyName, unit: Option<metrics::Unit>, _: metrics::SharedString) {
        self.describe(&name, unit);
    }

    fn describe_histogram(&self, _: metrics::KeyName, _: Option<metrics::Unit>, _: metrics::SharedString) {
        unreachable!("histograms are published as counters");
    }

    fn register_counter(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Counter {
        metrics::Counter::from_arc(self.value(key))
    }

    fn register_gauge(&self, key: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Gauge {
        metrics::Gauge::from_arc(self.value(key))
    }

    fn register_histogram(&self, _: &metrics::Key, _: &metrics::Metadata<'_>) -> metrics::Histogram {
        unreachable!("histograms are published as counters");
    }
}

#[test]
fn the_recorder_of_the_metrics_facade_receives_absolute_values_when_they_are_published() {
    let (verifier, recorder) = (verifier(), Recorder::default());
    metrics::with_local_recorder(&recorder, || {
        for _ in 0..3 {
            let _ = verifier.decide(&request("open.example.com", "/a.ts"), NOW);
        }
        assert!(recorder.values.lock().unwrap().is_empty(), "a decision calls no recorder");
        verifier.publish_metrics();
        let _ = verifier.decide(&request("open.example.com", "/a.ts"), NOW);
        verifier.publish_metrics();
    });
    assert_eq!(recorder.counter("playgate_decisions_total{site=open,outcome=public}"), 4);
    assert_eq!(recorder.counter("playgate_decision_duration_seconds_bucket{le=+Inf}"), 0);
    assert_eq!(f64::from_bits(recorder.counter("playgate_keys{}")).to_bits(), 1_f64.to_bits());
    let described = recorder.described.lock().unwrap();
    assert_eq!(described["playgate_manifest_bytes_total"], Some(metrics::Unit::Bytes));
    assert_eq!(described["playgate_decision_duration_seconds_sum"], Some(metrics::Unit::Seconds));
}
