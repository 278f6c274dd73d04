//! The work that a manifest causes: bytes visited for each byte of the manifest.

use super::*;
use crate::work::{self, MANIFEST_BESIDES, MANIFEST_PER_BYTE};

/// Returns manifests of about 64 KiB that repeat the most expensive constructs.
fn manifests() -> Vec<(&'static str, Format, Vec<u8>)> {
    let repeated = |text: &str| text.repeat(65_536 / text.len());
    let hls = |line: &str| format!("#EXTM3U\n{}", repeated(&format!("{line}\n"))).into_bytes();
    let mpd = |body: &str| {
        format!("<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period>{body}</Period></MPD>").into_bytes()
    };
    let prefix = |number| format!(" xmlns:{}{number}=\"x\"", "p".repeat(60));
    let prefixes = (10..70).map(prefix).collect::<Vec<_>>().concat();
    let prefixed = format!("<S {}69:href=\"a\"/>", "p".repeat(60));
    let last_prefix = format!("<Period{prefixes}>{}</Period>", repeated(&prefixed));
    let many = |attribute: &str| format!("<SegmentURL{}/>", repeated(attribute));
    vec![
        ("lines of one byte", Format::Hls, hls("a")),
        ("empty lines", Format::Hls, hls("")),
        ("one line", Format::Hls, format!("#EXTM3U\n{}", "a".repeat(60_000)).into_bytes()),
        ("no end of the first line", Format::Hls, "#EXTM3U".repeat(9_000).into_bytes()),
        ("tags with one URI", Format::Hls, hls("#EXT-X-MAP:URI=\"a\"")),
        ("tags with long lists", Format::Hls, hls(&format!("#EXT-X-MAP:{}URI=\"a\"", "A=B,".repeat(100)))),
        ("lists of commas", Format::Hls, hls(&format!("#EXT-X-MAP:{}", ", ".repeat(1000)))),
        ("other tags", Format::Hls, hls("#EXT-X-OTHER")),
        ("absolute URIs", Format::Hls, hls("https://media.example.com/a?b#c")),
        ("queries of many names", Format::Hls, hls(&format!("a?{}", "&b".repeat(500)))),
        ("queries of the carried names", Format::Hls, hls(&format!("a?{}", "&n63".repeat(300)))),
        ("encoded names", Format::Hls, hls(&format!("a?{}", "&%6e63".repeat(300)))),
        ("dots", Format::Hls, hls("../../../%2e%2e")),
        ("blanks", Format::Hls, hls(&format!("{}a{}", " ".repeat(100), " ".repeat(100)))),
        (
            "variables",
            Format::Hls,
            [
                b"#EXTM3U\n#EXT-X-DEFINE:NAME=\"v\",VALUE=\"a\"\n".as_slice(),
                repeated("{$v}{$v}{$v}\n").as_bytes(),
            ]
            .concat(),
        ),
        ("unfinished variables", Format::Hls, hls(&"{$".repeat(500))),
        ("short elements", Format::Dash, mpd(&repeated("<S/>"))),
        ("segments", Format::Dash, mpd(&repeated("<SegmentURL media=\"a\"/>"))),
        ("entities", Format::Dash, mpd(&repeated("<SegmentURL media=\"&amp;&#38;&#x26;\"/>"))),
        ("one tag", Format::Dash, mpd(&many(" a=\"b\""))),
        ("one tag of white space", Format::Dash, mpd(&many("\t"))),
        ("declarations in one tag", Format::Dash, mpd(&many(" xmlns=\"x\""))),
        ("the last of many prefixes", Format::Dash, mpd(&last_prefix)),
        ("bases", Format::Dash, mpd(&repeated("<BaseURL>https://media.example.com/a/</BaseURL>"))),
        ("texts of white space", Format::Dash, mpd(&format!("<BaseURL>{}</BaseURL>", " ".repeat(60_000)))),
        ("comments", Format::Dash, mpd(&repeated("<!---->"))),
        ("nesting", Format::Dash, mpd(&"<Period>".repeat(8_000))),
        ("brackets", Format::Dash, mpd(&"<".repeat(60_000))),
        ("an unfinished tag", Format::Dash, mpd(&format!("<S {}", "a=\"b\" ".repeat(10_000)))),
    ]
}

#[test]
fn no_manifest_costs_more_than_so_much_for_each_of_its_bytes() {
    let query: Vec<String> = (0..MAX_PARAMETERS).map(|number| format!("n{number}=x")).collect();
    let mut costs = Vec::new();
    for (name, format, manifest) in manifests() {
        for chunk in [manifest.len(), 1000, 1] {
            let mut rewriter = Rewriter::new(format, carried(&query.join("&")));
            let (mut out, mut written) = (Vec::new(), 0_u64);
            work::take();
            for chunk in manifest.chunks(chunk) {
                push(&mut rewriter, chunk, &mut out);
                written += out.len() as u64;
                out.clear();
            }
            finish(&mut rewriter, &mut out);
            let (visited, bytes) = (work::take(), manifest.len() as u64);
            assert!(written + out.len() as u64 >= bytes, "{name}");
            costs.push((visited.saturating_sub(MANIFEST_BESIDES) / bytes, name, chunk));
        }
    }
    costs.sort_unstable_by(|one, other| other.cmp(one));
    assert!(costs[0].0 > 1, "nothing is counted: {costs:?}");
    assert!(costs[0].0 <= MANIFEST_PER_BYTE, "{:#?}", &costs[..8]);
}
