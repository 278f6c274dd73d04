//! Rewriting a manifest allocates nothing, once the output and what is held back have room.

use std::sync::Arc;

use allocation_counter::measure;
use playgate::manifest::{Carried, Format, Hosts, Parameters, Rewriter, Types};
use playgate::request::{Host, HostBuffer};

struct NoOther;

impl Hosts for NoOther {
    fn is_own(&self, _: &[u8]) -> bool {
        false
    }
}

fn carried() -> Carried {
    let parameters = Parameters::choose(b"auth=a.b.c&x='$", |_| true).unwrap();
    let mut buffer = HostBuffer::new();
    let host = Host::parse(b"own.example", &mut buffer).unwrap();
    Carried::new(parameters.into(), Types::Any.into(), Arc::new(NoOther), host, true)
}

/// Longer than any line and any tag behind it.
const LONGEST: usize = 300;

fn playlist() -> Vec<u8> {
    let mut text = format!("#EXTM3U\n#{}\n#EXT-X-MAP:URI=\"init.mp4\"\n", "x".repeat(LONGEST)).into_bytes();
    for number in 0..1000 {
        text.extend_from_slice(
            format!("#EXTINF:4.000,\nhttps://Own.example/v/seg-{number}.m4s?x=1\n").as_bytes(),
        );
    }
    text
}

fn mpd() -> Vec<u8> {
    let start = "<?xml version=\"1.0\"?><MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><BaseURL>";
    let mut text = format!("{start}{}/</BaseURL><Period>", "x".repeat(LONGEST)).into_bytes();
    for number in 0..1000 {
        let list = "<BaseURL>a.mp4?y&amp;z</BaseURL><SegmentTemplate media=\"$Time$.m4s\"><S d=\"4\"/></SegmentTemplate>";
        let set = format!("<AdaptationSet id=\"{number}\" xmlns:x=\"y\">{list}</AdaptationSet>");
        text.extend_from_slice(set.as_bytes());
    }
    text.extend_from_slice(b"</Period></MPD>\n");
    text
}

#[test]
fn rewriting_a_whole_manifest_allocates_nothing() {
    for (format, input) in [(Format::Hls, playlist()), (Format::Dash, mpd())] {
        for chunk in [input.len(), 1024, 100, 7] {
            let mut out = Vec::new();
            let mut rewriter = Rewriter::new(format, carried());
            // The first part makes the room: for what is held back, for names, for what a URI decodes to.
            let (first, rest) = input.split_at(1000);
            first.chunks(1).for_each(|chunk| rewriter.push(chunk, &mut out));
            out.reserve(input.len() * 4);
            let counted = measure(|| {
                rest.chunks(chunk).for_each(|chunk| rewriter.push(chunk, &mut out));
                rewriter.finish(&mut out);
            });
            assert_eq!(counted.count_total, 0, "{format:?} in chunks of {chunk}");
            assert_eq!(rewriter.doubt(), None);
            assert!(out.len() > input.len() + 1000 * 10);
        }
    }
}
