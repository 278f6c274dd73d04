//! An actix-web application of which `/media/` alone is protected: `cargo run --example actix --features actix,keygen [ADDRESS:PORT]`.
#![expect(clippy::print_stdout, reason = "the URLs to try are printed")]

use std::time::Duration;

use actix_files::Files;
use actix_web::{App, HttpServer, web};
use playgate::adapters::actix::ActixGate;
use playgate::mint::{NewKey, Signer};
use playgate::site::Outside;
use playgate::{Key, KeyScope, Scope, Site, Verifier};

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

    let server = HttpServer::new(move || {
        App::new()
            .wrap(ActixGate::new(verifier.clone())) // the one new line
            .route("/", web::get().to(async || "The videos are under /media/.\n"))
            .service(Files::new("/media", MEDIA))
    });

    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let server = server.bind(address)?;
    let signer = Signer::from_pem("demo", pair.private_pem())?;
    let token = signer.token(Scope::folder("videos/1")?).expires_in(Duration::from_hours(1)).sign()?;
    let movie = format!("http://{}/media/videos/1/movie.mp4", server.addrs()[0]);
    println!("200: {}\n401: {movie}", token.url(&movie));
    Ok(server.run().await?)
}
