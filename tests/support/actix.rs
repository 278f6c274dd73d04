//! actix-web has an older major of `http`: its requests and responses in the types of today's, and back.

use std::convert::Infallible;

use actix_web::body::SizedStream;
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use playgate::OwnedGrant;

/// The request, with its grant.
pub(crate) fn to_standard(request: &HttpRequest) -> Request<()> {
    let mut standard = Request::builder().method(request.method().as_str()).uri(request.uri().to_string());
    for (name, value) in request.headers() {
        standard = standard.header(name.as_str(), value.as_bytes());
    }
    if let Some(grant) = request.extensions().get::<OwnedGrant>() {
        standard = standard.extension(grant.clone());
    }
    standard.body(()).unwrap()
}

pub(crate) fn from_standard(response: Response<Bytes>) -> HttpResponse {
    let (parts, body) = response.into_parts();
    let mut answer = HttpResponse::build(parts.status.as_u16().try_into().unwrap());
    for (name, value) in &parts.headers {
        answer.append_header((name.as_str(), value.as_bytes()));
    }
    // actix-web writes the length that the body has, whatever a header field says of an answer to HEAD.
    let told = parts.headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    match told {
        Some(length) if body.is_empty() => {
            answer.body(SizedStream::new(length, stream::empty::<Result<_, Infallible>>()))
        }
        _ => answer.body(body),
    }
}
