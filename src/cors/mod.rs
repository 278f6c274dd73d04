//! CORS: decides whether a page of another origin may read a response (WHATWG Fetch, "CORS protocol").
//!
//! 1. A *preflight* is `OPTIONS` with `Origin` and `Access-Control-Request-Method`. It carries no credential, so it is answered
//!    before a credential is required. Any other `OPTIONS` is an ordinary request.
//! 2. Origins are compared by scheme, host and port. Scheme and host are case-insensitive (RFC 6454 §4), and the scheme's default
//!    port equals no port. `https://*.example.com` matches exactly one additional label. `null` matches only if it is listed. The
//!    response repeats the origin as the browser wrote it.
//! 3. The headers and `Vary: Origin` are set on every response of a site with a policy, including denials and errors: a player
//!    that cannot read a 401 reports a network error.
//! 4. `*` together with credentials, or with a listed `null`, is refused when the policy is built.
//!
//! CORS is not access control. This module never receives a token.

mod unlisted;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use unlisted::UnlistedOrigins;
pub(crate) use unlisted::{MAX_UNLISTED, Unlisted};

use crate::error::{ConfigError, Faults};
use crate::request::{
    ACCESS_CONTROL_REQUEST_METHOD, MAX_HOST_LEN, ORIGIN, OriginList, OriginRule, RequestView, is_present,
    only_line, shown_text,
};
use crate::time::Span;

/// A site's CORS settings. They are checked when the policy is built.
///
/// ```
/// use std::time::Duration;
/// use playgate::cors::Cors;
/// let cors = Cors::with_credentials(["https://app.example.com", "https://*.example.net"]).max_age(Duration::from_mins(10));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Cors {
    origins: Vec<String>,
    credentials: bool,
    methods: Vec<String>,
    headers: Vec<String>,
    expose: Vec<String>,
    max_age: u32,
}

impl Cors {
    /// Creates settings that allow pages of these origins to read responses to requests with cookies. `*` is refused here.
    ///
    /// An origin is the text that browsers send: scheme, host and, unless it is the scheme's default, the port
    /// (`http://localhost:3000`). Scheme and host are case-insensitive.
    pub fn with_credentials<I: IntoIterator<Item: Into<String>>>(origins: I) -> Self {
        Self { credentials: true, ..Self::without_credentials(origins) }
    }

    /// Creates settings that allow pages of these origins (or of any, `*`) to read responses to requests without cookies.
    pub fn without_credentials<I: IntoIterator<Item: Into<String>>>(origins: I) -> Self {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        Self {
            origins: origins.into_iter().map(Into::into).collect(),
            credentials: false,
            methods: owned(&["GET", "HEAD"]),
            headers: owned(&["range"]),
            expose: owned(&["content-range", "accept-ranges", "date", "etag"]),
            max_age: 3600,
        }
    }

    /// Sets the list of `Access-Control-Allow-Methods`. The default is `GET`, `HEAD`.
    pub fn methods<I: IntoIterator<Item: Into<String>>>(mut self, methods: I) -> Self {
        self.methods = methods.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the list of `Access-Control-Allow-Headers`. The default is `range`. If the site accepts bearer tokens,
    /// `authorization` is added. If a scheme has its own header field, that field is added too.
    pub fn headers<I: IntoIterator<Item: Into<String>>>(mut self, headers: I) -> Self {
        self.headers = headers.into_iter().map(Into::into).collect();
        self
    }

    /// Sets the list of `Access-Control-Expose-Headers`. The default is `content-range`, `accept-ranges`, `date`, `etag`.
    pub fn expose<I: IntoIterator<Item: Into<String>>>(mut self, expose: I) -> Self {
        self.expose = expose.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how long a browser may cache a preflight, in whole seconds. The default is an hour. Browsers limit the value.
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = Span(age).as_secs();
        self
    }

    /// Checks the settings and returns the checked form, or `None` if there was a fault. `carriers` are the header fields that
    /// carry credentials. Every fault is pushed to `faults`.
    pub(crate) fn check(&self, site: &str, carriers: &[Box<str>], faults: &mut Faults) -> Option<CorsPolicy> {
        let before = faults.len();
        if self.origins.is_empty() {
            faults.push("cors.origins", ConfigError::NoOrigins { site: site.to_owned() });
        }
        let mut origins = OriginList::default();
        for (index, origin) in self.origins.iter().enumerate() {
            match OriginRule::parse(origin) {
                Ok(OriginRule::Any | OriginRule::Null) if self.credentials => {
                    let (site, origin) = (site.to_owned(), origin.clone());
                    let error = ConfigError::OriginWithCredentials { site, origin };
                    faults.push_element("cors.origins", index, error);
                }
                Ok(rule) => origins.push(rule),
                Err(error) => faults.push_element("cors.origins", index, error),
            }
        }
        let mut headers = self.headers.clone();
        for carrier in carriers {
            if !headers.iter().any(|name| name.eq_ignore_ascii_case(carrier)) {
                headers.push(carrier.to_string());
            }
        }
        let lists =
            [("cors.methods", &self.methods), ("cors.headers", &headers), ("cors.expose", &self.expose)];
        for (setting, names) in lists {
            for (index, name) in names.iter().enumerate() {
                // With credentials `*` is a literal name (Fetch, "CORS protocol and credentials").
                if !is_token(name) || (name == "*" && self.credentials) {
                    let error = ConfigError::NotAToken { site: site.to_owned(), text: name.clone() };
                    faults.push_element(setting, index, error);
                }
            }
        }
        if faults.len() > before {
            return None;
        }
        let list = |names: &[String]| (!names.is_empty()).then(|| Bytes::from(names.join(", ")));
        Some(CorsPolicy {
            origins,
            credentials: self.credentials,
            methods: list(&self.methods),
            headers: list(&headers),
            expose: list(&self.expose),
            max_age: Bytes::from(self.max_age.to_string()),
            unlisted: Arc::default(),
        })
    }
}

/// Returns whether the text is a token of RFC 9110 §5.6.2, as methods and field names are.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

/// The checked CORS policy of a site, with every header value prepared.
#[derive(Clone, Debug)]
pub(crate) struct CorsPolicy {
    origins: OriginList,
    credentials: bool,
    methods: Option<Bytes>,
    headers: Option<Bytes>,
    expose: Option<Bytes>,
    max_age: Bytes,
    unlisted: Arc<UnlistedOrigins>,
}

/// The values for the CORS headers of one response. They are owned, so that they outlive the request.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct CorsHeaders {
    /// `Access-Control-Allow-Origin`, if the origin may read the response.
    pub(crate) allow_origin: Option<Bytes>,
    /// `Access-Control-Allow-Credentials: true`.
    pub(crate) credentials: bool,
    /// `Access-Control-Expose-Headers`.
    pub(crate) expose: Option<Bytes>,
    /// True if the response depends on `Origin`.
    pub(crate) vary: bool,
}

impl std::fmt::Debug for CorsHeaders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The origin is the client's text.
        let origin = self.allow_origin.as_ref().map(|origin| shown_text::<MAX_HOST_LEN>(origin));
        f.debug_struct("CorsHeaders").field("allow_origin", &origin).finish_non_exhaustive()
    }
}

/// The further headers of the response to a preflight from an allowed origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PreflightHeaders {
    pub(crate) methods: Option<Bytes>,
    pub(crate) headers: Option<Bytes>,
    pub(crate) max_age: Bytes,
}

/// Returns whether this is a preflight: `OPTIONS` with an `Origin` and an `Access-Control-Request-Method`.
pub(crate) fn is_preflight(request: &(impl RequestView + ?Sized)) -> bool {
    request.method() == "OPTIONS"
        && is_present(request, ACCESS_CONTROL_REQUEST_METHOD)
        && only_line(request, ORIGIN).is_some()
}

impl CorsPolicy {
    /// Returns the headers of an ordinary response.
    pub(crate) fn headers(&self, origin: Option<&[u8]>) -> CorsHeaders {
        let allow_origin = self.origins.allow(origin);
        let allowed = allow_origin.is_some();
        CorsHeaders {
            allow_origin,
            credentials: allowed && self.credentials,
            expose: if allowed { self.expose.clone() } else { None },
            vary: !self.origins.any(),
        }
    }

    /// Records an origin that is not listed. Returns the log line that it causes, if any.
    pub(crate) fn record_unlisted(&self, origin: &[u8]) -> Option<Unlisted> {
        self.unlisted.record(origin)
    }

    /// Returns the additional headers of the response to a preflight, or `None` if the origin is not allowed.
    pub(crate) fn preflight(&self, origin: Option<&[u8]>) -> Option<PreflightHeaders> {
        self.origins.allow(origin).map(|_| PreflightHeaders {
            methods: self.methods.clone(),
            headers: self.headers.clone(),
            max_age: self.max_age.clone(),
        })
    }
}

#[cfg(test)]
mod tests;
