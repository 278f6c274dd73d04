use super::token::TokenDraft;
use crate::crypto::{Algorithm, SigningKey};
use crate::error::ConfigError;
use crate::keys::{Key, KeyId, private_key_der};
use crate::scope::{KeyScope, Scope};

/// Signs tokens with one private key or shared secret. `Debug` shows nothing of it.
///
/// ```
/// # use playgate::mint::Signer;
/// let signer = Signer::from_secret("k", b"0123456789abcdef0123456789abcdef")?;
/// assert_eq!(format!("{signer:?}"), "Signer { kid: \"k\", algorithm: Hs256, .. }");
/// # Ok::<(), playgate::ConfigError>(())
/// ```
pub struct Signer {
    kid: KeyId,
    key: SigningKey,
}

impl Signer {
    /// A private key from PEM: PKCS#8 (RSA, P-256, Ed25519), PKCS#1 (RSA) or RFC 5915 (P-256).
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: no PEM, a public key, an encrypted one, a type without an algorithm, damaged bytes.
    pub fn from_pem(kid: &str, pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        let (kind, der) = private_key_der(kid, pem.as_ref())?;
        let key = SigningKey::from_der(kind, &der);
        Ok(Self {
            key: key.ok_or_else(|| ConfigError::BrokenKey { kid: kid.to_owned() })?,
            kid: KeyId::new(kid)?,
        })
    }

    /// A shared secret for HS256.
    ///
    /// # Errors
    ///
    /// As [`Key::from_secret`].
    pub fn from_secret(kid: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        // What a verifier would refuse is not signed with.
        Key::from_secret(kid, secret, KeyScope::bucket("any"))?;
        Ok(Self { kid: KeyId::new(kid)?, key: SigningKey::hmac_sha256(secret) })
    }

    /// The `kid` that tokens will name.
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// The algorithm that tokens will name.
    pub const fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// The public half as SPKI PEM, for a verifier; `None` for a shared secret.
    pub fn public_pem(&self) -> Option<String> {
        Some(pem::encode(&pem::Pem::new("PUBLIC KEY", self.key.public_der()?)))
    }

    /// The key that verifies what this signs, under the same `kid`; `None` for a shared secret, which is loaded with
    /// [`Key::from_secret`].
    ///
    /// # Errors
    ///
    /// [`ConfigError`] for a scope that names nothing, or a key that is too weak to verify with.
    pub fn verifying_key(&self, scope: KeyScope) -> Result<Option<Key>, ConfigError> {
        self.public_pem().map(|pem| Key::from_pem(self.kid.as_str(), pem, scope)).transpose()
    }

    /// A token for this scope, to be refined and signed.
    pub fn token(&self, scope: Scope) -> TokenDraft<'_> {
        TokenDraft::new(self, scope)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        self.key.sign(message)
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Signer")
            .field("kid", &self.kid.as_str())
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
