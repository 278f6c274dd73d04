use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::HOST;
use axum::http::uri::Authority;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::answer::Failure;
use crate::manage::Manage;

/// Refuses requests for names that are not the API's.
pub(super) async fn check(State(manage): State<Manage>, request: Request, next: Next) -> Response {
    if authority(&request).is_some_and(|authority| is_own(&manage, authority.host())) {
        return next.run(request).await;
    }
    let message = "the API is not reached under this name; `hosts` in [manage] lists its names";
    Failure::new(StatusCode::MISDIRECTED_REQUEST, "unknown_host", message, None).into_response()
}

fn is_own(manage: &Manage, host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_loopback =
        host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback());
    let is_listed = manage.settings().hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
    is_loopback || (is_listed && !manage.effect().is_media_host(host))
}

/// Returns the authority of the request: of its target, or else of its only `Host` field.
fn authority(request: &Request) -> Option<Authority> {
    if let Some(authority) = request.uri().authority() {
        return Some(authority.clone());
    }
    let mut fields = request.headers().get_all(HOST).iter();
    let (host, None) = (fields.next()?, fields.next()) else { return None };
    host.to_str().ok()?.parse().ok()
}
