//! The [edits](crate::adapters::edit) on what actix-web's requests and responses are made of.

use actix_web::dev::{ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use actix_web::http::uri::PathAndQuery;
use actix_web::http::{StatusCode, Uri};
use actix_web::{Error, HttpMessage, HttpResponse};
use bytes::Bytes;

use super::body::ActixBody;
use crate::adapters::edit::{self, Fields, Said};
use crate::answer::{Answer, ManifestBody, RequestEdits, ResponseEdits};

impl Fields for HeaderMap {
    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.get_all(name).map(HeaderValue::as_bytes)
    }

    fn remove(&mut self, name: &str) {
        self.remove(name);
    }

    fn remove_each(&mut self, unwanted: impl Fn(&str) -> bool) {
        self.retain(|name, _| !unwanted(name.as_str()));
    }

    fn set(&mut self, name: &str, value: Bytes) {
        if let Some((name, value)) = field(name, value) {
            self.insert(name, value);
        }
    }

    fn revise(&mut self, name: &str, value: impl FnOnce(Said<'_, '_>) -> Option<Bytes>) {
        let value = value(&mut self.all(name));
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    fn append(&mut self, name: &str, value: Bytes) {
        if let Some((name, value)) = field(name, value) {
            self.append(name, value);
        }
    }
}

fn field(name: &str, value: Bytes) -> Option<(HeaderName, HeaderValue)> {
    HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_maybe_shared(value).ok())
}

/// The response that an answer stands for, with the denial in its extensions.
pub(super) fn response<B>(request: ServiceRequest, answer: Answer) -> ServiceResponse<ActixBody<B>> {
    let (status, denial, headers, body) = answer.into_parts();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    let mut head = HttpResponse::new(status);
    edit::append(head.headers_mut(), headers);
    // The server writes the length itself, by what the body says of it.
    let said = head.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    let length = said.unwrap_or(body.len() as u64);
    if let Some(denial) = denial {
        head.extensions_mut().insert(denial);
    }
    request.into_response(head.set_body(ActixBody::answer(body, length)))
}

/// Edits the head of the inner service's answer. Returns the rewriter for the body, if the body is a manifest.
pub(super) fn head(head: &mut ResponseHead, edits: ResponseEdits) -> Option<ManifestBody> {
    let status = head.status.as_u16();
    edit::head(head.headers_mut(), status, edits)
}

/// An inner service's error, whose answer becomes what an answer becomes: a player could not read it without the headers
/// of CORS.
pub(super) fn error(mut error: Error, edits: ResponseEdits) -> Error {
    if !edits.is_empty() {
        error.add_response_mapper(move |mut response| {
            // No error is a manifest that came out well: there is no body to rewrite.
            let _ = head(response.head_mut(), edits.clone());
            response
        });
    }
    error
}

/// Edits the request for the inner service.
pub(super) fn request(request: &mut ServiceRequest, edits: &RequestEdits) {
    if edits.is_empty() {
        return;
    }
    edit::request(request.headers_mut(), edits);
    let uri = request.uri();
    if let Some(target) = edit::target_without_credential(uri.path(), uri.query(), edits) {
        let mut parts = uri.clone().into_parts();
        // Less of what was a URI is one still; were it not, `/` would show no credential either.
        let root = PathAndQuery::from_static("/");
        parts.path_and_query = Some(PathAndQuery::from_maybe_shared(target).unwrap_or(root));
        let uri = Uri::from_parts(parts).unwrap_or_default();
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    if let Some(grant) = edits.grant() {
        request.extensions_mut().insert(grant.clone());
    }
}
