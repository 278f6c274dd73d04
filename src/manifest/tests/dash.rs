use super::*;

const OPEN: &str = "<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" xmlns:l=\"http://www.w3.org/1999/xlink\">";

pub(super) fn document(input: &str, carried: &Carried) -> String {
    let (out, doubt) = rewritten(Format::Dash, carried, input.as_bytes());
    assert_eq!(doubt, None, "{input}");
    String::from_utf8(out).unwrap()
}

/// Returns the rewritten content of an MPD.
fn inside(content: &str, carried: &Carried) -> String {
    let out = document(&format!("{OPEN}{content}</MPD>"), carried);
    out.strip_prefix(OPEN).and_then(|out| out.strip_suffix("</MPD>")).unwrap().to_owned()
}

#[test]
fn every_carrier_gets_the_parameters() {
    let carried = carried("auth=x.y&s=1");
    for content in [
        "<BaseURL>a.mp4@</BaseURL>",
        "<BaseURL serviceLocation='a'>\n  https://own.example/a.mp4@\n</BaseURL>",
        "<BaseURL><![CDATA[a.mp4~]]></BaseURL>",
        "<BaseURL> <![CDATA[ a.mp4?x&y&auth=x.y&s=1#t ]]> </BaseURL>",
        "<Period><AdaptationSet><Representation><BaseURL>a.vtt@</BaseURL></Representation></AdaptationSet></Period>",
        "<SegmentTemplate media=\"$RepresentationID$/$Number%05d$.m4s@\" initialization='i.mp4@' index=\"i@\" bitstreamSwitching=\"b@\"/>",
        "<SegmentTemplate timescale = \"1\"\n\tmedia = \"$Time$.m4s@\" ><SegmentTimeline><S t=\"0\" d=\"1\"/></SegmentTimeline></SegmentTemplate>",
        "<SegmentList><Initialization sourceURL=\"i.mp4@\" range=\"0-1\"/><SegmentURL media=\"1.m4s@\" index=\"1.idx@\"/></SegmentList>",
        "<SegmentBase><RepresentationIndex sourceURL=\"i.sidx@\"/></SegmentBase>",
        "<SegmentList><BitstreamSwitching sourceURL=\"b.mp4@\"/></SegmentList>",
        "<Location>https://own.example/a.mpd@</Location>",
        "<PatchLocation ttl=\"60\">/a.mpp@</PatchLocation>",
        "<ContentSteering defaultServiceLocation=\"a\">/steer@</ContentSteering>",
        "<Period l:href=\"p.xml@\" l:actuate=\"onLoad\"/>",
        "<Period xmlns:z='http://www.w3.org/1999/xlink'><AdaptationSet z:href='a.xml@'></AdaptationSet></Period>",
        "<EventStream l:href=\"e.xml@\"></EventStream>",
        "<SegmentList l:href=\"s.xml@\"/>",
    ] {
        let found = inside(&content.replace(['@', '~'], "").replace("&auth=x.y&s=1", ""), &carried);
        let expected = content.replace('@', "?auth=x.y&amp;s=1").replace('~', "?auth=x.y&s=1");
        assert_eq!(found, expected);
        assert_eq!(inside(&found, &carried), found, "again");
    }
}

#[test]
fn what_is_no_carrier_is_left_alone() {
    let carried = carried("auth=x");
    for content in [
        "",
        " text &nbsp; & more ",
        "<BaseURL/>",
        "<BaseURL></BaseURL>",
        "<BaseURL> </BaseURL>",
        "<BaseURL>./</BaseURL>",
        "<BaseURL>https://own.example/a/</BaseURL>",
        "<BaseURL>https://own.example</BaseURL>",
        "<BaseURL><![CDATA[]]></BaseURL>",
        "<PatchLocation>a<!-- -->.mpp</PatchLocation>",
        "<PatchLocation>a.mpp<?x?></PatchLocation>",
        "<ContentSteering>a<b/>.json</ContentSteering>",
        "<ContentSteering>a<![CDATA[.json]]></ContentSteering>",
        "<PatchLocation>https://evil.example/a.mpp</PatchLocation>",
        "<SegmentURL media=\"https://evil.example/a.mp4\"/>",
        "<UTCTiming schemeIdUri=\"urn:mpeg:dash:utc:http-xsdate:2014\" value=\"https://own.example/t\"/>",
        "<ContentProtection><ms:laurl xmlns:ms=\"m\" Lic_type=\"x\">a.key</ms:laurl><BaseURL>a.mp4</BaseURL></ContentProtection>",
        "<ProgramInformation moreInformationURL=\"a.html\"><BaseURL>a.mp4</BaseURL></ProgramInformation>",
        "<Metrics reportingUrl=\"a\"><Reporting/></Metrics>",
        "<EventStream><Event messageData=\"a\"><BaseURL>a.mp4</BaseURL></Event></EventStream>",
        "<x:BaseURL xmlns:x=\"other\">a.mp4</x:BaseURL>",
        "<x:BaseURL>a.mp4</x:BaseURL>",
        "<Custom xmlns=\"other\"><BaseURL>a.mp4</BaseURL></Custom>",
        "<Custom xmlns=\"\"><BaseURL>a.mp4</BaseURL></Custom>",
        "<baseURL>a.mp4</baseURL>",
        "<BaseURLs>a.mp4</BaseURLs>",
        "<SegmentTemplate Media=\"a.m4s\" duration=\"1\"/>",
        "<SegmentTemplate l:media=\"a.m4s\"/>",
        "<SegmentURL sourceURL=\"a.m4s\" mediaRange=\"0-1\"/>",
        "<Initialization media=\"a.m4s\"/>",
        "<Period href=\"p.xml\"/>",
        "<Period l:href=\"urn:mpeg:dash:resolve-to-zero:2013\"/>",
        "<Period l:href=\"https://evil.example/p.xml\"/>",
        "<Period m:href=\"p.xml\"/>",
        "<Period xmlns:l=\"other\" l:href=\"p.xml\"/>",
        "<!-- <BaseURL>a.mp4</BaseURL> x=\"1\" > -->",
        "<!---><BaseURL>a.mp4</BaseURL>-->",
        "<?pi <BaseURL>a.mp4</BaseURL> > ?>",
        "<![CDATA[<BaseURL>a.mp4</BaseURL>]]>",
        "<Title>a.mp4</Title>",
        "<S a=\"/>\" b='\"'/>",
    ] {
        assert_eq!(inside(content, &carried), content);
    }
}

#[test]
fn carriers_are_known_by_namespace() {
    let carried = carried("a=b");
    for (input, expected) in [
        ("<MPD><BaseURL>a.mp4</BaseURL></MPD>", "<MPD><BaseURL>a.mp4?a=b</BaseURL></MPD>"),
        (
            "<d:MPD xmlns:d='urn:mpeg:dash:schema:mpd:2011'><d:BaseURL>a.mp4</d:BaseURL></d:MPD>",
            "<d:MPD xmlns:d='urn:mpeg:dash:schema:mpd:2011'><d:BaseURL>a.mp4?a=b</d:BaseURL></d:MPD>",
        ),
        (
            "<d:MPD xmlns:d='urn:mpeg:dash:schema:mpd:2011'><BaseURL>a.mp4</BaseURL></d:MPD>",
            "<d:MPD xmlns:d='urn:mpeg:dash:schema:mpd:2011'><BaseURL>a.mp4</BaseURL></d:MPD>",
        ),
        (
            "<MPD xmlns='urn:mpeg:DASH:schema:MPD:2011'><BaseURL>a.mp4</BaseURL></MPD>",
            "<MPD xmlns='urn:mpeg:DASH:schema:MPD:2011'><BaseURL>a.mp4?a=b</BaseURL></MPD>",
        ),
        (
            "<MPD><p:Period xmlns:p='urn:mpeg:dash:schema:mpd:2011'><p:BaseURL>a.mp4</p:BaseURL></p:Period></MPD>",
            "<MPD><p:Period xmlns:p='urn:mpeg:dash:schema:mpd:2011'><p:BaseURL>a.mp4</p:BaseURL></p:Period></MPD>",
        ),
    ] {
        assert_eq!(document(input, &carried), expected);
    }
}

#[test]
fn parameters_go_behind_the_query_and_before_the_fragment() {
    let carried = carried("a=1&b=2");
    for (value, expected) in [
        ("s.mp4?x=1", "s.mp4?x=1&amp;a=1&amp;b=2"),
        ("s.mp4?x=1&amp;b", "s.mp4?x=1&amp;b&amp;a=1"),
        ("s.mp4?x=1&#38;a=3", "s.mp4?x=1&#38;a=3&amp;b=2"),
        ("s.mp4?x=1&#x26;%61=3&amp;b", "s.mp4?x=1&#x26;%61=3&amp;b"),
        ("s.mp4&#63;x", "s.mp4&#63;x&amp;a=1&amp;b=2"),
        ("s.mp4#t", "s.mp4?a=1&amp;b=2#t"),
        ("s.mp4&#35;t", "s.mp4?a=1&amp;b=2&#35;t"),
        ("s.mp4?&#x23;t&#35;u", "s.mp4?&amp;a=1&amp;b=2&#x23;t&#35;u"),
        ("caf&#xe9;.mp4", "caf&#xe9;.mp4?a=1&amp;b=2"),
        ("s&apos;&quot;&lt;&gt;.mp4", "s&apos;&quot;&lt;&gt;.mp4?a=1&amp;b=2"),
        ("&#104;ttps://evil.example/s.mp4", "&#104;ttps://evil.example/s.mp4"),
        ("https&#58;//own.example/s.mp4", "https&#58;//own.example/s.mp4?a=1&amp;b=2"),
        ("s&#10;.mp4", "s&#10;.mp4"),
        ("/&#92;evil.example/s.mp4", "/&#92;evil.example/s.mp4"),
    ] {
        let text = format!("<PatchLocation>{value}</PatchLocation>");
        assert_eq!(inside(&text, &carried), format!("<PatchLocation>{expected}</PatchLocation>"));
        for quote in ['"', '\''] {
            let tag = format!("<SegmentURL media={quote}{value}{quote}/>");
            assert_eq!(inside(&tag, &carried), format!("<SegmentURL media={quote}{expected}{quote}/>"));
        }
    }
}

#[test]
fn no_value_gets_out_of_its_place() {
    for (query, escaped, template, raw) in [
        ("a=\"b", "a=%22b", "a=%22b", "a=%22b"),
        ("a='b", "a=&#39;b", "a=&#39;b", "a='b"),
        ("a=<b>&c", "a=%3Cb%3E&amp;c", "a=%3Cb%3E&amp;c", "a=%3Cb%3E&c"),
        ("a=]]>", "a=%5D%5D%3E", "a=%5D%5D%3E", "a=%5D%5D%3E"),
        ("a=$Time$&$b", "a=$Time$&amp;$b", "a=$$Time$$&amp;$$b", "a=$Time$&$b"),
        ("a=%zz", "a=%25zz", "a=%25zz", "a=%25zz"),
        ("a=é\n", "a=%C3%A9%0A", "a=%C3%A9%0A", "a=%C3%A9%0A"),
    ] {
        let carried = carried(query);
        let content = |escaped: &str, template: &str, raw: &str| {
            format!(
                "<BaseURL>a.mp4{escaped}</BaseURL><BaseURL><![CDATA[a.mp4{raw}]]></BaseURL>\
                 <SegmentTemplate media='$Time$.m4s{template}'><Initialization sourceURL=\"i.mp4{escaped}\"/></SegmentTemplate>"
            )
        };
        let found = inside(&content("", "", ""), &carried);
        let with = |text: &str| format!("?{text}");
        assert_eq!(found, content(&with(escaped), &with(template), &with(raw)));
        assert_eq!(inside(&found, &carried), found, "again");
    }
}

#[test]
fn a_foreign_base_anywhere_leaves_the_whole_document() {
    let carried = carried("a=b");
    let segment = "<SegmentURL media=\"s.m4s\"/>";
    for (bases, own) in [
        ("", true),
        ("<BaseURL>x/</BaseURL>", true),
        ("<BaseURL>https://own.example/x/</BaseURL>", true),
        ("<BaseURL>https://own.example:443/x/</BaseURL>", true),
        ("<BaseURL>https://media.example.com/x/</BaseURL><BaseURL>//own.example/</BaseURL>", true),
        ("<BaseURL/>", true),
        // no base at all
        ("<PatchLocation>https://evil.example/a.mpp</PatchLocation>", true),
        ("<x:BaseURL xmlns:x=\"other\">https://evil.example/</x:BaseURL>", true),
        ("<!-- <BaseURL>https://evil.example/</BaseURL> -->", true),
        ("<BaseURL>https://evil.example/x/</BaseURL>", false),
        ("<BaseURL>https://own.example/</BaseURL><BaseURL>https://evil.example/</BaseURL>", false),
        ("<BaseURL>https://evil.example/</BaseURL><BaseURL>https://own.example/</BaseURL>", false),
        ("<Period><BaseURL>https://evil.example/</BaseURL></Period>", false),
        ("<Period><BaseURL>https://evil.example/a.vtt</BaseURL></Period>", false),
        // players treat the location of the next request for the MPD as the location of the MPD itself
        ("<Location>https://own.example/x/a.mpd?a=b</Location>", true),
        ("<Location>https://evil.example/a.mpd</Location>", false),
        (
            "<Location>https://own.example/x/a.mpd?a=b</Location><Location>//evil.example/a.mpd</Location>",
            false,
        ),
    ] {
        for content in [format!("{bases}{segment}"), format!("{segment}{bases}")] {
            let input = format!("{OPEN}{content}</MPD>");
            let (out, doubt) = rewritten(Format::Dash, &carried, input.as_bytes());
            let expected = if own { input.replace("s.m4s", "s.m4s?a=b") } else { input };
            assert_eq!(String::from_utf8(out).unwrap(), expected);
            assert_eq!(doubt.map(Doubt::reason), (!own).then_some(Reason::ForeignBase), "{content}");
        }
    }
}

#[test]
fn what_the_player_adds_itself_is_not_added_too() {
    let carried = carried("auth=x");
    let property = |scheme: &str, child: &str| {
        format!(
            "<EssentialProperty schemeIdUri=\"urn:mpeg:dash:urlparam:{scheme}\" xmlns:up=\"urn:mpeg:dash:schema:urlparam:{scheme}\">{child}</EssentialProperty>"
        )
    };
    let body = "<Location>a.mpd@mpd</Location><PatchLocation>a.mpp@mpdpatch</PatchLocation><ContentSteering>s.json@steering</ContentSteering>\
        <Period l:href=\"p.xml@xlink\"><BaseURL>a.mp4@segment</BaseURL><SegmentTemplate media=\"$Time$.m4s@segment\"/></Period>";
    let rest = "<up:UrlQueryInfo useMPDUrlQuery=\"true\" queryTemplate=\"$querypart$\"/>";
    let ext =
        "<up:ExtUrlQueryInfo useMPDUrlQuery=\"true\" queryTemplate=\"$query:auth$\" includeInRequests=\"";
    for (property, player_adds) in [
        (property("2014", rest), "segment"),
        (property("2014", &rest.replace("/>", "></up:UrlQueryInfo>")), "segment"),
        (property("2014", &rest.replace("Essential", "Supplemental")), "segment"),
        (property("2016", &format!("{ext}segment mpd\"/>")), "segment mpd"),
        (property("2016", &format!("{ext}xlink\"/>")), "xlink"),
        (property("2016", &format!("{ext}*\"/>")), "segment mpd mpdpatch steering xlink"),
        (
            property(
                "2025",
                &format!("{ext}mpdpatch steering\"/>").replace("ExtUrlQueryInfo", "RequestParam"),
            ),
            "mpdpatch steering",
        ),
        (property("2014", &rest.replace("true", "false")), ""),
        (property("2014", &rest.replace("$querypart$", "$query:other$")), ""),
        (property("2014", &rest.replace("$querypart$", "x=1")), ""),
        (property("2014", &rest.replace("useMPDUrlQuery=\"true\"", "queryString=\"a=b\"")), ""),
        (property("2013", rest), ""),
        (property("2014", ""), ""),
    ] {
        let mut expected = body.to_owned();
        for request in ["segment", "mpdpatch", "mpd", "steering", "xlink"] {
            let added = player_adds.split(' ').any(|word| word == request);
            expected = expected.replace(&format!("@{request}"), if added { "" } else { "?auth=x" });
        }
        let mut plain = body.to_owned();
        for request in ["@segment", "@mpdpatch", "@mpd", "@steering", "@xlink"] {
            plain = plain.replace(request, "");
        }
        assert_eq!(inside(&format!("{property}{plain}"), &carried), format!("{property}{expected}"));
    }
}

#[test]
fn an_annex_i_property_holds_where_its_parent_is() {
    let carried = carried("auth=x");
    let property = "<SupplementalProperty schemeIdUri=\"urn:mpeg:dash:urlparam:2014\"><UrlQueryInfo xmlns='u' useMPDUrlQuery=\"1\" queryTemplate=\"$querypart$\"/></SupplementalProperty>";
    let content = |second: &str| {
        format!(
            "<Period><AdaptationSet>{property}<Representation><BaseURL>a.mp4</BaseURL></Representation></AdaptationSet>\
             <AdaptationSet><BaseURL>a.mp4{second}</BaseURL></AdaptationSet></Period>"
        )
    };
    assert_eq!(inside(&content(""), &carried), content("?auth=x"));
}

#[test]
fn patches_are_rewritten_too() {
    let carried = carried("a=$1&b=2");
    let open =
        "<Patch xmlns=\"urn:mpeg:dash:schema:mpd-patch:2020\" xmlns:x=\"http://www.w3.org/1999/xlink\">";
    for content in [
        "<add sel=\"/MPD\"><Period><BaseURL>a.mp4@</BaseURL><SegmentTemplate media='$Time$.m4s~'/></Period></add>",
        "<replace sel=\"/MPD/Period[1]\"><d:Period xmlns:d='urn:mpeg:dash:schema:mpd:2011'><d:BaseURL>a.mp4@</d:BaseURL></d:Period></replace>",
        "<replace sel=\"/MPD/Period/AdaptationSet[@id='a/b']/SegmentTemplate[1]/@media\">$Number$.m4s~</replace>",
        "<replace sel='/MPD/Period[@id=\"]/@x\"]/SegmentTemplate/@media'>$Number$.m4s~</replace>",
        "<replace sel=\"/MPD/Period[@id=&quot;a]/b&quot;]/SegmentTemplate/@initialization\"> i.mp4~ </replace>",
        "<replace sel=\"/MPD/SegmentTemplate/@media\"><![CDATA[s.m4s?a=$$1&b=2]]></replace>",
        "<add type=\"@media\" sel=\"/MPD/p:SegmentTemplate[2]\">$Number$.m4s~</add>",
        "<add type=\"@media\" sel=\"//SegmentURL\">1.m4s@</add>",
        "<replace sel=\"/MPD/BaseURL/text()\">a.mp4@</replace>",
        "<replace sel=\"/MPD/BaseURL\">a.mp4@</replace>",
        "<replace sel=\"/MPD/BaseURL[1]\"><BaseURL>a.mp4@</BaseURL></replace>",
        "<replace sel=\"/MPD/Location[1]/text()\">a.mpd@</replace>",
        "<replace sel=\"/MPD/PatchLocation[1]\"><PatchLocation>a.mpp@</PatchLocation></replace>",
        "<replace sel=\"/MPD/Period/@x:href\">p.xml@</replace>",
        // unchanged
        "<replace sel=\"/MPD/@publishTime\">a.mp4</replace>",
        "<replace sel=\"/MPD/Period/@media\">a.mp4</replace>",
        "<replace sel=\"/MPD/SegmentTemplate/@duration\">a.mp4</replace>",
        "<replace sel=\"/MPD/SegmentTemplate/media\">a.mp4</replace>",
        "<replace sel=\"/MPD/Period[BaseURL/text()]/Title\">a.mp4</replace>",
        "<replace sel=\"/MPD/SegmentTemplate/@y:href\">p.xml</replace>",
        "<replace>a.mp4</replace>",
        "<remove sel=\"/MPD/BaseURL\">a.mp4</remove>",
        "<replace sel=\"/MPD/UTCTiming/@value\">a.mp4</replace>",
    ] {
        // `@` is also XPath's: only those before an end tag are ours.
        let marked = |text: &str, normal: &str, template: &str| {
            let text = text.replace("@</", &format!("{normal}</")).replace("~</", &format!("{template}</"));
            text.replace("~ </", &format!("{template} </")).replace("~'/>", &format!("{template}'/>"))
        };
        let input = format!("{open}{}</Patch>", marked(content, "", "").replace("?a=$$1&b=2", ""));
        let expected = format!("{open}{}</Patch>", marked(content, "?a=$1&amp;b=2", "?a=$$1&amp;b=2"));
        assert_eq!(document(&input, &carried), expected);
        assert_eq!(document(&expected, &carried), expected, "again");
    }
    for content in [
        "<replace sel=\"/MPD/BaseURL/text()\">https://evil.example/</replace>",
        "<replace sel=\"/MPD/BaseURL\">https://evil.example/</replace>",
        "<replace sel=\"/MPD/BaseURL[1]\"><BaseURL>https://evil.example/</BaseURL></replace>",
        "<replace sel=\"/MPD/BaseURL/text()\">https://evil<!-- -->.example/</replace>",
        "<add sel=\"/MPD\"><Location>https://evil.example/a.mpd</Location></add>",
    ] {
        let input = format!("{open}<add sel=\"/MPD\"><BaseURL>a.mp4</BaseURL></add>{content}</Patch>");
        let (out, doubt) = rewritten(Format::Dash, &carried, input.as_bytes());
        assert_eq!((out, doubt.map(Doubt::reason)), (input.into_bytes(), Some(Reason::ForeignBase)));
    }
}

#[test]
fn only_listed_types_get_parameters() {
    let carried = carried_as("a=b", listed(&["mp4", "m4s"]), true);
    let content =
        "<BaseURL>a.vtt</BaseURL><SegmentTemplate media=\"$Number$.m4s\" index=\"$RepresentationID$\"/>";
    assert_eq!(inside(content, &carried), content.replace(".m4s", ".m4s?a=b"));
}
