//! The ends and bounds of an MPD, and documents that are not MPDs.

use super::dash::document;
use super::*;

#[test]
fn prologue_and_epilogue_stay() {
    let carried = carried("a=b");
    for input in [
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- x --><?y z?>\n<MPD/>\n<!-- x -->\n<?y?>",
        "\u{feff}<?xml version='1.0' encoding = 'utf-8' standalone=\"yes\"?>\r\n<MPD></MPD>\r\n",
        "<?xml version=\"1.0\" encoding=\"us-ascii\"?><MPD ></MPD >",
        "<?xml version=\"1.0\"?><MPD/>",
        "<?xml-stylesheet encoding=\"x\"?><MPD/>",
        " \n<?xml2 encoding='x'?><MPD/>",
    ] {
        assert_eq!(document(input, &carried), input);
    }
}

#[test]
fn with_a_doubt_anywhere_nothing_changes() {
    let carried = carried("a=b");
    let broken = |fault| Reason::Malformed(fault);
    let tail = "<BaseURL>a.mp4</BaseURL></MPD>";
    for (before, after, reason) in [
        ("", "", Reason::NotAManifest),
        ("", "{}", Reason::NotAManifest),
        ("", "#EXTM3U\ns.ts", Reason::NotAManifest),
        ("", "<html><BaseURL>a</BaseURL></html>", Reason::NotAManifest),
        ("", "  <!-- x -->", Reason::NotAManifest),
        ("", "<?xml version='1.0'?> x<MPD/>", Reason::NotAManifest),
        ("", "<MPD xmlns=\"urn:other\"><BaseURL>a.mp4</BaseURL></MPD>", Reason::NotAManifest),
        ("", "<x:MPD><BaseURL>a.mp4</BaseURL></x:MPD>", Reason::NotAManifest),
        ("", "<![CDATA[]]><MPD/>", broken(Fault::Tag)),
        ("", "<!DOCTYPE html><MPD/>", Reason::DocumentType),
        ("<?xml version=\"1.0\"?>\n", "<!DOCTYPE MPD [<!ENTITY x 'y'>]><MPD/>", Reason::DocumentType),
        ("", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><MPD/>", Reason::Encoding),
        ("", "<?xml encoding?><MPD/>", Reason::Encoding),
        ("", "<\0M\0P\0D\0>\0", Reason::Encoding),
        ("", "\0<\0M\0P\0D\0>\0", Reason::Encoding),
        ("<MPD>", "<a b=c/>", broken(Fault::Tag)),
        ("<MPD>", "<a b/>", broken(Fault::Tag)),
        ("<MPD>", "<a b=\"1\"c=\"2\"/>", broken(Fault::Tag)),
        ("<MPD>", "<a b=\"<\"/>", broken(Fault::Tag)),
        ("<MPD>", "< a/>", broken(Fault::Tag)),
        ("<MPD>", "<>", broken(Fault::Tag)),
        ("<MPD>", "<a/ >", broken(Fault::Tag)),
        ("<MPD>", "<!x>", broken(Fault::Tag)),
        ("<MPD>", "<![x]]>", broken(Fault::Tag)),
        ("<MPD>", "</ MPD>", broken(Fault::Tag)),
        ("<MPD>", "</MPD x=\"1\">", broken(Fault::Tag)),
        ("<MPD>", "</mpd>", broken(Fault::Nesting)),
        ("<MPD><a>", "</MPD>", broken(Fault::Nesting)),
        ("<MPD></MPD>", "</MPD>", broken(Fault::Nesting)),
        ("<MPD/>\n", "<MPD/>", broken(Fault::AfterRoot)),
        ("<MPD/>\n", "x", broken(Fault::AfterRoot)),
        ("<MPD/>", "\0", broken(Fault::AfterRoot)),
        ("<MPD>", "<SegmentURL media=\"a.mp4\" index=\"&x;\"/>", broken(Fault::Entity)),
        ("<MPD>", "<SegmentURL media=\"a.mp4?a&b\"/>", broken(Fault::Entity)),
        ("<MPD>", "<SegmentURL media=\"a&#0;\"/>", broken(Fault::Entity)),
        ("<MPD>", "<SegmentURL media=\"a&#xd800;\"/>", broken(Fault::Entity)),
        ("<MPD>", "<SegmentURL media=\"a&#+1;\"/>", broken(Fault::Entity)),
        ("<MPD>", "<SegmentURL media=\"a.mp4\" media=\"b.mp4\"/>", broken(Fault::RepeatedAttribute)),
        ("<MPD><BaseURL>", "a.mp4?a&b</BaseURL>", broken(Fault::Entity)),
        ("<MPD><BaseURL>", "a.mp4</Location>", broken(Fault::Nesting)),
        ("<MPD><BaseURL>", "a.mp4<!DOCTYPE x>", Reason::DocumentType),
        ("<MPD>", "", broken(Fault::Unfinished)),
        ("<MPD><BaseURL>", "https://evil.example/</BaseURL>", Reason::ForeignBase),
        ("<MPD><Period><BaseURL>", "http://own.example/</BaseURL></Period>", Reason::ForeignBase),
        ("<MPD><BaseURL>", "https://own.example:8443/</BaseURL>", Reason::ForeignBase),
        ("<MPD><BaseURL>", "a b/</BaseURL>", Reason::ForeignBase),
        ("<MPD><BaseURL>", "x/<!-- --></BaseURL>", Reason::ForeignBase),
        ("<MPD><BaseURL>", "x/<?y?></BaseURL>", Reason::ForeignBase),
        ("<MPD><BaseURL>", "x/<a/></BaseURL>", Reason::ForeignBase),
        ("<MPD><BaseURL>", "x<![CDATA[/]]></BaseURL>", Reason::ForeignBase),
        ("<MPD><BaseURL>", "<![CDATA[https://evil.example/]]></BaseURL>", Reason::ForeignBase),
        ("<MPD><Location>", "//evil.example/a.mpd</Location>", Reason::ForeignBase),
        ("<MPD><Location>", "a.mpd<!-- --></Location>", Reason::ForeignBase),
    ] {
        let tail = if after.is_empty() { "" } else { tail };
        let input = format!("{before}{after}{tail}");
        let (out, doubt) = rewritten(Format::Dash, &carried, input.as_bytes());
        assert_eq!(String::from_utf8(out).unwrap(), input);
        assert_eq!(doubt, Some(Doubt::new(reason, before.len() as u64)), "{input}");
    }
    for (input, reason, offset) in [
        (&b"\xff\xfe<\0M\0"[..], Reason::Encoding, 0),
        (b"\xfe\xff\0<\0M", Reason::Encoding, 0),
        (b"\xef\xbb<MPD/>", Reason::NotAManifest, 0),
        (b"\xef <MPD/>", Reason::NotAManifest, 0),
        (b"<MPD><BaseURL>\xff.mp4</BaseURL><BaseURL>a.mp4</BaseURL></MPD>", Reason::NotUtf8, 14),
        (b"<MPD><SegmentURL media='a.mp4' index='\xff'/><BaseURL>a.mp4</BaseURL></MPD>", Reason::NotUtf8, 5),
        (b"<MPD><BaseURL>a.mp4</Bas", broken(Fault::Unfinished), 14),
        (b"<MPD><a b='", broken(Fault::Unfinished), 5),
        (b"<MPD><!-- ", broken(Fault::Unfinished), 5),
    ] {
        let (out, doubt) = rewritten(Format::Dash, &carried, input);
        assert_eq!((&*out, doubt), (input, Some(Doubt::new(reason, offset))));
    }
    let late = b"<MPD><BaseURL>a.mp4</BaseURL></MPD>x";
    let (out, doubt) = rewritten(Format::Dash, &carried, late);
    assert_eq!((&*out, doubt.unwrap().offset()), (&late[..], 35), "what comes before the doubt stays too");
}

#[test]
fn depth_is_bounded() {
    let carried = carried("a=b");
    let nested = |depth: usize| {
        format!("<MPD>{}<BaseURL>a.mp4</BaseURL>{}</MPD>", "<a>".repeat(depth), "</a>".repeat(depth))
    };
    assert!(document(&nested(62), &carried).contains("a.mp4?a=b"));
    let (out, doubt) = rewritten(Format::Dash, &carried, nested(63).as_bytes());
    assert_eq!((out, doubt.unwrap().reason()), (nested(63).into_bytes(), Reason::TooDeep));
    let prefixes = (0..100).map(|n| format!(" xmlns:p{n}='x'")).collect::<Vec<_>>().concat();
    let (_, doubt) = rewritten(Format::Dash, &carried, format!("<MPD{prefixes}/>").as_bytes());
    assert_eq!(doubt.unwrap().reason(), Reason::TooDeep);
}

#[test]
fn tags_and_texts_are_bounded() {
    let carried = carried("a=b");
    let long = |length: usize| "x".repeat(length);
    for (before, start, end) in [("<MPD>", "<a b='", "'/>"), ("<MPD><BaseURL>", "", "</BaseURL>")] {
        for length in [MAX_HELD_BACK - 20, MAX_HELD_BACK + 20] {
            let input = format!("{before}{start}{}{end}<BaseURL>a.mp4</BaseURL></MPD>", long(length));
            let whole = rewritten_in(Format::Dash, carried.clone(), input.as_bytes(), input.len());
            for chunk in [1, 1000, MAX_HELD_BACK] {
                assert!(rewritten_in(Format::Dash, carried.clone(), input.as_bytes(), chunk) == whole);
            }
            assert_eq!(whole.1.map(Doubt::reason), (length > MAX_HELD_BACK).then_some(Reason::MarkupTooLong));
            assert_eq!(length > MAX_HELD_BACK, whole.0 == input.as_bytes());
        }
    }
}

#[test]
fn a_document_is_held_up_to_a_bound_and_passes_unchanged_beyond() {
    let document = |length: usize| {
        let (start, end) = ("<MPD><BaseURL>a.mp4</BaseURL><!--", "--></MPD>");
        format!("{start}{}{end}", "x".repeat(length - start.len() - end.len()))
    };
    for (max, length) in [(1000, 1000), (1000, 1001), (DEFAULT_MAX_MPD, DEFAULT_MAX_MPD + 1), (0, 100)] {
        let input = document(length);
        let carried = carried("a=b").max_mpd(max);
        let whole = rewritten_in(Format::Dash, carried.clone(), input.as_bytes(), input.len());
        for chunk in [1, 999, 1000, 1001] {
            assert!(rewritten_in(Format::Dash, carried.clone(), input.as_bytes(), chunk) == whole, "{chunk}");
        }
        let too_long = Doubt::new(Reason::DocumentTooLong, max as u64);
        assert_eq!(whole.1, (length > max).then_some(too_long));
        assert_eq!(length > max, whole.0 == input.as_bytes());
    }
    for start in ["<MPD><a b='", "<MPD><BaseURL>", "<MPD><BaseURL><![CDATA[", "<?xml ", "<MPD></", "<!--"] {
        let mut rewriter = Rewriter::new(Format::Dash, carried("a=b").max_mpd(100_000));
        let mut out = Vec::new();
        push(&mut rewriter, start.as_bytes(), &mut out);
        for _ in 0..2000 {
            push(&mut rewriter, &[b'x'; 4096], &mut out);
            assert!(rewriter.held_back() <= 100_000);
        }
        finish(&mut rewriter, &mut out);
        assert_eq!(out.len(), start.len() + 2000 * 4096);
        assert_eq!(rewriter.doubt().unwrap().reason(), Reason::DocumentTooLong, "{start}");
    }
}

#[test]
fn a_document_with_many_uris_is_read_on_while_it_leaves() {
    let carried = carried("a=b&c='");
    for count in [1, 4095, 4096, 4097, 4098, 20_000] {
        let list =
            |url: &str| format!("<MPD>{}</MPD>", format!("<a><SegmentURL media='{url}'/></a>").repeat(count));
        let (out, doubt) = rewritten_in(Format::Dash, carried.clone(), list("s.mp4").as_bytes(), 1 << 16);
        assert_eq!(doubt, None, "{count}");
        assert!(out == list("s.mp4?a=b&amp;c=&#39;").into_bytes(), "{count}");
    }
}
