use std::net::IpAddr;

use super::host::MAX_HOST_LEN;
use super::render::{shown_path, shown_text};

/// A request, as a decision reads it.
///
/// Implemented for `http::Request` and `http::request::Parts` with the feature `http`; a server with another
/// request type implements these few methods. Each names a field, so that an implementation can use the fastest
/// way its header map has.
///
/// Header values are bytes as they came, one item per field line, without folding or joining. Nothing here is
/// trusted, and nothing is allocated.
///
/// ```
/// use playgate::request::{RequestView, Target};
///
/// struct Get<'a> { host: &'a str, target: &'a str }
///
/// impl RequestView for Get<'_> {
///     fn method(&self) -> &str { "GET" }
///     fn target(&self) -> Target<'_> { Target::origin_form(self.target) }
///     fn hosts(&self) -> impl Iterator<Item = &[u8]> { std::iter::once(self.host.as_bytes()) }
/// }
///
/// let get = Get { host: "cdn.example.com", target: "/videos/1/a.ts?auth=x" };
/// assert_eq!(get.target().path, b"/videos/1/a.ts");
/// assert_eq!(get.target().query, Some(&b"auth=x"[..]));
/// ```
pub trait RequestView {
    // `adapters::tower::view` delegates each of these methods. A default would hide the request's field there: add it there too.

    /// The method, in its case-sensitive spelling.
    fn method(&self) -> &str;

    /// The request target as the client sent it, before any router removed a prefix.
    fn target(&self) -> Target<'_>;

    /// A second path of the request, if a router or a layer changed the path on the way to the gate.
    ///
    /// The default is `None`: the target's path is the only one.
    fn other_path(&self) -> Option<OtherPath<'_>> {
        None
    }

    /// Every `Host` field.
    fn hosts(&self) -> impl Iterator<Item = &[u8]>;

    /// Every `Authorization` field.
    fn authorization(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }

    /// Every `Cookie` field; HTTP/2 may split one over several (RFC 9113 §8.2.3).
    fn cookies(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }

    /// The `Origin` field, when there is exactly one.
    fn origin(&self) -> Option<&[u8]> {
        None
    }

    /// The `Referer` field, when there is exactly one.
    fn referer(&self) -> Option<&[u8]> {
        None
    }

    /// The `Sec-Fetch-Dest` field, when there is exactly one: what a browser wants it for.
    fn fetch_dest(&self) -> Option<&[u8]> {
        None
    }

    /// The `Sec-Fetch-Site` field, when there is exactly one: how far off the page is that makes a browser ask.
    fn fetch_site(&self) -> Option<&[u8]> {
        None
    }

    /// Returns whether there is an `Access-Control-Request-Method` field.
    fn asks_for_method(&self) -> bool {
        false
    }

    /// The address of the connection's other end.
    fn peer(&self) -> Option<IpAddr> {
        None
    }

    /// Returns whether the connection itself is TLS.
    fn is_tls(&self) -> bool {
        false
    }

    /// Every `X-Forwarded-For` field.
    fn x_forwarded_for(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }

    /// Every `X-Forwarded-Proto` field.
    fn x_forwarded_proto(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }

    /// Every `Forwarded` field (RFC 7239).
    fn forwarded(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::empty()
    }
}

/// The second path of a request whose path changed on the way to the gate.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherPath<'r> {
    /// The rest of the path after a router removed the prefix at which a service is nested, if the prefix has a parameter.
    /// The target has the whole path.
    Nested(&'r [u8]),
    /// The path before a layer rewrote it. The target has the path after the change.
    Rewritten(&'r [u8]),
}

impl std::fmt::Debug for OtherPath<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (name, path) = match self {
            Self::Nested(path) => ("Nested", path),
            Self::Rewritten(path) => ("Rewritten", path),
        };
        f.debug_tuple(name).field(&shown_path(path, &[])).finish()
    }
}

/// A request target in its parts (RFC 9112 §3.2). `Debug` leaves the query out, where credentials are, and replaces every
/// part of host and path that could be one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target<'r> {
    /// Host and port, in the absolute form and in HTTP/2's `:authority`; absent in the origin form.
    pub authority: Option<&'r [u8]>,
    /// From the leading `/` to the `?`, percent-encoded as it came.
    pub path: &'r [u8],
    /// The text after the first `?`.
    pub query: Option<&'r [u8]>,
}

impl<'r> Target<'r> {
    /// Splits an origin-form target, `/path?query`, at its first `?`.
    pub fn origin_form(target: &'r str) -> Self {
        match target.split_once('?') {
            Some((path, query)) => {
                Self { authority: None, path: path.as_bytes(), query: Some(query.as_bytes()) }
            }
            None => Self { authority: None, path: target.as_bytes(), query: None },
        }
    }
}

impl std::fmt::Debug for Target<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("authority", &self.authority.map(shown_text::<MAX_HOST_LEN>))
            .field("path", &shown_path(self.path, &[]))
            .finish_non_exhaustive()
    }
}
