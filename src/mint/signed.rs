//! Signed tokens, and their URLs.

use crate::request::without_parameters;
use crate::schemes::DEFAULT_QUERY_NAME;
use crate::scope::Scope;
use crate::time::UnixSeconds;

/// A signed token. Its text grants access to its scope, so the `Debug` output does not show the text.
#[derive(Clone)]
#[must_use]
pub struct SignedToken {
    pub(super) text: String,
    pub(super) scope: Scope,
    pub(super) expires_at: Option<UnixSeconds>,
}

impl SignedToken {
    /// Returns the compact form, for a query parameter, a cookie or a header.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the scope.
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Returns when the token expires, or `None` if it never does.
    pub const fn expires_at(&self) -> Option<UnixSeconds> {
        self.expires_at
    }

    /// Returns a signed URL: `url` with the token as its parameter `auth`. An existing `auth` parameter is replaced.
    pub fn url(&self, url: &str) -> String {
        self.url_with(url, DEFAULT_QUERY_NAME)
    }

    /// Returns a signed URL for a site that uses another parameter name.
    pub fn url_with(&self, url: &str, query_name: &str) -> String {
        let (target, fragment) = match url.split_once('#') {
            Some((target, fragment)) => (target, format!("#{fragment}")),
            None => (url, String::new()),
        };
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let rest = without_parameters(query.as_bytes(), &[query_name]);
        let rest = rest.map_or(query.into(), |rest| String::from_utf8_lossy(&rest).into_owned());
        let join = if rest.is_empty() { "" } else { "&" };
        format!("{path}?{rest}{join}{query_name}={}{fragment}", self.text)
    }
}

impl std::fmt::Debug for SignedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignedToken")
            .field("scope", &self.scope)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
