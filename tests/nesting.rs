//! Which path is decided, where routers take prefixes off, rewrite paths, or tunnel.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::routing::{any, get};
use http_body_util::BodyExt as _;
use playgate::{Key, KeyScope, Scope, Site, Verifier, mint::Signer};
use tower::{ServiceExt as _, service_fn};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn verifier() -> Verifier {
    Verifier::builder()
        .site(Site::bucket("courses").any_host().under("/media/"))
        .key(Key::from_secret("k1", SECRET, KeyScope::bucket("courses")).unwrap())
        .build()
        .unwrap()
}

fn signed(path: &str) -> String {
    let signer = Signer::from_secret("k1", SECRET).unwrap();
    signer.token(Scope::folder("videos/1").unwrap()).sign().unwrap().url(path)
}

async fn status(app: &Router, uri: &str) -> StatusCode {
    let request = Request::get(uri).header("host", "cdn.example.com").body(Body::empty()).unwrap();
    app.clone().oneshot(request).await.unwrap().status()
}

#[tokio::test]
async fn the_original_path_decides_inside_nested_routers() {
    let media = || Router::new().route("/{*key}", get(|| async { "bytes" }));
    let nested = Router::new().nest("/media", media().layer(verifier().layer()));
    let service = Router::new().nest_service("/media", media().layer(verifier().layer()));
    let deeper =
        Router::new().nest("/media", Router::new().nest("/videos", media().layer(verifier().layer())));
    for (name, app) in [("nest", nested), ("nest_service", service), ("nested twice", deeper)] {
        assert_eq!(status(&app, "/media/videos/1/a.ts").await, 401, "{name}");
        assert_eq!(status(&app, &signed("/media/videos/1/a.ts")).await, 200, "{name}");
        assert_eq!(status(&app, &signed("/media/videos/2/a.ts")).await, 403, "{name}");
    }
}

#[tokio::test]
async fn a_path_that_was_rewritten_is_decided_as_the_handler_sees_it() {
    let inner = Router::new().route("/media/{*key}", get(|| async { "bytes" })).layer(verifier().layer());
    let rewrite = service_fn(move |mut request: Request| {
        let inner = inner.clone();
        async move {
            let path = request.uri().path().replacen("/v2/", "/media/", 1);
            let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
            *request.uri_mut() = format!("{path}{query}").parse().unwrap();
            inner.oneshot(request).await
        }
    });
    let app = Router::new().fallback_service(rewrite);
    assert_eq!(status(&app, "/v2/videos/1/a.ts").await, 401, "outside of /media/ only as it was sent");
    assert_eq!(status(&app, &signed("/v2/videos/1/a.ts")).await, 200);
}

#[tokio::test]
async fn connect_is_decided_by_its_path() {
    let app = Router::new().route("/media/{*key}", any(|| async { "bytes" })).layer(verifier().layer());
    let connect = |uri: &str| {
        Request::builder()
            .method("CONNECT")
            .uri(uri)
            .header("host", "cdn.example.com")
            .body(Body::empty())
            .unwrap()
    };
    let answer = app.clone().oneshot(connect("/media/ws")).await.unwrap();
    assert_eq!(answer.status(), 401);
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(std::str::from_utf8(&body).unwrap().contains("credential_missing"));
    let tunnel = app.oneshot(connect("cdn.example.com:443")).await.unwrap();
    assert_ne!(tunnel.status(), 200, "an authority has no path to be let through to");
}
