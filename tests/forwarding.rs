//! A signed URL plays: its parameters go into the URIs of manifests, and HTTP around them stays right.

mod support;

use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::poll_fn;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use playgate::link::{Covers, SecureLink};
use playgate::mint::LinkSigner;
use playgate::site::{CacheScope, Forward};
use playgate::time::UnixSeconds;
use playgate::{KeyScope, Site, Verifier};
use support::{HOST, NOW, TestKey, World, behind, gate, get, inner, token, vod};
use tokio::sync::mpsc;
use tower::{Layer as _, ServiceExt as _, service_fn};

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
    let world = origin(vod().accept_bearer(true)).await;
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
    let manifests = world.verifier.health().manifests;
    let doors = manifests.rewritten;
    assert!(doors > 1);
    let counted: Vec<(&str, u64)> =
        manifests.unchanged.iter().map(|(why, count)| (why.as_str(), *count)).collect();
    assert_eq!(
        counted,
        [
            ("malformed: an attribute list that cannot be read", doors),
            ("the body is encoded", 2 * doors),
            ("the body is no manifest of its format", doors)
        ]
    );
}

#[tokio::test]
async fn a_name_without_extension_is_known_by_its_content_type() {
    let world = origin(vod()).await;
    let token = token("");
    let answer = world.ask(&get("/live/manifest").query(&token)).await;
    assert_eq!(text(&answer.body), forwarded(&format!("auth={token}")));
    let mpd_alone = origin(vod().forward(Forward::auto().of(["mpd"]))).await;
    for path in ["/live/manifest", "/live/media.m3u8"] {
        let answer = mpd_alone.ask(&get(path).query(&token)).await;
        assert_eq!(text(&answer.body), PLAYLIST, "{path}");
    }
}

#[tokio::test]
async fn chosen_keys_are_carried_and_others_are_not() {
    let token = token("");
    let query = format!("auth={token}&a=1&b=2&a=3&_HLS_msn=7&_HLS_part=1&%62b=4");
    for (name, forward, expected) in [
        ("only", Forward::only(["a", "bb"]), "a=1&a=3&%62b=4".to_owned()),
        ("except", Forward::except(["a", "bb"]), format!("auth={token}&b=2")),
        ("nothing there", Forward::only(["c"]), String::new()),
        ("to other files", Forward::only(["a"]).to(["ts"]), String::new()),
    ] {
        let world = origin(vod().forward(forward)).await;
        let answer = world.ask(&get(format!("/media.m3u8?{query}"))).await;
        let wanted = if expected.is_empty() { PLAYLIST.to_owned() } else { forwarded(&expected) };
        assert_eq!(text(&answer.body), wanted, "{name}");
    }
    let open = origin(vod().public().forward(Forward::only(["a"]))).await;
    let answer = open.ask(&get("/media.m3u8?a=1&b=2")).await;
    assert_eq!(text(&answer.body), forwarded("a=1"));
    assert_eq!(answer.field("cache-control"), Some("public, max-age=4"), "nobody's credential is in it");
    let open = origin(vod().public()).await;
    let answer = open.ask(&get("/media.m3u8?auth=x")).await;
    assert_eq!(text(&answer.body), PLAYLIST, "on a public site a token is not looked at");
}

#[tokio::test]
async fn what_a_player_asks_of_one_reload_is_not_carried_into_segments() {
    const LIVE: &str = "#EXTM3U\n#EXT-X-PART:DURATION=1,URI=\"p.m4s\"\n#EXTINF:4,\nseg.m4s\n\
        #EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"q.m4s\"\n#EXT-X-RENDITION-REPORT:URI=\"../b.m3u8\"\n";
    let token = token("");
    for forward in [Forward::auto(), Forward::except(["x"])] {
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
    assert_eq!(with, [true, true, true, true, true, false, false, false, false]);
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
    let world = origin(vod().strip_credentials()).await;
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
    let site = Site::bucket("vod").host(HOST).secure_link(link).strip_credentials();
    let world = origin_behind(gate().site(site).build().unwrap()).await;
    assert_eq!(world.ask(&get(url)).await.field("x-saw-query"), Some("x=1"));
}

/// A verifier in front of a body that the test hands over piece by piece.
fn pieces()
-> (mpsc::Sender<Frame<Bytes>>, impl Future<Output = impl http_body::Body<Data = Bytes, Error = Infallible>>)
{
    let (sender, mut receiver) = mpsc::channel::<Frame<Bytes>>(8);
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    let verifier = gate().site(vod()).key(key).build().unwrap();
    let frames =
        poll_fn(move |context| receiver.poll_recv(context).map(|frame| frame.map(Ok::<_, Infallible>)));
    let body = Arc::new(Mutex::new(Some(StreamBody::new(frames))));
    let service = service_fn(move |_: Request<()>| {
        let body = body.lock().unwrap().take().unwrap();
        async { Ok::<_, Infallible>(Response::new(body)) }
    });
    let gated = verifier.layer().layer(service);
    let uri = format!("/media.m3u8?auth={}", token(""));
    let request = Request::get(uri).header("host", HOST).body(()).unwrap();
    (sender, async move {
        let response = gated.oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body()
    })
}

#[tokio::test]
async fn the_first_bytes_leave_before_the_last_arrive_and_trailers_come_after_the_tail() {
    let (sender, body) = pieces();
    let mut body = Box::pin(body.await);
    let data = |text: &'static str| Frame::data(Bytes::from_static(text.as_bytes()));
    sender.send(data("#EXTM3U\n#EXTINF:4,\nse")).await.unwrap();
    let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(text(&first), "#EXTM3U\n#EXTINF:4,\n");
    sender.send(data("g")).await.unwrap();
    sender.send(data("-1.ts")).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(50), body.frame()).await;
    assert!(waiting.is_err(), "a line that has not ended is held back");
    let mut trailers = HeaderMap::new();
    trailers.insert("repr-digest", "sha-256=:abc:".parse().unwrap());
    trailers.insert("x-after", "yes".parse().unwrap());
    sender.send(Frame::trailers(trailers)).await.unwrap();
    let tail = body.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(text(&tail), format!("seg-1.ts?auth={}", token("")));
    assert!(!http_body::Body::is_end_stream(&body));
    let trailers = body.frame().await.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(trailers.keys().collect::<Vec<_>>(), ["x-after"]);
    assert!(body.frame().await.is_none());
    assert!(http_body::Body::is_end_stream(&body));
}
