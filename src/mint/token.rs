//! Token drafts: sets the dates and claims, then signs.

use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::error::MintError;
use super::signed::SignedToken;
use super::signer::Signer;
use crate::error::TokenFault;
use crate::schemes::jws::{Claims, MAX_TOKEN_BYTES};
use crate::scope::Scope;
use crate::time::{UnixSeconds, whole_seconds};

/// A token that is not signed yet: its scope, dates and claims.
#[derive(Debug)]
#[must_use]
pub struct TokenDraft<'s> {
    signer: &'s Signer,
    scope: Scope,
    expires_at: Option<UnixSeconds>,
    claims: Map<String, Value>,
    fault: Option<MintError>,
}

impl Signer {
    /// Drafts a token for this scope.
    pub fn token(&self, scope: Scope) -> TokenDraft<'_> {
        TokenDraft { signer: self, scope, expires_at: None, claims: Map::new(), fault: None }
    }
}

impl TokenDraft<'_> {
    /// Sets how long the token is valid from now (by the system's clock), in whole seconds. If neither this nor
    /// [`expires_at`](Self::expires_at) is set, the token never expires.
    pub fn expires_in(self, lifetime: Duration) -> Self {
        let at = UnixSeconds::now().saturating_add(whole_seconds(lifetime));
        self.expires_at(at)
    }

    /// Sets `exp`, the first second in which the token is no longer valid.
    pub fn expires_at(mut self, at: UnixSeconds) -> Self {
        self.expires_at = Some(at);
        self
    }

    /// Sets `nbf`, the first second in which the token is valid.
    pub fn not_before(mut self, at: UnixSeconds) -> Self {
        self.claims.insert("nbf".to_owned(), at.get().into());
        self
    }

    /// Adds a custom claim, or `iss`, `aud`, `sub`, `jti`, or an `iat` other than the second of signing.
    ///
    /// [`sign`](Self::sign) fails for a value that cannot be serialized to JSON, and for a name that has its own
    /// method.
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
    /// - The first [`MintError`] of a claim;
    /// - [`MintError::Refused`] for a token that every verifier would reject;
    /// - [`MintError::Milliseconds`] for an `iat` in milliseconds;
    /// - [`MintError::Signing`] if signing fails.
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
        let text = sign_claims(self.signer, self.claims)?;
        Ok(SignedToken { text, scope: self.scope, expires_at: self.expires_at })
    }
}

/// Signs claims and returns the token in compact form.
pub(super) fn sign_claims(signer: &Signer, claims: Map<String, Value>) -> Result<String, MintError> {
    let header = json!({
        "alg": signer.algorithm().name(),
        "kid": signer.kid().as_str(),
        "typ": "JWT",
    });
    let payload = Value::Object(claims).to_string();
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
    let signature = signer.sign(text.as_bytes()).ok_or(MintError::Signing)?;
    text.push('.');
    text.push_str(&encode(&signature));
    if text.len() > MAX_TOKEN_BYTES {
        return Err(MintError::Refused { fault: TokenFault::TooLong });
    }
    Ok(text)
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

#[cfg(test)]
mod tests;
