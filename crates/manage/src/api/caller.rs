use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::answer::Failure;
use crate::error::ManageError;
use crate::manage::Manage;
use crate::operations::{Once, Session};

/// The session of the request's access token.
pub(super) struct Caller(pub(super) Session);

impl FromRequestParts<Manage> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, manage: &Manage) -> Result<Self, Failure> {
        const MISSING: ManageError = ManageError::Unauthenticated(
            "the call needs an access token: Authorization: Bearer <access token>",
        );
        let client = client(parts);
        let authenticated = match bearer(parts) {
            Some(token) => manage.authenticate(token).await,
            None => Err(MISSING),
        };
        authenticated.map(Self).map_err(|error| manage.limit(client, error).into())
    }
}

/// Returns the token of `Authorization: Bearer`, if the field occurs once.
pub(super) fn bearer(parts: &Parts) -> Option<&str> {
    let mut fields = parts.headers.get_all(AUTHORIZATION).iter();
    let (field, None) = (fields.next()?, fields.next()) else { return None };
    let (scheme, token) = field.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the address of the connection, if the server provides it.
pub(super) fn client(parts: &Parts) -> Option<IpAddr> {
    parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(address)| address.ip())
}

/// Returns the name of a creation, if the request has the header `Idempotency-Key`.
pub(super) fn once(headers: &HeaderMap) -> Result<Option<Once>, ManageError> {
    let field = headers.get("idempotency-key");
    field.map(|name| Once::new(name.to_str().unwrap_or_default())).transpose()
}
