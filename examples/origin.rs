//! A media origin that serves whoever brings a signed token: a bucket, a live channel, and a page that plays them.
//!
//! ```sh
//! cargo run --release --example origin
//! ```
//!
//! It prints `curl` lines to copy, each with the status that it gets, and the address of the page. Read on in this
//! order:
//!
//! 1. [`verifier`]: which host serves what, and to whom.
//! 2. [`origin`]: an ordinary axum application, which knows nothing of tokens.
//! 3. [`run`]: one line puts the first around the second.
//! 4. `origin/demo.rs`: how keys, signed URLs and signed cookies are made.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use playgate::cors::Cors;
use playgate::request::{Host, HostBuffer};
use playgate::{ConfigErrors, Key, Site, Verifier};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};

use demo::Demo;

#[path = "origin/demo.rs"]
mod demo;

type Error = Box<dyn std::error::Error + Send + Sync>;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/origin");

/// All of `*.localhost` is this machine (RFC 6761 §6.3), for curl and browsers alike: no DNS, no hosts file.
const APP: &str = "app.playgate.localhost";
const CDN: &str = "cdn.playgate.localhost";
const PUBLIC: &str = "public.playgate.localhost";
const LIVE: &str = "live.playgate.localhost";

/// Which host serves what, and to whom. A host that is not listed gets 421.
fn verifier(page_origin: &str, keys: [Key; 3]) -> Result<Verifier, ConfigErrors> {
    Verifier::builder()
        // Without a good token: 401 or 403. The page may read the answers and send its cookie along.
        .site(Site::bucket("vod").host(CDN).cors(Cors::with_credentials([page_origin])))
        .site(Site::bucket("trailers").host(PUBLIC).public())
        .site(Site::live_by_path().host(LIVE))
        // No media, but a host like any other: said to be public rather than forgotten.
        .site(Site::bucket("page").host(APP).public())
        .keys(keys)
        .build()
}

/// The application behind the verifier: files and a page, by host.
fn origin(demo: Arc<Demo>) -> Router {
    let media = Path::new(HERE).join("media");
    let video = ServeDir::new(media.join("videos/1"));
    let app = Router::new()
        .route("/", get(page))
        .route_service("/hls.min.js", ServeFile::new(hls_js()))
        .with_state(demo);
    let live = Router::new()
        .nest_service("/channel-1", video) // the segments
        .fallback_service(ServeDir::new(media.join("live"))); // and /channel-1.m3u8, which names them
    by_host(HashMap::from([
        (APP, app),
        (CDN, Router::new().fallback_service(ServeDir::new(&media))),
        (PUBLIC, Router::new().fallback_service(ServeDir::new(media.join("videos/2")))),
        (LIVE, live),
    ]))
}

/// Hands each request to the router of its host, which is read as the verifier reads it.
fn by_host(routers: HashMap<&'static str, Router>) -> Router {
    let routers = Arc::new(routers);
    Router::new().fallback(async move |request: Request| {
        let mut buffer = HostBuffer::new();
        let host = Host::of(&request, &mut buffer).map(Host::as_bytes).unwrap_or_default();
        let router = str::from_utf8(host).ok().and_then(|host| routers.get(host)).cloned();
        match router {
            Some(router) => router.oneshot(request).await.into_response(),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    })
}

/// The demo page, and with it the cookie that opens `videos/1/` on every host of the domain.
async fn page(State(demo): State<Arc<Demo>>) -> Result<Response, StatusCode> {
    let page = demo.page(hls_js().exists()).map_err(|error| {
        tracing::error!(%error, "no page");
        StatusCode::INTERNAL_SERVER_ERROR
    })?;
    // It holds credentials: nothing between here and the viewer may keep it.
    let headers = [(SET_COOKIE, page.set_cookie), (CACHE_CONTROL, "no-store".to_owned())];
    Ok((headers, Html(page.html)).into_response())
}

/// Where `npm install --prefix examples/origin` puts it.
fn hls_js() -> std::path::PathBuf {
    Path::new(HERE).join("node_modules/hls.js/dist/hls.min.js")
}

/// Serves until Ctrl-C.
async fn run(address: SocketAddr) -> Result<(), Error> {
    let listener = TcpListener::bind(address).await.map_err(|error| explain(address, &error))?;
    let address = listener.local_addr()?; // with the real port, where 0 was asked for
    let (demo, keys) = Demo::new(address.port())?;
    let demo = Arc::new(demo);

    let app = verifier(&demo.page_origin(), keys)?.around(origin(Arc::clone(&demo)));
    let greeting = greeting(address, &demo)?;
    let served = async {
        io::stdout().write_all(greeting.as_bytes())?;
        axum::serve(listener, app.into_make_service()).with_graceful_shutdown(stopped()).await
    };
    tokio::select! {
        biased; // Ctrl-C is listened for before the greeting speaks of it
        () = patience() => {}
        served = served => served?,
    }
    Ok(())
}

async fn stopped() {
    let _ = ctrl_c().await; // an error means that no Ctrl-C can be heard: stop as well
}

/// How long answers may take to finish: a paused player holds its own back for ever.
async fn patience() {
    stopped().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// What is printed at start: made for people, and for scripts (`# STATUS name: why`, then the command).
fn greeting(address: SocketAddr, demo: &Demo) -> Result<String, Error> {
    let mut text = format!("playgate example origin on {address}\n\nPage: {}/\n", demo.page_origin());
    if !hls_js().exists() {
        text.push_str("To see HLS by signed URL there: npm install --prefix examples/origin\n");
    }
    text.push_str(
        "\nTo try, each with the status that it gets. Tokens last an hour. Without -o /dev/null, the\n",
    );
    text.push_str("body of a refusal names its reason.\n");
    for case in demo.cases()? {
        write!(text, "\n{case}\n")?;
    }
    text.push_str("\nRefusals are logged below. Ctrl-C stops.\n");
    Ok(text)
}

fn explain(address: SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "{address} is taken by another program: choose another port with --listen, such as \
             --listen {}:0 for any that is free",
            if address.is_ipv6() { "[::1]" } else { "127.0.0.1" }
        ),
        _ => format!("cannot listen on {address}: {error}"),
    }
}

const USAGE: &str = "usage: cargo run --release --example origin [-- --listen ADDRESS:PORT]";
const DEFAULT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 8080);

enum Command {
    Serve(SocketAddr),
    Help,
}

fn command(arguments: &[String]) -> Result<Command, String> {
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => Ok(Command::Serve(DEFAULT)),
        ["-h" | "--help"] => Ok(Command::Help),
        ["--listen", address] => address.parse().map(Command::Serve).map_err(|_| {
            format!("--listen is {address:?}: write an IP address and a port, such as {DEFAULT}")
        }),
        ["--listen"] => {
            Err(format!("--listen has no value: write an IP address and a port, such as {DEFAULT}"))
        }
        _ => Err(format!("unknown arguments: {}", arguments.join(" "))),
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(tracing::Level::INFO).init();
    let outcome = match command(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(Command::Serve(address)) => run(address).await,
        Ok(Command::Help) => {
            let help =
                format!("{USAGE}\n\nServes the sample media on one port, {DEFAULT} unless told otherwise.\n");
            io::stdout().write_all(help.as_bytes()).map_err(Error::from)
        }
        Err(fault) => {
            eprintln!("{fault}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
