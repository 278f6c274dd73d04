//! What holds for a rewritten manifest of either format.

use std::sync::Arc;

use playgate::manifest::{Carried, Format, Hosts, Parameters, Port, Rewriter, Types};
use playgate::request::{Host, HostBuffer};

/// Longer than anything that libFuzzer makes up, so that its insertions can be told.
const QUERY: &[u8] = b"pgkey=Zq9xVw-insertion";

struct Cdn;

impl Hosts for Cdn {
    fn is_own(&self, host: &[u8], port: Port) -> bool {
        host == b"media.example.com" && port.is_default()
    }
}

/// Rewrites `input` and checks what holds for both formats; the first byte tells how it is cut.
pub fn rewritten(format: Format, raw: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let (&cut, input) = raw.split_first()?;
    if memchr_of(input, b"pgkey") {
        // Idempotence alone: what stands there already cannot be told from what is inserted.
        let once = rewrite(format, input, input.len());
        assert_eq!(rewrite(format, &once, once.len()), once, "again");
        return None;
    }
    let out = rewrite(format, input, input.len());
    assert_eq!(rewrite(format, input, usize::from(cut)), out, "in chunks of {cut}");
    assert_eq!(rewrite(format, input, 1), out, "byte by byte");
    assert_eq!(rewrite(format, &out, out.len()), out, "again");
    let mut plain = out.clone();
    for separator in ["?", "&amp;", "&"] {
        plain = without(&plain, &[separator.as_bytes(), QUERY].concat());
    }
    assert_eq!(plain, input, "nothing but insertions");
    Some((input, out))
}

fn rewrite(format: Format, input: &[u8], chunk: usize) -> Vec<u8> {
    let parameters = Parameters::choose(QUERY, |_| true).expect("short").expect("one parameter");
    let mut buffer = HostBuffer::new();
    let host = Host::parse(b"own.example", &mut buffer).expect("a host");
    let carried = Carried::new(parameters.into(), Types::Any.into(), Arc::new(Cdn), host, true);
    let mut rewriter = Rewriter::new(format, carried);
    let mut out = Vec::new();
    for chunk in input.chunks(chunk.max(1)) {
        rewriter.push(chunk, &mut out);
    }
    rewriter.finish(&mut out);
    assert!(!rewriter.holds_back());
    if let Some(doubt) = rewriter.doubt() {
        let offset = usize::try_from(doubt.offset()).expect("an offset in the input");
        assert!(out.ends_with(&input[offset..]), "unchanged from the doubt on");
    }
    out
}

fn memchr_of(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|found| found == part)
}

fn without(text: &[u8], part: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = match rest.strip_prefix(part) {
            Some(after) => after,
            None => {
                kept.push(byte);
                after
            }
        };
    }
    kept
}
