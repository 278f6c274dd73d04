//! Gates that know whose connection they are of, and who else is told.

use std::future::IntoFuture as _;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use crate::support::{HOST, get, http1, lines_about, vod};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::routing::get as on_get;
use playgate::adapters::tower::GateLayer;
use playgate::mint::LinkSigner;
use playgate::request::PeerAddr;
use playgate::schemes::embed::Embed;
use playgate::schemes::link::{IpBinding, SecureLink};
use playgate::store::Store;
use playgate::{Site, Verifier};
use tokio::net::TcpListener;
use tower::{Layer as _, Service as _};

const HERE: &str = "127.0.0.1";
const ELSEWHERE: &str = "192.0.2.7";

fn bound_to_addresses() -> SecureLink {
    SecureLink::nginx("{expires}{path}{ip} {secret}", "0123456789abcdef").ip_binding(IpBinding::EXACT)
}

fn verifier() -> Verifier {
    Verifier::builder()
        .site(Site::bucket("vod").host(HOST).secure_link(bound_to_addresses()))
        .build()
        .unwrap()
}

fn link_for(address: &str) -> String {
    let address: IpAddr = address.parse().unwrap();
    let signer = LinkSigner::new(&bound_to_addresses()).unwrap();
    signer.link("/a.ts").client(address).expires_in(Duration::from_hours(1)).sign().unwrap()
}

/// Says to whom its handler believes to speak.
fn router() -> Router {
    let told = async |request: Request| match request.extensions().get() {
        Some(ConnectInfo(address)) => SocketAddr::ip(address).to_string(),
        None => "somebody".to_owned(),
    };
    Router::new().route("/a.ts", on_get(told))
}

#[tokio::test]
async fn the_gate_knows_each_connections_address() {
    let (quiet, telling) = (bind().await, bind().await);
    let gate = verifier().around(router());
    let addresses = [quiet.local_addr().unwrap(), telling.local_addr().unwrap()];
    tokio::spawn(axum::serve(quiet, gate.clone().into_make_service()).into_future());
    tokio::spawn(axum::serve(telling, gate.into_make_service_with_connect_info()).into_future());
    for (address, told) in addresses.into_iter().zip(["somebody", HERE]) {
        let good = http1("around", address, &get(&*link_for(HERE)).http1()).await;
        assert_eq!((good.status, &*good.body), (200, told.as_bytes()));
        let bad = http1("around", address, &get(&*link_for(ELSEWHERE)).http1()).await;
        assert_eq!(bad.verdict(), "403 link_bad", "to {told}");
    }
}

async fn bind() -> TcpListener {
    TcpListener::bind((HERE, 0)).await.unwrap()
}

#[tokio::test]
async fn what_a_request_says_of_its_sender_counts_before_the_connection() {
    let from: SocketAddr = "127.0.0.1:4711".parse().unwrap();
    let mut gate = GateLayer::new(verifier()).layer(router()).with_peer(from);
    let mut ask = async |link: &str, said: Option<PeerAddr>| {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = link.parse().unwrap();
        request.headers_mut().insert("host", HOST.parse().unwrap());
        if let Some(said) = said {
            request.extensions_mut().insert(said);
        }
        gate.call(request).await.unwrap().status().as_u16()
    };
    let proxied = PeerAddr(SocketAddr::new(ELSEWHERE.parse().unwrap(), 4711));
    assert_eq!(ask(&link_for(HERE), None).await, 200);
    assert_eq!(ask(&link_for(ELSEWHERE), None).await, 403);
    assert_eq!(ask(&link_for(HERE), Some(proxied)).await, 403);
    assert_eq!(ask(&link_for(ELSEWHERE), Some(proxied)).await, 200);
}

#[tokio::test]
async fn the_address_of_the_connection_counts_after_a_lookup_too() {
    lines_about("start");
    let nobody_listens = Store::redis("redis://127.0.0.1:1").connect().unwrap();
    let plain = vod().embed(Embed::new());
    let tls = Site::bucket("vod").host("tls.example.com").embed(Embed::new()).require_https(true);
    let verifier = Verifier::builder().site(plain).site(tls).store(&nobody_listens).build().unwrap();
    let proxied = "192.0.2.8";
    for (path, host, connected, said, verdict, client) in [
        ("/one", HOST, ELSEWHERE, None, "503 store_unavailable", ELSEWHERE),
        ("/two", HOST, ELSEWHERE, Some(proxied), "503 store_unavailable", proxied),
        // What never left the machine needs no TLS.
        ("/three", "tls.example.com", HERE, None, "503 store_unavailable", HERE),
        ("/four", "tls.example.com", ELSEWHERE, None, "403 https_required", ELSEWHERE),
    ] {
        let of = |address: &str| SocketAddr::new(address.parse().unwrap(), 4711);
        let mut gate = GateLayer::new(verifier.clone()).layer(router()).with_peer(of(connected));
        let mut request = get(path).host(host).query("0".repeat(32)).parsed().unwrap();
        if let Some(said) = said {
            request.extensions_mut().insert(PeerAddr(of(said)));
        }
        let answer = gate.call(request.map(Body::from)).await.unwrap();
        let (status, code) = verdict.split_once(' ').unwrap();
        assert_eq!(answer.status().as_str(), status, "{path}");
        let lines = lines_about(&format!("path={path:?} "));
        assert!(lines.len() == 1 && lines[0].contains(&format!("code=\"{code}\"")), "{lines:?}");
        assert!(lines[0].contains(&format!("client=\"{client}\"")), "{lines:?}");
    }
}
