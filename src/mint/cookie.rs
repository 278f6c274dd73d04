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

/// The requests from other sites with which a browser sends a cookie (RFC 6265bis §5.6.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SameSite {
    /// Requests from pages of the same site, and navigations: enough for a player on another host of the site.
    #[default]
    Lax,
    /// Requests from pages of the same site only.
    Strict,
    /// All requests: for players on other sites.
    None,
}

/// A cookie that carries a token. Its `to_string` is the value of `Set-Cookie`.
///
/// `Secure` and `HttpOnly` are always set. `Path` is the scope. `Max-Age` lasts until the token expires; a token that never
/// expires results in a session cookie. `SameSite` is `Lax` unless it is set.
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
    /// Returns a cookie for all hosts of a domain. Refine it, and write it with `to_string`.
    ///
    /// # Errors
    ///
    /// Returns [`MintError::Cookie`] if the domain is not a host name.
    pub fn cookie(&self, domain: &str) -> Result<TokenCookie<'_>, MintError> {
        TokenCookie::for_domain(self, domain)
    }

    /// Returns a cookie for the host that sets it, and for no other.
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
    /// Returns [`MintError::Cookie`] for a name that no cookie can have.
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

    /// Sets the site's base path, with which `Path` begins, in the spelling of the site. The default is `/`.
    pub fn base_path(mut self, base_path: &str) -> Self {
        self.base_path = format!("/{}/", base_path.trim_matches('/')).replace("//", "/");
        self
    }

    /// Sets the requests from other sites with which browsers send the cookie. The default is [`SameSite::Lax`].
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
mod tests {
    use super::*;
    use crate::mint::Signer;
    use crate::scope::Scope;

    fn token(scope: Scope) -> SignedToken {
        let signer = Signer::from_secret("k", &[1; 32]).unwrap();
        signer.token(scope).expires_in(std::time::Duration::from_hours(1)).sign().unwrap()
    }

    #[test]
    fn a_cookie_has_the_scope_as_its_path() {
        for (scope, path) in [
            (Scope::folder("videos/1").unwrap(), "Path=/media/videos/1/"),
            (Scope::folder("vidéos/a b;c%").unwrap(), "Path=/media/vid%C3%A9os/a%20b%3Bc%25/"),
            (Scope::object("videos/a.mp4").unwrap(), "Path=/media/videos/a.mp4"),
            (Scope::playback_id("ch1").unwrap(), "Path=/media/"),
            (Scope::whole_bucket(), "Path=/media/"),
        ] {
            let token = token(scope);
            let text = token.cookie("example.com").unwrap().base_path("media").to_string();
            let hostile = token.host_cookie().base_path("/a; Domain=evil/").to_string();
            assert!(hostile.contains("Path=/a%3B%20Domain=evil/"), "{hostile}");
            assert!(text.split("; ").any(|attribute| attribute == path), "{text}");
        }
    }

    #[test]
    fn a_cookie_is_secure_and_lives_as_long_as_its_token() {
        let token = token(Scope::folder("a").unwrap());
        let text = token.cookie(".Example.com").unwrap().to_string();
        let has = |wanted: &str| text.split("; ").any(|attribute| attribute == wanted);
        assert!(text.starts_with(&format!("Qencode-Auth-Token={}", token.as_str())), "{text}");
        assert!(
            has("Secure") && has("HttpOnly") && has("SameSite=Lax") && has("Domain=example.com"),
            "{text}"
        );
        assert!(has("Max-Age=3600") || has("Max-Age=3599"), "{text}");
        let cross = token.host_cookie().partitioned().to_string();
        assert!(
            cross.contains("SameSite=None") && cross.contains("Partitioned") && !cross.contains("Domain")
        );
    }

    #[test]
    fn what_would_break_out_of_a_cookie_is_refused() {
        let token = token(Scope::folder("a").unwrap());
        for domain in ["", "a;b", "https://a.example", "a.example:80", "a b", "[::1]"] {
            assert!(token.cookie(domain).is_err(), "{domain}");
        }
        for name in ["", "a=b", "a;b", "a b"] {
            assert!(token.host_cookie().name(name).is_err(), "{name}");
        }
    }
}
