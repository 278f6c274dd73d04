use axum::Json;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use crate::error::ManageError;

/// An error response: `{"status": "failed", "code", "message", "field"}`.
pub(super) struct Failure {
    status: StatusCode,
    code: &'static str,
    message: String,
    field: Option<String>,
    retry_after: Option<u64>,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        field: Option<String>,
    ) -> Self {
        Self { status, code, message: message.into(), field, retry_after: None }
    }
}

impl From<ManageError> for Failure {
    fn from(error: ManageError) -> Self {
        let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = match error {
            ManageError::TooManyAttempts { retry_after } => Some(retry_after),
            ManageError::Unavailable | ManageError::NotInForce(_) => Some(1),
            _ => None,
        };
        let message = match &error {
            ManageError::Field { message, .. } => message.clone(),
            error => error.to_string(),
        };
        let field = error.found_in().map(str::to_owned);
        Self { retry_after, ..Self::new(status, error.code(), message, field) }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body =
            json!({ "status": "failed", "code": self.code, "message": self.message, "field": self.field });
        let mut response = (self.status, no_store(body)).into_response();
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, axum::http::HeaderValue::from_static("Bearer"));
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

pub(super) type Answer = Result<Response, Failure>;

/// Returns a response with a JSON body that no cache keeps.
pub(super) fn ok(body: Value) -> Response {
    no_store(body).into_response()
}

/// Returns the published response of calls that return nothing.
pub(super) fn done() -> Response {
    ok(json!({ "status": "ok" }))
}

fn no_store(body: Value) -> impl IntoResponse {
    ([(CACHE_CONTROL, "no-store")], Json(body))
}
