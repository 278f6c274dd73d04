use proptest::prelude::*;

use super::*;

/// No generated manifest contains this text, so insertions can be recognized.
const QUERY: &str = "pgkey=Z'q9$";

/// Returns `text` without any spelling of the insertion.
fn removed(text: &[u8]) -> Vec<u8> {
    let mut text = text.to_vec();
    for separator in ["?", "&", "&amp;"] {
        for (quote, dollar) in [("'", "$"), ("&#39;", "$"), ("&#39;", "$$"), ("'", "$$")] {
            let inserted = format!("{separator}pgkey=Z{quote}q9{dollar}");
            text = without(&text, inserted.as_bytes());
        }
    }
    text
}

/// Returns `text` without every `part`. Longer spellings come last, so a `$$` may lose one half and is examined again.
fn without(text: &[u8], part: &[u8]) -> Vec<u8> {
    let mut kept = Vec::new();
    let mut rest = text;
    while let Some(at) = memchr::memmem::find(rest, part) {
        let after = &rest[at + part.len()..];
        if part.ends_with(b"9$") && after.starts_with(b"$") {
            kept.extend_from_slice(&rest[..at + part.len()]);
        } else {
            kept.extend_from_slice(&rest[..at]);
        }
        rest = after;
    }
    kept.extend_from_slice(rest);
    kept
}

fn count(text: &[u8], byte: u8) -> usize {
    memchr::memchr_iter(byte, text).count()
}

fn check(format: Format, input: &[u8], cuts: &[usize]) -> Result<(), TestCaseError> {
    let carried = carried(QUERY);
    let whole = rewritten_in(format, carried.clone(), input, input.len());

    let mut rewriter = Rewriter::new(format, carried.clone());
    let mut out = Vec::new();
    let mut rest = input;
    for &cut in cuts.iter().cycle().take(if cuts.is_empty() { 0 } else { input.len() }) {
        let (chunk, after) = rest.split_at(cut.min(rest.len()));
        push(&mut rewriter, chunk, &mut out);
        rest = after;
    }
    push(&mut rewriter, rest, &mut out);
    finish(&mut rewriter, &mut out);
    prop_assert_eq!((&out, rewriter.doubt()), (&whole.0, whole.1), "however it is cut");
    prop_assert!(rewritten_in(format, carried.clone(), input, 1) == whole, "byte by byte");

    prop_assert_eq!(removed(&whole.0), input, "nothing but insertions");
    let again = rewritten_in(format, carried, &whole.0, whole.0.len()).0;
    prop_assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(&whole.0), "again");
    if let Some(doubt) = whole.1 {
        let from = usize::try_from(doubt.offset()).unwrap();
        let tail = if format == Format::Dash { input } else { &input[from..] };
        prop_assert!(whole.0.ends_with(tail), "unchanged from the doubt on");
    }
    Ok(())
}

fn piece(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        12 => proptest::sample::select(pieces).prop_map(|piece| piece.as_bytes().to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
    ]
}

fn drawn(start: &'static str, pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    (any::<bool>(), proptest::collection::vec(piece(pieces), 0..40)).prop_map(move |(started, pieces)| {
        let start = if started { start.as_bytes() } else { b"" };
        [start, &pieces.concat()].concat()
    })
}

const HLS: &[&str] = &[
    "#EXTM3U",
    "\n",
    "\n",
    "\r\n",
    "seg.ts",
    "a/",
    "../",
    "https://own.example/",
    "//evil.example/",
    "?",
    "&",
    "#",
    "x=1",
    "%70gkey=1",
    "pgkey",
    "{$v}",
    "{$w}",
    "{$pgkey}",
    "{$",
    "}",
    "#EXT-X-DEFINE:NAME=\"v\",VALUE=\"?x\"\n",
    "#EXT-X-DEFINE:NAME=\"w\",VALUE=\"a/b#\"\n",
    "#EXT-X-DEFINE:QUERYPARAM=\"pgkey\"\n",
    "#EXT-X-MAP:",
    "URI=\"",
    "\"",
    ",",
    " ",
    "#EXT-X-DATERANGE:",
    "X-URI=\"s.json\",",
    "X-ASSET-LIST=\"l.json\"",
    "é",
    "\\",
    ":",
    "=",
];

const DASH: &[&str] = &[
    "<Period>",
    "</Period>",
    "<BaseURL>",
    "</BaseURL>",
    "<BaseURL>a.mp4</BaseURL>",
    "<BaseURL>//evil.example/</BaseURL>",
    "<SegmentTemplate media=\"",
    "$Time$.m4s",
    "\"",
    "'",
    "/>",
    ">",
    "<",
    "<Location>",
    "</Location>",
    "a.mpd",
    "?x",
    "&amp;",
    "&",
    "&#35;",
    "#",
    "&x;",
    "$$",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?",
    "?>",
    "<SegmentURL media='s.mp4'/>",
    " index=\"i\"",
    " ",
    "pgkey=1",
    "</MPD>",
    "<Patch>",
    "<replace sel=\"/MPD/SegmentTemplate/@media\">",
    "</replace>",
    "<?xml version=\"1.0\"?>",
    "<Period l:href=\"p.xml\" xmlns:l=\"http://www.w3.org/1999/xlink\"/>",
    "https://own.example/",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_playlist_gets_insertions_and_nothing_else(
        input in drawn("#EXTM3U\n", HLS),
        cuts in proptest::collection::vec(0..20_usize, 0..8),
    ) {
        check(Format::Hls, &input, &cuts)?;
    }

    #[test]
    fn an_mpd_gets_insertions_and_nothing_else(
        input in drawn("<MPD>", DASH),
        cuts in proptest::collection::vec(0..20_usize, 0..8),
    ) {
        check(Format::Dash, &input, &cuts)?;
    }

    #[test]
    fn arbitrary_bytes_go_through_unharmed(
        input in proptest::collection::vec(any::<u8>(), 0..200),
        cuts in proptest::collection::vec(0..20_usize, 0..8),
    ) {
        check(Format::Hls, &input, &cuts)?;
        check(Format::Dash, &input, &cuts)?;
    }

    #[test]
    fn arbitrary_values_stay_in_their_place(value in proptest::collection::vec(any::<u8>(), 0..20)) {
        let mut query = b"pgkey=".to_vec();
        query.extend(value.iter().filter(|&&byte| byte != b'&'));
        let parameters = Parameters::choose(&query, |_| true).unwrap().unwrap();
        let carried = Carried { parameters: parameters.into(), ..carried("x") };
        let playlist = b"#EXTM3U\n#EXT-X-MAP:URI=\"i.mp4\"\ns.ts\n";
        let (out, _) = rewritten(Format::Hls, &carried, playlist);
        prop_assert_eq!((count(&out, b'\n'), count(&out, b'"')), (3, 2));
        let odd = out.iter().find(|&&byte| b"{}<> \r".contains(&byte) || byte >= 0x7f);
        prop_assert_eq!(odd, None);
        prop_assert_eq!(&rewritten(Format::Hls, &carried, &out).0, &out);
        let document = b"<MPD><BaseURL>a.mp4</BaseURL><SegmentTemplate media='$Time$.m4s' index=\"i\"/></MPD>";
        let (out, _) = rewritten(Format::Dash, &carried, document);
        for byte in *b"<>'\"" {
            prop_assert_eq!(count(&out, byte), count(document, byte));
        }
        prop_assert_eq!(rewritten(Format::Dash, &carried, &out), (out.clone(), None));
    }
}
