use crate::crypto::{VerifyingKey, hmac_sha256};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;

/// The shortest shared secret for HS256, in bytes: the length of its hash (RFC 7518 §3.2).
pub const MIN_SECRET_LEN: usize = 32;

impl Key {
    /// A shared secret for HS256; whoever can check its tokens can also make them.
    ///
    /// # Errors
    ///
    /// [`ConfigError::SecretTooShort`] below [`MIN_SECRET_LEN`]; [`ConfigError::SecretIsPem`] for the text of a
    /// PEM, whose public half would be the secret; and what every key refuses: `kid`, scope.
    pub fn from_secret(kid: &str, secret: &[u8], scope: KeyScope) -> Result<Self, ConfigError> {
        Self::new(kid, scope, checked_secret(kid, secret)?)
    }
}

pub(super) fn checked_secret(kid: &str, secret: &[u8]) -> Result<VerifyingKey, ConfigError> {
    if looks_like_pem(secret) {
        return Err(ConfigError::SecretIsPem { kid: kid.to_owned() });
    }
    if secret.len() < MIN_SECRET_LEN {
        return Err(ConfigError::SecretTooShort { kid: kid.to_owned(), bytes: secret.len() });
    }
    Ok(hmac_sha256(secret))
}

/// Whether the bytes are the text of a PEM, whatever stands before it.
fn looks_like_pem(secret: &[u8]) -> bool {
    memchr::memmem::find(secret, b"-----BEGIN").is_some()
}
