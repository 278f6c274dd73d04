//! What holds for a rewritten manifest of either format.

use std::sync::Arc;

use playgate::manifest::{
    Carried, Format, Hosts, MAX_CARRIED, MAX_HELD_BACK, MAX_SLICE, Parameters, Port, Rewriter, SLICE, Types,
};
use playgate::request::{Host, HostBuffer};

/// Longer than anything that libFuzzer makes up, so that the insertions are recognized.
const QUERY: &[u8] = b"pgkey=Zq9xVw-insertion";

struct Cdn;

impl Hosts for Cdn {
    fn is_own(&self, host: &[u8], port: Port) -> bool {
        host == b"media.example.com" && port.is_default()
    }
}

/// The longest MPD that is rewritten, in bytes: short enough that libFuzzer exceeds it.
const MAX_MPD: usize = 2048;

/// Rewrites `input` and checks the properties of both formats. The first byte is the length of chunks.
pub fn rewritten(format: Format, raw: &[u8]) -> Option<(&[u8], Vec<u8>)> {
    let (&cut, input) = raw.split_first()?;
    drawn_query(format, raw);
    if memchr_of(input, b"pgkey") {
        // Idempotence alone: what stands there already cannot be told from what is inserted.
        let once = rewrite(format, QUERY, input, input.len());
        let again = rewrite(format, QUERY, &once, once.len());
        assert!(again == once || once.len() > MAX_MPD, "again");
        return None;
    }
    let out = rewrite(format, QUERY, input, input.len());
    assert_eq!(rewrite(format, QUERY, input, usize::from(cut)), out, "in chunks of {cut}");
    assert_eq!(rewrite(format, QUERY, input, 1), out, "byte by byte");
    assert_eq!(rewrite(format, QUERY, &out, out.len()), out, "again");
    let mut plain = out.clone();
    for separator in ["?", "&amp;", "&"] {
        plain = without(&plain, &[separator.as_bytes(), QUERY].concat());
    }
    assert_eq!(plain, input, "nothing but insertions");
    Some((input, out))
}

/// Takes the first line as the query: its parameters and the output for the rest stay within the bounds.
fn drawn_query(format: Format, raw: &[u8]) {
    let end = raw.iter().position(|&byte| byte == b'\n').unwrap_or(0);
    let (query, input) = raw.split_at(end);
    if let Ok(Some(_)) = Parameters::choose(query, |_| true) {
        rewrite(format, query, input, input.len());
    }
}

/// The fewest bytes of a URI that gets parameters, with the text that makes it one: a line end; an attribute's name and quotes.
const SHORTEST_PLACE: usize = 2;

fn rewrite(format: Format, query: &[u8], input: &[u8], chunk: usize) -> Vec<u8> {
    let parameters = Parameters::choose(query, |_| true).expect("short").expect("one parameter");
    let mut buffer = HostBuffer::new();
    let host = Host::parse(b"own.example", &mut buffer).expect("a host");
    let carried = Carried::new(parameters.into(), Types::Any.into(), Arc::new(Cdn), host, true).max_mpd(MAX_MPD);
    let mut out = Vec::new();
    let mut rewriter = None;
    #[cfg(fuzzing)]
    playgate::internals::take_work();
    let heap = allocation_counter::measure(|| rewriter = Some(rewrite_into(&mut out, format, carried, input, chunk)));
    #[cfg(fuzzing)]
    {
        let (visited, bytes) = (playgate::internals::take_work(), input.len() as u64);
        assert!(visited <= playgate::internals::most_manifest_work(bytes), "{visited} bytes visited for {bytes}");
    }
    // An output that doubles is there twice while it moves.
    let most = HEAP + 3 * out.len() as u64;
    assert!(heap.bytes_max <= most, "{} bytes of heap for {} bytes of output", heap.bytes_max, out.len());
    let rewriter = rewriter.expect("the call returned");
    assert!(!rewriter.holds_back());
    // In the longest spelling a byte takes five, and so does the separator before the first parameter.
    let carried = MAX_CARRIED.min((query.len() + 1) * 5) + 1;
    let places = input.len() / SHORTEST_PLACE + 1;
    assert!(out.len() <= input.len() + places * carried, "{} bytes of {}", out.len(), input.len());
    if let Some(doubt) = rewriter.doubt() {
        let offset = usize::try_from(doubt.offset()).expect("an offset in the input");
        let unchanged = if format == Format::Dash { input } else { &input[offset..] };
        assert!(out.ends_with(unchanged), "unchanged from the doubt on");
        assert!(format == Format::Hls || out.len() == input.len(), "or as a whole");
    }
    out
}

/// The heap memory of a rewriter beside its output: an incomplete line with the room it doubles into, or an MPD; the
/// parameters in four spellings; the variables, insertions and open elements of a document.
const HEAP: u64 = 3 * MAX_HELD_BACK as u64 + 12 * MAX_CARRIED as u64;

fn rewrite_into(out: &mut Vec<u8>, format: Format, carried: Carried, input: &[u8], chunk: usize) -> Rewriter {
    let mut rewriter = Rewriter::new(format, carried);
    for mut chunk in input.chunks(chunk.max(1)) {
        while !chunk.is_empty() {
            let before = out.len();
            let (_, rest) = chunk.split_at(rewriter.push(chunk, out));
            let slice = out.len() - before;
            assert!(slice <= MAX_SLICE && (rest.is_empty() || slice >= SLICE), "a slice of {slice} bytes");
            chunk = rest;
        }
    }
    loop {
        let before = out.len();
        let is_all = rewriter.finish(out);
        let slice = out.len() - before;
        assert!(slice <= MAX_SLICE && (is_all || slice >= SLICE), "a slice of {slice} bytes");
        if is_all {
            return rewriter;
        }
    }
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
