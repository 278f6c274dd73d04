use super::pem::algorithm_for;
use crate::crypto::{Algorithm, KeyKind, VerifyingKey, shared_secret};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;

/// The shortest shared secret for HS256, in bytes: the length of its hash (RFC 7518 §3.2).
pub const MIN_SECRET_LEN: usize = 32;

impl Key {
    /// Creates a shared secret for HS256; whoever can check its tokens can also make them.
    ///
    /// # Errors
    ///
    /// [`ConfigError::SecretTooShort`] below [`MIN_SECRET_LEN`]; [`ConfigError::SecretIsPem`] for the text of a
    /// PEM, whose public half would be the secret; and what every key refuses: `kid`, scope.
    pub fn from_secret(kid: &str, secret: &[u8], scope: KeyScope) -> Result<Self, ConfigError> {
        Self::from_secret_for(Algorithm::Hs256, kid, secret, scope)
    }

    /// Returns the same for HS384 or HS512, with secrets of at least 48 or 64 bytes.
    ///
    /// # Errors
    ///
    /// As [`from_secret`](Self::from_secret), and [`ConfigError::OtherAlgorithm`] for an algorithm without a secret.
    pub fn from_secret_for(
        algorithm: Algorithm,
        kid: &str,
        secret: &[u8],
        scope: KeyScope,
    ) -> Result<Self, ConfigError> {
        Self::new(kid, scope, checked_secret(kid, secret, algorithm)?)
    }
}

pub(super) fn checked_secret(
    kid: &str,
    secret: &[u8],
    algorithm: Algorithm,
) -> Result<VerifyingKey, ConfigError> {
    let algorithm = algorithm_for(kid, KeyKind::Secret, Some(algorithm))?;
    if looks_like_pem(secret) {
        return Err(ConfigError::SecretIsPem { kid: kid.to_owned() });
    }
    let (bytes, least) = (secret.len(), algorithm.min_secret_len());
    if bytes < least {
        return Err(ConfigError::SecretTooShort { kid: kid.to_owned(), bytes, least });
    }
    shared_secret(algorithm, secret).map_err(|_| ConfigError::BrokenKey { kid: kid.to_owned() })
}

/// Returns whether the bytes are the text of a PEM, whatever stands before it.
fn looks_like_pem(secret: &[u8]) -> bool {
    memchr::memmem::find(secret, b"-----BEGIN").is_some()
}
