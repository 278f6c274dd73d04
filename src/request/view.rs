use std::net::IpAddr;

use super::render::{MAX_AUTHORITY_SHOWN, shown_path, shown_text};

/// The interface through which a decision reads a request.
///
/// Implemented for `http::Request` and `http::request::Parts` with the feature `http`. A server with another request type
/// implements these methods. The trait is dyn-compatible and implemented for references, so a verifier can decide on a
/// `&dyn RequestView`.
///
/// None of the data is trusted, and a decision allocates nothing to read it.
///
/// ```
/// use playgate::request::{RequestView, Target};
///
/// struct Get<'a> { target: &'a str, fields: &'a [(&'a str, &'a str)] }
///
/// impl RequestView for Get<'_> {
///     fn method(&self) -> &str { "GET" }
///     fn target(&self) -> Target<'_> { Target::origin_form(self.target) }
///     fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
///         let lines = self.fields.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
///         lines.map(|(_, value)| value.as_bytes()).nth(nth)
///     }
/// }
///
/// let get = Get { target: "/videos/1/a.ts?auth=x", fields: &[("Host", "cdn.example.com")] };
/// assert_eq!(get.target().path, b"/videos/1/a.ts");
/// assert_eq!(get.field("host", 0), Some(&b"cdn.example.com"[..]));
/// assert_eq!(get.field("host", 1), None);
/// ```
pub trait RequestView {
    // `adapters::tower::view` and the references below delegate each of these methods. A default would hide the request's own answer: add it
    // there too.

    /// Returns the method, which is case-sensitive.
    fn method(&self) -> &str;

    /// Returns the request target as the client sent it, before any router removed a prefix.
    fn target(&self) -> Target<'_>;

    /// Returns a second path of the request, if a router or a layer changed the path before the verifier received the request.
    ///
    /// The default is `None`: the target's path is the only one.
    fn other_path(&self) -> Option<OtherPath<'_>> {
        None
    }

    /// Returns line number `nth` of a header field, counted from 0.
    ///
    /// Names are passed in lower case, and must be compared case-insensitively (RFC 9110 §5.1). A value is returned as
    /// received, one line at a time, without folding or joining.
    fn field(&self, name: &str, nth: usize) -> Option<&[u8]>;

    /// Returns the address of the connection's peer, or `None` if the server does not know it.
    fn peer(&self) -> Option<IpAddr> {
        None
    }

    /// Returns whether the connection itself uses TLS.
    fn is_tls(&self) -> bool {
        false
    }
}

impl<R: RequestView + ?Sized> RequestView for &R {
    fn method(&self) -> &str {
        (**self).method()
    }

    fn target(&self) -> Target<'_> {
        (**self).target()
    }

    fn other_path(&self) -> Option<OtherPath<'_>> {
        (**self).other_path()
    }

    #[inline]
    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (**self).field(name, nth)
    }

    fn peer(&self) -> Option<IpAddr> {
        (**self).peer()
    }

    fn is_tls(&self) -> bool {
        (**self).is_tls()
    }
}

/// The second path of a request whose path changed before the verifier received the request.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum OtherPath<'r> {
    /// The rest of the path after a router removed the prefix at which a service is nested, if the prefix has a parameter. The
    /// target holds the whole path.
    Nested(&'r [u8]),
    /// The path before a layer rewrote it. The target holds the path after the change.
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

/// A request target in its parts (RFC 9112 §3.2). The `Debug` output omits the query, which may hold credentials, and replaces
/// every part of host and path that could be one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Target<'r> {
    /// The host and port, from the absolute form or HTTP/2's `:authority`. Absent in the origin form.
    pub authority: Option<&'r [u8]>,
    /// The path from its leading `/` to the `?`, percent-encoded as received.
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
            .field("authority", &self.authority.map(shown_text::<MAX_AUTHORITY_SHOWN>))
            .field("path", &shown_path(self.path, &[]))
            .finish_non_exhaustive()
    }
}
