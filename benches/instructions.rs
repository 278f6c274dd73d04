//! How many instructions do our own parsing, lookup, scope and forwarding take?
//!
//! `cargo bench --bench instructions` runs each case under callgrind and prints what one run takes, beside the baseline of
//! `benches/instructions.txt`. With `-- --check` more than 3 % above it is a failure, with `-- --write` it is written anew.
//! Instructions do not depend on what else the machine does; on the compiler they do, so a baseline is good for one.
//! Cryptography is left out: under callgrind a processor has fewer abilities, and libraries take other ways.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "the figures are what a bench is for")]

#[path = "forwarding/corpus.rs"]
#[allow(dead_code, reason = "shared with another bench")]
mod corpus;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt::Write as _;
use std::future::ready;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::rc::Rc;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http::header::{ACCEPT_RANGES, CONTENT_TYPE, ETAG, HeaderValue, ORIGIN};
use http::{Request, Response};
use http_body_util::Full;
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::crypto::Algorithm;
use playgate::error::{Code, Denial};
use playgate::internals::danger::key_that_takes_any_signature;
use playgate::manifest::{Carried, Format, Hosts, Parameters, Port, Rewriter, Types};
use playgate::mint::LinkSigner;
use playgate::request::{Host, HostBuffer};
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::schemes::link::{Covers, SecureLink};
use playgate::schemes::{Carrier, Refuse};
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{Decision, KeyScope, Site, Verifier};
use tower::{Layer as _, Service as _, service_fn};

const HOST: &str = "cdn.example.com";
/// Of a site that a page of another origin plays from.
const PLAYED: &str = "played.example.com";
const PAGE: &str = "https://app.example.com";
/// Of a site with secure links.
const LINKED: &str = "linked.example.com";
const PATH: &str = "/videos/8f14e45f/720p/segment-00042.ts";
const KID: &str = "0b1e4e52-7a0c-4d4b-9f5d-2f1f8a2c6d3e";
const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const EMBED: &str = "0123456789abcdef0123456789abcdef";

/// More than this many times the baseline is a failure.
const GATE: f64 = 1.03;

/// The number of times that a count above the gate is measured, of which the lowest counts. Hash maps draw their seeds anew in
/// each process, and in about one of a hundred two names collide.
const ATTEMPTS: u32 = 3;

/// The argument of a process that runs one case.
const CASE: &str = "--case";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [CASE, name, times] => {
            let (_, mut once) = cases().into_iter().find(|(known, _)| *known == name).unwrap();
            once(); // what is made once, and remembered
            counted(&mut once, times.parse().unwrap());
            ExitCode::SUCCESS
        }
        ["--write"] => compare(|_| ()).map_or(ExitCode::FAILURE, |counts| {
            std::fs::write(baseline_file(), written(&counts)).unwrap();
            ExitCode::SUCCESS
        }),
        ["--check"] => check(),
        [] => compare(|_| ()).map_or(ExitCode::FAILURE, |_| ExitCode::SUCCESS),
        _ => {
            // Each once, to see that it says what it should.
            for (_, once) in &mut cases() {
                once();
            }
            ExitCode::SUCCESS
        }
    }
}

/// Where callgrind counts.
#[inline(never)]
fn counted(once: &mut dyn FnMut(), times: u32) {
    for _ in 0..times {
        once();
    }
}

type Case = (&'static str, Box<dyn FnMut()>);

fn cases() -> Vec<Case> {
    let mut cases = decisions();
    cases.extend(layers());
    cases.extend(manifests());
    cases
}

fn token(kid: &str, payload: &str) -> String {
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let header = format!(r#"{{"alg":"RS256","kid":"{kid}","typ":"JWT"}}"#);
    format!("{}.{}.{}", encode(&header), encode(payload), "A".repeat(342))
}

/// A token that is granted, beside what it is granted for.
fn good() -> String {
    token(KID, r#"{"exp":4102444800,"nbf":1700000000,"uri":"videos/8f14e45f/"}"#)
}

/// The same, where so many tenants name their keys alike.
fn among_namesakes(tokens: usize, tenants: usize) -> Verifier {
    let verifier = verifier(tokens);
    for tenant in 0..tenants {
        let scope = KeyScope::bucket(format!("tenant-{tenant}"));
        let key = key_that_takes_any_signature(KID, Algorithm::Rs256, scope).unwrap();
        verifier.keys().insert(key).unwrap();
    }
    verifier
}

fn verifier(tokens: usize) -> Verifier {
    let key = key_that_takes_any_signature(KID, Algorithm::Rs256, KeyScope::bucket("courses")).unwrap();
    let sites = [
        Site::bucket("courses")
            .host(HOST)
            .carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
            .embed(Embed::new()),
        Site::bucket("open").host("open.example.com").public(),
        Site::bucket("courses").host(LINKED).secure_link(secure_link()),
        Site::bucket("courses").host(PLAYED).cors(Cors::with_credentials([PAGE])),
    ];
    let builder = sites.into_iter().fold(Verifier::builder().clock(|| NOW), VerifierBuilder::site);
    builder.key(key).token_cache(tokens).build().unwrap()
}

/// A site whose hook accepts the files of one folder, and refuses others with a code of its own. Beside no other site, so that the
/// figures of the other cases do not depend on it.
fn hooked() -> Verifier {
    let key = key_that_takes_any_signature(KID, Algorithm::Rs256, KeyScope::bucket("courses")).unwrap();
    let site = Site::bucket("courses").host(HOST).hook(|request| {
        let is_of_folder = request.key().is_some_and(|key| key.starts_with("videos/8f14e45f/720p/"));
        if is_of_folder { Ok(()) } else { Err(Refuse::new("not_in_this_folder")) }
    });
    Verifier::builder().clock(|| NOW).site(site).key(key).build().unwrap()
}

fn secure_link() -> SecureLink {
    SecureLink::gcore("a shared secret of the courses").covers(Covers::File)
}

/// What a browser sends.
fn request(target: &str, host: &str, cookie: Option<&str>) -> Request<()> {
    let mut request = Request::get(target).header("host", host);
    for name in ["user-agent", "accept", "accept-encoding", "accept-language", "referer", "range"] {
        request = request.header(name, "as it may be");
    }
    if let Some(cookie) = cookie {
        request = request.header("cookie", cookie);
    }
    request.body(()).unwrap()
}

fn decisions() -> Vec<Case> {
    let good = good();
    let cookies = format!(
        "theme=dark; lang=en-GB; _ga=GA1.1.1234567890.1700000000; Qencode-Auth-Token={good}; \
         sid=8f14e45fceea167a5a36dedd4bea2543; consent=all"
    );
    let by_query = || request(&format!("{PATH}?auth={good}"), HOST, None);
    let by_cookie = || request(PATH, HOST, Some(&cookies));
    let (seen, new) = (verifier(64), verifier(0));
    let embeds = seen.embeds(HOST).unwrap();
    let draft = EmbedDraft::new("8f14e45f").token(EmbedToken::parse(EMBED).unwrap());
    embeds.issue(draft).now_or_never().unwrap().unwrap();
    let granted = |name, verifier: &Verifier, request: Request<()>| {
        let verifier = verifier.clone();
        let once = move || {
            let decision = verifier.decide(black_box(&request), NOW);
            assert!(matches!(decision, Decision::Granted(_)), "{name}: {decision:?}");
        };
        (name, Box::new(once) as Box<dyn FnMut()>)
    };
    let denied_by = |name, verifier: &Verifier, target: String, host: &str, code| {
        let (verifier, request) = (verifier.clone(), request(&target, host, None));
        let once = move || {
            let decision = verifier.decide(black_box(&request), NOW);
            assert_eq!(decision.denial().map(Denial::code), Some(code), "{name}");
        };
        (name, Box::new(once) as Box<dyn FnMut()>)
    };
    let denied = |name, target, host, code| denied_by(name, &new, target, host, code);
    let hooked = hooked();
    let with = |token: &str| format!("{PATH}?auth={token}");
    let links = LinkSigner::new(&secure_link()).unwrap();
    let link = links.link(PATH).expires_at(NOW.saturating_add(3600));
    let link = link.sign().unwrap();
    let public = {
        let (verifier, request) = (new.clone(), request(PATH, "open.example.com", None));
        let once = move || {
            let decision = verifier.decide(black_box(&request), NOW);
            assert!(matches!(decision, Decision::Public(_)), "{decision:?}");
        };
        ("public", Box::new(once) as Box<dyn FnMut()>)
    };
    vec![
        granted("granted, seen, query", &seen, by_query()),
        granted("granted, seen, cookie among six", &seen, by_cookie()),
        granted("granted, new, query", &new, by_query()),
        granted("granted, new, cookie among six", &new, by_cookie()),
        granted("granted, seen, key among 1000 of its kid", &among_namesakes(64, 999), by_query()),
        granted("granted, new, key among 1000 of its kid", &among_namesakes(0, 999), by_query()),
        granted("granted, embed token", &seen, request(&with(EMBED), HOST, None)),
        granted("granted, seen, query, hook", &hooked, by_query()),
        granted("granted, secure link", &new, request(&link, LINKED, None)),
        public,
        denied("unknown host", PATH.to_owned(), "other.example.com", Code::UnknownHost),
        denied("path that decodes again", "/a/%252e%252e/b".to_owned(), HOST, Code::AmbiguousPath),
        denied("no credential", PATH.to_owned(), HOST, Code::CredentialMissing),
        denied("unknown kid", with(&token("another", "{}")), HOST, Code::UnknownKey),
        denied("expired", with(&token(KID, r#"{"exp":1700000000,"uri":""}"#)), HOST, Code::Expired),
        denied_by(
            "refused by hook, seen",
            &hooked,
            format!("/videos/8f14e45f/a?auth={good}"),
            HOST,
            Code::RefusedByHook,
        ),
        denied("out of scope", with(&token(KID, r#"{"uri":"videos/1/"}"#)), HOST, Code::OutOfScope),
    ]
}

/// The layer over a service that answers with three header fields, and hands the request back to be asked again.
fn layers() -> Vec<Case> {
    let through = |name, mut request: Request<()>, fields: usize| {
        let asked = Rc::new(Cell::new(None));
        let back = Rc::clone(&asked);
        let mut service = GateLayer::new(verifier(64)).layer(service_fn(move |request: Request<()>| {
            back.set(Some(request));
            let mut response = Response::new(Full::new(Bytes::from_static(b"the bytes")));
            for (name, value) in [(CONTENT_TYPE, "video/mp2t"), (ACCEPT_RANGES, "bytes"), (ETAG, "\"5f\"")] {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            ready(Ok::<_, Infallible>(response))
        }));
        request.headers_mut().insert(ORIGIN, HeaderValue::from_static(PAGE));
        asked.set(Some(request));
        let once = move || {
            let response = service.call(black_box(asked.take().unwrap())).now_or_never().unwrap().unwrap();
            assert_eq!(response.headers().len(), fields, "{name}");
        };
        (name, Box::new(once) as Box<dyn FnMut()>)
    };
    let target = format!("{PATH}?auth={}", good());
    vec![
        through("layer, public", request(PATH, "open.example.com", None), 3),
        through("layer, seen, query", request(&target, HOST, None), 4),
        through("layer, seen, query, CORS", request(&target, PLAYED, None), 8),
    ]
}

struct NoOther;

impl Hosts for NoOther {
    fn is_own(&self, _: &[u8], _: Port) -> bool {
        false
    }
}

fn manifests() -> Vec<Case> {
    let rewriting = |name, format, body: String, insertions: usize| {
        let mut buffer = HostBuffer::new();
        let host = Host::parse(HOST.as_bytes(), &mut buffer).unwrap();
        let query = "md5=1B2M2Y8AsgTpgAmY7PhCfg&expires=1790000000";
        let parameters = Parameters::choose(query.as_bytes(), |_| true).unwrap().unwrap();
        let carried = Carried::new(parameters.into(), Types::Any.into(), Arc::new(NoOther), host, true);
        let mut out = Vec::with_capacity(body.len() * 4);
        let once = move || {
            out.clear();
            let mut rewriter = Rewriter::new(format, carried.clone());
            let mut rest = black_box(body.as_bytes());
            while !rest.is_empty() {
                rest = &rest[rewriter.push(rest, &mut out)..];
            }
            while !rewriter.finish(&mut out) {}
            assert!(
                out.len() > body.len() + insertions * query.len() && rewriter.doubt().is_none(),
                "{name}"
            );
        };
        (name, Box::new(once) as Box<dyn FnMut()>)
    };
    vec![
        rewriting("HLS, 100 segments", Format::Hls, corpus::hls(100), 100),
        rewriting("DASH, 100 SegmentURLs", Format::Dash, corpus::segment_list(100), 100),
    ]
}

/// Instructions of one run of each, and a table of them beside the baseline.
fn compare(mut see: impl FnMut(&str)) -> Option<BTreeMap<&'static str, u64>> {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is not installed: apt-get install valgrind");
        return None;
    }
    let (_, baseline) = baseline();
    let mut counts = BTreeMap::new();
    println!("| | instructions | baseline | x |\n| --- | ---: | ---: | ---: |");
    for (name, _) in cases() {
        let before = baseline.get(name).copied().unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
        let ratio_of = |count: u64| count as f64 / before as f64;
        let mut count = instructions(name);
        for _ in 1..ATTEMPTS {
            if ratio_of(count) <= GATE {
                break;
            }
            count = count.min(instructions(name));
        }
        counts.insert(name, count);
        let ratio = ratio_of(count);
        println!("| {name} | {count} | {before} | {ratio:.3} |");
        if ratio > GATE || before == 0 {
            see(name);
        }
    }
    Some(counts)
}

fn check() -> ExitCode {
    let (compiler, baseline) = baseline();
    if compiler != rustc() {
        eprintln!("the baseline is of {compiler}, this is {}: not compared; to write it anew, run", rustc());
        eprintln!("    cargo bench --bench instructions -- --write");
        let must = std::env::var_os("PLAYGATE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
        return if must { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    }
    let known: Vec<_> = cases().into_iter().map(|(name, _)| name).collect();
    let mut over: Vec<_> = baseline.into_keys().filter(|name| !known.contains(&name.as_str())).collect();
    let compared = compare(|name| over.push(name.to_owned()));
    if compared.is_some() && over.is_empty() {
        return ExitCode::SUCCESS;
    }
    eprintln!("more than 3 % over the baseline, or without one or a case: {over:?}; if it has to be so, run");
    eprintln!("    cargo bench --bench instructions -- --write");
    ExitCode::FAILURE
}

/// The instructions of one run.
fn instructions(name: &str) -> u64 {
    // The difference leaves out what starts and ends the loop. It wraps if only the shorter of the two had a collision.
    callgrind(name, 300).wrapping_sub(callgrind(name, 100)) / 200
}

/// The instructions of so many runs.
fn callgrind(name: &str, times: u32) -> u64 {
    let told = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        .arg("--toggle-collect=*instructions::counted*")
        .arg(std::env::current_exe().unwrap())
        .args([CASE, name, &times.to_string()])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success(), "{name}: {text}");
    let collected = text.lines().find_map(|line| line.split_once("Collected : ")).unwrap().1;
    collected.trim().parse().unwrap()
}

/// The compiler and what it compiles for.
fn rustc() -> String {
    let told = Command::new("rustc").arg("-vV").output().unwrap().stdout;
    let told = String::from_utf8(told).unwrap();
    let host = told.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    format!("{} for {host}", told.lines().next().unwrap_or_default())
}

fn baseline_file() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt"))
}

/// The compiler, then a case and its count on each line.
fn baseline() -> (String, BTreeMap<String, u64>) {
    let text = std::fs::read_to_string(baseline_file()).unwrap_or_default();
    let mut lines = text.lines();
    let compiler = lines.next().unwrap_or_default().to_owned();
    let counts = lines.filter_map(|line| line.split_once('\t'));
    (compiler, counts.filter_map(|(count, name)| Some((name.to_owned(), count.parse().ok()?))).collect())
}

fn written(counts: &BTreeMap<&'static str, u64>) -> String {
    let mut text = format!("{}\n", rustc());
    for (name, count) in counts {
        let _ = writeln!(text, "{count}\t{name}");
    }
    text
}
