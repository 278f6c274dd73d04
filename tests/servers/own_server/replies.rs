//! Replies that a server carries out by hand: the answers of the tower layer, and nothing left out on the way.

use std::convert::Infallible;
use std::future::poll_fn;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use playgate::answer::{EditedBody, ManifestBody, Reply};
use playgate::cors::Cors;
use playgate::schemes::Carrier;
use playgate::schemes::embed::{Embed, EmbedDraft};
use playgate::store::Store;
use playgate::{Decision, Denial, KeyScope, OwnedGrant, Verifier};

use super::ORIGIN;
use crate::support::{HOST, TestKey, World, behind, echo, gate, get, in_time, inner, token, vod};

const MASTER: &str = "/videos/1/master.m3u8";
const PLAYLIST: &str = "#EXTM3U\n#EXTINF:4,\nseg-1.ts\n";

/// An inner service with a tagged playlist. Other paths get what was received of the request.
fn origin(parts: &http::request::Parts) -> Response<Bytes> {
    if parts.uri.path() != MASTER {
        return echo(parts);
    }
    let is_known = parts.headers.get("if-none-match").is_some_and(|tags| tags == "\"v1\"");
    let response = Response::builder().header("etag", "\"v1\"").header("cache-control", "public, max-age=4");
    response.status(if is_known { 304 } else { 200 }).body(Bytes::from_static(PLAYLIST.as_bytes())).unwrap()
}

/// [`World::ask`] compares the answers of the doors: the tower layer, the actix-web middleware, and two servers that call
/// `Verifier::reply` and `Reply::apply`, one of them without the types of `http`.
#[tokio::test]
async fn a_server_by_hand_gives_the_answers_of_the_layer() {
    let site = vod()
        .cors(Cors::with_credentials([ORIGIN]))
        .embed(Embed::new().paths(["/watch/{token}"]))
        .identity_header("x-viewer", "sub")
        .public_paths(["open/"])
        .carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
        .strip_credentials(true);
    let verifier = behind(site);
    let draft = EmbedDraft::new("1").origins(["app.example.com"]);
    let embed = verifier.embeds(HOST).unwrap().issue(draft).await.unwrap().to_text();
    let world = World::around(verifier, inner(origin)).await;
    let good = TestKey::Rsa.token(r#"{"uri":"videos/1/","sub":"u1"}"#);
    let part = "/videos/1/a.ts";

    let answer = world.ask(&get(part).origin(ORIGIN)).await;
    assert_eq!(answer.verdict(), "401 credential_missing");
    assert_eq!(answer.field("access-control-allow-origin"), Some(ORIGIN));

    let preflight = get(part).method("OPTIONS").origin(ORIGIN).field("access-control-request-method", "GET");
    let answer = world.ask(&preflight).await;
    assert_eq!((answer.status, answer.is_inner()), (204, false));
    assert_eq!(answer.field("access-control-allow-origin"), Some(ORIGIN));

    let answer = world.ask(&get("/open/a.jpg").field("X_Viewer", "forged")).await;
    assert_eq!(answer.seen(), "GET /open/a.jpg\n");
    assert_eq!((answer.field("cache-control"), answer.field("vary")), (None, Some("origin")));

    let carriers = get(format!("{part}?x=1"))
        .query(&good)
        .cookie(&good)
        .bearer(&good)
        .field("cookie", "theme=dark")
        .field("referer", format!("https://{HOST}/page?auth={good}&y=2"))
        .field("x-viewer", "forged");
    let answer = world.ask(&carriers).await;
    let seen =
        format!("GET {part}?x=1\ncookie: theme=dark\nreferer: https://{HOST}/page?y=2\nx-viewer: u1\n");
    assert_eq!(answer.seen(), seen);
    assert_eq!(answer.field("cache-control"), Some("private"));

    let answer = world.ask(&get(MASTER).query(&good).field("range", "bytes=0-3")).await;
    let rewritten = PLAYLIST.replace("seg-1.ts", &format!("seg-1.ts?auth={good}"));
    assert_eq!((answer.status, answer.body), (200, rewritten.into()));
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();
    assert_ne!(tag, "\"v1\"");
    assert_eq!(answer.headers["cache-control"], "private, max-age=4");

    let answer = world.ask(&get(MASTER).query(&good).method("HEAD")).await;
    assert_eq!((answer.status, answer.body.len(), answer.field("etag")), (200, 0, Some(&*tag)));

    for (name, tags, status) in [
        ("its own tag", &*tag, 304),
        ("the inner tag", "\"v1\"", 200),
        ("a list", &format!("\"a\", {tag}"), 304),
    ] {
        let answer = world.ask(&get(MASTER).query(&good).field("if-none-match", tags)).await;
        assert_eq!((answer.status, answer.field("etag")), (status, Some(&*tag)), "{name}");
    }

    let page = get(format!("/watch/{embed}")).field("sec-fetch-dest", "iframe");
    let answer = world.ask(&page.field("referer", format!("{ORIGIN}/watch"))).await;
    let policy = "frame-ancestors 'self' https://app.example.com";
    assert_eq!(answer.field("content-security-policy"), Some(policy));
    assert_eq!(answer.field("referrer-policy"), Some("strict-origin"));
}

/// A verifier whose store nobody runs.
fn out_of_reach() -> Verifier {
    let store = Store::redis("redis://127.0.0.1:1").connect().unwrap();
    let key = TestKey::Rsa.key(KeyScope::bucket("vod"));
    gate().site(vod().embed(Embed::new())).key(key).store(&store).build().unwrap()
}

#[tokio::test]
async fn there_is_no_reply_without_the_lookup_that_it_needs() {
    let verifier = out_of_reach();
    let request = get("/videos/1/a.ts").query("0".repeat(32)).parsed().unwrap();
    let decision = verifier.decide(&request, verifier.now());
    let Decision::Needs(_) = &decision else { panic!("{decision:?}") };
    let need = decision.reply(&request).unwrap_err();
    drop(decision);
    let found = in_time(verifier.look_up(need)).await;
    let by_loop = verifier.decide_with(&request, verifier.now(), Some(&found)).reply(&request).unwrap();
    for reply in [by_loop, in_time(verifier.reply(&request)).await] {
        let Reply::Answer(answer) = reply else { panic!("{reply:?}") };
        assert_eq!((answer.status(), answer.denial()), (503, Some(Denial::StoreUnavailable)));
    }
}

#[tokio::test]
async fn a_pending_reply_is_given_once_and_polling_on_does_not_panic() {
    let verifier = out_of_reach();
    let request = get("/videos/1/a.ts").query("0".repeat(32)).parsed().unwrap();
    let mut pending = verifier.start_reply(&request).unwrap_err();
    let reply = in_time(poll_fn(|context| pending.poll(&request, context))).await;
    assert!(matches!(reply, Reply::Answer(_)), "{reply:?}");
    let mut context = Context::from_waker(Waker::noop());
    assert!(pending.poll(&request, &mut context).is_pending());
    assert!(pending.poll(&request, &mut context).is_pending());
}

#[test]
fn a_request_that_needs_no_lookup_has_its_reply_at_once() {
    let verifier = behind(vod());
    for ask in [get("/videos/1/a.ts"), get("/videos/1/a.ts").query(token("videos/1/"))] {
        assert!(verifier.start_reply(&ask.parsed().unwrap()).is_ok(), "{ask:?}");
    }
}

/// Returns the rewriter for `/a.m3u8`, as a server gets it that has only a status and header fields.
fn playlist() -> ManifestBody {
    let verifier = behind(vod());
    let mut request = get("/a.m3u8").query(token("")).parsed().unwrap();
    let reply = verifier.decide(&request, verifier.now()).reply(&request).unwrap();
    let edits = reply.apply(&mut request).unwrap();
    match edits.apply_to(200, &mut HeaderMap::new(), ()) {
        EditedBody::Manifest(manifest, ()) => *manifest,
        EditedBody::Unchanged(()) => panic!("a playlist passed unchanged"),
    }
}

#[test]
fn a_manifest_waits_for_its_frames_and_passes_an_error_on() {
    let mut manifest = playlist();
    let mut frames = vec![
        Poll::Ready(Some(Ok(Bytes::from_static(b"#EXTM3U\n#EXTINF:4,\nse")))),
        Poll::Pending,
        Poll::Ready(Some(Ok(Bytes::new()))),
        Poll::Ready(Some(Err("disk on fire"))),
        Poll::Ready(Some(Ok(Bytes::from_static(b"g-1.ts\n")))),
        Poll::Ready(None),
    ]
    .into_iter();
    let mut poll = || manifest.poll_slice(|| frames.next().expect("nothing is polled after the end"));
    let slice = |text: &str| Poll::Ready(Some(Ok(Bytes::from(text.to_owned()))));
    assert_eq!(poll(), slice("#EXTM3U\n#EXTINF:4,\n"));
    assert_eq!(poll(), Poll::Pending);
    assert_eq!(poll(), Poll::Ready(Some(Err("disk on fire"))));
    assert_eq!(poll(), slice(&format!("seg-1.ts?auth={}\n", token(""))));
    assert_eq!(poll(), Poll::Ready(None));
    assert_eq!(poll(), Poll::Ready(None));
}

#[test]
fn an_empty_manifest_has_no_slice() {
    let end = || Poll::Ready(None::<Result<Bytes, Infallible>>);
    assert_eq!(playlist().poll_slice(end), Poll::Ready(None));
}

#[test]
fn the_parts_of_a_request_are_edited_as_the_request_is() {
    let verifier =
        behind(vod().grant_extension(true).strip_credentials(true).identity_header("x-path", "uri"));
    let whole = || {
        let ask = get("/videos/1/a.ts?x=1").query(token("videos/1/")).field("x_path", "forged");
        ask.parsed().unwrap().map(drop)
    };
    let mut request = whole();
    let (mut parts, ()) = whole().into_parts();
    let one = verifier.start_reply(&request).unwrap().apply(&mut request).unwrap();
    let other = verifier.start_reply(&parts).unwrap().apply(&mut parts).unwrap();
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
    assert_eq!((request.uri(), request.headers()), (&parts.uri, &parts.headers));
    assert_eq!(request.uri(), "/videos/1/a.ts?x=1");
    assert_eq!(request.headers()["x-path"], "videos/1/");
    assert!(!request.headers().contains_key("x_path"));
    assert!(request.extensions().get::<OwnedGrant>().is_some());
    assert!(parts.extensions.get::<OwnedGrant>().is_some());
}

/// axum keeps the URI that it received beside the one that its routers shorten.
#[test]
fn the_query_is_stripped_of_every_uri_that_a_request_keeps() {
    use axum::extract::OriginalUri;
    let verifier = behind(vod().strip_credentials(true));
    let mut request: Request<Bytes> = get("/videos/1/a.ts").query(token("videos/1/")).parsed().unwrap();
    let original: http::Uri = format!("{}&y=2", request.uri()).parse().unwrap();
    request.extensions_mut().insert(OriginalUri(original));
    let _ = verifier.start_reply(&request).unwrap().apply(&mut request).unwrap();
    assert_eq!(request.uri(), "/videos/1/a.ts");
    assert_eq!(request.extensions().get::<OriginalUri>().unwrap().0, "/videos/1/a.ts?y=2");
}
