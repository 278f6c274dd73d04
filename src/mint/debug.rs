//! Debug tokens: created for operators who want the explanation of a request.

use std::time::Duration;

use serde_json::Map;

use super::error::MintError;
use super::signer::Signer;
use super::token::sign_claims;
use crate::schemes::jws::{DEBUG_AUDIENCE, MAX_DEBUG_LIFETIME};
use crate::time::{UnixSeconds, whole_seconds};

impl Signer {
    /// Creates a debug token that is valid for this long from now (by the system's clock), in whole seconds and for at most an hour.
    ///
    /// It is the value of the request header [`EXPLAIN_HEADER`](crate::site::EXPLAIN_HEADER). If the verifier's policy [accepts debug
    /// tokens](crate::site::ExplainHeader::tokens), the response has its explanation. It explains only requests for resources that the
    /// key may sign for, and is never accepted as a credential.
    ///
    /// ```
    /// use std::time::Duration;
    /// use playgate::mint::Signer;
    ///
    /// let signer = Signer::from_secret("2026-11", b"0123456789abcdef0123456789abcdef")?;
    /// let header = format!("x-playgate-explain: {}", signer.debug_token(Duration::from_secs(600))?);
    /// assert!(signer.debug_token(Duration::from_secs(7200)).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Returns [`MintError::DebugLifetime`] for less than a second and for more than an hour, and [`MintError::Signing`] if signing
    /// fails.
    pub fn debug_token(&self, lifetime: Duration) -> Result<String, MintError> {
        self.create_debug_token(None, lifetime)
    }

    /// Creates a debug token with this `iss`, for a key that verifies only tokens of one issuer.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`debug_token`](Self::debug_token), and [`MintError::Refused`] if the issuer is too long for a token.
    pub fn debug_token_of(&self, issuer: &str, lifetime: Duration) -> Result<String, MintError> {
        self.create_debug_token(Some(issuer), lifetime)
    }

    fn create_debug_token(&self, issuer: Option<&str>, lifetime: Duration) -> Result<String, MintError> {
        if lifetime < Duration::from_secs(1) || lifetime > MAX_DEBUG_LIFETIME {
            return Err(MintError::DebugLifetime { seconds: lifetime.as_secs() });
        }
        let now = UnixSeconds::now();
        let mut claims = Map::new();
        claims.insert("aud".to_owned(), DEBUG_AUDIENCE.into());
        claims.insert("exp".to_owned(), now.saturating_add(whole_seconds(lifetime)).get().into());
        claims.insert("iat".to_owned(), now.get().into());
        if let Some(issuer) = issuer {
            claims.insert("iss".to_owned(), issuer.into());
        }
        sign_claims(self, claims)
    }
}
