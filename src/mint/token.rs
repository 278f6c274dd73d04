use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{MintError, Signer, TokenCookie};
use crate::error::TokenFault;
use crate::request::without_parameters;
use crate::schemes::DEFAULT_QUERY_NAME;
use crate::schemes::jws::{Claims, MAX_TOKEN_BYTES};
use crate::scope::Scope;
use crate::time::{UnixSeconds, whole_seconds};

/// A token before it is signed: its scope, dates and claims.
#[derive(Debug)]
#[must_use]
pub struct TokenDraft<'s> {
    signer: &'s Signer,
    scope: Scope,
    expires_at: Option<UnixSeconds>,
    claims: Map<String, Value>,
    fault: Option<MintError>,
}

impl<'s> TokenDraft<'s> {
    pub(super) fn new(signer: &'s Signer, scope: Scope) -> Self {
        Self { signer, scope, expires_at: None, claims: Map::new(), fault: None }
    }

    /// Sets how long the token is valid from now (by the system's clock), in whole seconds. Without this and
    /// [`expires_at`](Self::expires_at), the token never expires.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let at = UnixSeconds::now().saturating_add(whole_seconds(lifetime));
        self.expires_at(at)
    }

    /// Sets the first second in which the token is not valid any more: `exp`.
    pub fn expires_at(mut self, at: UnixSeconds) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Sets the first second in which the token is valid: `nbf`.
    pub fn not_before(mut self, at: UnixSeconds) -> Self {
        self.claims.insert("nbf".to_owned(), at.get().into());
        self
    }

    /// Adds a custom claim, or `iss`, `aud`, `sub`, `jti`, or another `iat` than the second of signing.
    ///
    /// [`sign`](Self::sign) fails for a value that is no JSON, and for a name that has its own method.
    pub fn claim(mut self, name: &str, value: impl Serialize) -> Self {
        match serde_json::to_value(value) {
            _ if matches!(name, "uri" | "exp" | "nbf") => {
                self.fault.get_or_insert(MintError::ReservedClaim { name: name.to_owned() });
            }
            Ok(value) => {
                self.claims.insert(name.to_owned(), value);
            }
            Err(error) => {
                let fault = MintError::Claim { name: name.to_owned(), reason: error.to_string() };
                self.fault.get_or_insert(fault);
            }
        }
        self
    }

    /// Signs the token.
    ///
    /// # Errors
    ///
    /// The first [`MintError`] of a claim; [`MintError::Refused`] for a token that every verifier would refuse;
    /// [`MintError::Milliseconds`] for an `iat` in milliseconds; [`MintError::Signing`].
    pub fn sign(mut self) -> Result<SignedToken, MintError> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.claims.insert("uri".to_owned(), self.scope.as_uri().into());
        // It distinguishes the token from those that were revoked before it was signed.
        self.claims.entry("iat").or_insert_with(|| UnixSeconds::now().get().into());
        if let Some(exp) = self.expires_at {
            self.claims.insert("exp".to_owned(), exp.get().into());
        }
        let header = json!({
            "alg": self.signer.algorithm().name(),
            "kid": self.signer.kid().as_str(),
            "typ": "JWT",
        });
        let payload = Value::Object(self.claims).to_string();
        let refused = |fault| MintError::Refused { fault };
        let claims = Claims::parse(&payload).map_err(refused)?;
        claims.refuse_milliseconds().map_err(refused)?;
        if claims.is_issued_in_milliseconds() {
            // Every revocation of tokens issued before some date would revoke the token.
            return Err(MintError::Milliseconds { name: "iat".to_owned() });
        }
        let mut text = encode(header.to_string().as_bytes());
        text.push('.');
        text.push_str(&encode(payload.as_bytes()));
        let signature = self.signer.sign(text.as_bytes()).ok_or(MintError::Signing)?;
        text.push('.');
        text.push_str(&encode(&signature));
        if text.len() > MAX_TOKEN_BYTES {
            return Err(MintError::Refused { fault: TokenFault::TooLong });
        }
        Ok(SignedToken { text, scope: self.scope, expires_at: self.expires_at })
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// A signed token. Its text grants access to its scope, so `Debug` does not show the text.
#[derive(Clone)]
pub struct SignedToken {
    text: String,
    scope: Scope,
    expires_at: Option<UnixSeconds>,
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

    /// Returns when the token expires, if it does.
    pub const fn expires_at(&self) -> Option<UnixSeconds> {
        self.expires_at
    }

    /// Returns a signed URL: `url` with the token as its parameter `auth`, which replaces any that is there.
    pub fn url(&self, url: &str) -> String {
        self.url_with(url, DEFAULT_QUERY_NAME)
    }

    /// Returns a signed URL for a site with another name of the parameter.
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

    /// Returns a cookie for all hosts of a domain, to be refined and written with `to_string`.
    ///
    /// # Errors
    ///
    /// [`MintError::Cookie`] for a domain that is no host name.
    pub fn cookie(&self, domain: &str) -> Result<TokenCookie<'_>, MintError> {
        TokenCookie::for_domain(self, domain)
    }

    /// Returns a cookie for the host that sets it alone.
    pub fn host_cookie(&self) -> TokenCookie<'_> {
        TokenCookie::for_host(self)
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
mod tests {
    use super::*;
    use crate::error::ClaimName;

    fn token() -> SignedToken {
        let signer = Signer::from_secret("k", &[1; 32]).unwrap();
        signer.token(Scope::folder("a").unwrap()).sign().unwrap()
    }

    #[test]
    fn a_signed_url_keeps_its_query_and_its_fragment() {
        let token = SignedToken { text: "T".to_owned(), ..token() };
        for (url, signed) in [
            ("https://h/a", "https://h/a?auth=T"),
            ("https://h/a?b=1", "https://h/a?b=1&auth=T"),
            ("https://h/a#t=5", "https://h/a?auth=T#t=5"),
            ("https://h/a?b#t?", "https://h/a?b&auth=T#t?"),
            ("https://h/a?auth=old&b=1", "https://h/a?b=1&auth=T"),
            ("https://h/a?", "https://h/a?auth=T"),
        ] {
            assert_eq!(token.url(url), signed);
        }
    }

    #[test]
    fn a_claim_with_its_own_method_is_refused() {
        let signer = Signer::from_secret("k", &[1; 32]).unwrap();
        let draft = signer.token(Scope::whole_bucket()).claim("exp", "never");
        assert_eq!(draft.sign().unwrap_err(), MintError::ReservedClaim { name: "exp".to_owned() });
    }

    #[test]
    fn what_every_verifier_would_refuse_is_not_signed() {
        let signer = Signer::from_secret("k", &[1; 32]).unwrap();
        let draft = || signer.token(Scope::whole_bucket());
        let many = (0..64).fold(draft(), |draft, number| draft.claim(&format!("c{number}"), 1));
        let long = draft().claim("text", "x".repeat(MAX_TOKEN_BYTES));
        assert_eq!(many.sign().unwrap_err(), MintError::Refused { fault: TokenFault::TooManyMembers });
        assert_eq!(long.sign().unwrap_err(), MintError::Refused { fault: TokenFault::TooLong });
    }

    #[test]
    fn a_date_in_milliseconds_is_not_signed() {
        let signer = Signer::from_secret("k", &[1; 32]).unwrap();
        let draft = || signer.token(Scope::whole_bucket());
        let date = UnixSeconds::new(1_790_000_000_000);
        for (claim, draft) in
            [(ClaimName::Exp, draft().expires_at(date)), (ClaimName::Nbf, draft().not_before(date))]
        {
            let error = draft.sign().unwrap_err();
            assert_eq!(error, MintError::Refused { fault: TokenFault::Milliseconds { claim, date } });
            assert!(error.to_string().contains("this looks like milliseconds"), "{error}");
        }
        for late in
            [json!(1_790_000_000_000_u64), json!(1e12), json!(1_790_000_000_000.5), json!("1790000000000")]
        {
            let error = draft().claim("iat", &late).sign().unwrap_err();
            assert_eq!(error, MintError::Milliseconds { name: "iat".to_owned() }, "{late}");
        }
        assert!(draft().claim("iat", 999_999_999_999_u64).sign().is_ok());
        assert!(draft().expires_at(UnixSeconds::new(999_999_999_999)).sign().is_ok());
    }

    #[test]
    fn a_token_shows_nothing_of_itself() {
        let token = token();
        assert!(!format!("{token:?}").contains(token.as_str()));
    }
}
