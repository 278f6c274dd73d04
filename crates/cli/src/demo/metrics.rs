//! The metrics for Prometheus. They have a separate address, which only this machine can reach by default. The media's hosts are for
//! viewers, and Prometheus cannot send their names as `Host`.

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::get;
use playgate::Verifier;
use playgate::verifier::PROMETHEUS_CONTENT_TYPE;

/// Returns the service of that address, which serves only `/metrics`.
pub(super) fn router(verifier: Verifier) -> Router {
    Router::new().route("/metrics", get(async move || scrape(&verifier)))
}

fn scrape(verifier: &Verifier) -> impl IntoResponse + use<> {
    let fields = [(CONTENT_TYPE, PROMETHEUS_CONTENT_TYPE), (CACHE_CONTROL, "no-store")];
    (fields, verifier.stats().to_prometheus())
}
