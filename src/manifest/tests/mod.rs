mod child;
mod dash;
mod dash_doubts;
mod hls;
mod oracles;
mod properties;
mod work;

use std::sync::Arc;

use super::*;
use crate::request::{Host, HostBuffer};

struct Cdn;

impl Hosts for Cdn {
    fn is_own(&self, host: &[u8], port: Port) -> bool {
        assert!(!host.ends_with(b".") && !host.contains(&b'@'), "{host:?}");
        match host {
            b"media.example.com" => port.is_default() || port.is_requested(),
            b"[2001:db8::1]" => matches!(port.number(), Some(443 | 9443)),
            _ => false,
        }
    }
}

/// Returns the parameters that a request for `https://own.example/…?query` carries into the manifest. All of them are chosen.
fn carried_as(query: &str, types: Types, https: bool) -> Carried {
    let parameters = Parameters::choose(query.as_bytes(), |_| true).unwrap().unwrap();
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

/// Pushes a whole chunk, and checks that each slice has its size.
fn push(rewriter: &mut Rewriter, mut chunk: &[u8], out: &mut Vec<u8>) {
    while !chunk.is_empty() {
        let before = out.len();
        let (_, rest) = chunk.split_at(rewriter.push(chunk, out));
        let slice = out.len() - before;
        assert!(slice <= MAX_SLICE && (rest.is_empty() || slice >= SLICE), "a slice of {slice} bytes");
        chunk = rest;
    }
}

/// Finishes, and checks that each slice has its size.
fn finish(rewriter: &mut Rewriter, out: &mut Vec<u8>) {
    loop {
        let before = out.len();
        let is_all = rewriter.finish(out);
        let slice = out.len() - before;
        assert!(slice <= MAX_SLICE && (is_all || slice >= SLICE), "a slice of {slice} bytes");
        if is_all {
            break;
        }
    }
    assert!(!rewriter.holds_back());
}

fn rewritten_in(format: Format, carried: Carried, input: &[u8], chunk: usize) -> (Vec<u8>, Option<Doubt>) {
    let mut rewriter = Rewriter::new(format, carried);
    let mut out = Vec::new();
    for chunk in input.chunks(chunk.max(1)) {
        push(&mut rewriter, chunk, &mut out);
    }
    finish(&mut rewriter, &mut out);
    (out, rewriter.doubt())
}

/// Rewrites the input as a whole and byte by byte, and checks that the results are equal.
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
    push(&mut rewriter, b"#EXTM3U\nseg", &mut Vec::new());
    let shown = format!("{:?} {carried:?} {rewriter:?}", carried.parameters);
    assert!(!shown.contains("s3cr3t") && !shown.contains("t0k3n"), "{shown}");
}

#[test]
fn a_query_without_wanted_parameters_carries_nothing() {
    for query in ["", "&", "&&", "a=1&b=2", "Auth=1", "authx=1"] {
        assert!(Parameters::choose(query.as_bytes(), |name| name == b"auth").unwrap().is_none(), "{query}");
    }
    assert!(Parameters::choose(b"%61uth=1", |name| name == b"auth").unwrap().is_some());
}

#[test]
fn what_is_carried_is_bounded_in_its_longest_spelling() {
    let chosen = |query: &str| Parameters::choose(query.as_bytes(), |_| true).map(drop);
    // In XML `&amp;` precedes each.
    let room = MAX_CARRIED - "&amp;a=".len();
    for (byte, length) in [("x", 1), ("%41", 3), ("%", 3), ("|", 3), ("$", 2), ("'", 5)] {
        for (count, expected) in [(room / length, Ok(())), (room / length + 1, Err(QueryTooLong))] {
            assert_eq!(chosen(&format!("a={}", byte.repeat(count))), expected, "{count} times {byte}");
        }
    }
    let many = |count: usize| (0..count).map(|n| format!("p{n}")).collect::<Vec<_>>().join("&");
    assert_eq!(chosen(&many(MAX_PARAMETERS)), Ok(()));
    assert_eq!(chosen(&many(MAX_PARAMETERS + 1)), Err(QueryTooLong));
    assert_eq!(chosen(&vec!["a=1"; 10_000].join("&")), Ok(()), "a name counts once");
    let unwanted = format!("a=1&b={}", "x".repeat(2 * MAX_CARRIED));
    assert!(Parameters::choose(unwanted.as_bytes(), |name| name == b"a").is_ok());
}

#[test]
fn whatever_is_chosen_passes_the_check_and_nothing_else_does() {
    for length in [0, 1, 100, 1_637, 1_638, 2_000, 8_184, 8_185, 8_186, 20_000] {
        for byte in ["x", "'", "&a", "&"] {
            let query = format!("a={}", byte.repeat(length));
            let (checked, chosen) = (
                Parameters::check(query.as_bytes(), |_| true),
                Parameters::choose(query.as_bytes(), |_| true).map(drop),
            );
            assert_eq!(checked, chosen, "{length} times {byte}");
        }
    }
}
