//! What does it cost to carry a credential into a manifest, and to check a secure link?
//!
//! `cargo bench --bench forwarding` prints one Markdown table; what other arguments do, [`interleaved`] tells. Where nginx
//! is installed, its CPU time per request with and without `secure_link` stands below.

#![expect(clippy::print_stdout, reason = "the table is what a bench is for")]

#[path = "forwarding/corpus.rs"]
mod corpus;
#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;
#[path = "forwarding/nginx.rs"]
mod nginx;

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;

use allocation_counter::measure;
use http::Request;
use interleaved::{Budget, Candidate};
use md5::Digest as _;
use playgate::manifest::{Carried, Format, Hosts, Parameters, Port, Rewriter, Types};
use playgate::mint::LinkSigner;
use playgate::request::{Host, HostBuffer};
use playgate::schemes::link::SecureLink;
use playgate::time::UnixSeconds;
use playgate::{Decision, Site, Verifier};

const HOST: &str = "cdn.example.com";
const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const SECRET: &str = "a shared secret";

/// What a secure link forwards, and what a token of 545 bytes does.
const LINK: &str = "md5=1B2M2Y8AsgTpgAmY7PhCfg&expires=1790000000";

fn main() {
    let mut candidates = Vec::new();
    let token = format!("auth={}", "x".repeat(540));
    for segments in [1_000, 100_000] {
        hls(&corpus::hls(segments), segments, LINK, "link", &mut candidates);
    }
    hls(&corpus::hls(1_000), 1_000, &token, "token", &mut candidates);
    dash(&corpus::segment_list(1_000), "1,000 SegmentURLs", &mut candidates);
    dash(&corpus::timeline(1_000), "a timeline of 1,000", &mut candidates);
    links(&mut candidates);
    interleaved::run(candidates);
    if std::env::args().skip(1).all(|argument| argument == "--bench") {
        nginx::print();
    }
}

struct NoOther;

impl Hosts for NoOther {
    fn is_own(&self, _: &[u8], _: Port) -> bool {
        false
    }
}

fn carried(query: &str) -> Carried {
    let mut buffer = HostBuffer::new();
    let host = Host::parse(HOST.as_bytes(), &mut buffer).unwrap();
    let parameters = Parameters::choose(query.as_bytes(), |_| true).unwrap().unwrap();
    Carried::new(parameters.into(), Types::Any.into(), Arc::new(NoOther), host, true)
}

/// One body through the push API, into a buffer that is used again.
fn rewriting(format: Format, body: &str, query: &str, insertions: usize) -> impl FnMut() -> usize + 'static {
    let (body, carried) = (body.to_owned(), carried(query));
    let expected = body.len() + insertions;
    let mut out = Vec::with_capacity(expected * 2);
    move || {
        out.clear();
        let mut rewriter = Rewriter::new(format, carried.clone());
        for mut chunk in black_box(body.as_bytes()).chunks(64 * 1024) {
            while !chunk.is_empty() {
                chunk = &chunk[rewriter.push(chunk, &mut out)..];
            }
        }
        while !rewriter.finish(&mut out) {}
        assert_eq!((out.len(), rewriter.doubt()), (expected, None));
        out.len()
    }
}

fn copying(body: &str) -> impl FnMut() -> usize + 'static {
    let body = body.to_owned();
    let mut out = Vec::with_capacity(body.len());
    move || {
        out.clear();
        out.extend_from_slice(black_box(body.as_bytes()));
        out.len()
    }
}

/// With the allocations of one run, once the buffers have grown.
fn counted<T>(group: &str, name: &str, mut once: impl FnMut() -> T + 'static) -> Candidate {
    black_box(once());
    let allocations = measure(|| {
        black_box(once());
    })
    .count_total;
    Candidate::new(group, name, Budget::None, once).allocations(allocations)
}

fn hls(body: &str, segments: usize, query: &str, what: &str, candidates: &mut Vec<Candidate>) {
    let group =
        format!("HLS, {segments} segments, {} kB, {what} of {} bytes", body.len() / 1000, query.len());
    let insertions = (segments + 1) * (query.len() + 1);
    candidates.push(counted(&group, "memcpy of the body", copying(body)));
    candidates.push(counted(&group, "playgate", rewriting(Format::Hls, body, query, insertions)));
    let (text, query) = (body.to_owned(), query.to_owned());
    candidates.push(counted(&group, "m3u8-rs, parse and write", move || {
        let (_, mut list) = m3u8_rs::parse_media_playlist(black_box(text.as_bytes())).unwrap();
        for segment in &mut list.segments {
            segment.uri.push('?');
            segment.uri.push_str(&query);
        }
        let mut out = Vec::new();
        list.write_to(&mut out).unwrap();
        assert!(out.len() > text.len());
        out.len()
    }));
}

fn dash(body: &str, what: &str, candidates: &mut Vec<Candidate>) {
    let group = format!("DASH, {what}, {} kB, link of {} bytes", body.len() / 1000, LINK.len());
    let places = body.matches("media=").count()
        + body.matches("initialization=").count()
        + body.matches("sourceURL=").count();
    let insertions = places * (LINK.len() + 1 + "amp;".len());
    candidates.push(counted(&group, "memcpy of the body", copying(body)));
    candidates.push(counted(&group, "playgate", rewriting(Format::Dash, body, LINK, insertions)));
    let text = body.to_owned();
    candidates.push(counted(&group, "dash-mpd-core, parse and write", move || {
        let mpd = dash_mpd_core::parse(black_box(&text)).unwrap();
        let out = mpd.to_string();
        assert!(out.contains("</MPD>"));
        out.len()
    }));
}

fn links(candidates: &mut Vec<Candidate>) {
    let group = "secure link, md5";
    let link = SecureLink::gcore(SECRET);
    let path = "/videos/8f14e45f/720p/segment-00042.ts";
    let signer = LinkSigner::new(&link).unwrap();
    let url = signer.link(path).expires_at(UnixSeconds::new(1_790_000_000)).sign().unwrap();
    let text = format!("1790000000/videos/8f14e45f/720p/ {SECRET}");
    candidates
        .push(counted(group, "the hash alone (md-5)", move || md5::Md5::digest(black_box(text.as_bytes()))));
    let verifier =
        Verifier::builder().site(Site::bucket("vod").host(HOST).secure_link(link)).build().unwrap();
    let verifier = Rc::new(verifier);
    let request = |url: &str| Request::get(url).header("host", HOST).body(()).unwrap();
    let decide = |request: Request<()>, granted: bool| {
        let (verifier, request) = (Rc::clone(&verifier), RefCell::new(request));
        move || {
            let request = request.borrow();
            let decision = verifier.decide(black_box(&*request), NOW);
            assert_eq!(matches!(decision, Decision::Granted(_)), granted, "{decision:?}");
        }
    };
    candidates.push(counted(group, "whole decision, granted", decide(request(&url), true)));
    candidates.push(counted(
        group,
        "whole decision, refused",
        decide(request(&url.replace("md5=", "md5=A")), false),
    ));
}
