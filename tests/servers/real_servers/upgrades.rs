//! An upgrade is a request like any other until it is granted, and no request at all from then on.
//!
//! What is said over the connection then is between client and handler: here bytes that come back in capitals.

use actix_web::{HttpResponse, web};
use axum::Router;
use axum::body::Body;
use futures_util::StreamExt as _;
use http::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use playgate::adapters::tower::GateLayer;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tower::Layer as _;

use super::{ACTIX, PATH, Wire, granted, verifier};
use crate::support::servers;

const WEBSOCKET: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
                         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn upgrade(mut request: Request<Body>) -> Response<Body> {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = TokioIo::new(upgrade.await.unwrap());
        let mut said = [0; 5];
        while io.read_exact(&mut said).await.is_ok() {
            io.write_all(&said.to_ascii_uppercase()).await.unwrap();
        }
    });
    let response = Response::builder().status(StatusCode::SWITCHING_PROTOCOLS);
    response.header("connection", "upgrade").header("upgrade", "websocket").body(Body::empty()).unwrap()
}

async fn upgrade_actix(said: web::Payload) -> HttpResponse {
    let capitals = said.map(|said| said.map(|said| said.to_ascii_uppercase().into()));
    HttpResponse::SwitchingProtocols()
        .upgrade("websocket")
        .streaming::<_, actix_web::Error>(capitals.map(|said| said.map_err(actix_web::Error::from)))
}

#[tokio::test]
async fn an_upgrade_is_decided_first() {
    let verifier = verifier();
    let router = Router::new().fallback(upgrade);
    for server in [
        servers::axum("axum", verifier.around(router.clone())).await,
        servers::hyper("hyper", GateLayer::new(verifier.clone()).layer(router)).await,
        servers::actix(ACTIX, Some(&verifier), |app| {
            app.default_service(web::to(upgrade_actix));
        }),
    ] {
        let mut wire = Wire::open(server.address).await;
        wire.ask("GET", PATH, WEBSOCKET).await;
        let answer = wire.answer().await;
        assert!(answer.starts_with("HTTP/1.1 401"), "{}: {answer}", server.name);

        let mut wire = Wire::open(server.address).await;
        wire.ask("GET", &granted(), WEBSOCKET).await;
        let answer = wire.until("\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 101"), "{}: {answer}", server.name);
        assert!(answer.to_ascii_lowercase().contains("upgrade: websocket"), "{}: {answer}", server.name);
        for (said, heard) in [("hello", "HELLO"), ("again", "AGAIN")] {
            wire.send(said).await;
            assert_eq!(wire.until(heard).await, heard, "{}", server.name);
        }
    }
}
