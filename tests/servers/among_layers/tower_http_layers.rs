//! tower-http's layers and files.

use std::convert::Infallible;
use std::time::Duration;

use axum::body::Body;
use http::{Request, Response, StatusCode};
use playgate::adapters::tower::GateLayer;
use tower::{ServiceBuilder, service_fn};
use tower_http::compression::CompressionLayer;
use tower_http::services::ServeDir;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

use super::{
    APP, DATE, MANIFEST, PATH, PLAYLIST, TEXT, ask, behind, carried, files, get, good, leave, serve,
};
use super::{Ask, serves_the_folder, site, text, token, unzipped, verifier};
use crate::support::lines_about;

/// The playlist by its own name, and by any that has no ending; the text by every other. `/videos/1/slow` never comes.
async fn origin(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path();
    if path.ends_with("slow") {
        std::future::pending::<()>().await;
    }
    let manifest = path == MANIFEST || !path.contains('.');
    let (kind, body) =
        if manifest { ("application/vnd.apple.mpegurl", PLAYLIST) } else { ("text/plain", TEXT) };
    let saw = request.headers().get("accept-encoding").cloned();
    let known = request.headers().get("if-none-match").is_some_and(|tag| tag == "\"v1\"");
    let mut response = Response::builder().header("content-type", kind).header("etag", "\"v1\"");
    if let Some(saw) = saw {
        response = response.header("x-saw", saw);
    }
    let status = if known { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let body = if known { Body::empty() } else { Body::from(body) };
    Ok(response.status(status).body(body).unwrap())
}

fn zipped(ask: Ask) -> Ask {
    ask.field("accept-encoding", "gzip")
}

#[tokio::test]
async fn a_trace_outside_writes_down_whole_uris_and_one_inside_what_is_left_of_them() {
    lines_about("");
    let (seen, hidden) = (TestToken::named("outside"), TestToken::named("inside"));
    let outside = ServiceBuilder::new().layer(TraceLayer::new_for_http()).layer(GateLayer::new(verifier()));
    let outside = serve(outside.service(service_fn(origin))).await;
    let gate = GateLayer::new(behind(site().strip_credentials(true)));
    let inside = ServiceBuilder::new().layer(gate).layer(TraceLayer::new_for_http());
    let inside = serve(inside.service(service_fn(origin))).await;
    for (address, token) in [(outside, &seen), (inside, &hidden)] {
        assert_eq!(ask(address, &get(PATH).query(&token.0)).await.status, 200);
        assert_eq!(ask(address, &get("/videos/2/a.txt").query(&token.0)).await.verdict(), "403 out_of_scope");
    }
    assert!(!lines_about(&seen.0).is_empty(), "whose log it is has to leave the query out");
    assert_eq!(lines_about(&hidden.0), [] as [String; 0], "what is refused does not come that far");
}

/// A token that no other test has.
struct TestToken(String);

impl TestToken {
    fn named(name: &str) -> Self {
        Self(crate::support::TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","jti":"{name}"}}"#)))
    }
}

#[tokio::test]
async fn compression_outside_compresses_the_manifest_that_was_rewritten() {
    let layers = ServiceBuilder::new().layer(CompressionLayer::new()).layer(GateLayer::new(verifier()));
    let address = serve(layers.service(service_fn(origin))).await;
    let token = good();
    let answer = ask(address, &zipped(get(MANIFEST).query(&token)).origin(APP)).await;
    assert_eq!(unzipped(&answer), carried(&token));
    assert_eq!((answer.vary().concat(), leave(&answer).0), ("accept-encodingorigin".to_owned(), vec![APP]));
    assert_eq!(answer.field("x-saw"), Some("identity"));
    let tag = answer.field("etag").unwrap();
    assert!(tag.contains("v1-fwd-"), "{tag}");
    let again = ask(address, &zipped(get(MANIFEST).query(&token)).field("if-none-match", tag)).await;
    assert_eq!((again.status, again.field("etag")), (304, Some(tag)));
    // Without the extension it is the content type that tells, and nothing else changes.
    let answer = ask(address, &zipped(get("/videos/1/media").query(&token))).await;
    assert_eq!((unzipped(&answer), answer.field("x-saw")), (carried(&token), Some("gzip")));
    let head = ask(address, &zipped(get(MANIFEST).query(&token)).method("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    // A refusal is compressed like any other text.
    let refused = ask(address, &zipped(get(PATH)).origin(APP)).await;
    assert!(unzipped(&refused).contains("credential_missing"), "{}", unzipped(&refused));
    assert_eq!((refused.status, leave(&refused).0), (401, vec![APP]));
    let head = ask(address, &zipped(get(PATH)).method("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (401, 0));
}

#[tokio::test]
async fn compression_inside_is_asked_to_leave_manifests_alone() {
    let layers = ServiceBuilder::new().layer(GateLayer::new(verifier())).layer(CompressionLayer::new());
    let address = serve(layers.service(service_fn(origin))).await;
    let token = good();
    let answer = ask(address, &zipped(get(MANIFEST).query(&token))).await;
    assert_eq!((text(&answer.body), answer.field("content-encoding")), (&*carried(&token), None));
    let answer = ask(address, &zipped(get(PATH).query(&token)).origin(APP)).await;
    assert_eq!((unzipped(&answer).as_str(), leave(&answer).0), (TEXT, vec![APP]));
    assert_eq!(answer.vary(), ["accept-encoding", "origin"]);
    // Whose path does not tell what it is comes compressed: not a byte of that is taken for text.
    let answer = ask(address, &zipped(get("/videos/1/media").query(&token))).await;
    assert_eq!((unzipped(&answer).as_str(), answer.field("etag")), (PLAYLIST, Some("\"v1\"")));
    // By cookie nothing is rewritten, so it may be compressed.
    let answer = ask(address, &zipped(get(MANIFEST).cookie(&token))).await;
    assert_eq!(unzipped(&answer), PLAYLIST);
}

#[tokio::test]
async fn a_timeout_inside_keeps_the_headers_and_one_outside_does_not() {
    let timeout = || TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, Duration::from_millis(50));
    let inside = ServiceBuilder::new().layer(GateLayer::new(verifier())).layer(timeout());
    let inside = serve(inside.service(service_fn(origin))).await;
    let outside = ServiceBuilder::new().layer(timeout()).layer(GateLayer::new(verifier()));
    let outside = serve(outside.service(service_fn(origin))).await;
    for (address, allowed) in [(inside, Some(APP)), (outside, None)] {
        let slow = ask(address, &get("/videos/1/slow").query(good()).origin(APP)).await;
        assert_eq!((slow.status, slow.field("access-control-allow-origin")), (504, allowed));
        assert_eq!(slow.field("cache-control").is_some(), allowed.is_some());
        let refused = ask(address, &get("/videos/1/slow").origin(APP)).await;
        assert_eq!((refused.status, leave(&refused).0), (401, vec![APP]), "refused before anything is slow");
    }
}

#[tokio::test]
async fn a_folder_serves_its_files_as_it_would_alone() {
    let disk = files();
    let served = ServeDir::new(disk.path(""));
    let address = serve(ServiceBuilder::new().layer(GateLayer::new(verifier())).service(served)).await;
    serves_the_folder(address).await;
}

#[tokio::test]
async fn a_folders_manifest_is_whole_and_has_a_tag_of_its_own() {
    let disk = files();
    let served = ServeDir::new(disk.path(""));
    let address = serve(ServiceBuilder::new().layer(GateLayer::new(verifier())).service(served)).await;
    let token = good();
    let manifest = || get(MANIFEST).query(&token);
    let answer = ask(address, &manifest().field("range", "bytes=0-6")).await;
    assert_eq!((answer.status, text(&answer.body)), (200, &*carried(&token)));
    let (tag, date) = (answer.field("etag").unwrap(), answer.field("last-modified").unwrap());
    let inner = ask(address, &get(MANIFEST).cookie(&token)).await;
    let inner_tag = inner.field("etag").unwrap();
    assert_ne!(tag, inner_tag);
    for (name, value, status) in [
        ("if-none-match", tag, 304),
        ("if-none-match", inner_tag, 200),
        ("if-modified-since", date, 304),
        ("if-modified-since", DATE, 200),
    ] {
        let answer = ask(address, &manifest().field(name, value)).await;
        assert_eq!(answer.status, status, "{name}: {value}");
    }
    let other = ask(address, &get(MANIFEST).query(self::token("videos/")).field("if-none-match", tag)).await;
    assert_eq!(other.status, 200, "the same playlist with another token in it");
}
