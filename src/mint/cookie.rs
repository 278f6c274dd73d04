//! Cookies that carry a signed token.

use cookie::Cookie;
use cookie::time::Duration;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::error::MintError;
use super::signed::SignedToken;
use crate::cors::is_token;
use crate::request::{Host, HostBuffer};
use crate::schemes::DEFAULT_COOKIE_NAME;
use crate::time::UnixSeconds;

/// The bytes that browsers percent-encode in a path (WHATWG URL, "path percent-encode set"), and `;`, which ends an attribute.
const PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b';')
    .add(b'%');

/// The cross-site requests with which a browser sends a cookie (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// Requests from pages of the same site, and navigations. This suffices for a player on another host of the site.
    #[default]
    Lax,
    /// Requests from pages of the same site only.
    Strict,
    /// All requests: for players on other sites.
    None,
}

/// A cookie that carries a token. Its `to_string` is the value of `Set-Cookie`.
///
/// `Secure` and `HttpOnly` are always set. `Path` is the scope. `Max-Age` ends when the token expires; a token that never
/// expires results in a session cookie. `SameSite` defaults to `Lax`.
#[derive(Clone, Debug)]
#[must_use]
pub struct TokenCookie<'t> {
    token: &'t SignedToken,
    name: String,
    domain: Option<String>,
    base_path: String,
    same_site: SameSite,
    partitioned: bool,
}

impl SignedToken {
    /// Returns a cookie for all hosts of a domain. Refine it with its methods and write it with `to_string`.
    ///
    /// # Errors
    ///
    /// Returns [`MintError::Cookie`] if the domain is not a host name.
    pub fn cookie(&self, domain: &str) -> Result<TokenCookie<'_>, MintError> {
        TokenCookie::for_domain(self, domain)
    }

    /// Returns a cookie for only the host that sets it.
    pub fn host_cookie(&self) -> TokenCookie<'_> {
        TokenCookie::for_host(self)
    }
}

impl<'t> TokenCookie<'t> {
    fn for_host(token: &'t SignedToken) -> Self {
        Self {
            token,
            name: DEFAULT_COOKIE_NAME.to_owned(),
            domain: None,
            base_path: "/".to_owned(),
            same_site: SameSite::Lax,
            partitioned: false,
        }
    }

    fn for_domain(token: &'t SignedToken, domain: &str) -> Result<Self, MintError> {
        let mut buffer = HostBuffer::new();
        match Host::parse(domain.strip_prefix('.').unwrap_or(domain).as_bytes(), &mut buffer) {
            Ok(host) if !domain.contains([':', '[']) => Ok(Self {
                domain: Some(String::from_utf8_lossy(host.as_bytes()).into_owned()),
                ..Self::for_host(token)
            }),
            _ => Err(MintError::Cookie {
                found: format!("domain is {domain:?}"),
                write: "a host name without scheme and port, such as example.com",
            }),
        }
    }

    /// Sets the name, for a site that uses another cookie name.
    ///
    /// # Errors
    ///
    /// Returns [`MintError::Cookie`] if the name is not a valid cookie name.
    pub fn name(mut self, name: &str) -> Result<Self, MintError> {
        if !is_token(name) {
            return Err(MintError::Cookie {
                found: format!("name is {name:?}"),
                write: "letters, digits, hyphens and underscores",
            });
        }
        name.clone_into(&mut self.name);
        Ok(self)
    }

    /// Sets the site's base path, with which `Path` begins, as the site spells it. The default is `/`.
    pub fn base_path(mut self, base_path: &str) -> Self {
        self.base_path = format!("/{}/", base_path.trim_matches('/')).replace("//", "/");
        self
    }

    /// Sets the cross-site requests with which browsers send the cookie. The default is [`SameSite::Lax`].
    pub fn same_site(mut self, same_site: SameSite) -> Self {
        self.same_site = same_site;
        self
    }

    /// Partitions the cookie by top-level site (CHIPS), so that browsers keep a cross-site cookie. Implies `SameSite=None`.
    pub fn partitioned(mut self) -> Self {
        self.partitioned = true;
        self.same_site = SameSite::None;
        self
    }

    /// Returns `name=value`, the pair that a client sends back in its `Cookie` header.
    pub fn pair(&self) -> String {
        format!("{}={}", self.name, self.token.as_str())
    }

    /// Returns the value of `Path`: the folder that the token covers, in the spelling of browsers. It is the base path for a
    /// playback ID, whose playlist is beside its folder, not in it.
    fn path(&self) -> String {
        let uri = self.token.scope().as_uri();
        let folder = if uri.contains('/') { uri } else { "" };
        let path = format!("{}{folder}", self.base_path);
        utf8_percent_encode(&path, PATH).to_string()
    }
}

impl std::fmt::Display for TokenCookie<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut cookie = Cookie::build((self.name.as_str(), self.token.as_str()))
            .path(self.path())
            .secure(true)
            .http_only(true)
            .same_site(match self.same_site {
                SameSite::Lax => cookie::SameSite::Lax,
                SameSite::Strict => cookie::SameSite::Strict,
                SameSite::None => cookie::SameSite::None,
            });
        if let Some(domain) = &self.domain {
            cookie = cookie.domain(domain.as_str());
        }
        if self.partitioned {
            cookie = cookie.partitioned(true);
        }
        if let Some(exp) = self.token.expires_at() {
            let left = exp.get().saturating_sub(UnixSeconds::now().get()).max(0);
            cookie = cookie.max_age(Duration::seconds(left));
        }
        cookie.build().fmt(f)
    }
}

#[cfg(test)]
mod tests;
