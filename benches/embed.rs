//! What do embed tokens cost: to hold, to find, to decide, and while many are taken back?
//!
//! `cargo bench --bench embed` prints what a record takes, a table of times, how two threads share, and what decisions notice
//! of a rotation and of a sweep. With a filter, or any other argument, only criterion runs; with `-- --test` nothing grows
//! beyond a hundred.

#![expect(clippy::print_stdout, reason = "the figures are what a bench is for")]

#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;

use std::hint::black_box;
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use futures_util::FutureExt as _;
use interleaved::{Budget, Candidate};
use playgate::internals::{is_known, sweep};
use playgate::request::{RequestView, Target};
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken, Lifetime};
use playgate::store::Store;
use playgate::time::UnixSeconds;
use playgate::verifier::Embeds;
use playgate::{Decision, Site, Verifier};

const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const HOST: &str = "cdn.example.com";

/// When what was rotated is dropped, and nothing has expired yet.
const LATER: UnixSeconds = UnixSeconds::new(1_750_000_600);

/// When what lived for five minutes is dropped, and nothing else.
const EXPIRED: UnixSeconds = UnixSeconds::new(1_750_000_900);

/// How many tokens are rotated at once.
const ROTATED: usize = 100_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let [flag, size, videos] = &*arguments
        && flag == BYTES
    {
        println!("{}", bytes_each(size.parse().unwrap(), videos.parse().unwrap()));
        return;
    }
    let smoke = arguments.iter().any(|argument| argument == "--test");
    let (few, many) = if smoke { (10, 100) } else { (1_000, 1_000_000) };
    if arguments.is_empty() {
        println!(
            "| {many} tokens, 16-byte video and viewer | bytes each, by the process's size |\n| --- | ---: |"
        );
        for (name, videos) in [("one video to 100 tokens", many / 100), ("every token its own video", many)] {
            println!("| {name} | {} |", bytes_each_alone(many, videos));
        }
        println!();
    }
    let (small, large) = (Rc::new(Held::new(few, few / 10)), Rc::new(Held::new(many, many / 100)));
    let mut candidates = Vec::new();
    for (held, lookup, decision) in [(&small, 20.0, 250.0), (&large, 250.0, 500.0)] {
        let size = held.tokens.len();
        push(&mut candidates, "lookup", size, Budget::Nanoseconds(lookup), held, |held, place| {
            assert!(is_known(&held.store, black_box(&held.tokens[place])));
        });
        push(&mut candidates, "whole decision", size, Budget::Nanoseconds(decision), held, |held, place| {
            let request = held.request(place);
            let decision = held.verifier.decide(black_box(&request), NOW);
            assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
        });
    }
    candidates.sort_by(|one, other| one.group.cmp(&other.group));
    interleaved::run(candidates);
    if arguments.is_empty() {
        scaling(&large);
        latencies(&large);
    }
}

/// A store with tokens, in another order than they were issued in.
struct Held {
    store: Store,
    verifier: Verifier,
    embeds: Embeds,
    tokens: Vec<EmbedToken>,
    /// For each token the path and the query that bring it, one after the other: what a server has just read is warm, and
    /// what it is about to look up is not.
    targets: Vec<u8>,
}

/// A path and a query of the targets.
const PATH_LEN: usize = "/videos/video-0000000000/seg-00042.ts".len();
const QUERY_LEN: usize = "auth=".len() + 32;

/// A request as a server has read it.
struct Asked<'a>(&'a [u8], &'a [u8]);

impl RequestView for Asked<'_> {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: self.0, query: Some(self.1) }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (name == "host" && nth == 0).then_some(HOST.as_bytes())
    }
}

impl Held {
    fn new(size: usize, videos: usize) -> Self {
        let store = Store::in_memory();
        let site = Site::bucket("courses").host(HOST).embed(Embed::new());
        let verifier = Verifier::builder().store(&store).clock(|| NOW).site(site).build().unwrap();
        let embeds = verifier.embeds(HOST).unwrap();
        let issued: Vec<EmbedToken> =
            (0..size).map(|index| issue(&embeds, draft(&video(index % videos), index))).collect();
        let order = || (0..size).map(|place| place * 7_919 % size); // 7919 is prime to every size
        let tokens = order().map(|index| issued[index]).collect();
        let target = |index: usize| {
            format!("/videos/{}/seg-00042.ts", video(index % videos)) + "auth=" + &issued[index].to_text()
        };
        let targets = order().flat_map(|index| target(index).into_bytes()).collect();
        Self { store, verifier, embeds, tokens, targets }
    }

    fn request(&self, place: usize) -> Asked<'_> {
        let target = &self.targets[place * (PATH_LEN + QUERY_LEN)..];
        let (path, rest) = target.split_at(PATH_LEN);
        Asked(path, &rest[..QUERY_LEN])
    }
}

/// 16 bytes.
fn video(index: usize) -> String {
    format!("video-{index:010}")
}

/// A viewer of 16 bytes as well.
fn draft(video: &str, viewer: usize) -> EmbedDraft {
    EmbedDraft::new(video).viewer(format!("user-{viewer:011}")).origins(["app.example.com"])
}

fn issue(embeds: &Embeds, draft: EmbedDraft) -> EmbedToken {
    embeds.issue(draft).now_or_never().unwrap().unwrap()
}

/// The argument of a process that tells what its tokens take.
const BYTES: &str = "--bytes-each";

/// What a process that holds nothing else grows by, for each of so many tokens.
fn bytes_each_alone(size: usize, videos: usize) -> usize {
    let mut alone = Command::new(std::env::current_exe().unwrap());
    let told = alone.args([BYTES, &size.to_string(), &videos.to_string()]).output().unwrap().stdout;
    String::from_utf8(told).unwrap().trim().parse().unwrap()
}

/// What the process grows by, for each of so many tokens.
fn bytes_each(size: usize, videos: usize) -> usize {
    let store = Store::in_memory();
    let site = Site::bucket("courses").host(HOST).embed(Embed::new());
    let verifier = Verifier::builder().store(&store).site(site).build().unwrap();
    let embeds = verifier.embeds(HOST).unwrap();
    let before = resident();
    for index in 0..size {
        issue(&embeds, draft(&video(index % videos), index));
    }
    resident().saturating_sub(before) / size
}

/// The memory of this process, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4096
}

/// One row: all tokens, one after the other.
fn push(
    candidates: &mut Vec<Candidate>,
    group: &str,
    size: usize,
    budget: Budget,
    held: &Rc<Held>,
    once: fn(&Held, usize),
) {
    let held = Rc::clone(held);
    let mut place = 0;
    let mut run = move || {
        once(&held, place);
        place = if place + 1 == held.tokens.len() { 0 } else { place + 1 };
    };
    run();
    let allocations = measure(&mut run).count_total;
    assert_eq!(allocations, 0, "{group} among {size}");
    candidates.push(Candidate::new(group, &format!("among {size}"), budget, run));
}

/// The same lookups on one thread and on two.
fn scaling(held: &Held) {
    const TIMES: usize = 2_000_000;
    let Held { store, tokens, .. } = held;
    let run = |threads: usize| {
        let started = Instant::now();
        std::thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    let mut place = thread * tokens.len() / 2;
                    for _ in 0..TIMES {
                        place = if place + 1 == tokens.len() { 0 } else { place + 1 };
                        assert!(is_known(store, black_box(&tokens[place])));
                    }
                });
            }
        });
        started.elapsed().as_nanos() / TIMES as u128
    };
    let mut each: Vec<(u128, u128)> = (0..11).map(|_| (run(1), run(2))).collect();
    each.sort_unstable();
    let (one, two) = each[each.len() / 2];
    println!("\nLookups among {} tokens: {one} ns on one thread, {two} ns on each of two.", tokens.len());
}

/// What happens while decisions are timed; after these comes what is done between them.
const MEANWHILE: [&str; 3] = [
    "while nothing is taken back",
    "while 100,000 are rotated, and dropped by a sweep",
    "while 100,000 that have expired are dropped by a sweep",
];

/// How long decisions take while nothing happens, while a video is rotated, and while tokens expire.
fn latencies(held: &Held) {
    let Held { store, verifier, embeds, tokens, .. } = held;
    let between = MEANWHILE.len();
    let meanwhile = AtomicUsize::new(between);
    let done = AtomicBool::new(false);
    let mut times: [Vec<u128>; MEANWHILE.len() + 1] = Default::default();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let doomed = video(9_999_999);
            let during = |what: usize, run: &dyn Fn()| {
                meanwhile.store(what, Ordering::SeqCst);
                run();
                meanwhile.store(between, Ordering::SeqCst);
            };
            // About as long as each of the others takes.
            let idle = || during(0, &|| std::thread::sleep(Duration::from_millis(300)));
            for _ in 0..5 {
                for index in 0..ROTATED {
                    issue(embeds, draft(&doomed, index));
                }
                idle();
                during(1, &|| {
                    let _ = embeds.rotate(EmbedDraft::new(doomed.as_str())).now_or_never().unwrap();
                    sweep(store, LATER);
                });
                for index in 0..ROTATED {
                    issue(embeds, draft(&doomed, index).expires_in(Lifetime::MIN));
                }
                idle();
                during(2, &|| sweep(store, EXPIRED));
            }
            done.store(true, Ordering::SeqCst);
        });
        let mut place = 0;
        while !done.load(Ordering::SeqCst) {
            place = if place + 1 == tokens.len() { 0 } else { place + 1 };
            let request = held.request(place);
            let before = meanwhile.load(Ordering::SeqCst);
            let started = Instant::now();
            let decision = verifier.decide(black_box(&request), NOW);
            let taken = started.elapsed().as_nanos();
            assert!(matches!(decision, Decision::Granted(_)), "{decision:?}");
            if before == meanwhile.load(Ordering::SeqCst) {
                times[before].push(taken);
            }
        }
    });
    println!(
        "\n| decisions among a million, over five rounds | how many | median ns | p99 | p99.9 | x idle |\n| --- | ---: | ---: | ---: | ---: | ---: |"
    );
    let mut idle = None;
    for (name, times) in MEANWHILE.iter().zip(&mut times) {
        times.sort_unstable();
        let at = |of_thousand: usize| times[(times.len() - 1) * of_thousand / 1_000];
        let idle = *idle.get_or_insert(at(999));
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let ratio = at(999) as f64 / idle as f64;
        println!("| {name} | {} | {} | {} | {} | {ratio:.2} |", times.len(), at(500), at(990), at(999));
    }
}
