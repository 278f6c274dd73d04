use std::net::{IpAddr, SocketAddr};

use ::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, AsHeaderName, COOKIE, FORWARDED, HOST, HeaderMap,
    HeaderName, HeaderValue, ORIGIN, REFERER,
};
use ::http::{Extensions, Request, Uri, request::Parts};

use super::{OtherPath, RequestView, Target, fields};

/// The address of the connection's peer, as a request extension.
///
/// It is meant for servers that set the address on each request. For servers that know it for each connection, `Gate::with_peer`
/// costs less. With axum (feature `axum`), `ConnectInfo<SocketAddr>` is used as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// A request extension that marks the connection as TLS. A server inserts it into each request of a TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsConnection;

impl<B> RequestView for Request<B> {
    fn method(&self) -> &str {
        self.method().as_str()
    }

    fn target(&self) -> Target<'_> {
        target_of(self.uri(), self.extensions())
    }

    fn other_path(&self) -> Option<OtherPath<'_>> {
        other_path_of(self.uri(), self.extensions())
    }

    #[inline]
    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        field_of(self.headers(), name, nth)
    }

    fn peer(&self) -> Option<IpAddr> {
        peer_of(self.extensions())
    }

    fn is_tls(&self) -> bool {
        self.extensions().get::<TlsConnection>().is_some()
    }
}

impl RequestView for Parts {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn target(&self) -> Target<'_> {
        target_of(&self.uri, &self.extensions)
    }

    fn other_path(&self) -> Option<OtherPath<'_>> {
        other_path_of(&self.uri, &self.extensions)
    }

    #[inline]
    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        field_of(&self.headers, name, nth)
    }

    fn peer(&self) -> Option<IpAddr> {
        peer_of(&self.extensions)
    }

    fn is_tls(&self) -> bool {
        self.extensions.get::<TlsConnection>().is_some()
    }
}

/// Returns the target with the path that the client sent, if axum's nesting accounts for the difference from `uri`; otherwise
/// that of `uri`.
fn target_of<'r>(uri: &'r Uri, extensions: &'r Extensions) -> Target<'r> {
    let path = match Sent::of(uri, extensions) {
        Sent::Unchanged | Sent::Rewritten(_) => uri.path(),
        Sent::Nested { original, .. } => original,
    };
    Target {
        authority: uri.authority().map(|authority| authority.as_str().as_bytes()),
        path: path.as_bytes(),
        query: uri.query().map(str::as_bytes),
    }
}

fn other_path_of<'r>(uri: &'r Uri, extensions: &'r Extensions) -> Option<OtherPath<'r>> {
    match Sent::of(uri, extensions) {
        Sent::Unchanged | Sent::Nested { has_parameter: false, .. } => None,
        Sent::Nested { has_parameter: true, .. } => Some(OtherPath::Nested(uri.path().as_bytes())),
        Sent::Rewritten(original) => Some(OtherPath::Rewritten(original.as_bytes())),
    }
}

/// Returns one line of a field. The names that decisions read are looked up without being parsed: if the name is a constant, the
/// compiler selects the arm.
#[expect(clippy::inline_always, reason = "the name is a constant in the caller")]
#[inline(always)]
fn field_of<'r>(headers: &'r HeaderMap, name: &str, nth: usize) -> Option<&'r [u8]> {
    match name {
        fields::ACCESS_CONTROL_REQUEST_METHOD => line(headers, &ACCESS_CONTROL_REQUEST_METHOD, nth),
        fields::AUTHORIZATION => line(headers, &AUTHORIZATION, nth),
        fields::COOKIE => line(headers, &COOKIE, nth),
        fields::FORWARDED => line(headers, &FORWARDED, nth),
        fields::HOST => line(headers, &HOST, nth),
        fields::ORIGIN => line(headers, &ORIGIN, nth),
        fields::REFERER => line(headers, &REFERER, nth),
        fields::SEC_FETCH_DEST => line(headers, &SEC_FETCH_DEST, nth),
        fields::SEC_FETCH_SITE => line(headers, &SEC_FETCH_SITE, nth),
        fields::X_FORWARDED_FOR => line(headers, &X_FORWARDED_FOR, nth),
        fields::X_FORWARDED_PROTO => line(headers, &X_FORWARDED_PROTO, nth),
        _ => line(headers, name, nth),
    }
}

#[expect(clippy::inline_always, reason = "the number is a constant in most callers")]
#[inline(always)]
fn line(headers: &HeaderMap, name: impl AsHeaderName, nth: usize) -> Option<&[u8]> {
    if nth == 0 {
        headers.get(name).map(HeaderValue::as_bytes)
    } else if headers.len() == headers.keys_len() {
        None // no field of this request has a second line
    } else {
        further_line(headers, name, nth)
    }
}

#[inline(never)]
fn further_line(headers: &HeaderMap, name: impl AsHeaderName, nth: usize) -> Option<&[u8]> {
    headers.get_all(name).into_iter().nth(nth).map(HeaderValue::as_bytes)
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static(fields::SEC_FETCH_DEST);
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static(fields::SEC_FETCH_SITE);
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static(fields::X_FORWARDED_FOR);
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static(fields::X_FORWARDED_PROTO);

/// The difference between the path that the client sent and the path of the URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "axum"),
    expect(dead_code, reason = "only axum keeps the path that the client sent")
)]
enum Sent<'r> {
    Unchanged,
    /// Routers removed the prefix at which a service is nested, and nothing else.
    Nested {
        /// The whole path.
        original: &'r str,
        /// True if the prefix has a parameter, which matches any segment.
        has_parameter: bool,
    },
    /// A layer rewrote the path. This is the path before the change.
    Rewritten(&'r str),
}

impl<'r> Sent<'r> {
    /// Compares the URI with axum's `OriginalUri`, the URI at the first router.
    #[cfg(feature = "axum")]
    #[inline]
    fn of(uri: &'r Uri, extensions: &'r Extensions) -> Self {
        match extensions.get() {
            None => Self::Unchanged,
            Some(axum::extract::OriginalUri(original)) => {
                Self::compare(original.path(), uri.path(), extensions)
            }
        }
    }

    #[cfg(feature = "axum")]
    #[inline(never)]
    fn compare(original: &'r str, current: &'r str, extensions: &Extensions) -> Self {
        use axum::extract::NestedPath;

        if original == current {
            return Self::Unchanged;
        }
        match extensions.get::<NestedPath>() {
            Some(nested) if is_nested_at(nested.as_str(), original, current) => {
                Self::Nested { original, has_parameter: nested.as_str().contains('{') }
            }
            Some(_) | None => Self::Rewritten(original),
        }
    }

    /// Returns no difference: without axum's types no other path is known.
    #[cfg(not(feature = "axum"))]
    fn of(_: &'r Uri, _: &'r Extensions) -> Self {
        Self::Unchanged
    }
}

/// Returns whether `original` is `current` behind the prefix of a nested service, by the rules of axum's `nest` and
/// `nest_service`.
///
/// A segment `{name}` of the prefix matches any one segment. The rest after the prefix begins with a slash, or is empty and then
/// means `/`.
#[cfg(feature = "axum")]
fn is_nested_at(prefix: &str, original: &str, current: &str) -> bool {
    let mut rest = original;
    for expected in prefix.trim_end_matches('/').split('/').skip(1) {
        let Some(after) = rest.strip_prefix('/') else { return false };
        let segment = after.split('/').next().unwrap_or_default();
        let is_capture = expected.starts_with('{') && expected.ends_with('}') && !segment.is_empty();
        if !is_capture && segment != expected {
            return false;
        }
        rest = after.get(segment.len()..).unwrap_or_default();
    }
    if rest.is_empty() { current == "/" } else { rest == current }
}

fn peer_of(extensions: &Extensions) -> Option<IpAddr> {
    if let Some(PeerAddr(address)) = extensions.get::<PeerAddr>() {
        return Some(address.ip());
    }
    #[cfg(feature = "axum")]
    if let Some(info) = extensions.get::<axum::extract::ConnectInfo<SocketAddr>>() {
        return Some(info.0.ip());
    }
    None
}

#[cfg(all(test, feature = "axum"))]
mod tests;
