use std::net::{IpAddr, SocketAddr};

use ::http::header::{
    ACCESS_CONTROL_REQUEST_METHOD, AUTHORIZATION, COOKIE, FORWARDED, HOST, HeaderMap, HeaderName, ORIGIN,
    REFERER,
};
use ::http::{Extensions, Request, Uri, request::Parts};

use super::{RequestView, Target};

/// The address of the connection's other end, as a request extension.
///
/// For servers that know it by request; where it is known by connection, `Gate::with_peer` costs less. Under axum (feature
/// `axum`), `ConnectInfo<SocketAddr>` serves too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddr(pub SocketAddr);

/// Says that the connection is TLS, as a request extension; a server inserts it where it accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsConnection;

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");
const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

impl<B> RequestView for Request<B> {
    fn method(&self) -> &str {
        self.method().as_str()
    }

    fn target(&self) -> Target<'_> {
        target_of(original_uri(self.uri(), self.extensions()))
    }

    fn hosts(&self) -> impl Iterator<Item = &[u8]> {
        fields(self.headers(), &HOST)
    }

    fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        fields(self.headers(), &AUTHORIZATION)
    }

    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        fields(self.headers(), &COOKIE)
    }

    fn origin(&self) -> Option<&[u8]> {
        only(self.headers(), &ORIGIN)
    }

    fn referer(&self) -> Option<&[u8]> {
        only(self.headers(), &REFERER)
    }

    fn fetch_dest(&self) -> Option<&[u8]> {
        only(self.headers(), &SEC_FETCH_DEST)
    }

    fn fetch_site(&self) -> Option<&[u8]> {
        only(self.headers(), &SEC_FETCH_SITE)
    }

    fn asks_for_method(&self) -> bool {
        self.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    fn peer(&self) -> Option<IpAddr> {
        peer_of(self.extensions())
    }

    fn is_tls(&self) -> bool {
        self.extensions().get::<TlsConnection>().is_some()
    }

    fn x_forwarded_for(&self) -> impl Iterator<Item = &[u8]> {
        fields(self.headers(), &X_FORWARDED_FOR)
    }

    fn x_forwarded_proto(&self) -> impl Iterator<Item = &[u8]> {
        fields(self.headers(), &X_FORWARDED_PROTO)
    }

    fn forwarded(&self) -> impl Iterator<Item = &[u8]> {
        fields(self.headers(), &FORWARDED)
    }
}

impl RequestView for Parts {
    fn method(&self) -> &str {
        self.method.as_str()
    }

    fn target(&self) -> Target<'_> {
        target_of(original_uri(&self.uri, &self.extensions))
    }

    fn hosts(&self) -> impl Iterator<Item = &[u8]> {
        fields(&self.headers, &HOST)
    }

    fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        fields(&self.headers, &AUTHORIZATION)
    }

    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        fields(&self.headers, &COOKIE)
    }

    fn origin(&self) -> Option<&[u8]> {
        only(&self.headers, &ORIGIN)
    }

    fn referer(&self) -> Option<&[u8]> {
        only(&self.headers, &REFERER)
    }

    fn fetch_dest(&self) -> Option<&[u8]> {
        only(&self.headers, &SEC_FETCH_DEST)
    }

    fn fetch_site(&self) -> Option<&[u8]> {
        only(&self.headers, &SEC_FETCH_SITE)
    }

    fn asks_for_method(&self) -> bool {
        self.headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
    }

    fn peer(&self) -> Option<IpAddr> {
        peer_of(&self.extensions)
    }

    fn is_tls(&self) -> bool {
        self.extensions.get::<TlsConnection>().is_some()
    }

    fn x_forwarded_for(&self) -> impl Iterator<Item = &[u8]> {
        fields(&self.headers, &X_FORWARDED_FOR)
    }

    fn x_forwarded_proto(&self) -> impl Iterator<Item = &[u8]> {
        fields(&self.headers, &X_FORWARDED_PROTO)
    }

    fn forwarded(&self) -> impl Iterator<Item = &[u8]> {
        fields(&self.headers, &FORWARDED)
    }
}

fn target_of(uri: &Uri) -> Target<'_> {
    Target {
        authority: uri.authority().map(|authority| authority.as_str().as_bytes()),
        path: uri.path().as_bytes(),
        query: uri.query().map(str::as_bytes),
    }
}

fn fields<'r>(headers: &'r HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'r [u8]> + use<'r> {
    headers.get_all(name).into_iter().map(::http::HeaderValue::as_bytes)
}

fn only<'r>(headers: &'r HeaderMap, name: &HeaderName) -> Option<&'r [u8]> {
    let mut values = fields(headers, name);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// The URI as the client sent it: axum's routers take prefixes off and leave the original in an extension.
///
/// The extension counts only while the path is still the original's end. A path that was rewritten since is what
/// the handler behind us will open, so that is decided.
fn original_uri<'r>(uri: &'r Uri, extensions: &'r Extensions) -> &'r Uri {
    #[cfg(feature = "axum")]
    if let Some(axum::extract::OriginalUri(original)) = extensions.get()
        && (uri.path() == "/" || original.path().ends_with(uri.path()))
        && uri.path().starts_with('/')
    {
        return original;
    }
    let _ = extensions;
    uri
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
