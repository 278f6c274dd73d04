//! What does a decision cost as the configuration grows, or what a request brings, or what is remembered?
//!
//! `cargo bench --bench growth` prints one Markdown table. Each group grows one thing and leaves all else alone;
//! the ratio is to its smallest, and what grows by the byte or the cookie has its slope below. Where the configuration
//! grows, a row asks 256 requests in turn, spread over all of it: the caches hold what they touch, as on any busy origin.
//! Rows of "all of them" ask for everything once before they come round, and show what memory costs. What other
//! arguments do, [`interleaved`] tells; with `-- --test` nothing is configured or remembered beyond a hundred.

#[path = "growth/brought.rs"]
mod brought;
#[path = "growth/configured.rs"]
mod configured;
mod counting;
#[allow(dead_code, reason = "shared with the tests")]
mod fixtures;
#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;
#[path = "growth/remembered.rs"]
mod remembered;

use std::hint::black_box;

use fixtures::{Kind, key_of};
use http::Request;
use interleaved::{Budget, Candidate};
use playgate::site::{DEFAULT_TOKEN_CACHE, Outside};
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
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
    for size in up_to(&[1, 10, 1_000, 100_000]) {
        configured::hosts(size, &mut candidates);
        configured::keys(size, &mut candidates);
        configured::base_paths(size, &mut candidates);
    }
    for size in up_to(&[1, 10, 100]) {
        configured::patterns(size, &mut candidates);
    }
    for size in [200, 500, 1_000, 2_000, 4_000] {
        brought::token_length(size, &mut candidates);
    }
    for size in [1, 6, 20, 50] {
        brought::cookies(size, &mut candidates);
    }
    for size in [8, 64, 256, 1_000] {
        brought::scope_length(size, &mut candidates);
    }
    for percent in [0, 50, 100, 200] {
        let room = if smoke { (64, 4) } else { (DEFAULT_TOKEN_CACHE, REQUESTS) };
        remembered::cache_fill(percent, room, &mut candidates);
    }
    // The rows of one group stand together, in the order of their sizes.
    candidates.sort_by(|one, other| one.group.cmp(&other.group));
    interleaved::run(candidates);
}

fn site() -> Site {
    Site::bucket("courses").public_paths(["open/"])
}

/// One that remembers no token.
fn verifier<'k>(sites: impl IntoIterator<Item = Site>, kids: impl IntoIterator<Item = &'k str>) -> Verifier {
    verifier_with(0, sites, kids)
}

fn verifier_with<'k>(
    token_cache: usize,
    sites: impl IntoIterator<Item = Site>,
    kids: impl IntoIterator<Item = &'k str>,
) -> Verifier {
    let keys = kids.into_iter().map(|kid| key_of(&Kind::Hmac.signer(kid), KeyScope::bucket("courses")));
    sites
        .into_iter()
        .fold(Verifier::builder().token_cache(token_cache).outside(Outside::Pass), VerifierBuilder::site)
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

fn push(
    candidates: &mut Vec<Candidate>,
    group: &str,
    size: usize,
    verifier: &Verifier,
    requests: impl Iterator<Item = Request<()>>,
    verdict: fn(&Decision<'_>) -> bool,
) {
    candidates.push(row(group, size, verifier, requests, verdict));
}

/// The requests one after the other, and from the start again.
fn row(
    group: &str,
    size: usize,
    verifier: &Verifier,
    requests: impl Iterator<Item = Request<()>>,
    verdict: fn(&Decision<'_>) -> bool,
) -> Candidate {
    let (verifier, requests): (_, Vec<_>) = (verifier.clone(), requests.collect());
    let turn = if requests.len() == REQUESTS { REQUESTS } else { 1 };
    let mut next = 0;
    let run = move || {
        let decision = verifier.decide(black_box(&requests[next]), NOW);
        assert!(verdict(&decision), "{decision:?}");
        next = if next + 1 == requests.len() { 0 } else { next + 1 };
    };
    Candidate::new(group, &size.to_string(), Budget::None, run).turn(turn)
}
