//! A server that carries out decisions by itself: `cargo run --release --example by_hand [ADDRESS:PORT]`.
#![expect(clippy::print_stdout, reason = "it says what to try")]

use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Bytes, body::Incoming, server::conn::http1, service::service_fn};
use playgate::answer::Reply;
use playgate::{Key, KeyScope, Scope, Site, Verifier, mint::Signer};

const SECRET: &[u8; 32] = b"only whoever signs and checks it";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let key = Key::from_secret("demo", SECRET, KeyScope::bucket("courses"))?;
    let verifier = Verifier::builder().site(Site::bucket("courses").any_host()).key(key).build()?;
    let address = std::env::args().nth(1);
    let listener = tokio::net::TcpListener::bind(address.as_deref().unwrap_or("127.0.0.1:8080")).await?;
    let token = Signer::from_secret("demo", SECRET)?.token(Scope::folder("videos/1")?).sign()?;
    let movie = format!("http://{}/videos/1/movie.mp4", listener.local_addr()?);
    println!("200: {}\n401: {movie}", token.url(&movie));
    loop {
        let (socket, verifier) = (listener.accept().await?.0, verifier.clone());
        let serve = service_fn(move |request| std::future::ready(answer(&verifier, &request)));
        tokio::spawn(http1::Builder::new().serve_connection(hyper_util::rt::TokioIo::new(socket), serve));
    }
}

fn answer(verifier: &Verifier, request: &Request<Incoming>) -> http::Result<Response<Full<Bytes>>> {
    let response = Response::builder();
    let (response, headers, body) = match verifier.decide(request, verifier.now()).reply(request) {
        Reply::Answer(no) => (response.status(no.status()), no.headers().to_vec(), no.body().to_vec()),
        Reply::Call(_, after) => {
            let for_caches = after.cache_control(std::iter::empty()).unwrap_or_default();
            let policy = after.referrer_policy(std::iter::empty()).unwrap_or_default();
            let response = response.header("cache-control", &*for_caches).header("referrer-policy", &*policy);
            (response, after.append().collect(), b"the bytes".to_vec())
        }
    };
    headers.iter().fold(response, |to, field| to.header(field.name(), field.value())).body(body.into())
}
