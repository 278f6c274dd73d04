use super::*;

/// Rewrites a playlist that contains this line, and returns only the line.
fn line_with(line: &str, carried: &Carried) -> String {
    let (out, doubt) = rewritten(Format::Hls, carried, format!("#EXTM3U\n{line}\n").as_bytes());
    assert_eq!(doubt, None, "{line}");
    let out = String::from_utf8(out).unwrap();
    out.strip_prefix("#EXTM3U\n").and_then(|out| out.strip_suffix('\n')).unwrap().to_owned()
}

#[test]
fn every_carrier_gets_the_parameters() {
    let carried = carried("auth=x.y&s=1");
    for line in [
        "seg.ts@",
        "  \tseg.ts@ \t",
        "seg.ts@\r",
        "https://own.example/seg.ts@",
        "#EXT-X-KEY:METHOD=AES-128,URI=\"k.key@\",IV=0x1",
        "#EXT-X-KEY:URI=\"k.key@\"\r",
        "#EXT-X-SESSION-KEY:METHOD=AES-128,URI=\"k.key@\"",
        "#EXT-X-MAP:URI=\"init.mp4@\",BYTERANGE=\"10@0\"".replace("10@0", "10").as_str(),
        "#EXT-X-PART:DURATION=1,URI=\"p.mp4@\",INDEPENDENT=YES",
        "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p2.mp4@\"",
        "#EXT-X-RENDITION-REPORT:URI=\"../a.m3u8@\",LAST-MSN=1",
        "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a,b\",NAME=\"x=\",URI=\"a.m3u8@\"",
        "#EXT-X-MEDIA:TYPE=AUDIO, GROUP-ID=\"a\" , URI = \"a.m3u8@\" ,",
        "#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI=\"i.m3u8@\"",
        "#EXT-X-IMAGE-STREAM-INF:BANDWIDTH=1,URI=\"t.m3u8@\"",
        "#EXT-X-SESSION-DATA:DATA-ID=\"x\",URI=\"d.json@\"",
        "#EXT-X-CONTENT-STEERING:SERVER-URI=\"/steer@\",PATHWAY-ID=\"A\"",
        "#EXT-X-DATERANGE:ID=\"1\",CLASS=\"com.apple.hls.interstitial\",X-ASSET-URI=\"ad.m3u8@\"",
        "#EXT-X-DATERANGE:ID=\"1\",X-ASSET-LIST=\"ads.json@\",X-ASSET-URI=\"ad.m3u8@\"",
        "#EXT-X-DATERANGE:ID=\"1\",X-URI=\"schedule.json@\"",
    ] {
        let found = line_with(&line.replace('@', ""), &carried);
        assert_eq!(found, line.replace('@', "?auth=x.y&s=1"), "{line}");
    }
}

#[test]
fn what_is_no_carrier_is_left_alone() {
    let carried = carried("auth=x");
    for line in [
        "",
        "  ",
        "\r",
        "#EXTINF:4,seg.ts",
        "#EXT-X-VERSION:3",
        "# URI=\"seg.ts\"",
        "#URI=\"seg.ts\"",
        "#EXT-X-KEYS:URI=\"k.key\"",
        "#EXT-X-KEY",
        "#EXT-X-KEY:METHOD=NONE",
        "#EXT-X-KEY:X-FOO-URI=\"k.key\"",
        "#EXT-X-KEY:uri=\"k.key\"",
        "#EXT-X-KEY:URI=k.key",
        "#EXT-X-KEY:NAME=\"URI=,URI=k.key\"",
        "#EXT-X-KEY:URI=\"skd://key\"",
        "#EXT-X-KEY:URI=\"data:text/plain;base64,AAAA\"",
        "#EXT-X-KEY:URI=\"urn:uuid:1\"",
        "#EXT-X-KEY:URI=\"\"",
        "#EXT-X-KEY:URI=\" k.key\"",
        "#EXT-X-DATERANGE:ID=\"1\",X-COM-AD-URL=\"ad.m3u8\",URI=\"a\"",
        "#EXT-X-DATERANGE:ID=\"1\",X-ASSET-URI=\"https://ads.example/ad.m3u8\"",
        "#EXT-X-CONTENT-STEERING:URI=\"/steer\"",
        "#EXT-X-DEFINE:NAME=\"a\",VALUE=\"seg.ts\"",
        "#EXT-X-STREAM-INF:BANDWIDTH=1,URI=\"x\"",
        "#EXT-X-CUSTOM:URI=\"x\"",
        " #EXT-X-KEY:URI=\"k.key\"",
        "#ext-x-key:URI=\"k.key\"",
        "#EXT-X-KEY :URI=\"k.key\"",
        "https://evil.example/seg.ts",
        "my seg.ts",
        "dir/",
        "a\rb.ts",
    ] {
        assert_eq!(line_with(line, &carried), line);
    }
}

#[test]
fn a_comment_in_another_encoding_stops_nothing() {
    let (out, doubt) = rewritten(Format::Hls, &carried("a=b"), b"#EXTM3U\n#EXTINF:4,caf\xe9\n#\xff\ns.ts\n");
    assert_eq!((&*out, doubt), (&b"#EXTM3U\n#EXTINF:4,caf\xe9\n#\xff\ns.ts?a=b\n"[..], None));
}

#[test]
fn parameters_go_behind_the_query_and_before_the_fragment() {
    let carried = carried("a=1&b=2");
    for (line, expected) in [
        ("s.ts?x=1", "s.ts?x=1&a=1&b=2"),
        ("s.ts?", "s.ts?&a=1&b=2"),
        ("s.ts#t=1", "s.ts?a=1&b=2#t=1"),
        ("s.ts#t?x", "s.ts?a=1&b=2#t?x"),
        ("s.ts?x#t#u", "s.ts?x&a=1&b=2#t#u"),
        ("s.ts?a=9", "s.ts?a=9&b=2"),
        ("s.ts?b", "s.ts?b&a=1"),
        ("s.ts?%61=9&x", "s.ts?%61=9&x&b=2"),
        ("s.ts?b=1&a=2", "s.ts?b=1&a=2"),
        ("s.ts?A=9", "s.ts?A=9&a=1&b=2"),
        ("s.ts?xa=9&ab", "s.ts?xa=9&ab&a=1&b=2"),
        ("s.ts#a=9", "s.ts?a=1&b=2#a=9"),
        ("#EXT-X-MAP:URI=\"s.mp4?x#t\"", "#EXT-X-MAP:URI=\"s.mp4?x&a=1&b=2#t\""),
    ] {
        assert_eq!(line_with(line, &carried), expected);
    }
}

#[test]
fn order_is_kept_and_each_name_is_carried_once() {
    let carried = carried("b=1&a=2&&b=3&c&%62=4");
    assert_eq!(line_with("s.ts", &carried), "s.ts?b=1&a=2&c");
    assert_eq!(line_with("s.ts?b", &carried), "s.ts?b&a=2&c");
}

#[test]
fn no_value_gets_out_of_its_place() {
    for (query, expected) in [
        ("a=\"b", "a=%22b"),
        ("a=\nb\r", "a=%0Ab%0D"),
        ("a=<b>", "a=%3Cb%3E"),
        ("a={$x}", "a=%7B$x%7D"),
        ("a=b c", "a=b%20c"),
        ("a=%zz%4", "a=%25zz%254"),
        ("a=%2f%", "a=%2f%25"),
        ("a=é", "a=%C3%A9"),
        ("a=#b", "a=%23b"),
        ("a=\\[]^`|", "a=%5C%5B%5D%5E%60%7C"),
        ("\"=1", "%22=1"),
        ("a=-._~!$'()*+,;=:@/?", "a=-._~!$'()*+,;=:@/?"),
        ("a=\0\x7f", "a=%00%7F"),
    ] {
        let carried = carried(query);
        assert_eq!(line_with("s.ts", &carried), format!("s.ts?{expected}"));
        let tag = line_with("#EXT-X-MAP:URI=\"s.mp4\"", &carried);
        assert_eq!(tag, format!("#EXT-X-MAP:URI=\"s.mp4?{expected}\""));
        assert_eq!(line_with(&tag, &carried), tag, "again");
    }
}

#[test]
fn line_ends_and_byte_order_marks_stay() {
    let carried = carried("a=b");
    for (input, expected) in [
        ("\u{feff}#EXTM3U\ns.ts", "\u{feff}#EXTM3U\ns.ts?a=b"),
        ("#EXTM3U\r\n\r\ns.ts\r\nt.ts\r\n", "#EXTM3U\r\n\r\ns.ts?a=b\r\nt.ts?a=b\r\n"),
        ("#EXTM3U \ns.ts\nt.ts\r", "#EXTM3U \ns.ts?a=b\nt.ts?a=b\r"),
        ("#EXTM3U\n\n\ns.ts\n\n", "#EXTM3U\n\n\ns.ts?a=b\n\n"),
        ("#EXTM3U", "#EXTM3U"),
        ("#EXTM3U\n", "#EXTM3U\n"),
    ] {
        let (out, doubt) = rewritten(Format::Hls, &carried, input.as_bytes());
        assert_eq!((String::from_utf8(out).unwrap().as_str(), doubt), (expected, None));
    }
}

#[test]
fn from_a_doubt_on_nothing_changes() {
    let carried = carried("a=b");
    let list = Reason::Malformed(Fault::AttributeList);
    let repeated = Reason::Malformed(Fault::RepeatedAttribute);
    for (input, before, reason) in [
        (&b"s.ts\n"[..], &b""[..], Reason::NotAManifest),
        (b"", b"", Reason::NotAManifest),
        (b"\n#EXTM3U\ns.ts\n", b"", Reason::NotAManifest),
        (b"#EXTM3U8\ns.ts\n", b"", Reason::NotAManifest),
        (b" #EXTM3U\ns.ts\n", b"", Reason::NotAManifest),
        (b"#EXTM3", b"", Reason::NotAManifest),
        (b"<MPD/>", b"", Reason::NotAManifest),
        (b"#EXTM3U\n\xff.ts\ns.ts", b"#EXTM3U\n", Reason::NotUtf8),
        (b"#EXTM3U\n#EXT-X-MAP:URI=\"\xff\"\ns.ts", b"#EXTM3U\n", Reason::NotUtf8),
        (b"#EXTM3U\n#EXT-X-MAP:URI=\"s\ns.ts\n", b"#EXTM3U\n", list),
        (b"#EXTM3U\n#EXT-X-MAP:URI=\"s\"x\ns.ts\n", b"#EXTM3U\n", list),
        (b"#EXTM3U\n#EXT-X-MAP:URI=\"s\"\"t\"\ns.ts\n", b"#EXTM3U\n", list),
        (b"#EXTM3U\n#EXT-X-MAP:URI\ns.ts\n", b"#EXTM3U\n", list),
        (b"#EXTM3U\n#EXT-X-MAP:=\"s\"\ns.ts\n", b"#EXTM3U\n", list),
        (b"#EXTM3U\n#EXT-X-MAP:A=b\"c\ns.ts\n", b"#EXTM3U\n", list),
        (b"#EXTM3U\n#EXT-X-DEFINE:NAME=\"s\ns.ts\n", b"#EXTM3U\n", list),
        // each name occurs once, so no line gets many insertions
        (b"#EXTM3U\n#EXT-X-MAP:URI=\"s\",URI=\"t\"\ns.ts\n", b"#EXTM3U\n", repeated),
        (b"#EXTM3U\n#EXT-X-MAP:URI=s,A=\"b\",URI=\"t\"\ns.ts\n", b"#EXTM3U\n", repeated),
        (b"#EXTM3U\n#EXT-X-DATERANGE:X-URI=\"s\",X-ASSET-URI=\"t\",X-URI=\"s\"\n", b"#EXTM3U\n", repeated),
        // also the text before the fault in the same line
        (b"#EXTM3U\n#EXT-X-DATERANGE:X-URI=\"s\",X=\"\ns.ts\n", b"#EXTM3U\n", list),
        (b"#EXTM3U\n#\n#EXT-X-MAP:URI=\"s\",X=\"", b"#EXTM3U\n#\n", list),
    ] {
        let (out, doubt) = rewritten(Format::Hls, &carried, input);
        assert_eq!((&*out, doubt), (input, Some(Doubt::new(reason, before.len() as u64))));
    }
    let (out, doubt) = rewritten(Format::Hls, &carried, b"#EXTM3U\ns.ts\nt\xff.ts\ns.ts");
    assert_eq!(&*out, b"#EXTM3U\ns.ts?a=b\nt\xff.ts\ns.ts");
    let doubt = doubt.unwrap();
    assert_eq!((doubt.offset(), doubt.reason()), (13, Reason::NotUtf8));
    assert_eq!(doubt.to_string(), "a URI is not UTF-8, at byte 13");
}

#[test]
fn a_line_is_bounded() {
    let carried = carried("a=b");
    for (length, doubt) in [
        (MAX_HELD_BACK - 1, None),
        (MAX_HELD_BACK, None),
        (MAX_HELD_BACK + 1, Some(Doubt::new(Reason::LineTooLong, 8))),
    ] {
        for end in ["", "\n", "\ns.ts\n"] {
            let input = format!("#EXTM3U\n#{}{end}", "x".repeat(length - 1));
            let whole = rewritten_in(Format::Hls, carried.clone(), input.as_bytes(), input.len());
            for chunk in [1, 1000, 8 + length, 8 + length - 1] {
                let cut = rewritten_in(Format::Hls, carried.clone(), input.as_bytes(), chunk);
                assert!(cut == whole, "{length} {end:?} {chunk}");
            }
            assert_eq!(whole.1, doubt, "{length} {end:?}");
            let tail = if doubt.is_none() { end.replace("s.ts", "s.ts?a=b") } else { end.to_owned() };
            assert!(whole.0.ends_with(tail.as_bytes()));
        }
    }
}

#[test]
fn a_line_without_end_is_not_kept() {
    for (start, reason, offset) in [
        ("#EXTM3U\n", Reason::LineTooLong, 8),
        ("#EXTM3U ", Reason::LineTooLong, 0),
        ("x", Reason::NotAManifest, 0),
    ] {
        let mut rewriter = Rewriter::new(Format::Hls, carried("a=b"));
        let mut out = Vec::new();
        push(&mut rewriter, start.as_bytes(), &mut out);
        for _ in 0..2000 {
            push(&mut rewriter, &[b'x'; 4096], &mut out);
            assert!(rewriter.held_back() <= MAX_HELD_BACK);
        }
        assert!(!rewriter.holds_back());
        finish(&mut rewriter, &mut out);
        assert_eq!(out.len(), start.len() + 2000 * 4096);
        assert_eq!(rewriter.doubt(), Some(Doubt::new(reason, offset)));
    }
}

#[test]
fn variables_are_expanded_to_judge_a_uri() {
    let carried = carried_as("auth=x", Types::Any, true);
    let define = "#EXT-X-DEFINE:NAME=\"q\",VALUE=\"?x=1\"\n#EXT-X-DEFINE:NAME=\"own\",VALUE=\"https://own.example\"\n\
        #EXT-X-DEFINE:NAME=\"evil\",VALUE=\"https://evil.example\"\n#EXT-X-DEFINE:NAME=\"ours\",VALUE=\"auth\"\n\
        #EXT-X-DEFINE:NAME=\"hash\",VALUE=\"a#b\"\n#EXT-X-DEFINE:NAME=\"nest\",VALUE=\"{$q}\"\n\
        #EXT-X-DEFINE:NAME=\"twice\",VALUE=\"1\"\n#EXT-X-DEFINE:NAME=\"twice\",VALUE=\"2\"\n\
        #EXT-X-DEFINE:QUERYPARAM=\"auth\"\n#EXT-X-DEFINE:QUERYPARAM=\"other\"\n#EXT-X-DEFINE:IMPORT=\"imported\"\n";
    for (line, expected) in [
        ("s.ts{$q}", "s.ts{$q}&auth=x"),
        ("s.ts{$q}#t", "s.ts{$q}&auth=x#t"),
        ("{$own}/s.ts", "{$own}/s.ts?auth=x"),
        ("{$evil}/s.ts", "{$evil}/s.ts"),
        ("s.ts?{$ours}=1", "s.ts?{$ours}=1"),
        ("s{$ours}.ts", "s{$ours}.ts?auth=x"),
        ("s.ts{$hash}", "s.ts{$hash}"),
        ("s.ts#{$hash}", "s.ts?auth=x#{$hash}"),
        ("s.ts{$nest}", "s.ts{$nest}"),
        ("s.ts?{$twice}", "s.ts?{$twice}"),
        // filled in by the player
        ("s.ts?auth={$auth}", "s.ts?auth={$auth}"),
        ("s.ts?t={$auth}", "s.ts?t={$auth}"),
        ("s.ts{$q}{$auth}", "s.ts{$q}{$auth}"),
        ("a/{$auth}/s.ts", "a/{$auth}/s.ts?auth=x"),
        ("s.ts#{$auth}", "s.ts?auth=x#{$auth}"),
        // could name a host
        ("{$imported}/s.ts", "{$imported}/s.ts"),
        ("{$undefined}/s.ts", "{$undefined}/s.ts"),
        ("/{$imported}/s.ts", "/{$imported}/s.ts"),
        ("https:/{$imported}/s.ts", "https:/{$imported}/s.ts"),
        ("https://own.example{$imported}/s.ts", "https://own.example{$imported}/s.ts"),
        ("//{$imported}/s.ts", "//{$imported}/s.ts"),
        ("s{$imported}/s.ts", "s{$imported}/s.ts"),
        // cannot name a host
        ("a/{$imported}/s.ts", "a/{$imported}/s.ts?auth=x"),
        ("/a{$imported}/s.ts", "/a{$imported}/s.ts?auth=x"),
        ("{$own}/{$imported}.ts", "{$own}/{$imported}.ts?auth=x"),
        ("a/s.ts?{$other}", "a/s.ts?{$other}&auth=x"),
        ("a/s.ts{$other}", "a/s.ts{$other}?auth=x"),
        // not a variable
        ("s.ts?{$}", "s.ts?{$}&auth=x"),
        ("s.ts?{$a b}".replace(' ', "!").as_str(), "s.ts?{$a!b}&auth=x"),
        ("s.ts?{$auth", "s.ts?{$auth&auth=x"),
        ("s.ts?{auth}{$$}", "s.ts?{auth}{$$}&auth=x"),
        ("s.ts?\\{$auth}", "s.ts?\\{$auth}"),
        ("#EXT-X-MAP:URI=\"{$own}/s.ts{$q}\"", "#EXT-X-MAP:URI=\"{$own}/s.ts{$q}&auth=x\""),
    ] {
        let found = line_with(&format!("{define}{line}"), &carried);
        assert_eq!(found.strip_prefix(define), Some(expected), "{line}");
    }
}

#[test]
fn a_variable_counts_for_the_type_and_from_its_definition_on() {
    let carried = carried_as("auth=x", listed(&["ts"]), true);
    let define = "#EXT-X-DEFINE:NAME=\"e\",VALUE=\"ts\"";
    let input = format!("a/s.{{$e}}\n{define}\na/s.{{$e}}\na/s.{{$f}}");
    assert_eq!(line_with(&input, &carried), format!("a/s.{{$e}}\n{define}\na/s.{{$e}}?auth=x\na/s.{{$f}}"));
}

#[test]
fn variables_are_bounded() {
    let carried = carried("a=b");
    let defines = (0..200).map(|n| format!("#EXT-X-DEFINE:NAME=\"v{n}\",VALUE=\"1\"\n"));
    let input = format!("#EXTM3U\n{}", defines.collect::<Vec<_>>().concat());
    let (out, doubt) = rewritten(Format::Hls, &carried, input.as_bytes());
    assert_eq!(doubt.unwrap().reason(), Reason::TooManyVariables);
    assert_eq!(out, input.as_bytes());

    let value = "v".repeat(40_000);
    let define = format!("#EXT-X-DEFINE:NAME=\"v\",VALUE=\"{value}\"\n");
    let found = line_with(&format!("{define}a/{{$v}}\na/{{$v}}{{$v}}"), &carried);
    assert!(found.ends_with("\na/{$v}?a=b\na/{$v}{$v}"), "an expansion too long is left alone");
}
