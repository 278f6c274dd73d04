//! What does the layer add to a request: in time, and in memory that is asked for?
//!
//! `cargo bench --bench layer` prints one Markdown table, all in process and without a socket. A row calls a service that
//! answers at once, and polls what it returns. Requests are made beforehand; they and the answers are dropped while the time
//! is taken, as in a server. Each group begins with what its others stand on, and "over first" is what they add to that.
//! What other arguments do, [`interleaved`] tells.

#[allow(dead_code, reason = "shared with the tests")]
mod fixtures;
#[allow(dead_code, reason = "shared with the other benches")]
mod interleaved;
#[allow(dead_code, reason = "shared with the other benches")]
mod request;

use std::convert::Infallible;
use std::future::{Future as _, Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use allocation_counter::measure;
use axum::Router;
use axum::body::Body;
use axum::routing::get as on_get;
use bytes::Bytes;
use fixtures::{Kind, key_of};
use http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderName};
use http::{HeaderValue, Request, Response};
use http_body_util::Full;
use interleaved::{Budget, Candidate};
use playgate::adapters::tower::GateLayer;
use playgate::cors::Cors;
use playgate::mint::Signer;
use playgate::site::CacheScope;
use playgate::{KeyScope, Site, Verifier};
use request::{EXP, HOST, KID, PATH};
use tower::{Layer as _, Service, service_fn};

/// How many requests are made at once: few enough to be as near as those that a server has just read.
const BATCH: u64 = 8;

const PAGE: &str = "https://app.example.com";

/// What a growth of a header map asks for: one array of fields, and one of their places.
const GROWTH: u64 = 2;

fn main() {
    let origin = Origin::new();
    let mut candidates = over_a_service(&origin);
    candidates.extend(in_headers(&origin));
    candidates.extend(over_a_router(&origin));
    interleaved::run(candidates);
}

/// What signs for the bucket `courses`.
struct Origin {
    rsa: Signer,
    secret: Signer,
}

impl Origin {
    fn new() -> Self {
        Self { rsa: Kind::Rsa2048.signer(KID), secret: Kind::Hmac.signer("secret") }
    }

    fn verifier(&self, site: Site, token_cache: usize) -> Verifier {
        let keys = [&self.rsa, &self.secret].map(|signer| key_of(signer, KeyScope::bucket("courses")));
        let builder = Verifier::builder().site(site.host(HOST).public_paths(["open/"])).keys(keys);
        builder.token_cache(token_cache).build().unwrap()
    }

    fn by_query(&self) -> Request<()> {
        browser(&format!("{PATH}?auth={}", request::token(&self.rsa, EXP)), &[])
    }

    fn by_cookie(&self) -> Request<()> {
        let token = request::token(&self.rsa, EXP);
        let cookies = format!(
            "theme=dark; lang=en-GB; _ga=GA1.1.1234567890.1700000000; Qencode-Auth-Token={token}; \
             sid=8f14e45fceea167a5a36dedd4bea2543; consent=all"
        );
        browser(PATH, &[("cookie", &cookies)])
    }

    fn by_page(&self) -> Request<()> {
        let mut request = self.by_query();
        request.headers_mut().insert("origin", HeaderValue::from_static(PAGE));
        request
    }

    fn by_new_token(&self) -> Request<()> {
        browser(&format!("{PATH}?auth={}", request::token(&self.secret, EXP)), &[])
    }
}

/// What a browser sends, and `more`.
fn browser(target: &str, more: &[(&str, &str)]) -> Request<()> {
    let mut request = Request::get(target).header("host", HOST);
    for name in ["user-agent", "accept", "accept-encoding", "accept-language", "referer", "range"] {
        request = request.header(name, "as it may be");
    }
    for (name, value) in more {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap()
}

/// A service that answers with a segment, and with these header fields more.
fn segments(
    more: &'static [(HeaderName, &'static str)],
) -> impl Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible, Future: 'static> + Clone
{
    service_fn(move |_: Request<()>| answer(segment(more)))
}

type Answered<B> = Ready<Result<Response<B>, Infallible>>;

fn answer<B>(response: Response<B>) -> Answered<B> {
    ready(Ok(response))
}

fn segment<B: From<Bytes>>(more: &[(HeaderName, &'static str)]) -> Response<B> {
    let mut response = Response::new(Bytes::from_static(b"the bytes").into());
    let usual = [(CONTENT_TYPE, "video/mp2t"), (ACCEPT_RANGES, "bytes"), (ETAG, "\"5f3759df\"")];
    for (name, value) in usual.iter().chain(more) {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A site whose answers are left as they are.
fn untouched() -> Site {
    Site::bucket("courses").cache(CacheScope::Inner)
}

fn over_a_service(origin: &Origin) -> Vec<Candidate> {
    let mut group = Group::new("over a service");
    let behind = |token_cache| GateLayer::new(origin.verifier(untouched(), token_cache)).layer(segments(&[]));
    let open = browser("/open/poster.jpg", &[]);
    let within = Budget::More(130.0);
    group.push("nothing", Budget::None, Some(0), segments(&[]), &origin.by_query(), 200);
    group.push("layer, public path", within, Some(0), behind(64), &open, 200);
    group.push("layer, token seen, by query", within, Some(0), behind(64), &origin.by_query(), 200);
    group.push("layer, token seen, by cookie", within, Some(0), behind(64), &origin.by_cookie(), 200);
    group.push("layer, new HS256 token", Budget::None, Some(0), behind(0), &origin.by_new_token(), 200);
    group.push("layer, no token: 401", Budget::None, None, behind(64), &browser(PATH, &[]), 401);
    group.rows
}

/// What header fields of granted answers cost, over an answer that is left as it is.
fn in_headers(origin: &Origin) -> Vec<Candidate> {
    const CACHEABLE: &[(HeaderName, &str)] = &[(CACHE_CONTROL, "public, max-age=31536000")];
    let mut group = Group::new("header fields");
    let site = || Site::bucket("courses");
    let cors = || site().cors(Cors::with_credentials([PAGE]));
    let within = Budget::More(250.0);
    for (name, budget, more, site, inner) in [
        ("none", Budget::None, Some(0), untouched(), &[][..]),
        ("`Cache-Control`", within, Some(0), site(), &[]),
        ("`Cache-Control` of the service, rewritten", within, Some(2), site(), CACHEABLE),
        ("CORS, `Vary`", within, Some(GROWTH), cors().cache(CacheScope::Inner), &[]),
        ("CORS, `Vary`, `Cache-Control`", within, Some(GROWTH), cors(), &[]),
    ] {
        let service = GateLayer::new(origin.verifier(site, 64)).layer(segments(inner));
        group.push(name, budget, more, service, &origin.by_page(), 200);
    }
    group.rows
}

/// axum boxes what stands inside of its router, and nothing that stands around it.
fn over_a_router(origin: &Origin) -> Vec<Candidate> {
    let mut group = Group::new("over an axum router");
    let router = || Router::new().route("/videos/{*key}", on_get(|| async { segment::<Body>(&[]) }));
    let verifier = origin.verifier(untouched(), 64);
    let request = origin.by_query();
    let (inside, around) = (router().layer(GateLayer::new(verifier.clone())), verifier.around(router()));
    group.push::<_, Body, _>("nothing", Budget::None, Some(0), router(), &request, 200);
    group.push::<_, Body, _>("`Router::layer`", Budget::None, None, inside, &request, 200);
    group.push::<_, Body, _>("`Verifier::around`", Budget::More(130.0), Some(0), around, &request, 200);
    group.rows
}

/// Rows that stand on the first.
struct Group {
    name: &'static str,
    rows: Vec<Candidate>,
    /// The allocations of the first row.
    first: Option<u64>,
}

impl Group {
    const fn new(name: &'static str) -> Self {
        Self { name, rows: Vec::new(), first: None }
    }

    /// A service that is asked the same again and again, answers with `status`, and allocates so many times `more` than the
    /// first; with `None` that is not asserted.
    fn push<S, B: Default, R>(
        &mut self,
        name: &str,
        budget: Budget,
        more: Option<u64>,
        mut service: S,
        request: &Request<()>,
        status: u16,
    ) where
        S: Service<Request<B>, Response = Response<R>, Error = Infallible> + 'static,
    {
        let request = request.clone();
        let new = move || request.clone().map(|()| B::default());
        let mut call = move |request| {
            let response = called(&mut service, request);
            assert_eq!(response.status(), status);
        };
        call(new()); // the token is remembered
        let request = new();
        let allocations = measure(|| call(request)).count_total;
        let first = *self.first.get_or_insert(allocations);
        assert!(
            more.is_none_or(|more| allocations == first + more),
            "{name}: {allocations}, not {first} + {more:?}"
        );
        let run = move |times: u64| {
            let (mut taken, mut left) = (Duration::ZERO, times);
            while left > 0 {
                let requests: Vec<_> = (0..left.min(BATCH)).map(|_| new()).collect();
                left -= left.min(BATCH);
                let started = Instant::now();
                requests.into_iter().for_each(&mut call);
                taken += started.elapsed();
            }
            taken
        };
        self.rows.push(Candidate::timed(self.name, name, budget, run).allocations(allocations));
    }
}

/// The answer of a service that is ready at once, and whose future is.
fn called<S, B, R>(service: &mut S, request: Request<B>) -> Response<R>
where
    S: Service<Request<B>, Response = Response<R>, Error = Infallible>,
{
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    match pin!(service.call(request)).poll(&mut context) {
        Poll::Ready(Ok(response)) => response,
        Poll::Pending => panic!("a service that answers at once"),
    }
}
