//! Plain data of the answer room, carried out on `http`'s types.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS,
    AUTHORIZATION, CACHE_CONTROL, COOKIE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, VARY,
};
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri};

use super::body::GateBody;
use crate::answer::{Answer, Header, ManifestBody, ManifestHead, RequestEdits, ResponseEdits};

/// The response that an answer stands for, with the denial in its extensions.
pub(super) fn response<R>(answer: Answer) -> Response<GateBody<R>> {
    let (status, denial, headers, body) = answer.into_parts();
    let mut response = Response::new(GateBody::answer(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::FORBIDDEN);
    append(response.headers_mut(), headers);
    if let Some(denial) = denial {
        response.extensions_mut().insert(denial);
    }
    response
}

/// What the head of the inner service's answer becomes, and what its body goes through.
pub(super) fn head(parts: &mut Parts, mut edits: ResponseEdits) -> Option<ManifestBody> {
    if edits.is_empty() {
        return None;
    }
    let headers = &mut parts.headers;
    let manifest = edits.manifest(parts.status.as_u16(), |name| headers.get(name).map(HeaderValue::as_bytes));
    if let Some(manifest) = &manifest {
        remove(headers, manifest.remove());
        if let Some(Ok(etag)) = manifest.etag().map(HeaderValue::from_bytes) {
            headers.insert(ETAG, etag);
        }
    }
    remove(headers, edits.remove());
    let inner = headers.get_all(CACHE_CONTROL).into_iter().map(HeaderValue::as_bytes);
    if let Some(value) = edits.cache_control(inner)
        && let Ok(value) = HeaderValue::from_maybe_shared(value)
    {
        headers.insert(CACHE_CONTROL, value);
    }
    append(headers, edits.append());
    manifest.and_then(ManifestHead::into_body)
}

/// Takes these fields out. Hardly one of them is ever there, so a look at those that are takes less than a lookup of each.
fn remove(headers: &mut HeaderMap, names: &[&str]) {
    while let Some(name) = headers.keys().find(|name| names.contains(&name.as_str())).cloned() {
        headers.remove(name);
    }
}

fn append(headers: &mut HeaderMap, fields: impl IntoIterator<Item = Header>) {
    for Header { name, value } in fields {
        if name == VARY.as_str() && varies_already(headers, &value) {
            continue;
        }
        if let (Some(name), Ok(value)) = (header_name(name), HeaderValue::from_maybe_shared(value)) {
            headers.append(name, value);
        }
    }
}

/// The name as `http` has it. Those of granted answers are not read anew each time.
fn header_name(name: &str) -> Option<HeaderName> {
    match name {
        "access-control-allow-origin" => Some(ACCESS_CONTROL_ALLOW_ORIGIN),
        "access-control-allow-credentials" => Some(ACCESS_CONTROL_ALLOW_CREDENTIALS),
        "access-control-expose-headers" => Some(ACCESS_CONTROL_EXPOSE_HEADERS),
        "vary" => Some(VARY),
        other => HeaderName::from_bytes(other.as_bytes()).ok(),
    }
}

/// Whether the field names in `wanted`, or `*`, stand in `Vary` already.
fn varies_already(headers: &HeaderMap, wanted: &[u8]) -> bool {
    headers
        .get_all(VARY)
        .into_iter()
        .flat_map(|line| line.as_bytes().split(|&byte| byte == b','))
        .map(<[u8]>::trim_ascii)
        .any(|name| name == b"*" || name.eq_ignore_ascii_case(wanted))
}

/// What the inner service is to see of the request.
pub(super) fn request<B>(request: &mut Request<B>, edits: &RequestEdits) {
    if edits.is_empty() {
        return;
    }
    for name in edits.remove() {
        request.headers_mut().remove(name);
    }
    for (name, value) in edits.set() {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            request.headers_mut().insert(name, value);
        }
    }
    translate_conditions(request.headers_mut(), edits);
    strip_query(request, edits);
    strip_headers(request.headers_mut(), edits);
    if let Some(grant) = edits.grant() {
        request.extensions_mut().insert(grant.clone());
    }
}

/// `If-None-Match` in the inner service's own entity tags, where it knows them.
fn translate_conditions(headers: &mut HeaderMap, edits: &RequestEdits) {
    let fields =
        headers.get_all(IF_NONE_MATCH).into_iter().map(|field| edits.if_none_match(field.as_bytes()));
    let Some(fields) = fields.collect::<Option<Vec<_>>>().filter(|fields| !fields.is_empty()) else { return };
    headers.remove(IF_NONE_MATCH);
    for field in fields.into_iter().filter(|field| !field.is_empty()) {
        if let Ok(field) = HeaderValue::from_maybe_shared(Bytes::from(field)) {
            headers.append(IF_NONE_MATCH, field);
        }
    }
    if !headers.contains_key(IF_NONE_MATCH) {
        headers.remove(IF_MODIFIED_SINCE);
    }
}

fn strip_query<B>(request: &mut Request<B>, edits: &RequestEdits) {
    if let Some(uri) = without_credential(request.uri(), edits) {
        *request.uri_mut() = uri;
    }
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(original)) = request.extensions_mut().get_mut()
        && let Some(uri) = without_credential(original, edits)
    {
        *original = uri;
    }
}

/// The URI with its query replaced, if that has to be.
fn without_credential(uri: &Uri, edits: &RequestEdits) -> Option<Uri> {
    let query = edits.query(uri.query()?.as_bytes())?;
    let mut target = uri.path().as_bytes().to_vec();
    if !query.is_empty() {
        target.push(b'?');
        target.extend_from_slice(&query);
    }
    let mut parts = uri.clone().into_parts();
    // Less of what was a URI is one still; were it not, `/` would show no credential either.
    let root = PathAndQuery::from_static("/");
    parts.path_and_query = Some(PathAndQuery::from_maybe_shared(Bytes::from(target)).unwrap_or(root));
    Some(Uri::from_parts(parts).unwrap_or_default())
}

fn strip_headers(headers: &mut HeaderMap, edits: &RequestEdits) {
    if headers.get(AUTHORIZATION).is_some_and(|field| edits.drops_authorization(field.as_bytes())) {
        headers.remove(AUTHORIZATION);
    }
    if !headers.get_all(COOKIE).into_iter().any(|field| edits.cookie(field.as_bytes()).is_some()) {
        return;
    }
    let fields: Vec<HeaderValue> = headers.get_all(COOKIE).into_iter().cloned().collect();
    headers.remove(COOKIE);
    for field in fields {
        let kept = match edits.cookie(field.as_bytes()) {
            None => Some(field),
            Some(rest) if rest.is_empty() => None,
            Some(rest) => HeaderValue::from_maybe_shared(Bytes::from(rest)).ok(),
        };
        if let Some(field) = kept {
            headers.append(COOKIE, field);
        }
    }
}
