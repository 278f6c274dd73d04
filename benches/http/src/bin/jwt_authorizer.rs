//! A server on axum 0.7 with the layer of `jwt-authorizer`, which stands on `jsonwebtoken` 9 and knows no newer axum.
//!
//! `jwt-authorizer FOLDER` listens on a free port, prints it, and answers for `FOLDER/media` until it is ended. The token
//! comes as a bearer, for the query is no place where this layer looks. It is given one key, and its check of claims
//! knows no path, so `uri` is compared with the folder that is asked for.

use std::path::Path;

use axum_0_7 as axum;

use axum::Router;
use axum::body::Bytes;
use axum::http::header;
use axum::routing::get;
use jwt_authorizer::{IntoLayer as _, JwtAuthorizer, Validation};
use serde::Deserialize;
use tokio::net::TcpListener;

const PATH: &str = "videos/8f14e45f/720p/segment-00042.ts";

#[derive(Clone, Deserialize)]
struct Claims {
    uri: String,
}

#[tokio::main]
async fn main() {
    let folder = std::env::args().nth(1).expect("a folder");
    let folder = Path::new(&folder);
    let pem = std::fs::read_to_string(folder.join("public.pem")).unwrap();
    let body = Bytes::from(std::fs::read(folder.join("media").join(PATH)).unwrap());
    let authorizer = JwtAuthorizer::<Claims>::from_rsa_pem_text(&pem)
        .validation(Validation::new().nbf(true).leeway(0))
        .check(|claims| PATH.starts_with(&claims.uri))
        .build();
    let answer = move || std::future::ready(([(header::CONTENT_TYPE, "video/mp2t")], body.clone()));
    let router =
        Router::new().route("/videos/*key", get(answer)).layer(authorizer.await.unwrap().into_layer());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    axum::serve(listener, router).tcp_nodelay(true).await.unwrap();
}
