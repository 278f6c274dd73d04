//! A server that carries out replies by itself: `cargo run --example by_hand --features mint [ADDRESS:PORT]`.
#![expect(clippy::print_stdout, reason = "the URLs to try are printed")]

use std::convert::Infallible;

use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use playgate::adapters::http::ReplyBody;
use playgate::{Key, KeyScope, Scope, Site, Verifier, mint::Signer};

const SECRET: &[u8; 32] = b"only whoever signs and checks it";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Key::from_secret("demo", SECRET, KeyScope::bucket("courses"))?;
    let verifier = Verifier::builder().site(Site::bucket("courses").any_host()).key(key).build()?;
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    let token = Signer::from_secret("demo", SECRET)?.token(Scope::folder("videos/1")?).sign()?;
    let movie = format!("http://{}/videos/1/master.m3u8", listener.local_addr()?);
    println!("200: {}\n401: {movie}", token.url(&movie));
    loop {
        let (socket, verifier) = (listener.accept().await?.0, verifier.clone());
        let serve = service_fn(move |request| serve(verifier.clone(), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(socket), serve));
    }
}

type Body = ReplyBody<Full<Bytes>>; // the inner service's, with the token in the URIs of a manifest

async fn serve(verifier: Verifier, mut request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(match verifier.reply(&request).await.apply(&mut request) {
        Ok(edits) => edits.apply(Response::new("#EXTM3U\n#EXTINF:4,\nsegment.ts\n".into())),
        Err(answer) => answer.into_response(),
    })
}
