mod child;
mod dash;
mod dash_doubts;
mod hls;
mod oracles;
mod properties;

use std::sync::Arc;

use super::*;
use crate::request::HostBuffer;

struct Cdn;

impl Hosts for Cdn {
    fn is_own(&self, host: &[u8]) -> bool {
        assert!(!host.ends_with(b".") && !host.contains(&b'@'), "{host:?}");
        host == b"media.example.com" || host == b"[2001:db8::1]"
    }
}

/// What a request for `https://own.example/…?query` carries into the manifest; every parameter is wanted.
fn carried_as(query: &str, types: Types, https: bool) -> Carried {
    let parameters = Parameters::choose(query.as_bytes(), |_| true).unwrap();
    let mut buffer = HostBuffer::new();
    let host = Host::parse(b"own.example", &mut buffer).unwrap();
    Carried::new(parameters.into(), types.into(), Arc::new(Cdn), host, https)
}

fn carried(query: &str) -> Carried {
    carried_as(query, Types::Any, true)
}

fn listed(extensions: &[&str]) -> Types {
    Types::Listed(extensions.iter().map(|&extension| extension.into()).collect())
}

fn rewritten_in(format: Format, carried: Carried, input: &[u8], chunk: usize) -> (Vec<u8>, Option<Doubt>) {
    let mut rewriter = Rewriter::new(format, carried);
    let mut out = Vec::new();
    for chunk in input.chunks(chunk.max(1)) {
        rewriter.push(chunk, &mut out);
    }
    rewriter.finish(&mut out);
    assert!(!rewriter.holds_back());
    (out, rewriter.doubt())
}

/// Rewritten whole and byte by byte, which must come to the same.
fn rewritten(format: Format, carried: &Carried, input: &[u8]) -> (Vec<u8>, Option<Doubt>) {
    let whole = rewritten_in(format, carried.clone(), input, input.len());
    for chunk in [1, 2, 7] {
        let cut = rewritten_in(format, carried.clone(), input, chunk);
        let shown = |out: &[u8]| String::from_utf8_lossy(out).into_owned();
        assert_eq!((shown(&cut.0), cut.1), (shown(&whole.0), whole.1), "in chunks of {chunk}");
        assert_eq!(cut, whole);
    }
    whole
}

#[test]
fn formats_are_told_by_extension_and_content_type() {
    for (extension, format) in [
        ("m3u8", Some(Format::Hls)),
        ("M3U8", Some(Format::Hls)),
        ("mpd", Some(Format::Dash)),
        ("mpp", Some(Format::Dash)),
        ("ts", None),
        ("", None),
    ] {
        assert_eq!(Format::of_extension(extension.as_bytes()), format, "{extension}");
    }
    for (kind, format) in [
        ("application/vnd.apple.mpegurl", Some(Format::Hls)),
        ("application/x-mpegURL; charset=utf-8", Some(Format::Hls)),
        ("audio/mpegurl", Some(Format::Hls)),
        (" Application/DASH+XML ;x", Some(Format::Dash)),
        ("application/dash-patch+xml", Some(Format::Dash)),
        ("application/xml", None),
        ("", None),
    ] {
        assert_eq!(Format::of_content_type(kind.as_bytes()), format, "{kind}");
    }
}

#[test]
fn debug_shows_no_value() {
    let carried = carried("auth=s3cr3t&t0k3n");
    let mut rewriter = Rewriter::new(Format::Hls, carried.clone());
    rewriter.push(b"#EXTM3U\nseg", &mut Vec::new());
    let shown = format!("{:?} {carried:?} {rewriter:?}", carried.parameters);
    assert!(!shown.contains("s3cr3t") && !shown.contains("t0k3n"), "{shown}");
}

#[test]
fn a_query_without_wanted_parameters_carries_nothing() {
    for query in ["", "&", "&&", "a=1&b=2", "Auth=1", "authx=1"] {
        assert!(Parameters::choose(query.as_bytes(), |name| name == b"auth").is_none(), "{query}");
    }
    assert!(Parameters::choose(b"%61uth=1", |name| name == b"auth").is_some());
}
