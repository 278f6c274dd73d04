//! A hyper server behind the layer: `cargo run --example hyper --features keygen [ADDRESS:PORT]`.
#![expect(clippy::print_stdout, reason = "the URLs to try are printed")]

use std::time::Duration;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::{server::conn::auto, service::TowerToHyperService};
use playgate::adapters::tower::Gate;
use playgate::mint::{NewKey, Signer};
use playgate::{Key, KeyScope, Scope, Site, Verifier};
use tower_http::services::ServeDir;

const MEDIA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/media");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let pair = NewKey::rsa(2048)?; // the private half is for whoever makes URLs, the public half for the origin
    let key = Key::from_pem("demo", pair.public_pem(), KeyScope::bucket("courses"))?;
    let verifier = Verifier::builder().site(Site::bucket("courses").any_host()).key(key).build()?;
    let app = Gate::new(ServeDir::new(MEDIA), verifier); // the one new line

    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let signer = Signer::from_pem("demo", pair.private_pem())?;
    let token = signer.token(Scope::folder("videos/1")?).expires_in(Duration::from_hours(1)).sign()?;
    let movie = format!("http://{}/videos/1/movie.mp4", listener.local_addr()?);
    println!("200: {}\n401: {movie}", token.url(&movie));
    loop {
        let (socket, peer) = listener.accept().await?;
        let app = TowerToHyperService::new(app.clone().with_peer(peer)); // so that the client's address is known
        let server = auto::Builder::new(TokioExecutor::new());
        tokio::spawn(async move { server.serve_connection(TokioIo::new(socket), app).await });
    }
}
