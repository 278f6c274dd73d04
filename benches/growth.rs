//! What does a decision cost as the configuration grows?
//!
//! `cargo bench --bench growth` prints one Markdown table. Each group grows one thing and leaves all else alone;
//! the ratio is to its smallest. A row asks 256 requests in turn, spread over all that is configured: the caches
//! hold what they touch, as on any busy origin. Rows of "all of them" ask for everything once before they come
//! round, and show what memory costs. What other arguments do, [`interleaved`] tells; with `-- --test` nothing
//! grows beyond a hundred.

#[allow(dead_code, reason = "shared with the tests")]
mod fixtures;
#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;

use std::hint::black_box;

use fixtures::{Kind, key_of};
use http::Request;
use interleaved::{Budget, Candidate};
use playgate::error::{Code, Denial};
use playgate::time::UnixSeconds;
use playgate::verify::VerifierBuilder;
use playgate::{Decision, KeyScope, Scope, Site, Verifier};

const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const EXP: UnixSeconds = UnixSeconds::new(4_102_444_800);
const HOST: &str = "cdn.example.com";
const FILE: &str = "videos/8f14e45f/720p/segment-00042.ts";
const OPEN: &str = "open/poster.jpg";

/// How many different requests a row asks.
const REQUESTS: usize = 256;

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--test");
    let up_to = |sizes: &'static [usize]| sizes.iter().copied().filter(move |&size| !smoke || size <= 100);
    let mut candidates = Vec::new();
    for size in up_to(&[10, 1_000, 100_000]) {
        hosts(size, &mut candidates);
        keys(size, &mut candidates);
    }
    for size in up_to(&[1, 10, 1_000, 100_000]) {
        base_paths(size, &mut candidates);
    }
    for size in up_to(&[1, 10, 100]) {
        patterns(size, &mut candidates);
    }
    // The rows of one group stand together, in the order of their sizes.
    candidates.sort_by(|one, other| one.group.cmp(&other.group));
    interleaved::run(candidates);
}

/// Sites, each with an exact host of its own.
fn hosts(size: usize, candidates: &mut Vec<Candidate>) {
    let host = |index: usize| format!("customer-{index}.example.com");
    let verifier = verifier((0..size).map(|index| site().host(host(index))), ["k"]);
    let token = token("k");
    let rows = |count| spread(size, count).map(host);
    let open = rows(REQUESTS).map(|host| get(&host, &format!("/{OPEN}")));
    push(candidates, "exact hosts, public", size, &verifier, open, is_public);
    let granted = rows(REQUESTS).map(|host| get(&host, &format!("/{FILE}?auth={token}")));
    push(candidates, "exact hosts, HS256 granted", size, &verifier, granted, is_granted);
    let all = rows(size.max(REQUESTS)).map(|host| get(&host, &format!("/{OPEN}")));
    push(candidates, "exact hosts, public, all of them", size, &verifier, all, is_public);
    let unknown = (0..REQUESTS).map(|index| get(&format!("nobody-{index}.example.com"), "/"));
    push(candidates, "exact hosts, an unknown one", size, &verifier, unknown, |decision| {
        decision.denial().map(Denial::code) == Some(Code::UnknownHost)
    });
}

/// Keys of one bucket.
fn keys(size: usize, candidates: &mut Vec<Candidate>) {
    let kid = |index: usize| format!("2026-11-{index}");
    let kids: Vec<String> = (0..size).map(kid).collect();
    let verifier = verifier([site().host(HOST)], kids.iter().map(String::as_str));
    let granted =
        spread(size, REQUESTS).map(|index| get(HOST, &format!("/{FILE}?auth={}", token(&kid(index)))));
    push(candidates, "keys, HS256 granted", size, &verifier, granted, is_granted);
}

/// Sites on one host, each with a base path of its own.
fn base_paths(size: usize, candidates: &mut Vec<Candidate>) {
    let base_path = |index: usize| format!("/customers/{index}/media/");
    let sites = (0..size).map(|index| site().id(index.to_string()).host(HOST).under(base_path(index)));
    let verifier = verifier(sites, ["k"]);
    let token = token("k");
    let rows = |count| spread(size, count).map(base_path);
    let open = rows(REQUESTS).map(|base| get(HOST, &format!("{base}{OPEN}")));
    push(candidates, "base paths, public", size, &verifier, open, is_public);
    let granted = rows(REQUESTS).map(|base| get(HOST, &format!("{base}{FILE}?auth={token}")));
    push(candidates, "base paths, HS256 granted", size, &verifier, granted, is_granted);
    let all = rows(size.max(REQUESTS)).map(|base| get(HOST, &format!("{base}{OPEN}")));
    push(candidates, "base paths, public, all of them", size, &verifier, all, is_public);
    let outside = (0..REQUESTS).map(|index| get(HOST, &format!("/customers/{index}/caf%C3%A9")));
    push(candidates, "base paths, every reading outside", size, &verifier, outside, |decision| {
        matches!(decision, Decision::Pass(_))
    });
    let odd = rows(REQUESTS).map(|base| get(HOST, &format!("/x/..//.{base}{OPEN}")));
    push(candidates, "base paths, some reading inside", size, &verifier, odd, |decision| {
        decision.denial().map(Denial::code) == Some(Code::AmbiguousPath)
    });
}

/// Sites with one host pattern each, of which the last to be asked matches, or none.
fn patterns(size: usize, candidates: &mut Vec<Candidate>) {
    let sites = (0..size).map(|index| site().host(format!("{{region}}.customer-{index:03}.example.com")));
    let verifier = verifier(sites, ["k"]);
    let last = size - 1;
    let open = (0..REQUESTS)
        .map(|index| get(&format!("r{index}.customer-{last:03}.example.com"), &format!("/{OPEN}")));
    push(candidates, "host patterns, public", size, &verifier, open, is_public);
    let unknown = (0..REQUESTS).map(|index| get(&format!("r{index}.nobody-007.example.com"), "/"));
    push(candidates, "host patterns, an unknown host", size, &verifier, unknown, |decision| {
        decision.denial().map(Denial::code) == Some(Code::UnknownHost)
    });
}

fn site() -> Site {
    Site::bucket("courses").public_paths(["open/"])
}

fn verifier<'k>(sites: impl IntoIterator<Item = Site>, kids: impl IntoIterator<Item = &'k str>) -> Verifier {
    let keys = kids.into_iter().map(|kid| key_of(&Kind::Hmac.signer(kid), KeyScope::bucket("courses")));
    sites
        .into_iter()
        .fold(Verifier::builder().token_cache(0), VerifierBuilder::site)
        .keys(keys)
        .build()
        .unwrap()
}

fn token(kid: &str) -> String {
    let signer = Kind::Hmac.signer(kid);
    let draft = signer.token(Scope::folder("videos/8f14e45f").unwrap());
    draft.expires_at(EXP).sign().unwrap().as_str().to_owned()
}

fn get(host: &str, target: &str) -> Request<()> {
    Request::get(target).header("host", host).body(()).unwrap()
}

/// So many places below `size`, in no order that a cache could guess.
fn spread(size: usize, count: usize) -> impl Iterator<Item = usize> {
    (0..count).map(move |index| index * 7_919 % size)
}

fn is_public(decision: &Decision<'_>) -> bool {
    matches!(decision, Decision::Public(_))
}

fn is_granted(decision: &Decision<'_>) -> bool {
    matches!(decision, Decision::Granted(_))
}

/// One row: the requests one after the other, and from the start again.
fn push(
    candidates: &mut Vec<Candidate>,
    group: &str,
    size: usize,
    verifier: &Verifier,
    requests: impl Iterator<Item = Request<()>>,
    verdict: fn(&Decision<'_>) -> bool,
) {
    let (verifier, requests): (_, Vec<_>) = (verifier.clone(), requests.collect());
    let turn = if requests.len() == REQUESTS { REQUESTS } else { 1 };
    let mut next = 0;
    let run = move || {
        let decision = verifier.decide(black_box(&requests[next]), NOW);
        assert!(verdict(&decision), "{decision:?}");
        next = if next + 1 == requests.len() { 0 } else { next + 1 };
    };
    candidates.push(Candidate::new(group, &size.to_string(), Budget::None, run).turn(turn));
}
