//! In front of axum, hyper and actix-web nothing of theirs is lost: streams stream, connections live and die as they do
//! without the layer.
//!
//! Where a promise is "as without it", the same servers are asked without it too.

mod bodies;
mod connections;
mod expectations;
mod heads;
mod leaving;
mod memory;
mod upgrades;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use crate::support::servers::{self, Server};
use crate::support::{HOST, behind, in_time, token, vod};
use actix_web::{HttpRequest, HttpResponse, web};
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::Stream;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use playgate::Verifier;
use playgate::adapters::tower::GateLayer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tower::{Layer as _, service_fn};

const PATH: &str = "/videos/1/a.ts";

const ACTIX: &str = "actix-web";

/// A body that comes piece by piece.
type Pieces = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// An inner service: from what was asked of it, body included where the path ends in `/upload`, to the body of a 200.
type Inner = Arc<dyn Fn(&str, Bytes) -> Pin<Box<dyn Future<Output = Pieces> + Send>> + Send + Sync>;

fn inner<F>(answer: impl Fn(&str, Bytes) -> F + Send + Sync + 'static) -> Inner
where
    F: Future<Output = Pieces> + Send + 'static,
{
    Arc::new(move |path, body| Box::pin(answer(path, body)))
}

/// A body of one piece.
fn whole(bytes: impl Into<Bytes>) -> Pieces {
    let bytes = bytes.into();
    Box::pin(futures_util::stream::once(async { Ok(bytes) }))
}

/// The inner service that is content with everything.
fn fine() -> Inner {
    inner(|_, _| async { whole("fine") })
}

/// The site `vod`, POST included.
fn verifier() -> Verifier {
    behind(vod().methods(["GET", "HEAD", "POST"]))
}

/// axum, hyper and actix-web with this inner service: behind a verifier, or as they are.
async fn servers(verifier: Option<&Verifier>, inner: &Inner) -> [Server; 3] {
    let for_axum = Arc::clone(inner);
    let router = Router::new().fallback(move |request| answer(Arc::clone(&for_axum), request));
    let for_hyper = Arc::clone(inner);
    let service = service_fn(move |request| {
        let answer = answer(Arc::clone(&for_hyper), request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let for_actix = Arc::clone(inner);
    let actix = servers::actix(ACTIX, verifier, move |app| configure(app, &for_actix));
    match verifier {
        Some(verifier) => [
            servers::axum("axum", verifier.around(router)).await,
            servers::hyper("hyper", GateLayer::new(verifier.clone()).layer(service)).await,
            actix,
        ],
        None => [servers::axum("axum", router).await, servers::hyper("hyper", service).await, actix],
    }
}

fn configure(app: &mut web::ServiceConfig, inner: &Inner) {
    let inner = Arc::clone(inner);
    app.default_service(web::to(move |request, body| answer_actix(Arc::clone(&inner), request, body)));
}

async fn answer<B>(inner: Inner, request: Request<B>) -> Response<Body>
where
    B: http_body::Body<Data = Bytes, Error: std::fmt::Debug>,
{
    let path = request.uri().path().to_owned();
    let upload = path.ends_with("/upload");
    let body = if upload { request.into_body().collect().await.unwrap().to_bytes() } else { Bytes::new() };
    Response::new(Body::from_stream(inner(&path, body).await))
}

async fn answer_actix(inner: Inner, request: HttpRequest, body: web::Payload) -> HttpResponse {
    let path = request.path().to_owned();
    let body = if path.ends_with("/upload") { body.to_bytes().await.unwrap() } else { Bytes::new() };
    HttpResponse::Ok().streaming(inner(&path, body).await)
}

/// A connection, and what came over it so far.
struct Wire {
    stream: TcpStream,
    got: Vec<u8>,
}

impl Wire {
    async fn open(address: SocketAddr) -> Self {
        Self { stream: TcpStream::connect(address).await.unwrap(), got: Vec::new() }
    }

    /// A request line and fields, each of these with its line end.
    async fn ask(&mut self, method: &str, target: &str, fields: &str) {
        self.send(&format!("{method} {target} HTTP/1.1\r\nHost: {HOST}\r\n{fields}\r\n")).await;
    }

    async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// What comes up to this mark and with it.
    async fn until(&mut self, mark: &str) -> String {
        loop {
            if let Some(start) = self.got.windows(mark.len()).position(|part| part == mark.as_bytes()) {
                let rest = self.got.split_off(start + mark.len());
                return String::from_utf8(std::mem::replace(&mut self.got, rest)).unwrap();
            }
            let read = in_time(self.stream.read_buf(&mut self.got)).await.unwrap();
            assert!(read > 0, "closed before {mark:?}, after {:?}", String::from_utf8_lossy(&self.got));
        }
    }

    /// One answer, whose body has a `content-length` or is chunked without trailers.
    async fn answer(&mut self) -> String {
        let mut answer = self.until("\r\n\r\n").await;
        let length = answer.lines().find_map(|line| line.strip_prefix("content-length: "));
        if let Some(length) = length.map(|length| length.parse::<usize>().unwrap()) {
            while self.got.len() < length {
                let read = in_time(self.stream.read_buf(&mut self.got)).await.unwrap();
                assert!(read > 0, "closed within the body of {answer:?}");
            }
            let rest = self.got.split_off(length);
            answer.push_str(&String::from_utf8(std::mem::replace(&mut self.got, rest)).unwrap());
        } else {
            answer.push_str(&self.until("0\r\n\r\n").await);
        }
        answer
    }

    /// Everything until the server closes the connection, or gives it up.
    async fn rest(mut self) -> String {
        // A server that has answered need not read the rest of the question.
        let _ = in_time(self.stream.read_to_end(&mut self.got)).await;
        String::from_utf8(self.got).unwrap()
    }
}

/// [`PATH`] with a good token.
fn granted() -> String {
    with_token(PATH)
}

fn with_token(path: &str) -> String {
    format!("{path}?auth={}", token(""))
}
