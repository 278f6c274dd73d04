//! A signed URL plays: its parameters go into the URIs of manifests, and HTTP around them stays right.

mod bodies;
mod memory;

use crate::support::{
    HOST, NOW, TestKey, World, behind, cloudfront_key, cloudfront_signer, gate, get, inner, token, vod,
};
use bytes::Bytes;
use http::Response;
use playgate::mint::LinkSigner;
use playgate::schemes::Carrier;
use playgate::schemes::cloudfront::{CloudFront, Protocol};
use playgate::schemes::link::{Covers, SecureLink};
use playgate::site::{CacheScope, Forward};
use playgate::time::UnixSeconds;
use playgate::{KeyScope, Site, Verifier};

const PLAYLIST: &str =
    "#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\n#EXTINF:4,\nseg-1.m4s\n#EXTINF:4,\nhttps://other.example/ad.m4s\n";

fn forwarded(parameters: &str) -> String {
    PLAYLIST
        .replace("init.mp4", &format!("init.mp4?{parameters}"))
        .replace("seg-1.m4s", &format!("seg-1.m4s?{parameters}"))
}

/// An origin that keeps its playlists as files are kept: with a tag, a date and a length.
async fn origin(site: Site) -> World {
    origin_behind(behind(site)).await
}

async fn origin_behind(verifier: Verifier) -> World {
    World::around(
        verifier,
        inner(|parts| {
            let field = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
            let mut response = Response::builder()
                .header("content-type", "application/vnd.apple.mpegurl")
                .header("etag", "\"v1\"")
                .header("last-modified", "Sat, 01 Nov 2025 00:00:00 GMT")
                .header("accept-ranges", "bytes")
                .header("cache-control", "public, max-age=4")
                .header("digest", "sha-256=abc")
                .header("x-saw", format!("{:?} {:?}", field("accept-encoding"), field("range")))
                .header("x-saw-query", parts.uri.query().unwrap_or("none"));
            if field("if-none-match").is_some_and(|tags| tags.contains("\"v1\""))
                || (field("if-none-match").is_none() && field("if-modified-since").is_some())
            {
                return response.status(304).body(Bytes::new()).unwrap();
            }
            if field("range").is_some() {
                let part = &PLAYLIST.as_bytes()[..7];
                let response = response.status(206).header("content-range", "bytes 0-6/100");
                return response.body(Bytes::from_static(part)).unwrap();
            }
            if parts.uri.path().contains("zipped") {
                response = response.header("content-encoding", "gzip");
            }
            response
                .header("content-length", PLAYLIST.len())
                .body(Bytes::from_static(PLAYLIST.as_bytes()))
                .unwrap()
        }),
    )
    .await
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap()
}

#[tokio::test]
async fn a_signed_url_plays_with_no_further_setting() {
    let world = origin(vod()).await;
    let token = token("videos/1/");
    let answer = world.ask(&get("/videos/1/media.m3u8?x=1").query(&token)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(text(&answer.body), forwarded(&format!("auth={token}")));
    let segment = world.ask(&get(format!("/videos/1/seg-1.m4s?auth={token}"))).await;
    assert_eq!(segment.status, 200);
}

#[tokio::test]
async fn a_credential_that_came_in_a_cookie_or_a_header_is_never_written_into_a_uri() {
    let world = origin(vod().carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])).await;
    let token = token("videos/1/");
    for ask in [get("/videos/1/media.m3u8").cookie(&token), get("/videos/1/media.m3u8?x=1").bearer(&token)] {
        let answer = world.ask(&ask).await;
        assert_eq!((answer.status, text(&answer.body)), (200, PLAYLIST));
        assert_eq!(answer.field("etag"), Some("\"v1\""));
        assert_eq!(answer.field("accept-ranges"), Some("bytes"));
    }
    let off = origin(vod().forward(Forward::off())).await;
    let answer = off.ask(&get("/videos/1/media.m3u8").query(&token)).await;
    assert_eq!(text(&answer.body), PLAYLIST);
}

#[tokio::test]
async fn what_speaks_of_other_bytes_goes_and_the_answer_is_private() {
    for cache in [CacheScope::Private, CacheScope::Inner] {
        let world = origin(vod().cache(cache)).await;
        let token = token("videos/1/");
        for ask in [get("/videos/1/media.m3u8"), get("/videos/1/media.m3u8").method("HEAD")] {
            let answer = world.ask(&ask.query(&token)).await;
            assert_eq!(answer.status, 200);
            for name in ["accept-ranges", "digest"] {
                assert_eq!(answer.field(name), None, "{name}");
            }
            assert_ne!(answer.field("content-length"), Some(PLAYLIST.len().to_string().as_str()));
            assert_eq!(answer.field("cache-control"), Some("private, max-age=4"), "{cache:?}");
            assert_eq!(answer.field("last-modified"), Some("Sat, 01 Nov 2025 00:00:00 GMT"));
            let etag = answer.field("etag").unwrap();
            assert!(etag.starts_with("\"v1-fwd-") && etag.ends_with('"'), "{etag}");
            // What is asked for is the whole, and as it is.
            assert_eq!(answer.field("x-saw"), Some("Some(\"identity\") None"));
        }
        let segment = world.ask(&get("/videos/1/a.ts").query(&token).field("accept-encoding", "br")).await;
        assert_eq!(
            segment.field("x-saw"),
            Some("Some(\"br\") None"),
            "other files are asked for as they were"
        );
    }
}

#[tokio::test]
async fn a_part_of_a_manifest_is_answered_with_the_whole() {
    let world = origin(vod()).await;
    let token = token("videos/1/");
    let answer = world.ask(&get("/videos/1/media.m3u8").query(&token).field("range", "bytes=0-6")).await;
    assert_eq!((answer.status, text(&answer.body)), (200, forwarded(&format!("auth={token}")).as_str()));
    let segment = world.ask(&get("/videos/1/seg-1.m4s").query(&token).field("range", "bytes=0-6")).await;
    assert_eq!((segment.status, text(&segment.body)), (206, "#EXTM3U"));
}

#[tokio::test]
async fn a_manifest_is_revalidated_by_the_tag_it_was_given_and_by_no_other() {
    let world = origin(vod()).await;
    let (mine, other) = (token("videos/1/"), token("videos/"));
    let tag = async |token: &str| {
        let answer = world.ask(&get("/videos/1/media.m3u8").query(token)).await;
        answer.field("etag").unwrap().to_owned()
    };
    let (tag, others) = (tag(&mine).await, tag(&other).await);
    assert_ne!(tag, others, "other parameters, other bytes, another tag");
    let old = "Sat, 01 Nov 2025 00:00:00 GMT";
    for (name, fields, status) in [
        ("its own", vec![("if-none-match", tag.as_str())], 304),
        ("weakly", vec![("if-none-match", &format!("W/{tag}"))], 304),
        ("in a list", vec![("if-none-match", &format!("{others}, {tag}"))], 304),
        ("any", vec![("if-none-match", "*")], 200), // the origin of this test knows no star
        ("another's", vec![("if-none-match", others.as_str())], 200),
        ("the inner one", vec![("if-none-match", "\"v1\"")], 200),
        ("another's with a date", vec![("if-none-match", others.as_str()), ("if-modified-since", old)], 200),
        ("a date", vec![("if-modified-since", old)], 304),
    ] {
        let mut ask = get("/videos/1/media.m3u8").query(&mine);
        for (field, value) in fields {
            ask = ask.field(field, value);
        }
        let answer = world.ask(&ask).await;
        assert_eq!(answer.status, status, "{name}");
        assert_eq!(answer.field("etag"), Some(tag.as_str()), "{name}");
    }
}

#[tokio::test]
async fn what_cannot_be_rewritten_goes_through_unchanged_and_is_counted() {
    let world = World::around(
        behind(vod()),
        inner(|parts| {
            let response = Response::builder().header("etag", "\"v1\"");
            match parts.uri.path() {
                "/zipped.m3u8" => response.header("content-encoding", "gzip").body(PLAYLIST.into()),
                "/page.m3u8" => response.body("<html>no such stream</html>".into()),
                "/broken.m3u8" => response.body("#EXTM3U\na.ts\n#EXT-X-MAP:URI=\"b\n".into()),
                "/gone.m3u8" => response.status(404).body(PLAYLIST.into()),
                _ => response.body(PLAYLIST.into()),
            }
            .unwrap()
        }),
    )
    .await;
    let token = token("");
    let ask = async |path: &str| world.ask(&get(path).query(&token)).await;
    assert_eq!(text(&ask("/zipped.m3u8").await.body), PLAYLIST);
    assert_eq!(ask("/zipped.m3u8").await.field("etag"), Some("\"v1\""));
    assert_eq!(text(&ask("/page.m3u8").await.body), "<html>no such stream</html>");
    let broken = ask("/broken.m3u8").await;
    assert_eq!(text(&broken.body), format!("#EXTM3U\na.ts?auth={token}\n#EXT-X-MAP:URI=\"b\n"));
    assert_eq!(text(&ask("/gone.m3u8").await.body), PLAYLIST, "an error page is no manifest");
    assert_eq!(text(&ask("/good.ts").await.body), PLAYLIST, "a segment is no manifest");
    ask("/good.m3u8").await;
    for path in ["/zipped.m3u8", "/page.m3u8", "/good.m3u8"] {
        let answer = world.ask(&get(path).method("HEAD").query(&token)).await;
        assert_eq!(answer.status, 200, "{path} by HEAD, which has no body to count");
    }
    let manifests = world.verifier.health().manifests;
    let doors = manifests.rewritten;
    assert!(doors > 1);
    let counted: Vec<(&str, u64)> =
        manifests.unchanged.iter().map(|(why, count)| (why.as_str(), *count)).collect();
    assert_eq!(
        counted,
        [
            ("malformed: an attribute list that cannot be parsed", doors),
            ("the body has a Content-Encoding", 2 * doors),
            ("the body is not a manifest of its format", doors)
        ]
    );
}

#[tokio::test]
async fn a_name_without_extension_is_known_by_its_content_type() {
    let world = origin(vod()).await;
    let token = token("");
    // With a slash at its end a path has no extension either: actix-files serves a file for it, other servers a folder's index.
    for path in ["/live/manifest", "/live/media.m3u8/", "/live/media.mpd/", "/live/"] {
        let answer = world.ask(&get(path).query(&token)).await;
        assert_eq!(text(&answer.body), forwarded(&format!("auth={token}")), "{path}");
    }
    let mpd_alone = origin(vod().forward(Forward::auto().from(["mpd"]))).await;
    for path in ["/live/manifest", "/live/media.m3u8", "/live/media.mpd/"] {
        let answer = mpd_alone.ask(&get(path).query(&token)).await;
        assert_eq!(text(&answer.body), PLAYLIST, "{path}");
    }
}

#[tokio::test]
async fn chosen_keys_are_carried_and_others_are_not() {
    let token = token("");
    let query = format!("auth={token}&a=1&b=2&a=3&_HLS_msn=7&_HLS_part=1&%62b=4");
    for (name, forward, expected) in [
        ("only", Forward::only_keys(["a", "bb"]), "a=1&%62b=4".to_owned()),
        ("except", Forward::except_keys(["a", "bb"]), format!("auth={token}&b=2")),
        ("nothing there", Forward::only_keys(["c"]), String::new()),
        ("to other files", Forward::only_keys(["a"]).to(["ts"]), String::new()),
    ] {
        let world = origin(vod().forward(forward)).await;
        let answer = world.ask(&get(format!("/media.m3u8?{query}"))).await;
        let wanted = if expected.is_empty() { PLAYLIST.to_owned() } else { forwarded(&expected) };
        assert_eq!(text(&answer.body), wanted, "{name}");
    }
    let open = origin(vod().public().forward(Forward::only_keys(["a"]))).await;
    let answer = open.ask(&get("/media.m3u8?a=1&b=2")).await;
    assert_eq!(text(&answer.body), forwarded("a=1"));
    assert_eq!(answer.field("cache-control"), Some("public, max-age=4"), "nobody's credential is in it");
    let open = origin(vod().public()).await;
    let answer = open.ask(&get("/media.m3u8?auth=x")).await;
    assert_eq!(text(&answer.body), PLAYLIST, "on a public site a token is not looked at");
}

/// A URI with a part of a credential has one of its own, which parts of another would spoil.
#[tokio::test]
async fn a_credential_of_several_parameters_is_carried_whole_or_not_at_all() {
    let playlist = "#EXTM3U\na.ts\na.ts?Policy=own\na.ts?x=1\na.ts?Expires=1&Signature=own&Key-Pair-Id=own\n";
    let key = cloudfront_key(TestKey::Rsa, KeyScope::bucket("vod"));
    let site = vod().cloudfront(CloudFront::new().protocol(Protocol::Https));
    let verifier = gate().site(site).key(key).build().unwrap();
    let world = World::around(
        verifier,
        inner(move |_| {
            let response = Response::builder().header("content-type", "application/vnd.apple.mpegurl");
            response.body(Bytes::from_static(playlist.as_bytes())).unwrap()
        }),
    )
    .await;
    let signer = cloudfront_signer(TestKey::Rsa);
    let policy = signer.policy("https://cdn.example.com/*");
    let query = policy.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap().query();
    let answer = world.ask(&get(format!("/m.m3u8?{query}"))).await;
    let expected =
        playlist.replace("a.ts\n", &format!("a.ts?{query}\n")).replace("x=1", &format!("x=1&{query}"));
    assert_eq!(text(&answer.body), expected);
}

#[tokio::test]
async fn a_parameter_is_carried_once_by_its_first_occurrence() {
    let open = origin(vod().public().forward(Forward::except_keys(["x"]))).await;
    for (query, expected) in [
        ("a=1&a=2&b=3&a=4", "a=1&b=3"),
        ("a&a=2", "a"),
        ("%61=1&a=2&%61=3", "%61=1"),
        ("a%2=1&a%252=2", "a%252=1"),
    ] {
        let answer = open.ask(&get(format!("/media.m3u8?{query}"))).await;
        assert_eq!(text(&answer.body), forwarded(expected), "{query}");
    }
}

/// The bound is 8 KiB, in the longest spelling that a manifest may need.
#[tokio::test]
async fn more_than_can_be_carried_is_refused_and_never_carried_in_part() {
    let open = origin(vod().public().forward(Forward::except_keys(["x"]))).await;
    let of = |length: usize| format!("a={}", "x".repeat(length));
    let many = |count: usize| (0..count).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    for (name, query, carried) in [
        ("fits", of(8_000), true),
        ("does not", of(8_200), false),
        ("64 names", many(64), true),
        ("65 names", many(65), false),
        ("quotes are longer in XML", format!("a={}", "'".repeat(1_700)), false),
        ("so are bytes that a URI does not have", format!("a={}", "|".repeat(2_800)), false),
        ("what is not carried does not count", format!("a=1&x={}", "y".repeat(20_000)), true),
        ("nor does what occurs again", vec![of(900); 60].join("&"), true),
    ] {
        for path in ["/media.m3u8", "/media.%6d3u8", "/live/manifest", "/a.ts"] {
            let answer = open.ask(&get(format!("{path}?{query}")).http1_only()).await;
            match path {
                "/a.ts" => assert_eq!(text(&answer.body), PLAYLIST, "{name}: it is no manifest"),
                _ if carried => assert_ne!(text(&answer.body), PLAYLIST, "{name} {path}"),
                // Only the answer shows that it is a manifest, which passes unchanged.
                "/live/manifest" => assert_eq!(text(&answer.body), PLAYLIST, "{name}"),
                _ => assert_eq!(answer.verdict(), "414 query_too_long", "{name} {path}"),
            }
        }
    }
    let told = open.verifier.health().manifests.unchanged;
    assert!(told.contains_key("the query is too long to carry"), "{told:?}");
    let closed = origin(vod().forward(Forward::except_keys(["x"]))).await;
    let token = token("");
    for (query, verdict) in
        [(of(8_200), "401 credential_missing"), (format!("{}&auth={token}", of(8_200)), "414 query_too_long")]
    {
        let answer = closed.ask(&get(format!("/media.m3u8?{query}")).http1_only()).await;
        assert_eq!(answer.verdict(), verdict);
    }
}

#[tokio::test]
async fn what_a_player_asks_of_one_reload_is_not_carried_into_segments() {
    const LIVE: &str = "#EXTM3U\n#EXT-X-PART:DURATION=1,URI=\"p.m4s\"\n#EXTINF:4,\nseg.m4s\n\
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"q.m4s\"\n#EXT-X-RENDITION-REPORT:URI=\"../b.m3u8\"\n";
    let token = token("");
    for forward in [Forward::auto(), Forward::except_keys(["x"])] {
        let world =
            World::around(behind(vod().forward(forward)), inner(|_| Response::new(LIVE.into()))).await;
        for reload in ["_HLS_msn=7", "_HLS_msn=7&_HLS_part=1", "_HLS_skip=YES&_HLS_msn=7", "_HLS_push=1"] {
            for query in [format!("{reload}&auth={token}"), format!("auth={token}&{reload}")] {
                let answer = world.ask(&get(format!("/live/media.m3u8?{query}"))).await;
                let expected = ["p.m4s", "seg.m4s", "q.m4s", "b.m3u8"]
                    .iter()
                    .fold(LIVE.to_owned(), |text, uri| text.replace(uri, &format!("{uri}?auth={token}")));
                assert_eq!(text(&answer.body), expected, "{query}");
            }
        }
    }
}

#[tokio::test]
async fn hosts_of_the_site_and_listed_ones_get_the_credential_and_no_others() {
    const HOSTS: &str = "#EXTM3U\nhttp://cdn.example.com/a.ts\n//CDN.example.com:8443/b.ts\nhttp://second.example/c.ts\n\
        http://listed.example/d.ts\nhttp://a.pattern.example/e.ts\nhttp://evil.example/f.ts\n\
        http://cdn.example.com.evil.example/g.ts\nhttp://cdn.example.com@evil.example/h.ts\nhttp://vod-x.example/i.ts\n";
    let site = vod().host("second.example").host("vod-{region}.example");
    let forward = Forward::auto().hosts(["listed.example", "{region}.pattern.example"]);
    let world = World::around(behind(site.forward(forward)), inner(|_| Response::new(HOSTS.into()))).await;
    let token = token("");
    let answer = world.ask(&get("/media.m3u8").query(&token)).await;
    let with: Vec<bool> = text(&answer.body).lines().skip(1).map(|line| line.contains("auth=")).collect();
    assert_eq!(with, [true, false, true, true, true, false, false, false, false]);
}

#[tokio::test]
async fn another_port_of_a_host_is_another_host() {
    // Each URI, and the port of the requests whose answers carry the credential into it.
    const URIS: &[(&str, &str)] = &[
        ("http://cdn.example.com/", "any"),
        ("http://cdn.example.com:80/", "any"),
        ("http://cdn.example.com:/", "any"),
        ("//cdn.example.com/", "any"),
        ("https://cdn.example.com/", "any"),
        ("https://cdn.example.com:443/", "any"),
        ("//cdn.example.com:8443/", "8443"),
        ("http://cdn.example.com:8443/", "8443"),
        ("http://cdn.example.com:443/", "none"),
        ("http://cdn.example.com:8080/", "8080"),
        ("http://second.example/", "any"),
        ("http://second.example:8080/", "8080"),
        ("http://second.example:9090/", "none"),
        ("http://listed.example/", "any"),
        ("http://listed.example:8080/", "none"),
        ("http://port.example/", "none"),
        ("http://port.example:9090/", "any"),
        ("https://port.example:9090/", "any"),
        ("http://port.example:70000/", "none"),
        ("http://a.pattern.example:7070/", "any"),
        ("http://a.pattern.example/", "none"),
    ];
    let site = vod().host("second.example");
    let hosts = ["listed.example", "port.example:9090", "{region}.pattern.example:7070"];
    let playlist = || {
        let lines: Vec<String> = URIS.iter().map(|(uri, _)| format!("{uri}a.ts")).collect();
        Response::new(Bytes::from(format!("#EXTM3U\n{}\n", lines.join("\n"))))
    };
    let world =
        World::around(behind(site.forward(Forward::auto().hosts(hosts))), inner(move |_| playlist())).await;
    // The site's own hosts get it at the port of the request too.
    for (host, port) in [
        ("cdn.example.com", "80"),
        ("cdn.example.com:80", "80"),
        ("cdn.example.com:8080", "8080"),
        ("second.example:8443", "8443"),
    ] {
        let answer = world.ask(&get("/media.m3u8").host(host).query(token(""))).await;
        for (uri, of) in URIS {
            let is_carried = text(&answer.body).contains(&format!("\n{uri}a.ts?auth="));
            assert_eq!(is_carried, *of == "any" || *of == port, "{uri} from {host}");
        }
    }
}

#[tokio::test]
async fn a_foreign_base_anywhere_leaves_an_mpd_without_credentials() {
    let of = |bases: [&str; 4]| {
        let [mpd, period, set, representation] = bases;
        format!(
            "<MPD><BaseURL>v/</BaseURL>{mpd}<Period><AdaptationSet><SegmentTemplate media=\"$Number$.m4s\"/>{set}\
             <Representation id=\"1\">{representation}</Representation></AdaptationSet>{period}</Period></MPD>"
        )
    };
    let evil = "<BaseURL>https://evil.example/</BaseURL>";
    let rows = [
        (["", "", "", ""], true),
        (["", "", "", "<BaseURL>http://cdn.example.com/</BaseURL>"], true),
        (["", "", "", evil], false),
        (["", "", evil, ""], false),
        (["", evil, "", ""], false),
        ([evil, "", "", ""], false),
        (["<Location>https://evil.example/a.mpd</Location>", "", "", ""], false),
        (["", "", "", "<BaseURL>http://cdn.example.com:8080/</BaseURL>"], false),
        (["", "", "", "<BaseURL><!-- -->https://evil.example/</BaseURL>"], false),
    ];
    for (bases, is_carried) in rows {
        let mpd = of(bases);
        let served = mpd.clone();
        let world = World::around(behind(vod()), inner(move |_| Response::new(served.clone().into()))).await;
        let token = token("");
        let answer = world.ask(&get("/v.mpd").query(&token)).await;
        assert_eq!(text(&answer.body).contains(&token), is_carried, "{mpd}");
        assert!(is_carried || text(&answer.body) == mpd, "{mpd}");
        let manifests = world.verifier.health().manifests;
        assert_eq!(manifests.rewritten > 0, is_carried, "{mpd}");
    }
}

#[tokio::test]
async fn a_directory_link_is_carried_and_a_file_link_is_not() {
    let minted = |link: &SecureLink| {
        let signer = LinkSigner::new(link).unwrap();
        signer.link("/v/1/media.m3u8").expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap()
    };
    for (covers, is_carried) in [(Covers::Directory, true), (Covers::File, false)] {
        let link = SecureLink::gcore("a shared secret").covers(covers);
        let url = minted(&link);
        let verifier = gate().site(Site::bucket("vod").host(HOST).secure_link(link)).build().unwrap();
        let world = origin_behind(verifier).await;
        let answer = world.ask(&get(format!("{url}&other=1"))).await;
        let query = url.split_once('?').unwrap().1;
        let expected = if is_carried { forwarded(query) } else { PLAYLIST.to_owned() };
        assert_eq!((answer.status, text(&answer.body)), (200, expected.as_str()), "{covers:?}");
        let child = world.ask(&get(format!("/v/1/seg-1.m4s?{query}"))).await;
        assert_eq!(child.status, if is_carried { 200 } else { 403 }, "{covers:?}");
    }
}

#[tokio::test]
async fn stripped_credentials_are_carried_all_the_same() {
    let world = origin(vod().strip_credentials(true)).await;
    let token = token("");
    let answer = world.ask(&get("/media.m3u8?x=1").query(&token)).await;
    assert_eq!(answer.field("x-saw-query"), Some("x=1"));
    assert_eq!(text(&answer.body), forwarded(&format!("auth={token}")));
    let link = SecureLink::gcore("a shared secret");
    let url = LinkSigner::new(&link)
        .unwrap()
        .link("/a.ts?x=1")
        .expires_at(UnixSeconds::new(NOW + 60))
        .sign()
        .unwrap();
    let site = Site::bucket("vod").host(HOST).secure_link(link).strip_credentials(true);
    let world = origin_behind(gate().site(site).build().unwrap()).await;
    assert_eq!(world.ask(&get(url)).await.field("x-saw-query"), Some("x=1"));
}

#[tokio::test]
async fn an_mpd_too_long_to_be_held_passes_unchanged_and_is_counted() {
    let mpd = |length: usize| format!("<MPD><BaseURL>a.mp4</BaseURL><!--{}--></MPD>", "x".repeat(length));
    let answer = move |parts: &http::request::Parts| {
        let body = mpd(if parts.uri.path() == "/short.mpd" { 4000 } else { 5000 });
        let response = Response::builder().header("etag", "\"v1\"").header("content-length", body.len());
        response.body(body.into()).unwrap()
    };
    let site = vod().forward(Forward::auto().max_mpd(4096));
    let world = World::around(behind(site), inner(answer)).await;
    let token = token("");
    let short = world.ask(&get("/short.mpd").query(&token)).await;
    assert!(text(&short.body).contains(&token));
    let long = world.ask(&get("/long.mpd").query(&token)).await;
    assert_eq!(text(&long.body), mpd(5000));
    assert_eq!(
        long.field("etag"),
        Some("\"v1\""),
        "the length is known, so the answer is the inner service's own"
    );
    let manifests = world.verifier.health().manifests;
    let counted = manifests.unchanged.get("the document is too long to rewrite");
    let asked = 2 * world.addresses().count() as u64;
    assert_eq!((counted, manifests.rewritten), (Some(&asked), asked), "at each door, over each protocol");
}
