//! An axum application of which `/media/` alone is protected: `cargo run --example axum --features axum,keygen [ADDRESS:PORT]`.
#![expect(clippy::print_stdout, reason = "the URLs to try are printed")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::{Router, routing::get, serve::ListenerExt};
use playgate::mint::{NewKey, Signer};
use playgate::{Key, KeyScope, Scope, Site, Verifier};
use playgate::{adapters::tower::GateLayer, site::Outside};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

const MEDIA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/media");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init(); // one line for each refusal
    let pair = NewKey::rsa(2048)?; // the private half is for whoever makes URLs, the public half for the origin
    let verifier = Verifier::builder()
        .site(Site::bucket("courses").any_host().base_path("/media/"))
        .outside(Outside::Pass) // the application's own paths need no credential
        .key(Key::from_pem("demo", pair.public_pem(), KeyScope::bucket("courses"))?)
        .build()?;

    let app = Router::new()
        .route("/", get(async || "The videos are under /media/.\n"))
        .nest_service("/media", ServeDir::new(MEDIA))
        .layer(GateLayer::new(verifier)); // the one new line

    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let listener = TcpListener::bind(address).await?;
    let signer = Signer::from_pem("demo", pair.private_pem())?;
    let token = signer.token(Scope::folder("videos/1")?).expires_in(Duration::from_hours(1)).sign()?;
    let movie = format!("http://{}/media/videos/1/movie.mp4", listener.local_addr()?);
    println!("200: {}\n401: {movie}", token.url(&movie));
    // Without TCP_NODELAY a file waits until the client has acknowledged the head of its answer.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    Ok(axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await?)
}
