//! Do two threads that decide get in each other's way, and does a tenant with a million tokens in another's?
//!
//! `cargo bench --bench threads` prints two tables. With any other argument each decision is made once.

#![expect(clippy::print_stdout, reason = "the tables are what a bench is for")]

mod counting;

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use counting::{key, token};
use futures_util::FutureExt as _;
use http::Request;
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::site::DEFAULT_TOKEN_CACHE;
use playgate::time::UnixSeconds;
use playgate::{Decision, Site, Verifier};

const HOST: &str = "cdn.example.com";
const OTHER: &str = "large.example.com";
const PATH: &str = "/videos/8f14e45f/720p/segment-00042.ts";
const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const EMBED: &str = "0123456789abcdef0123456789abcdef";

/// Tokens of the small tenant, and of the large one.
const VIEWERS: usize = 1_000;
const FLOOD: usize = 1_000_000;

fn main() {
    let smoke = std::env::args().skip(1).any(|argument| argument != "--bench");
    let (times, rounds, flood) = if smoke { (1, 1, 100) } else { (400_000, 11, FLOOD) };
    let asked = Arc::new(AtomicUsize::new(0));
    let verifier = verifier(&asked);
    let tokens: Vec<_> = (0..VIEWERS).map(|viewer| get(HOST, &token("k", viewer))).collect();
    let embed = [get(HOST, EMBED)];
    println!("| a grant from `http::Request` | one thread | each of two | x |\n| --- | ---: | ---: | ---: |");
    for (name, requests) in [
        ("a token seen before, the same for all", &tokens[..1]),
        ("1,000 tokens seen before", &tokens),
        ("an embed token, the same for all", &embed),
    ] {
        scaling(name, &verifier, requests, times, rounds);
    }
    tenants(&verifier, &asked, &tokens, flood);
}

fn verifier(asked: &Arc<AtomicUsize>) -> Verifier {
    let verifier = Verifier::builder()
        .clock(|| NOW)
        .site(Site::bucket("courses").host(HOST).embed(Embed::new()))
        .site(Site::bucket("large").host(OTHER))
        .key(key("k", "courses", asked))
        .key(key("large", "large", &Arc::default()))
        .build()
        .unwrap();
    let draft = EmbedDraft::new("8f14e45f").token(EmbedToken::parse(EMBED).unwrap());
    verifier.embeds(HOST).unwrap().issue(draft).now_or_never().unwrap().unwrap();
    verifier
}

fn get(host: &str, token: &str) -> Request<()> {
    Request::get(format!("{PATH}?auth={token}")).header("host", host).body(()).unwrap()
}

fn grant(verifier: &Verifier, request: &Request<()>) {
    let decision = verifier.decide(black_box(request), NOW);
    assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
}

/// The same decisions on one thread and on two.
fn scaling(name: &str, verifier: &Verifier, requests: &[Request<()>], times: usize, rounds: usize) {
    let run = |threads: usize| {
        let started = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    let mut place = thread * requests.len() / 2;
                    for _ in 0..times {
                        place = if place + 1 >= requests.len() { 0 } else { place + 1 };
                        grant(verifier, &requests[place]);
                    }
                });
            }
        });
        started.elapsed().as_nanos() / times as u128
    };
    let mut each: Vec<(u128, u128)> = (0..rounds).map(|_| (run(1), run(2))).collect();
    each.sort_by_key(|(one, two)| two * 1_000 / (*one).max(1));
    let (one, two) = each[each.len() / 2];
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let ratio = two as f64 / one as f64;
    println!("| {name} | {one} ns | {two} ns | {ratio:.2} |");
}

/// How many of a tenant's tokens are checked again while another brings a million valid ones.
fn tenants(verifier: &Verifier, asked: &AtomicUsize, viewers: &[Request<()>], flood: usize) {
    for viewer in viewers {
        grant(verifier, viewer);
    }
    asked.store(0, Ordering::Relaxed);
    let mut requests = 0;
    for number in 0..flood {
        grant(verifier, &get(OTHER, &token("large", number)));
        // A viewer asks for a segment every few seconds; the other as fast as it can.
        if number % 20 == 0 {
            grant(verifier, &viewers[requests % viewers.len()]);
            requests += 1;
        }
    }
    let again = asked.load(Ordering::Relaxed);
    println!(
        "\n{DEFAULT_TOKEN_CACHE} places: of {requests} requests with {} tokens {again} had their signature checked again, \
         while another tenant brought {flood} valid tokens.",
        viewers.len()
    );
}
