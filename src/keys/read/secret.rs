use super::pem::algorithm_for;
use crate::crypto::{Algorithm, KeyKind, VerifyingKey, shared_secret};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;

/// The minimum length of a shared secret for HS256, in bytes: the length of its hash (RFC 7518 §3.2).
pub const MIN_SECRET_LEN: usize = 32;

impl Key {
    /// Creates a shared secret for HS256. Anyone who can verify its tokens can also sign them.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::SecretTooShort`] below [`MIN_SECRET_LEN`]; [`ConfigError::SecretIsPem`] for PEM text, because the
    /// secret could be a public key; and the errors of every key for `kid` and scope.
    pub fn from_secret(kid: &str, secret: &[u8], scope: KeyScope) -> Result<Self, ConfigError> {
        Self::from_secret_for(Algorithm::Hs256, kid, secret, scope)
    }

    /// Creates a shared secret for HS384 or HS512, of at least 48 or 64 bytes.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_secret`](Self::from_secret), and [`ConfigError::OtherAlgorithm`] for an algorithm without a
    /// secret.
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

/// Returns whether the bytes are PEM text, whatever precedes it.
fn looks_like_pem(secret: &[u8]) -> bool {
    memchr::memmem::find(secret, b"-----BEGIN").is_some()
}
