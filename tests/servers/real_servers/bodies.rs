//! Bodies pass as they come: nothing is held back, nothing that follows them is lost.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, Empty, StreamBody};
use hyper_util::rt::{TokioExecutor, TokioIo};
use playgate::adapters::tower::GateLayer;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tower::Layer as _;

use super::{Pieces, Wire, granted, inner, servers as all, verifier};
use crate::support::servers::{self, Server};
use crate::support::{HOST, in_time};

#[tokio::test]
async fn the_first_event_is_seen_before_the_second_is_written() {
    let slot: Arc<Mutex<Option<mpsc::Receiver<Bytes>>>> = Arc::default();
    let events = Arc::clone(&slot);
    let inner = inner(move |_, _| {
        let source = events.lock().unwrap().take().unwrap();
        let next = |mut source: mpsc::Receiver<Bytes>| async { Some((Ok(source.recv().await?), source)) };
        async move { Box::pin(stream::unfold(source, next)) as Pieces }
    });
    for server in all(Some(&verifier()), &inner).await {
        let (write, source) = mpsc::channel(1);
        *slot.lock().unwrap() = Some(source);
        let mut wire = Wire::open(server.address).await;
        wire.ask("GET", &granted(), "accept: text/event-stream\r\n").await;
        write.send("data: one\n\n".into()).await.unwrap();
        let head = wire.until("data: one\n\n").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{}: {head}", server.name);
        write.send("data: two\n\n".into()).await.unwrap();
        let between = wire.until("data: two\n\n").await;
        assert!(!between.contains("one"), "{}: {between}", server.name);
        drop(write);
        wire.until("0\r\n\r\n").await;
    }
}

/// An answer with a trailer, whatever is asked.
async fn with_trailer() -> Response<Body> {
    let trailers = HeaderMap::from_iter([("x-checksum".parse().unwrap(), HeaderValue::from_static("7"))]);
    let frames = [Frame::data(Bytes::from("one ")), Frame::data("two".into()), Frame::trailers(trailers)];
    let body = StreamBody::new(stream::iter(frames.map(Ok::<_, std::io::Error>)));
    Response::builder().header("trailer", "x-checksum").body(Body::new(body)).unwrap()
}

/// The two servers that know trailers; actix-web has none.
async fn trailing() -> [Server; 2] {
    let router = Router::new().fallback(with_trailer);
    [
        servers::axum("axum", verifier().around(router.clone())).await,
        servers::hyper("hyper", GateLayer::new(verifier()).layer(router)).await,
    ]
}

#[tokio::test]
async fn trailers_pass_behind_a_chunked_body() {
    for server in trailing().await {
        let mut wire = Wire::open(server.address).await;
        wire.ask("GET", &granted(), "te: trailers\r\n").await;
        let answer = wire.until("\r\n0\r\nx-checksum: 7\r\n\r\n").await;
        assert!(answer.contains("one "), "{}: {answer}", server.name);
        wire.ask("GET", &granted(), "connection: close\r\n").await;
        let answer = wire.rest().await;
        assert!(answer.ends_with("\r\n0\r\n\r\n"), "{}: who does not ask gets none: {answer}", server.name);
    }
}

#[tokio::test]
async fn trailers_pass_over_http2() {
    for server in trailing().await {
        let io = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
        let (mut client, connection) =
            hyper::client::conn::http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        let request = Request::get(format!("http://{HOST}{}", granted())).body(Empty::<Bytes>::new());
        let response = in_time(client.send_request(request.unwrap())).await.unwrap();
        assert_eq!(response.status(), 200, "{}", server.name);
        let collected = in_time(response.into_body().collect()).await.unwrap();
        assert_eq!(collected.trailers().unwrap()["x-checksum"], "7", "{}", server.name);
        assert_eq!(collected.to_bytes(), "one two", "{}", server.name);
    }
}
