use axum::extract::{FromRequestParts, Path, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::json;

use super::answer::{Answer, ok};
use super::caller::{bearer, client};
use crate::error::ManageError;
use crate::manage::Manage;

/// `POST /v1/access_token/<api_key>`
pub(super) async fn by_path(
    State(manage): State<Manage>,
    Path(api_key): Path<String>,
    Sender(parts): Sender,
) -> Answer {
    issue(&manage, &api_key, &parts).await
}

/// `POST /v1/access_token` with `Authorization: Bearer <api_key>` or `Authorization: <api_key>`
pub(super) async fn by_header(State(manage): State<Manage>, Sender(parts): Sender) -> Answer {
    let whole = parts.headers.get(AUTHORIZATION).and_then(|field| field.to_str().ok());
    let api_key = bearer(&parts).or(whole).unwrap_or_default().to_owned();
    issue(&manage, &api_key, &parts).await
}

async fn issue(manage: &Manage, api_key: &str, parts: &Parts) -> Answer {
    let issued = manage.issue_access_token(api_key).await;
    let token = issued.map_err(|error: ManageError| manage.limit(client(parts), error))?;
    Ok(ok(json!({ "access_token": token.text })))
}

/// The head of the request.
pub(super) struct Sender(Parts);

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.clone()))
    }
}
