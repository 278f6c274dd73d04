//! What its operator asks of a running origin: which keys are in force, to read the configuration again, and to issue
//! embed tokens and take them back.

use std::io::{self, Write as _};
use std::net::SocketAddr;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use playgate::Verifier;
use playgate::verifier::Health;
use tokio::net::TcpListener;

use crate::Error;
use crate::embed::{self, Tokens};

/// Binds the management address. It asks for no credential, so it must not be reachable from elsewhere.
pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Error> {
    if !address.ip().is_loopback() {
        return Err(
            format!("--manage {address} is no loopback address: write 127.0.0.1:{}", address.port()).into()
        );
    }
    Ok(TcpListener::bind(address).await?)
}

/// The origin of its pages, as browsers send it.
pub(crate) fn origin(address: SocketAddr) -> String {
    format!("http://{}", address.to_string().trim_end_matches(":80"))
}

/// Answers `GET /keys` and what is asked about embed tokens, and reads everything again at SIGHUP, for as long as it is
/// awaited.
pub(crate) async fn serve(
    listener: TcpListener,
    verifier: Verifier,
    tokens: Option<Tokens>,
) -> io::Result<()> {
    let origin = origin(listener.local_addr()?);
    let keys = Router::new().route("/keys", get(keys)).with_state(verifier.clone());
    let app = tokens.map(embed::management).into_iter().fold(keys, Router::merge);
    let app = app.layer(from_fn_with_state(origin, asked_by_address));
    tokio::select! {
        served = axum::serve(listener, app) => served,
        listened = reload_at_hangup(verifier) => listened,
    }
}

/// A page elsewhere can make its own name lead here (DNS rebinding), but then that name is what its browser sends.
async fn asked_by_address(State(origin): State<String>, request: Request, next: Next) -> Response {
    let asked = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    if asked == origin.strip_prefix("http://") {
        next.run(request).await
    } else {
        (StatusCode::MISDIRECTED_REQUEST, format!("ask {origin}\n")).into_response()
    }
}

async fn keys(State(verifier): State<Verifier>) -> Json<Health> {
    Json(verifier.health())
}

#[cfg(unix)]
async fn reload_at_hangup(verifier: Verifier) -> io::Result<()> {
    let mut hangups = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::hangup())?;
    while hangups.recv().await.is_some() {
        // It reads files, and a health snapshot takes time by the number of keys.
        let verifier = verifier.clone();
        let report = tokio::task::spawn_blocking(move || report(&verifier)).await??;
        let _ = io::stdout().write_all(report.as_bytes()); // nobody reads: no reason to stop serving
    }
    Ok(())
}

#[cfg(not(unix))]
async fn reload_at_hangup(_: Verifier) -> io::Result<()> {
    std::future::pending().await
}

#[cfg(unix)]
fn report(verifier: &Verifier) -> serde_json::Result<String> {
    let told = match verifier.reload() {
        Ok(swapped) => {
            let problems = swapped.skipped.len();
            format!("reloaded: sites {}; keys {}; {problems} problems", swapped.sites, swapped.keys)
        }
        Err(errors) => format!("not reloaded, the last configuration stays:\n{errors}"),
    };
    let health = serde_json::to_string_pretty(&verifier.health())?;
    Ok(format!("\n{told}\n{health}\n"))
}
