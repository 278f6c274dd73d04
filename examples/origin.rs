//! A media origin that serves whoever brings a signed token, a secure link or an embed token: a bucket, a live channel,
//! and pages that play them.
//!
//! ```sh
//! cargo run --release --example origin
//! ```
//!
//! It prints `curl` lines to copy, each with the status that it gets, and the addresses of the pages. Read on in this
//! order:
//!
//! 1. `origin/playgate.toml`: which host serves what, and to whom.
//! 2. [`origin`]: an ordinary axum application, which knows nothing of tokens.
//! 3. [`run`]: one line puts the first around the second.
//! 4. `origin/demo.rs`: how keys, signed URLs and signed cookies are made.
//! 5. `origin/embed.rs`: a page for frames elsewhere, and the tokens that open it until they are taken back.
//! 6. `origin/manage.rs`: the keys in force, and SIGHUP.

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
use axum::serve::ListenerExt as _;
use playgate::Verifier;
use playgate::request::{Host, HostBuffer};
use tokio::net::TcpListener;
use tokio::signal::ctrl_c;
use tower::ServiceExt as _;
use tower_http::services::{ServeDir, ServeFile};

use command::{Command, Options};
use demo::Demo;
use embed::Tokens;

#[path = "origin/command.rs"]
mod command;
#[path = "origin/demo.rs"]
mod demo;
#[path = "origin/embed.rs"]
mod embed;
#[path = "origin/manage.rs"]
mod manage;

type Error = Box<dyn std::error::Error + Send + Sync>;

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/origin");

/// Which host serves what, and to whom; a host that is not listed gets 421. `--config` names another file.
const CONFIG: &str = include_str!("origin/playgate.toml");

/// All of `*.localhost` is this machine (RFC 6761 §6.3), for curl and browsers alike: no DNS, no hosts file.
const APP: &str = "app.playgate.localhost";
const CDN: &str = "cdn.playgate.localhost";
const PUBLIC: &str = "public.playgate.localhost";
const LIVE: &str = "live.playgate.localhost";
const LINKS: &str = "links.playgate.localhost";
const EMBED: &str = "embed.playgate.localhost";

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
        (LINKS, Router::new().fallback_service(ServeDir::new(&media))),
        (EMBED, embed::router(&media)),
    ]))
}

/// Hands each request to the router of its host, which is read as the verifier reads it.
fn by_host(routers: HashMap<&'static str, Router>) -> Router {
    let routers = Arc::new(routers);
    Router::new().fallback(async move |request: Request| {
        let mut buffer = HostBuffer::new();
        let host = Host::of(&request, &mut buffer).map(Host::as_bytes).unwrap_or_default();
        let router = str::from_utf8(host).ok().and_then(|host| routers.get(host));
        // Hosts of another configuration get what the CDN serves.
        match router.or_else(|| routers.get(CDN)).cloned() {
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

/// Serves until Ctrl-C or SIGTERM.
async fn run(options: Options) -> Result<(), Error> {
    let listener =
        TcpListener::bind(options.listen).await.map_err(|error| explain(options.listen, &error))?;
    let address = listener.local_addr()?; // with the real port, where 0 was asked for
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true))); // or bodies wait for their heads
    let management = manage::bind(options.manage).await?;
    let demo = Arc::new(Demo::new(address.port())?);
    let folder = tempfile::Builder::new().prefix("playgate-origin-").tempdir()?; // goes when the program ends
    let (config, is_own) = match options.config {
        Some(file) => (file, true),
        None => (demo.write_config(folder.path())?, false),
    };

    let verifier = Verifier::from_file(&config)?;
    let _watch = verifier.watch()?; // edit the file, drop in keys: no restart
    let manage = manage::origin(management.local_addr()?);
    let tokens = Tokens::new(&verifier, &demo, &manage).ok(); // a configuration of one's own may have no such site
    let mut greeting = format!("playgate example origin on {address}\n");
    if !is_own {
        greeting += &to_try(&demo, tokens.as_ref()).await?;
    }
    write!(greeting, "\nConfiguration: {}\nKeys in force: {manage}/keys\n", config.display())?;
    greeting += "\nChanges of the configuration and its keys are taken up at once. Refusals are logged below. Ctrl-C \
                 stops.\n";
    let app = verifier.around(origin(demo));
    let served = async {
        io::stdout().write_all(greeting.as_bytes())?;
        axum::serve(listener, app.into_make_service()).with_graceful_shutdown(stopped()).await
    };
    tokio::select! {
        biased; // Ctrl-C is listened for before the greeting speaks of it
        () = patience() => {}
        managed = manage::serve(management, verifier, tokens) => managed?,
        served = served => served?,
    }
    Ok(())
}

async fn stopped() {
    // An error means that nothing can be heard: stop as well.
    tokio::select! {
        _ = ctrl_c() => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    if let Ok(mut terminate) = signal(SignalKind::terminate()) {
        terminate.recv().await;
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// How long answers may take to finish: a paused player holds its own back for ever.
async fn patience() {
    stopped().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// What is printed at start: made for people, and for scripts (`# STATUS name: why`, then the command).
async fn to_try(demo: &Demo, tokens: Option<&Tokens>) -> Result<String, Error> {
    let mut text = format!("\nPage: {}/\n", demo.page_origin());
    let mut cases = demo.cases()?;
    if let Some(tokens) = tokens {
        writeln!(text, "Embed page, to issue its tokens and take them back: {}/", tokens.manage())?;
        cases.extend(tokens.cases().await?);
    }
    if !hls_js().exists() {
        text.push_str("To see HLS by signed URL there: npm install --prefix examples/origin\n");
    }
    text.push_str(
        "\nTo try, each with the status that it gets. Tokens last an hour. Without -o /dev/null the body is\n",
    );
    text.push_str("shown: that of a refusal names its reason, that of an issue has the token.\n");
    for case in cases {
        write!(text, "\n{case}\n")?;
    }
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

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(tracing::Level::INFO).init();
    let print = |text: &str| io::stdout().write_all(text.as_bytes()).map_err(Error::from);
    let outcome = match command::parse(&std::env::args().skip(1).collect::<Vec<_>>()) {
        Ok(Command::Serve(options)) => run(options).await,
        Ok(Command::PrintConfig) => print(CONFIG),
        Ok(Command::Help) => print(&format!("{}\n{}", command::USAGE, command::HELP)),
        Err(fault) => {
            eprintln!("{fault}\n{}", command::USAGE);
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
