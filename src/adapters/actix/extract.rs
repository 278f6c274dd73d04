use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};

use crate::adapters::MissingGrant;
use crate::decide::OwnedGrant;

/// Responds with 500, because the server is configured incorrectly.
impl ResponseError for MissingGrant {}

/// Extracts the grant of the request. Fails with [`MissingGrant`] if there is none.
impl FromRequest for OwnedGrant {
    type Error = MissingGrant;
    type Future = Ready<Result<Self, MissingGrant>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(request.extensions().get::<Self>().cloned().ok_or(MissingGrant))
    }
}
