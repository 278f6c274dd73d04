//! Clients that leave, and servers that do.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::Request;
use http_body_util::Empty;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use playgate::Verifier;
use tokio::net::TcpStream;
use tokio::sync::{Notify, mpsc};

use super::{ACTIX, Inner, Pieces, Wire, configure, granted, inner, servers, verifier, with_token};
use crate::support::servers::{Server, actix_with};
use crate::support::{HOST, in_time};

/// Says so when it is dropped.
struct Held(mpsc::UnboundedSender<&'static str>);

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.send("dropped");
    }
}

/// Works for ever, and tells of it: on an answer that never comes, or on the next piece of one.
fn busy(tell: mpsc::UnboundedSender<&'static str>) -> Inner {
    inner(move |path, _| {
        let tell = tell.clone();
        let answers = path.ends_with("body.ts");
        async move {
            tell.send("started").unwrap();
            let held = Held(tell);
            if !answers {
                std::future::pending::<()>().await;
            }
            let piece = |held: Held| async {
                tokio::time::sleep(Duration::from_millis(1)).await;
                Some((Ok(Bytes::from_static(b"piece")), held))
            };
            Box::pin(stream::unfold(held, piece)) as Pieces
        }
    })
}

#[tokio::test]
async fn a_client_that_leaves_ends_the_work_that_was_done_for_it() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let inner = busy(tell);
    let [axum, hyper, actix] = servers(Some(&verifier()), &inner).await;
    // By default it learns that a client has left by writing to it; a handler that writes nothing works on.
    let told_at_once = actix_noticing(&verifier(), &inner);
    for server in [axum, hyper, actix, told_at_once] {
        for path in ["/videos/1/future.ts", "/videos/1/body.ts"] {
            if server.name == ACTIX && path.ends_with("future.ts") {
                continue;
            }
            let mut wire = Wire::open(server.address).await;
            wire.ask("GET", &with_token(path), "").await;
            assert_eq!(in_time(told.recv()).await, Some("started"), "{} {path}", server.name);
            if path.ends_with("body.ts") {
                wire.until("piece").await;
            }
            drop(wire);
            assert_eq!(in_time(told.recv()).await, Some("dropped"), "{} {path}", server.name);
        }
    }
}

/// One stream of a connection that goes on.
#[tokio::test]
async fn a_client_that_takes_back_a_request_over_http2_ends_its_work() {
    let (tell, mut told) = mpsc::unbounded_channel();
    for server in servers(Some(&verifier()), &busy(tell)).await {
        let io = TokioIo::new(TcpStream::connect(server.address).await.unwrap());
        let (client, connection) = http2::handshake(TokioExecutor::new(), io).await.unwrap();
        tokio::spawn(connection);
        for path in ["/videos/1/future.ts", "/videos/1/body.ts"] {
            if server.name == ACTIX && path.ends_with("future.ts") {
                continue; // as over HTTP/1.1
            }
            let mut client = client.clone();
            let request = Request::get(format!("http://{HOST}{}", with_token(path)));
            let answer = client.send_request(request.body(Empty::<Bytes>::new()).unwrap());
            let asking = tokio::spawn(async move {
                let _body = answer.await.unwrap().into_body();
                std::future::pending::<()>().await;
            });
            assert_eq!(in_time(told.recv()).await, Some("started"), "{} {path}", server.name);
            asking.abort();
            assert_eq!(in_time(told.recv()).await, Some("dropped"), "{} {path}", server.name);
        }
    }
}

/// actix-web for which a client that has closed its half of the connection is gone.
fn actix_noticing(verifier: &Verifier, inner: &Inner) -> Server {
    let inner = Arc::clone(inner);
    actix_with("actix-web, no half-closed", Some(verifier), false, move |app| configure(app, &inner))
}

#[tokio::test]
async fn a_server_that_stops_finishes_what_was_granted() {
    let finish = Arc::new(Notify::new());
    let finished = Arc::clone(&finish);
    let inner = inner(move |_, _| {
        let finished = Arc::clone(&finished);
        async move {
            let last = stream::once(async move {
                finished.notified().await;
                Ok(Bytes::from_static(b"last"))
            });
            let first = stream::once(async { Ok(Bytes::from_static(b"first ")) });
            Box::pin(futures_util::StreamExt::chain(first, last)) as Pieces
        }
    });
    for server in servers(Some(&verifier()), &inner).await {
        let mut wire = Wire::open(server.address).await;
        wire.ask("GET", &granted(), "").await;
        let head = wire.until("first ").await;
        assert!(head.starts_with("HTTP/1.1 200"), "{}: {head}", server.name);
        server.stop();
        in_time(async {
            while TcpStream::connect(server.address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        finish.notify_one();
        let rest = wire.rest().await;
        assert!(rest.contains("last\r\n0\r\n\r\n"), "{}: {rest}", server.name);
    }
}
