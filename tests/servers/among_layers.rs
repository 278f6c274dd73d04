//! The layer among other people's layers: in which order they stand, and what comes of it.
//!
//! Outside means nearer to the client. What is not as one would wish is here too, with what to do about it.

mod actix;
mod actix_mounts;
mod tower_http_cors;
mod tower_http_layers;

use std::convert::Infallible;
use std::io::Read as _;
use std::net::SocketAddr;

use crate::support::{Answer, Ask, Disk, behind, get, http1, token, vod};
use axum::body::Body;
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{Request, Response};
use playgate::cors::Cors;
use playgate::{Site, Verifier};
use tokio::net::TcpListener;
use tower::{Service, ServiceExt as _};

const APP: &str = "https://app.example.com";
const STRANGER: &str = "https://evil.example.net";
const PATH: &str = "/videos/1/a.txt";
const MANIFEST: &str = "/videos/1/media.m3u8";
const PLAYLIST: &str = "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:4,\nseg-1.m4s\n#EXTINF:4,\nseg-2.m4s\n";
const TEXT: &str = "some forty bytes that are worth being compressed";
const DATE: &str = "Sat, 01 Nov 2025 00:00:00 GMT";

fn site() -> Site {
    vod().cors(Cors::with_credentials([APP]))
}

fn verifier() -> Verifier {
    behind(site())
}

fn good() -> String {
    token("videos/1/")
}

/// The playlist as the gate writes it, for a token in the query.
fn carried(token: &str) -> String {
    PLAYLIST.replace(".m4s", &format!(".m4s?auth={token}"))
}

/// A folder with the text and the playlist.
fn files() -> Disk {
    let disk = Disk::new();
    disk.put(PATH.trim_start_matches('/'), TEXT);
    disk.put(MANIFEST.trim_start_matches('/'), PLAYLIST);
    disk
}

fn text(body: &[u8]) -> &str {
    std::str::from_utf8(body).unwrap()
}

fn unzipped(answer: &Answer) -> String {
    assert_eq!(answer.field("content-encoding"), Some("gzip"), "{}", answer.verdict());
    let mut text = String::new();
    GzDecoder::new(&*answer.body).read_to_string(&mut text).unwrap();
    text
}

async fn ask(address: SocketAddr, ask: &Ask) -> Answer {
    http1("the layers", address, &ask.http1()).await
}

/// What of CORS an answer says.
fn leave(answer: &Answer) -> (Vec<&str>, Option<&str>) {
    (answer.fields("access-control-allow-origin"), answer.field("access-control-allow-credentials"))
}

/// What is asked of [`files`] behind the gate is answered as by their server alone, with the site's header fields.
async fn serves_the_folder(address: SocketAddr) {
    let token = good();
    let file = || get(PATH).query(&token).origin(APP);
    let whole = ask(address, &file()).await;
    assert_eq!((whole.status, text(&whole.body), leave(&whole)), (200, TEXT, (vec![APP], Some("true"))));
    let (tag, date) = (whole.field("etag").unwrap(), whole.field("last-modified").unwrap());
    let part = ask(address, &file().field("range", "bytes=5-9")).await;
    assert_eq!((part.status, text(&part.body), leave(&part).0), (206, "forty", vec![APP]));
    assert_eq!(part.field("content-range"), Some("bytes 5-9/48"));
    let none = ask(address, &file().field("range", "bytes=999-")).await;
    assert_eq!((none.status, leave(&none).0), (416, vec![APP]));
    for (name, value) in [("if-none-match", tag), ("if-modified-since", date)] {
        let fresh = ask(address, &file().field(name, value)).await;
        assert_eq!((fresh.status, leave(&fresh).0), (304, vec![APP]), "{name}");
    }
    let missing = ask(address, &get("/videos/1/none.txt").query(&token).origin(APP)).await;
    assert_eq!((missing.status, leave(&missing).0), (404, vec![APP]));
    let refused = ask(address, &get("/videos/2/none.txt").query(&token).origin(APP)).await;
    assert_eq!(refused.verdict(), "403 out_of_scope", "and not whether it is there");
    let head = ask(address, &file().method("HEAD")).await;
    assert_eq!((head.status, head.length(), head.body.len()), (200, Some("48"), 0));
}

/// Checks that granted and refused answers have these two header fields, and vary by origin.
async fn granted_and_refused_leave(
    address: SocketAddr,
    from: &str,
    expected: (Vec<&str>, Option<&str>),
    name: &str,
) {
    for ask_for in [get(PATH).query(good()), get(PATH)] {
        let answer = ask(address, &ask_for.origin(from)).await;
        assert_eq!(leave(&answer), expected, "{name} for {from}");
        assert!(answer.vary().contains(&"origin".to_owned()), "{name} for {from}");
    }
}

/// A tower service on a socket of its own.
async fn serve<S, B>(service: S) -> SocketAddr
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: http_body::Body<Data = Bytes, Error: Into<axum::BoxError>> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = service.map_response(|answer: Response<B>| answer.map(Body::new));
    let make = axum::ServiceExt::<Request<Body>>::into_make_service_with_connect_info::<SocketAddr>(service);
    tokio::spawn(axum::serve(listener, make).into_future());
    address
}

/// An application of actix-web on a socket of its own.
macro_rules! served {
    ($app:expr) => {{
        let server = actix_web::HttpServer::new(move || $app).workers(1).disable_signals();
        let server = server.bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        tokio::spawn(server.run());
        address
    }};
}
use served;
