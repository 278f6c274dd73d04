use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};

use crate::decide::OwnedGrant;

/// A handler asks for a grant and there is none: a mistake in the wiring, so 500.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no grant in the request: put the middleware around this route, and grant_extension() on its site")]
pub struct NoGrant;

impl ResponseError for NoGrant {}

/// `Option<OwnedGrant>` is `None` on public resources, and where a site keeps its grants to itself.
impl FromRequest for OwnedGrant {
    type Error = NoGrant;
    type Future = Ready<Result<Self, NoGrant>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or(NoGrant))
    }
}
