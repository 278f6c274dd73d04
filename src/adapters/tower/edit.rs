//! The [edits](crate::adapters::edit) on `http`'s requests and responses.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    CACHE_CONTROL, Entry, HeaderMap, HeaderName, HeaderValue, VARY,
};
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri};

use super::body::GateBody;
use crate::adapters::edit::{self, Fields, Said};
use crate::answer::{Answer, ManifestBody, RequestEdits, ResponseEdits};

impl Fields for HeaderMap {
    #[inline]
    fn all(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        let name = known_name(name);
        name.into_iter().flat_map(|name| self.get_all(name)).map(HeaderValue::as_bytes)
    }

    fn remove(&mut self, name: &str) {
        self.remove(name);
    }

    /// Looking at the fields that are present takes less than a lookup of each name.
    fn remove_each(&mut self, unwanted: impl Fn(&str) -> bool) {
        // An empty list allocates nothing.
        let names: Vec<HeaderName> = self.keys().filter(|name| unwanted(name.as_str())).cloned().collect();
        for name in names {
            self.remove(name);
        }
    }

    #[inline]
    fn set(&mut self, name: &str, value: Bytes) {
        if let (Some(name), Some(value)) = (known_name(name), checked(value)) {
            self.insert(name, value);
        }
    }

    #[inline]
    fn revise(&mut self, name: &str, value: impl FnOnce(Said<'_, '_>) -> Option<Bytes>) {
        let Some(name) = known_name(name) else { return };
        match self.entry(name) {
            Entry::Vacant(free) => {
                if let Some(value) = value(&mut std::iter::empty()).and_then(checked) {
                    free.insert(value);
                }
            }
            Entry::Occupied(mut said) => {
                let values = &mut said.iter().map(HeaderValue::as_bytes);
                if let Some(value) = value(values).and_then(checked) {
                    said.insert(value);
                }
            }
        }
    }

    #[inline]
    fn append(&mut self, name: &str, value: Bytes) {
        if let (Some(name), Some(value)) = (known_name(name), checked(value)) {
            self.append(name, value);
        }
    }
}

fn checked(value: Bytes) -> Option<HeaderValue> {
    HeaderValue::from_maybe_shared(value).ok()
}

/// The name as `http` has it. Those of granted answers are not read anew each time.
#[inline]
fn known_name(name: &str) -> Option<HeaderName> {
    match name {
        "access-control-allow-origin" => Some(ACCESS_CONTROL_ALLOW_ORIGIN),
        "access-control-allow-credentials" => Some(ACCESS_CONTROL_ALLOW_CREDENTIALS),
        "access-control-expose-headers" => Some(ACCESS_CONTROL_EXPOSE_HEADERS),
        "cache-control" => Some(CACHE_CONTROL),
        "vary" => Some(VARY),
        other => HeaderName::from_bytes(other.as_bytes()).ok(),
    }
}

/// The response that an answer stands for, with the denial in its extensions.
pub(super) fn response<R>(answer: Answer) -> Response<GateBody<R>> {
    let (status, denial, headers, body) = answer.into_parts();
    let mut response = Response::new(GateBody::answer(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    edit::append(response.headers_mut(), headers);
    if let Some(denial) = denial {
        response.extensions_mut().insert(denial);
    }
    response
}

/// Edits the head of the inner service's answer. Returns the rewriter for the body, if the body is a manifest.
pub(super) fn head(parts: &mut Parts, edits: ResponseEdits) -> Option<ManifestBody> {
    edit::head(&mut parts.headers, parts.status.as_u16(), edits)
}

/// Edits the request for the inner service.
pub(super) fn request<B>(request: &mut Request<B>, edits: &RequestEdits) {
    if edits.is_empty() {
        return;
    }
    edit::request(request.headers_mut(), edits);
    if let Some(uri) = without_credential(request.uri(), edits) {
        *request.uri_mut() = uri;
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(original)) = request.extensions_mut().get_mut()
        && let Some(uri) = without_credential(original, edits)
    {
        *original = uri;
    }
    if let Some(grant) = edits.grant() {
        request.extensions_mut().insert(grant.clone());
    }
}

/// The URI with its query replaced, if that has to be.
fn without_credential(uri: &Uri, edits: &RequestEdits) -> Option<Uri> {
    let target = edit::target_without_credential(uri.path(), uri.query(), edits)?;
    let mut parts = uri.clone().into_parts();
    // Less of what was a URI is one still; were it not, `/` would show no credential either.
    let root = PathAndQuery::from_static("/");
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(target).unwrap_or(root));
    Some(Uri::from_parts(parts).unwrap_or_default())
}
