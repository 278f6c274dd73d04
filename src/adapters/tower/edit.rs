//! Plain data of the answer room, carried out on `http`'s types.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CACHE_CONTROL, COOKIE, HeaderMap, HeaderName, HeaderValue, VARY};
use http::uri::PathAndQuery;
use http::{Request, Response, StatusCode, Uri};

use super::body::GateBody;
use crate::answer::{Answer, Header, RequestEdits, ResponseEdits, Strip};
use crate::request::{without_cookie, without_parameter};

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

/// What the inner service's headers become.
pub(super) fn headers(headers: &mut HeaderMap, edits: &ResponseEdits) {
    if edits.is_empty() {
        return;
    }
    for name in edits.remove() {
        headers.remove(*name);
    }
    let inner = headers.get_all(CACHE_CONTROL).into_iter().map(HeaderValue::as_bytes);
    if let Some(value) = edits.cache_control(inner)
        && let Ok(value) = HeaderValue::from_maybe_shared(value)
    {
        headers.insert(CACHE_CONTROL, value);
    }
    append(headers, edits.append());
}

fn append(headers: &mut HeaderMap, fields: Vec<Header>) {
    for Header { name, value } in fields {
        if name == VARY.as_str() && varies_already(headers, &value) {
            continue;
        }
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_maybe_shared(value))
        {
            headers.append(name, value);
        }
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
pub(super) fn request<B>(request: &mut Request<B>, edits: RequestEdits) {
    for name in edits.remove() {
        request.headers_mut().remove(name);
    }
    for (name, value) in edits.set() {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
        {
            request.headers_mut().insert(name, value);
        }
    }
    for place in edits.strip() {
        match place {
            Strip::Query(name) => strip_query(request, name),
            Strip::Bearer => strip_bearer(request.headers_mut()),
            Strip::Cookie(name) => strip_cookie(request.headers_mut(), name),
        }
    }
    if let Some(grant) = edits.into_grant() {
        request.extensions_mut().insert(grant);
    }
}

fn strip_query<B>(request: &mut Request<B>, name: &str) {
    *request.uri_mut() = without_query_parameter(request.uri(), name);
    #[cfg(feature = "axum")]
    if let Some(original) = request.extensions_mut().get_mut::<axum::extract::OriginalUri>() {
        original.0 = without_query_parameter(&original.0, name);
    }
}

/// The same URI less the parameter; if that could not be written, less its whole query: nothing leaks.
fn without_query_parameter(uri: &Uri, name: &str) -> Uri {
    let Some(query) = uri.query() else { return uri.clone() };
    let rest = without_parameter(query.as_bytes(), name);
    let mut target = uri.path().as_bytes().to_vec();
    if !rest.is_empty() {
        target.push(b'?');
        target.extend_from_slice(&rest);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::from_maybe_shared(Bytes::from(target)).ok();
    Uri::from_parts(parts).unwrap_or_default()
}

fn strip_bearer(headers: &mut HeaderMap) {
    let bearer = |field: &HeaderValue| {
        field.as_bytes().get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer"))
    };
    // With a second field the request was refused.
    if headers.get(AUTHORIZATION).is_some_and(bearer) {
        headers.remove(AUTHORIZATION);
    }
}

fn strip_cookie(headers: &mut HeaderMap, name: &str) {
    let fields: Vec<HeaderValue> = headers.get_all(COOKIE).into_iter().cloned().collect();
    headers.remove(COOKIE);
    for field in fields {
        let rest = without_cookie(field.as_bytes(), name);
        if let (false, Ok(value)) = (rest.is_empty(), HeaderValue::from_maybe_shared(Bytes::from(rest))) {
            headers.append(COOKIE, value);
        }
    }
}
