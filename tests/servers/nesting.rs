//! Which path is decided, where routers take prefixes off, rewrite paths, or tunnel.

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::map_request;
use axum::response::Response;
use axum::routing::{any, get};
use http_body_util::BodyExt as _;
use playgate::adapters::tower::GateLayer;
use playgate::request::PeerAddr;
use playgate::site::danger::Danger;
use playgate::site::{ExplainHeader, Outside};
use playgate::{Key, KeyScope, Scope, Site, Verifier, mint::Signer};
use tower::{Layer as _, ServiceExt as _, service_fn};
use tower_http::services::ServeDir;

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn verifier() -> Verifier {
    Verifier::builder()
        .site(Site::bucket("courses").any_host().base_path("/media/"))
        .outside(Outside::Pass)
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
    let nested = Router::new().nest("/media", media().layer(GateLayer::new(verifier())));
    let service = Router::new().nest_service("/media", media().layer(GateLayer::new(verifier())));
    let deeper = Router::new()
        .nest("/media", Router::new().nest("/videos", media().layer(GateLayer::new(verifier()))));
    for (name, app) in [("nest", nested), ("nest_service", service), ("nested twice", deeper)] {
        assert_eq!(status(&app, "/media/videos/1/a.ts").await, 401, "{name}");
        assert_eq!(status(&app, &signed("/media/videos/1/a.ts")).await, 200, "{name}");
        assert_eq!(status(&app, &signed("/media/videos/2/a.ts")).await, 403, "{name}");
    }
}

#[tokio::test]
async fn a_path_that_was_rewritten_into_a_site_after_routing_is_ambiguous() {
    let inner =
        Router::new().route("/media/{*key}", get(|| async { "bytes" })).layer(GateLayer::new(verifier()));
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
    assert_eq!(status(&app, "/v2/videos/1/a.ts").await, 400, "outside of /media/ only as it was sent");
    assert_eq!(status(&app, &signed("/v2/videos/1/a.ts")).await, 400);
    assert_eq!(status(&app, &signed("/media/videos/1/a.ts")).await, 200, "nothing was rewritten");
}

/// Removes a language from the start of a path, as layers for localized applications do.
fn without_language(mut request: Request) -> Request {
    if let Some(path) = request.uri().path_and_query().and_then(|path| path.as_str().strip_prefix("/en/")) {
        *request.uri_mut() = format!("/{path}").parse().unwrap();
    }
    request
}

/// A router on a folder of files, protected below `/media/` by the layer, and a layer outside of that which rewrites paths.
fn localized(verifier: &Verifier, folder: &std::path::Path) -> Router {
    Router::new()
        .fallback_service(ServeDir::new(folder))
        .layer(GateLayer::new(verifier.clone()))
        .layer(map_request(async |request: Request| without_language(request)))
}

#[tokio::test]
async fn a_layer_that_rewrites_paths_outside_of_the_gate_opens_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("media/videos/1")).unwrap();
    for file in ["media/videos/1/a.ts", "open.txt"] {
        std::fs::write(folder.path().join(file), "bytes").unwrap();
    }
    let app = localized(&verifier(), folder.path());
    for (path, expected) in [
        ("/media/videos/1/a.ts", 401),
        ("/en/media/videos/1/a.ts", 400),
        ("/en/MEDIA/videos/1/a.ts", 400),
        ("/en/%6dedia/videos/1/a.ts", 400),
        ("/open.txt", 200),
        ("/en/open.txt", 200),
    ] {
        assert_eq!(status(&app, path).await, expected, "{path}");
    }
    assert_eq!(status(&app, &signed("/media/videos/1/a.ts")).await, 200);
    assert_eq!(
        status(&app, &signed("/en/media/videos/1/a.ts")).await,
        400,
        "the message says where to put the layer"
    );

    // Around the router the layer makes the only path that there is.
    let router =
        Router::new().fallback_service(ServeDir::new(folder.path())).layer(GateLayer::new(verifier()));
    for (uri, expected) in [
        ("/en/media/videos/1/a.ts".to_owned(), 401),
        (signed("/en/media/videos/1/a.ts"), 200),
        (signed("/en/media/videos/2/a.ts"), 403),
    ] {
        let request = Request::get(&uri).header("host", "cdn.example.com").body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(without_language(request)).await.unwrap();
        assert_eq!(answer.status(), expected, "{uri}");
    }
}

#[tokio::test]
async fn a_path_that_was_rewritten_within_one_site_is_decided_as_the_handler_sees_it() {
    let verifier = Verifier::builder()
        .site(Site::bucket("courses").any_host())
        .key(Key::from_secret("k1", SECRET, KeyScope::bucket("courses")).unwrap())
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("videos/1")).unwrap();
    std::fs::write(folder.path().join("videos/1/a.ts"), "bytes").unwrap();
    let app = localized(&verifier, folder.path());
    assert_eq!(status(&app, "/en/videos/1/a.ts").await, 401);
    assert_eq!(status(&app, &signed("/en/videos/1/a.ts")).await, 200);
    assert_eq!(status(&app, &signed("/en/videos/2/a.ts")).await, 403);
}

/// A prefix with a parameter matches any segment, the one at which a site begins among them.
#[tokio::test]
async fn what_is_left_behind_a_nested_parameter_does_not_get_around_a_site() {
    let files =
        || Router::new().route("/{*key}", get(|| async { "bytes" })).layer(GateLayer::new(verifier()));
    let app = Router::new().nest("/{tenant}", files());
    assert_eq!(status(&app, "/acme/media/videos/1/a.ts").await, 400);
    assert_eq!(status(&app, "/media/videos/1/a.ts").await, 401);
    assert_eq!(status(&app, &signed("/media/videos/1/a.ts")).await, 200);
    assert_eq!(status(&app, "/acme/other/a.ts").await, 200);
}

#[tokio::test]
async fn connect_is_decided_by_its_path() {
    let app =
        Router::new().route("/media/{*key}", any(|| async { "bytes" })).layer(GateLayer::new(verifier()));
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

/// A public site at `/` would be what is left of the path of a protected file.
#[tokio::test]
async fn a_path_that_may_be_shortened_is_in_no_public_site_beside_a_base_path() {
    let inner = service_fn(|_: Request| async {
        Ok::<_, std::convert::Infallible>(Response::new(Body::from("bytes")))
    });
    let open = || Site::bucket("open").id("open").any_host().public();
    let media = Site::bucket("courses").id("courses").any_host().base_path("/media/");
    let beside = Verifier::builder().site(open()).site(media).build().unwrap();
    let alone = Verifier::builder().site(open()).build().unwrap();
    let ask =
        || Request::get("/videos/1/a.ts").header("host", "cdn.example.com").body(Body::empty()).unwrap();
    for (name, layer, status) in [
        ("beside a base path", GateLayer::new(beside.clone()), 404),
        ("full paths", GateLayer::new(beside.clone()).full_paths(), 200),
        ("no base path", GateLayer::new(alone.clone()), 200),
    ] {
        assert_eq!(layer.layer(inner).oneshot(ask()).await.unwrap().status(), status, "{name}");
    }
    let router = Router::new().fallback_service(inner).layer(GateLayer::new(beside.clone()));
    assert_eq!(router.oneshot(ask()).await.unwrap().status(), 200, "axum's router has recorded the path");
}

/// The folder `/old/` of one site does not enforce or is public; the rest of the host belongs to a site that enforces.
#[tokio::test]
async fn a_folder_that_needs_no_credential_opens_no_shortened_path_of_a_site_around_it() {
    let old = || Site::bucket("old").any_host().id("old").base_path("/old/");
    for folder in [old().danger(Danger { enforce: false }), old().public()] {
        let verifier = Verifier::builder()
            .site(Site::bucket("courses").any_host().id("courses"))
            .site(folder)
            .key(Key::from_secret("k1", SECRET, KeyScope::bucket("courses")).unwrap())
            .build()
            .unwrap();
        let bytes =
            || service_fn(async |_: Request| Ok::<_, std::convert::Infallible>(Response::new(Body::empty())));
        // A router may have removed /vod from /vod/old/a.mp4, which belongs to the other site.
        let asked = Request::get("/old/a.mp4").header("host", "cdn.example.com").body(Body::empty()).unwrap();
        let layer = GateLayer::new(verifier.clone());
        assert_eq!(layer.layer(bytes()).oneshot(asked).await.unwrap().status(), 404);
        let asked = Request::get("/old/a.mp4").header("host", "cdn.example.com").body(Body::empty()).unwrap();
        let layer = GateLayer::new(verifier).full_paths();
        assert_eq!(layer.layer(bytes()).oneshot(asked).await.unwrap().status(), 200);
    }
}

#[tokio::test]
async fn the_refusal_of_a_path_that_may_be_shortened_is_explained_as_such() {
    let inner = service_fn(|_: Request| async {
        Ok::<_, std::convert::Infallible>(Response::new(Body::from("bytes")))
    });
    let verifier = Verifier::builder()
        .site(Site::bucket("open").id("open").any_host().public())
        .site(Site::bucket("courses").id("courses").any_host().base_path("/media/"))
        .explain_header(ExplainHeader::new().clients(["127.0.0.1"]))
        .build()
        .unwrap();
    let layer = GateLayer::new(verifier);
    for (name, layer, status, code) in
        [("shortened", layer.clone(), 404, Some("outside")), ("full paths", layer.full_paths(), 200, None)]
    {
        let request = Request::get("/videos/1/a.ts").header("host", "cdn.example.com");
        let request =
            request.header("x-playgate-explain", "1").extension(PeerAddr(([127, 0, 0, 1], 1).into()));
        let answer = layer.layer(inner).oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{name}");
        let line = answer.headers()["x-playgate-explain"].to_str().unwrap();
        let explanation: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(explanation["code"].as_str(), code, "{name}: {line}");
    }
}

/// A site at `/` does not enforce; the folder `/media/` of another site does.
#[tokio::test]
async fn a_shadowed_site_opens_no_path_that_a_router_may_have_shortened() {
    let verifier = Verifier::builder()
        .site(Site::bucket("pages").any_host().id("pages").danger(Danger { enforce: false }))
        .site(Site::bucket("courses").any_host().id("courses").base_path("/media/"))
        .key(Key::from_secret("k1", SECRET, KeyScope::bucket("courses")).unwrap())
        .build()
        .unwrap();
    let bytes =
        || service_fn(async |_: Request| Ok::<_, std::convert::Infallible>(Response::new(Body::empty())));
    let asked = |uri: &str| Request::get(uri).header("host", "cdn.example.com").body(Body::empty()).unwrap();
    let status_at = async |layer: GateLayer, uri: &str| {
        layer.layer(bytes()).oneshot(asked(uri)).await.unwrap().status().as_u16()
    };
    let (unsure, sure) = (GateLayer::new(verifier.clone()), GateLayer::new(verifier).full_paths());
    for (uri, shortened, whole) in [("/videos/1/a.ts", 404, 200), ("/media/videos/1/a.ts", 401, 401)] {
        assert_eq!(
            status_at(unsure.clone(), uri).await,
            shortened,
            "{uri}, and a router may have removed /media"
        );
        assert_eq!(status_at(sure.clone(), uri).await, whole, "{uri}");
    }
}
