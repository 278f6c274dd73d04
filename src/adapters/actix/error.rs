use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::{Error, HttpResponse, ResponseError};

use super::edit;
use crate::answer::ResponseEdits;

/// An inner service's error, whose answer gets the site's headers: a player could not read it without those of CORS.
///
/// What it was, [`inner`](Self::inner) tells.
#[derive(Debug)]
pub struct GatedError {
    inner: Error,
    edits: ResponseEdits,
}

impl GatedError {
    pub(super) const fn new(inner: Error, edits: ResponseEdits) -> Self {
        Self { inner, edits }
    }

    /// The error as it was.
    pub const fn inner(&self) -> &Error {
        &self.inner
    }
}

impl std::fmt::Display for GatedError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

impl ResponseError for GatedError {
    fn status_code(&self) -> StatusCode {
        self.inner.as_response_error().status_code()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = self.inner.error_response();
        // No error is a manifest that came out well: there is no body to rewrite.
        let _ = edit::head(response.head_mut(), self.edits.clone());
        response
    }
}
