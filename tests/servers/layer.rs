//! The layer among other services: bodies, readiness, errors, extractors, connections.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use crate::support::{HOST, NOW, TestKey, World, behind, get, http1, in_time, servers, token, vod};
use axum::Router;
use axum::body::Body as AxumBody;
use axum::extract::OriginalUri;
use axum::routing::get as on_get;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Incoming;
use playgate::adapters::MissingGrant;
use playgate::adapters::http::ReplyBody;
use playgate::adapters::tower::{Gate, GateLayer};
use playgate::schemes::{Carrier, Scheme};
use playgate::{Denial, OwnedGrant, Site, Verifier};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::{Layer as _, Service, ServiceExt as _, service_fn};

const PATH: &str = "/videos/1/a.ts";

fn granted() -> Request<Bytes> {
    get(PATH).cookie(token("videos/1/")).parsed().unwrap()
}

fn refused() -> Request<Bytes> {
    get(PATH).parsed().unwrap()
}

/// A body of two pieces and a trailer, whose length nobody knows.
type Pieces = StreamBody<stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, &'static str>>>>;

fn pieces(last: Result<Frame<Bytes>, &'static str>) -> Pieces {
    let piece = |text: &'static str| Ok(Frame::data(Bytes::from_static(text.as_bytes())));
    StreamBody::new(stream::iter(vec![piece("one "), piece("two"), last]))
}

fn trailer() -> Frame<Bytes> {
    let mut trailers = HeaderMap::new();
    trailers.insert("x-checksum", "7".parse().unwrap());
    Frame::trailers(trailers)
}

async fn through<R>(verifier: &Verifier, request: Request<Bytes>, body: R) -> Response<ReplyBody<R>>
where
    R: Send + 'static,
{
    let body = Arc::new(Mutex::new(Some(body)));
    let inner = service_fn(move |_: Request<Bytes>| {
        let response = Response::new(body.lock().unwrap().take().unwrap());
        async { Ok::<_, Infallible>(response) }
    });
    GateLayer::new(verifier.clone()).layer(inner).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn a_streaming_inner_body_passes_with_its_trailers() {
    let verifier = behind(vod());
    let body = through(&verifier, granted(), pieces(Ok(trailer()))).await.into_body();
    assert!(!body.is_end_stream());
    assert_eq!(body.size_hint().exact(), None);
    let collected = body.collect().await.unwrap();
    assert_eq!(collected.trailers().unwrap()["x-checksum"], "7");
    assert_eq!(collected.to_bytes(), "one two");
}

#[tokio::test]
async fn an_error_in_the_inner_body_passes_after_what_came_before_it() {
    let verifier = behind(vod());
    let mut body = through(&verifier, granted(), pieces(Err("disk on fire"))).await.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "one ");
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "two");
    assert_eq!(body.frame().await.unwrap().unwrap_err(), "disk on fire");
}

#[tokio::test]
async fn a_body_says_honestly_how_long_it_is_and_when_it_ends() {
    let verifier = behind(vod());
    let exact = |body: &ReplyBody<Full<Bytes>>| body.size_hint().exact();

    let known = through(&verifier, granted(), Full::from("seven b")).await.into_body();
    assert_eq!((exact(&known), known.is_end_stream()), (Some(7), false));
    let empty = through(&verifier, granted(), Full::from("")).await.into_body();
    assert_eq!((exact(&empty), empty.is_end_stream()), (Some(0), true));

    let mut denial = through(&verifier, refused(), Full::from("inner")).await.into_body();
    let length = exact(&denial).unwrap();
    assert!(length > 0 && !denial.is_end_stream());
    let data = denial.frame().await.unwrap().unwrap().into_data().unwrap();
    assert_eq!(data.len() as u64, length);
    assert_eq!((exact(&denial), denial.is_end_stream()), (Some(0), true));
    assert!(denial.frame().await.is_none());

    let head = get(PATH).method("HEAD").parsed().unwrap();
    let head = through(&verifier, head, Full::from("inner")).await.into_body();
    assert_eq!((exact(&head), head.is_end_stream()), (Some(0), true));
    let bounded = SizeHint::with_exact(0);
    assert_eq!(head.size_hint().upper(), bounded.upper());
}

/// Panics where it is called without having been polled ready; a clone is not ready.
struct Touchy {
    ready: bool,
    calls: Arc<AtomicUsize>,
}

impl Clone for Touchy {
    fn clone(&self) -> Self {
        Self { ready: false, calls: Arc::clone(&self.calls) }
    }
}

impl Service<Request<Bytes>> for Touchy {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Bytes>) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been polled ready");
        self.calls.fetch_add(1, Ordering::Relaxed);
        std::future::ready(Ok(Response::new(Full::default())))
    }
}

#[tokio::test]
async fn the_service_that_was_polled_ready_is_the_one_that_is_called() {
    let calls = Arc::new(AtomicUsize::new(0));
    let mut gate = GateLayer::new(behind(vod())).layer(Touchy { ready: false, calls: Arc::clone(&calls) });
    for request in [granted(), refused(), granted()] {
        let pending = gate.ready().await.unwrap().call(request);
        // A clone that is made meanwhile has to be polled for itself.
        drop(gate.clone());
        pending.await.unwrap();
    }
    assert_eq!(gate.clone().oneshot(granted()).await.unwrap().status(), 200);
    assert_eq!(calls.load(Ordering::Relaxed), 3, "the refused request called nobody");
}

#[tokio::test]
async fn a_service_that_is_not_ready_keeps_its_callers_waiting() {
    #[derive(Clone)]
    struct Busy;
    impl Service<Request<Bytes>> for Busy {
        type Response = Response<Full<Bytes>>;
        type Error = &'static str;
        type Future = std::future::Ready<Result<Self::Response, &'static str>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), &'static str>> {
            Poll::Ready(Err("closed"))
        }
        fn call(&mut self, _: Request<Bytes>) -> Self::Future {
            unreachable!("never ready")
        }
    }
    let mut gate = GateLayer::new(behind(vod())).layer(Busy);
    assert_eq!(gate.ready().await.err(), Some("closed"));
}

#[tokio::test]
async fn an_error_of_the_inner_service_passes_through() {
    let failing = service_fn(|_: Request<Bytes>| async { Err::<Response<Full<Bytes>>, _>("out of files") });
    let gate = GateLayer::new(behind(vod())).layer(failing);
    assert_eq!(gate.clone().oneshot(granted()).await.err(), Some("out of files"));
    assert_eq!(gate.oneshot(refused()).await.unwrap().status(), 401, "nobody was asked");
}

#[tokio::test]
async fn a_refusal_is_ready_at_once_and_once() {
    let never =
        service_fn(|_: Request<Bytes>| std::future::pending::<Result<Response<Full<Bytes>>, Infallible>>());
    let mut future = std::pin::pin!(GateLayer::new(behind(vod())).layer(never).call(refused()));
    let mut context = Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Ok(response)) = future.as_mut().poll(&mut context) else { panic!("it waits") };
    assert_eq!(response.extensions().get::<Denial>(), Some(&Denial::CredentialMissing));
    assert!(
        Pin::as_mut(&mut future).poll(&mut context).is_pending(),
        "polled once too often, it does not panic"
    );
}

#[test]
fn the_layer_is_cheap_to_clone_and_goes_everywhere() {
    fn everywhere<T: Clone + Send + Sync + std::fmt::Debug + 'static>(value: &T) -> T {
        value.clone()
    }
    let verifier = behind(vod());
    let layer = everywhere(&GateLayer::new(verifier.clone()));
    let mut gate = everywhere(&layer.layer(vec![1]));
    gate.get_mut().push(2);
    assert_eq!((gate.get_ref().len(), gate.into_inner()), (2, vec![1, 2]), "the service inside");
    let mut around = everywhere(&verifier.around(vec![1]));
    around.get_mut().push(2);
    assert_eq!((around.get_ref().len(), around.into_inner()), (2, vec![1, 2]), "the router inside");
    assert!(size_of::<GateLayer>() <= 2 * size_of::<usize>(), "one shared pointer and a flag");
    assert!(size_of::<Gate<()>>() <= 4 * size_of::<usize>(), "and an address");
    // What one clone changes is in force for all.
    let other = verifier.clone();
    assert_eq!(other.keys().remove_kid("rsa"), 1);
    assert!(verifier.keys().snapshot().is_empty());
}

async fn serve_axum(router: Router) -> SocketAddr {
    servers::axum("axum", router).await.address
}

#[tokio::test]
async fn behind_nest_service_the_path_that_the_client_sent_decides() {
    let verifier = behind(vod().base_path("/media/").strip_credentials(true));
    let show = |OriginalUri(original): OriginalUri, request: axum::extract::Request| async move {
        format!("{} of {original}", request.uri())
    };
    let inside = GateLayer::new(verifier.clone()).layer(Router::new().fallback(show));
    let layered = Router::new().fallback(show).layer(GateLayer::new(verifier.clone()));
    let router = Router::new()
        .nest_service("/media", inside)
        .nest_service("/outer", Router::new().nest_service("/media", layered.clone()))
        .nest(
            "/deep",
            Router::new().route("/media/{*key}", on_get(show)).layer(GateLayer::new(verifier.clone())),
        );
    let address = serve_axum(router).await;
    let good = token("videos/1/");
    for (target, verdict, seen) in [
        (format!("/media{PATH}?auth={good}&a=1"), "200", "/videos/1/a.ts?a=1 of /media/videos/1/a.ts?a=1"),
        (format!("/media{PATH}"), "401 credential_missing", ""),
        (format!("/media/videos/2/a.ts?auth={good}"), "403 out_of_scope", ""),
        ("/media/".to_owned(), "401 credential_missing", ""),
        (format!("/media/media{PATH}?auth={good}"), "403 out_of_scope", ""),
        // Not under the site's base path, as the client sees it.
        (format!("/outer/media{PATH}"), "200", "/videos/1/a.ts of /outer/media/videos/1/a.ts"),
        (format!("/deep/media{PATH}"), "200", "/media/videos/1/a.ts of /deep/media/videos/1/a.ts"),
    ] {
        let answer = http1("nested", address, &get(&*target).http1()).await;
        assert_eq!(answer.verdict(), verdict, "{target}");
        if !seen.is_empty() {
            assert_eq!(std::str::from_utf8(&answer.body).unwrap(), seen, "{target}");
        }
    }
}

/// What removes prefixes here is no router of axum's, and records nothing.
#[tokio::test]
async fn a_request_outside_passes_only_where_the_whole_path_is_known() {
    let verifier = behind(vod().base_path("/media/"));
    let served = || {
        service_fn(|_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from("open"))))
        })
    };
    let gate = GateLayer::new(verifier.clone()).layer(served());
    let shortening = service_fn(move |mut request: Request<Incoming>| {
        let path = request.uri().path().strip_prefix("/media").unwrap_or("/").to_owned();
        *request.uri_mut() = path.parse().unwrap();
        gate.clone().oneshot(request)
    });
    let shortened = servers::hyper("shortened", shortening).await.address;
    let unsaid = servers::hyper("unsaid", GateLayer::new(verifier.clone()).layer(served())).await.address;
    let full =
        servers::hyper("full", GateLayer::new(verifier.clone()).full_paths().layer(served())).await.address;
    let routed = Router::new().fallback(|| async { "open" });
    let layered = serve_axum(routed.layer(GateLayer::new(verifier.clone()))).await;
    let protected = format!("/media{PATH}");
    for (name, address, target, verdict) in [
        ("shortened", shortened, &*protected, "404 outside"),
        ("unsaid", unsaid, "/api", "404 outside"),
        ("unsaid", unsaid, &protected, "401 credential_missing"),
        ("full", full, "/api", "200"),
        ("full", full, &protected, "401 credential_missing"),
        ("layered", layered, "/api", "200"),
        ("layered", layered, &protected, "401 credential_missing"),
    ] {
        let answer = http1(name, address, &get(target).http1()).await;
        assert_eq!(answer.verdict(), verdict, "{name}: {target}");
    }
}

#[tokio::test]
async fn routes_added_after_the_layer_are_outside_of_it() {
    let verifier = behind(vod());
    let hello = || async { "hello" };
    let router = Router::new()
        .route("/in", on_get(hello))
        .layer(GateLayer::new(verifier.clone()))
        .route("/out", on_get(hello));
    let address = serve_axum(router.clone()).await;
    for (target, status) in [("/in", 401), ("/out", 200), ("/none", 401)] {
        assert_eq!(http1("layered", address, &get(target).http1()).await.status, status, "{target}");
    }
    let around = servers::hyper("around", GateLayer::new(verifier.clone()).layer(router)).await.address;
    for target in ["/in", "/out", "/none"] {
        assert_eq!(http1("around", around, &get(target).http1()).await.status, 401, "{target}");
    }
}

#[derive(serde::Deserialize)]
struct Mine {
    sub: String,
    seats: Vec<u8>,
}

#[tokio::test]
async fn a_handler_gets_its_grant_with_typed_claims() {
    let handler = |grant: OwnedGrant| async move {
        let mine: Mine = grant.claims().unwrap();
        assert!(grant.claims::<Vec<u8>>().is_err());
        let kid = grant.kid().unwrap_or_default().to_owned();
        let expires = grant.expires_at().unwrap();
        assert_eq!(grant.scheme(), Scheme::SignedToken);
        let (site, scope, carrier) = (grant.site(), grant.scope(), grant.carrier());
        format!("{} {:?} {kid} {site} {scope:?} {carrier:?} {expires}", mine.sub, mine.seats)
    };
    let optional = |grant: Option<OwnedGrant>| async move {
        grant.map_or("nobody".to_owned(), |grant| grant.claims::<Mine>().unwrap().sub)
    };
    let router = Router::new()
        .route("/videos/{*key}", on_get(handler))
        .route("/maybe/a", on_get(optional))
        .route("/open/a", on_get(optional))
        .route("/open/wrong", on_get(handler));
    let site = vod().grant_extension(true).public_paths(["open/"]).carriers([
        Carrier::Query,
        Carrier::Bearer,
        Carrier::Cookie,
    ]);
    let verifier = behind(site);
    let payload = format!(r#"{{"uri":"","exp":{},"sub":"ada","seats":[1,2]}}"#, NOW + 60);
    let good = TestKey::Rsa.token(&payload);
    let encoded = good.replace('.', "%2e");
    let told = |carrier: Carrier| format!("ada [1, 2] rsa {HOST} Some(\"\") {carrier:?} {}", NOW + 60);
    let inside = serve_axum(router.clone().layer(GateLayer::new(verifier.clone()))).await;
    let around =
        servers::hyper("around", GateLayer::new(verifier.clone()).layer(router.clone())).await.address;
    for (door, address) in [("inside", inside), ("around", around)] {
        for (name, ask, status, body) in [
            ("query", get(PATH).query(&good), 200, told(Carrier::Query)),
            ("query, encoded", get(PATH).query(&encoded), 200, told(Carrier::Query)),
            ("cookie", get(PATH).cookie(&good), 200, told(Carrier::Cookie)),
            ("bearer", get(PATH).bearer(&good), 200, told(Carrier::Bearer)),
            ("optional, there", get("/maybe/a").query(&good), 200, "ada".to_owned()),
            ("optional, public", get("/open/a").query(&good), 200, "nobody".to_owned()),
        ] {
            let answer = http1(door, address, &ask.http1()).await;
            let got = (answer.status, String::from_utf8_lossy(&answer.body).into_owned());
            assert_eq!(got, (status, body), "{door}: {name}");
        }
        let wrong = http1(door, address, &get("/open/wrong").http1()).await;
        assert_eq!(wrong.status, 500, "{door}: a grant is asked for where none can be");
    }
    let quiet = serve_axum(router.layer(GateLayer::new(behind(vod())))).await;
    let answer = http1("quiet", quiet, &get(PATH).query(&good).http1()).await;
    assert_eq!(answer.status, 500, "a site keeps its grants to itself unless told otherwise");
    let answer = http1("quiet", quiet, &get("/maybe/a").query(&good).http1()).await;
    assert_eq!((answer.status, &*answer.body), (200, &b"nobody"[..]));
}

#[tokio::test]
async fn a_missing_grant_is_a_rejection_by_name() {
    let router = || {
        let own_answer = |grant: Result<OwnedGrant, MissingGrant>| async move {
            let missing = grant.unwrap_err();
            assert_eq!(missing.to_string(), missing.body_text());
            let error: Box<dyn std::error::Error + Send + Sync> = missing.into();
            assert!(error.source().is_none());
            (StatusCode::NOT_FOUND, format!("{} {missing:?}", missing.status()))
        };
        let default = |_: OwnedGrant| async { "there is a grant" };
        Router::new().route("/open/own", on_get(own_answer)).route("/open/default", on_get(default))
    };
    let [open, quiet] = [vod().public_paths(["open/"]).grant_extension(true), vod()];
    let elsewhere = open.clone().base_path("/media/");
    let gate = |site| GateLayer::new(behind(site));
    for (name, router) in [
        ("no layer", router()),
        ("a public path", router().layer(gate(open))),
        ("no grant_extension", router().layer(gate(quiet))),
        ("outside of the base path", router().layer(gate(elsewhere).full_paths())),
    ] {
        let ask = async |target: &str| {
            let request = get(target).query(token("")).parsed().unwrap().map(AxumBody::from);
            let response = router.clone().oneshot(request).await.unwrap();
            let (head, body) = response.into_parts();
            (head.status, body.collect().await.unwrap().to_bytes())
        };
        let own = "500 Internal Server Error MissingGrant";
        assert_eq!(ask("/open/own").await, (StatusCode::NOT_FOUND, own.into()), "{name}");
        let body =
            "the request has no grant: wrap this route in the layer and set grant_extension on its site";
        let default = (StatusCode::INTERNAL_SERVER_ERROR, body.into());
        assert_eq!(ask("/open/default").await, default, "{name}");
    }
}

/// Reads one answer from a connection that stays open, and returns its status and body.
async fn next_answer(stream: &mut TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&answer);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let head = head.to_ascii_lowercase();
            let length = head.split_once("content-length: ").unwrap().1.lines().next().unwrap();
            if body.len() == length.parse::<usize>().unwrap() {
                return (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned());
            }
        }
        assert!(in_time(stream.read_buf(&mut answer)).await.unwrap() > 0, "the connection ended: {answer:?}");
    }
}

#[tokio::test]
async fn a_hook_that_panics_refuses_its_request_and_leaves_the_connection_open() {
    let site = vod().hook(|claims| {
        if claims.has("sub", "mallory") {
            std::panic::resume_unwind(Box::new("a hook's own mistake"));
        }
        Ok(())
    });
    let world = World::start(behind(site)).await;
    let request = |token: &str| format!("GET {PATH}?auth={token} HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    let mallory = request(&TestKey::Rsa.token(r#"{"uri":"","sub":"mallory"}"#));
    let ann = request(&TestKey::Rsa.token(r#"{"uri":"","sub":"ann"}"#));
    for (door, address) in world.addresses() {
        let mut stream = TcpStream::connect(address).await.unwrap();
        for _ in 0..2 {
            stream.write_all(mallory.as_bytes()).await.unwrap();
            let (status, body) = next_answer(&mut stream).await;
            assert_eq!(status, 403, "{door}");
            assert!(body.contains(r#""code":"refused_by_hook""#), "{door}: {body}");
            stream.write_all(ann.as_bytes()).await.unwrap();
            let (status, body) = next_answer(&mut stream).await;
            assert_eq!(status, 200, "{door}: {body}");
        }
    }
    world.verifier.keys().insert(TestKey::P256.key(playgate::KeyScope::bucket("vod"))).unwrap();
}

#[tokio::test]
async fn any_request_body_will_do() {
    let gate = GateLayer::new(behind(vod())).layer(service_fn(|request: Request<AxumBody>| async move {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, Infallible>(Response::new(Full::new(body)))
    }));
    let request = granted().map(AxumBody::from);
    let (mut parts, _) = request.into_parts();
    parts.headers.insert("content-length", "5".parse().unwrap());
    let request = Request::from_parts(parts, AxumBody::from("bytes"));
    let body = gate.oneshot(request).await.unwrap().into_body().collect().await.unwrap();
    assert_eq!(body.to_bytes(), "bytes");
}

#[tokio::test]
async fn two_layers_stand_in_one_another() {
    let outer = behind(vod().cors(playgate::cors::Cors::with_credentials(["https://app.example.com"])));
    let inner_site = Site::bucket("vod").host(HOST).query_name("second").carriers([Carrier::Query]);
    let inner = behind(inner_site);
    let service = service_fn(|_: Request<Bytes>| async {
        Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("inner")))
    });
    let both = GateLayer::new(outer.clone()).layer(GateLayer::new(inner.clone()).layer(service));
    let good = token("videos/1/");
    for (target, status) in [
        (format!("{PATH}?auth={good}&second={good}"), 200),
        (format!("{PATH}?auth={good}"), 401),
        (format!("{PATH}?second={good}"), 401),
    ] {
        let request = get(&*target).origin("https://app.example.com").parsed().unwrap();
        let response = both.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status, "{target}");
        let origins = response.headers().get_all("access-control-allow-origin").iter().count();
        assert_eq!(origins, 1, "{target}: the outer one's");
    }
}
