use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::{StatusCode, request::Parts};

use crate::verify::OwnedGrant;

/// What a handler that asks for a grant gets where there is none: a mistake in the wiring, so 500.
const NO_GRANT: (StatusCode, &str) = (
    StatusCode::INTERNAL_SERVER_ERROR,
    "no grant in the request: put the layer around this route, and grant_extension() on its site",
);

impl<S: Sync> FromRequestParts<S> for OwnedGrant {
    type Rejection = (StatusCode, &'static str);

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Self::Rejection> {
        parts.extensions.get::<Self>().cloned().ok_or(NO_GRANT)
    }
}

/// `None` on public resources, and where a site keeps its grants to itself.
impl<S: Sync> OptionalFromRequestParts<S> for OwnedGrant {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Self::Rejection> {
        Ok(parts.extensions.get::<Self>().cloned())
    }
}
