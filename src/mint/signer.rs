use crate::crypto::{Algorithm, SigningKey};
use crate::error::ConfigError;
use crate::keys::{Key, KeyId, algorithm_for, private_key_der};
use crate::scope::KeyScope;

/// A signer of tokens with one private key or shared secret. The `Debug` output does not show the key.
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
    /// Loads a private key from PEM: PKCS#8 (RSA, P-256, P-384, Ed25519), PKCS#1 (RSA) or RFC 5915 (P-256, P-384). It signs with
    /// the key's usual algorithm, which for RSA is RS256.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] for text that is not PEM, a public or encrypted key, an unsupported key type, damaged bytes, and
    /// a key that a verifier rejects as weak.
    pub fn from_pem(kid: &str, pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Self::read_pem(None, kid, pem.as_ref())
    }

    /// Loads a private key from PEM for an algorithm that is not the key's usual one, such as PS256.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_pem`](Self::from_pem), and [`ConfigError::OtherAlgorithm`] if the key does not support the
    /// algorithm.
    pub fn from_pem_for(algorithm: Algorithm, kid: &str, pem: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Self::read_pem(Some(algorithm), kid, pem.as_ref())
    }

    fn read_pem(wanted: Option<Algorithm>, kid: &str, pem: &[u8]) -> Result<Self, ConfigError> {
        let (kind, der) = private_key_der(kid, pem)?;
        let key = SigningKey::from_der(algorithm_for(kid, kind, wanted)?, &der);
        let signer = Self {
            key: key.ok_or_else(|| ConfigError::BrokenKey { kid: kid.to_owned() })?,
            kid: KeyId::new(kid)?,
        };
        // Rejects keys that a verifier would reject, such as one with the fingerprint of ROCA. The scope does not matter.
        signer.verifying_key(KeyScope::bucket("any"))?;
        Ok(signer)
    }

    /// Creates a signer with a shared secret for HS256.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Key::from_secret`].
    pub fn from_secret(kid: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        Self::from_secret_for(Algorithm::Hs256, kid, secret)
    }

    /// Creates a signer with a shared secret for HS256, HS384 or HS512.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`Key::from_secret_for`].
    pub fn from_secret_for(algorithm: Algorithm, kid: &str, secret: &[u8]) -> Result<Self, ConfigError> {
        // Secrets that a verifier would reject are not used for signing.
        Key::from_secret_for(algorithm, kid, secret, KeyScope::bucket("any"))?;
        let key = SigningKey::shared_secret(algorithm, secret);
        Ok(Self {
            key: key.ok_or_else(|| ConfigError::BrokenKey { kid: kid.to_owned() })?,
            kid: KeyId::new(kid)?,
        })
    }

    /// Returns the `kid` of the tokens.
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// Returns the algorithm of the tokens.
    pub const fn algorithm(&self) -> Algorithm {
        self.key.algorithm()
    }

    /// Returns the public half as SPKI PEM, for a verifier, or `None` for a shared secret.
    pub fn public_pem(&self) -> Option<String> {
        Some(pem::encode(&pem::Pem::new("PUBLIC KEY", self.key.public_der()?)))
    }

    /// Returns the key that verifies the tokens, with the same `kid`. Returns `None` for a shared secret, which is loaded with
    /// [`Key::from_secret`].
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError`] for an empty scope, and for a key that a verifier rejects as weak.
    pub fn verifying_key(&self, scope: KeyScope) -> Result<Option<Key>, ConfigError> {
        let key = |pem| Key::from_pem_for(self.algorithm(), self.kid.as_str(), pem, scope);
        self.public_pem().map(key).transpose()
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
