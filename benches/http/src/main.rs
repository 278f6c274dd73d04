//! Servers on axum 0.8, hyper and actix-web that answer with the same 1 KB, and the credentials that they are asked with.
//!
//! `playgate-http mint FOLDER TOKENS` makes a key, leaves its public half as `FOLDER/public.pem`, and prints as JSON
//! what to ask for. `playgate-http serve ROW FOLDER` listens on a free port, prints it, and answers for `FOLDER/media`
//! until it is ended. All but the rows with `file` or `dir` hold the body in memory.

mod others;

use std::collections::HashMap;
use std::fs::File;
use std::net::SocketAddr;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, Request, State};
use axum::http::{StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::serve::ListenerExt as _;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use playgate::adapters::tower::GateLayer;
use playgate::schemes::link::SecureLink;
use playgate::mint::{LinkSigner, NewKey, Signer};
use playgate::verifier::VerifierBuilder;
use playgate::{Key, KeyScope, Scope, Site, Verifier};
use serde::Deserialize;
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

const HOST: &str = "cdn.example.com";
const PATH: &str = "/videos/8f14e45f/720p/segment-00042.ts";
const KID: &str = "0b1e4e52-7a0c-4d4b-9f5d-2f1f8a2c6d3e";
const SECRET: &str = "a shared secret";
const LIFETIME: Duration = Duration::from_hours(24);

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["mint", folder, tokens] => mint(Path::new(folder), tokens.parse().unwrap()),
        ["serve", row, folder] => serve(row, Path::new(folder)).await,
        _ => panic!("found {arguments:?}: write mint FOLDER TOKENS, or serve ROW FOLDER"),
    }
}

/// The private half of the key ends with this process.
fn mint(folder: &Path, tokens: u32) {
    let new = NewKey::rsa(2048).unwrap();
    std::fs::write(folder.join("public.pem"), new.public_pem()).unwrap();
    let signer = Signer::from_pem(KID, new.private_pem().as_bytes()).unwrap();
    let tokens = (0..tokens).map(|viewer| {
        let draft = signer.token(Scope::folder("videos/8f14e45f").unwrap()).expires_in(LIFETIME);
        draft.claim("sub", format!("viewer-{viewer:05}")).sign().unwrap().as_str().to_owned()
    });
    let tokens: Vec<String> = tokens.collect();
    let link = LinkSigner::new(&secure_link()).unwrap().link(PATH).expires_in(LIFETIME).sign().unwrap();
    let made =
        serde_json::json!({ "host": HOST, "path": PATH, "secret": SECRET, "tokens": tokens, "link": link });
    println!("{made}");
}

async fn serve(row: &str, folder: &Path) {
    let (pem, media) = (std::fs::read(folder.join("public.pem")).unwrap(), folder.join("media"));
    let seen = || tokens(&pem).build().unwrap();
    match row {
        "hyper" => return others::hyper(body(&media), None).await.unwrap(),
        "playgate-hyper" => return others::hyper(body(&media), Some(seen())).await.unwrap(),
        "actix" => return others::actix(body(&media), None).await.unwrap(),
        "playgate-actix" => return others::actix(body(&media), Some(seen())).await.unwrap(),
        _ => {}
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    // A body from a file is a write of its own, and would wait for the client to acknowledge the head.
    let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
    let (memory, open_file) = (in_memory(&media), open_file(&media));
    let directory = Router::new().fallback_service(ServeDir::new(&media));
    let new = || tokens(&pem).token_cache(0).build().unwrap();
    let peer = from_fn_with_state(Peer::new(&pem), check);
    let served = match row {
        "bare" => axum::serve(listener, memory).await,
        "playgate-seen" => axum::serve(listener, seen().around(memory).into_make_service()).await,
        "playgate-router" => {
            let router = memory.layer(GateLayer::new(seen()));
            axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()).await
        }
        "playgate-new" => axum::serve(listener, new().around(memory).into_make_service()).await,
        "playgate-link" => axum::serve(listener, links().around(memory).into_make_service()).await,
        "jsonwebtoken" => axum::serve(listener, memory.layer(peer)).await,
        "playgate-open-file" => axum::serve(listener, seen().around(open_file).into_make_service()).await,
        "serve-dir" => axum::serve(listener, directory).await,
        "playgate-serve-dir" => axum::serve(listener, seen().around(directory).into_make_service()).await,
        _ => panic!("no row is called {row:?}"),
    };
    served.unwrap();
}

fn body(media: &Path) -> Bytes {
    std::fs::read(media.join(&PATH[1..])).unwrap().into()
}

fn in_memory(media: &Path) -> Router {
    let body = body(media);
    let answer = move || std::future::ready(([(header::CONTENT_TYPE, "video/mp2t")], body.clone()));
    Router::new().route("/videos/{*key}", get(answer))
}

/// Read anew for each request, through a handle that stays: what the page cache holds does not block for long.
fn open_file(media: &Path) -> Router {
    let file = Arc::new(File::open(media.join(&PATH[1..])).unwrap());
    let answer = move || {
        let mut body = vec![0; usize::try_from(file.metadata().unwrap().len()).unwrap()];
        file.read_exact_at(&mut body, 0).unwrap();
        std::future::ready(([(header::CONTENT_TYPE, "video/mp2t")], body))
    };
    Router::new().route("/videos/{*key}", get(answer))
}

fn tokens(pem: &[u8]) -> VerifierBuilder {
    let key = Key::from_pem(KID, pem, KeyScope::bucket("courses")).unwrap();
    Verifier::builder().site(Site::bucket("courses").host(HOST)).key(key)
}

fn links() -> Verifier {
    let site = Site::bucket("courses").host(HOST).secure_link(secure_link()).accepts([playgate::schemes::Scheme::SecureLink]);
    Verifier::builder().site(site).build().unwrap()
}

fn secure_link() -> SecureLink {
    SecureLink::nginx("{expires}{path} {secret}", SECRET)
}

/// What applications write with `jsonwebtoken`: made ready at the start what can be.
struct Peer {
    keys: HashMap<String, DecodingKey>,
    validation: Validation,
}

#[derive(Deserialize)]
struct Parameters {
    auth: String,
}

#[derive(Deserialize)]
struct Claims {
    uri: String,
}

impl Peer {
    fn new(pem: &[u8]) -> Arc<Self> {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.validate_nbf = true;
        validation.leeway = 0;
        let keys = HashMap::from([(KID.to_owned(), DecodingKey::from_rsa_pem(pem).unwrap())]);
        Arc::new(Self { keys, validation })
    }

    fn grants(&self, uri: &Uri) -> Option<bool> {
        let Query(Parameters { auth }) = Query::try_from_uri(uri).ok()?;
        let key = self.keys.get(&decode_header(&auth).ok()?.kid?)?;
        let claims = decode::<Claims>(&auth, key, &self.validation).ok()?.claims;
        Some(uri.path().strip_prefix('/')?.starts_with(&claims.uri))
    }
}

async fn check(State(peer): State<Arc<Peer>>, request: Request, next: Next) -> Response {
    match peer.grants(request.uri()) {
        Some(true) => next.run(request).await,
        Some(false) => StatusCode::FORBIDDEN.into_response(),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}
