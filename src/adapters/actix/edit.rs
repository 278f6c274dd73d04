//! Edits of actix-web's requests and responses.

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{StatusCode, Uri};
use actix_web::{Error, HttpMessage, HttpResponse};
use bytes::Bytes;

use super::body::ActixBody;
use crate::adapters;
use crate::answer::{self, Answer, Fields, RequestMut, ResponseEdits};
use crate::decide::OwnedGrant;

impl Fields for HeaderMap {
    fn values(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.get_all(name).map(HeaderValue::as_bytes)
    }

    fn remove_if(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.retain(|name, _| !unwanted(name.as_str()));
    }

    fn append(&mut self, name: &str, value: Bytes) {
        let name = HeaderName::from_bytes(name.as_bytes());
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_maybe_shared(value)) {
            self.append(name, value);
        }
    }

    fn remove(&mut self, name: &str) {
        self.remove(name);
    }
}

impl RequestMut for ServiceRequest {
    type Fields = HeaderMap;

    fn fields(&mut self) -> &mut HeaderMap {
        self.headers_mut()
    }

    /// Edits the query of the head, and of the URI that routes and extractors read.
    fn edit_query(&mut self, edit: impl Fn(&[u8]) -> Option<Vec<u8>>) {
        let uri = self.uri();
        let Some(query) = uri.query().and_then(|query| edit(query.as_bytes())) else { return };
        let mut parts = uri.clone().into_parts();
        // The shortened URI is still valid. If it were not, `/` would show no credential either.
        let root = PathAndQuery::from_static("/");
        let target = adapters::target(uri.path(), &query);
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(target).unwrap_or(root));
        let uri = Uri::from_parts(parts).unwrap_or_default();
        self.match_info_mut().get_mut().update(&uri);
        self.head_mut().uri = uri;
    }

    fn set_grant(&mut self, grant: OwnedGrant) {
        self.extensions_mut().insert(grant);
    }
}

/// Returns the answer as a response. The denial of a refusal is stored in its extensions.
pub(super) fn respond<B>(request: ServiceRequest, answer: Answer) -> ServiceResponse<ActixBody<B>> {
    let (status, denial, headers, body) = answer.into_parts();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    let mut head = HttpResponse::new(status);
    answer::append(head.headers_mut(), headers);
    // The server writes the length itself, from the size of the body.
    let declared = head.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length = declared.unwrap_or(body.len() as u64);
    if let Some(denial) = denial {
        head.extensions_mut().insert(denial);
    }
    request.into_response(head.set_body(ActixBody::answer(body, length)))
}

/// Edits the inner service's response.
pub(super) fn response<B>(
    response: ServiceResponse<B>,
    edits: ResponseEdits,
) -> ServiceResponse<ActixBody<B>> {
    response.map_body(|head, body| {
        let status = head.status.as_u16();
        ActixBody::edited(edits.apply_to(status, head.headers_mut(), body))
    })
}

/// Edits the response for an inner service's error. Without the CORS header fields, a player could not read it.
pub(super) fn error(mut error: Error, edits: ResponseEdits) -> Error {
    if !edits.is_empty() {
        error.add_response_mapper(move |mut response| {
            let (edits, status) = (edits.clone(), response.status().as_u16());
            // An error is never a successful manifest, so there is no body to rewrite.
            let _ = edits.apply_to(status, response.headers_mut(), ());
            response
        });
    }
    error
}
