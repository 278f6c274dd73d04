use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair};
use getrandom::SysRng;
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::der::zeroize::Zeroizing;
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding, SecretDocument};

use super::error::MintError;
use crate::crypto::{Algorithm, SigningKey};
use crate::keys::RSA_BITS;

/// A new signing key: the private half for the application that signs, the public half for the verifier.
///
/// Only [`private_pem`](Self::private_pem) shows the private half, which is wiped from memory when the key is dropped.
///
/// ```
/// use playgate::mint::{NewKey, Signer};
/// use playgate::{Key, KeyScope};
///
/// let new = NewKey::ed25519()?;
/// let signer = Signer::from_pem("2026-12", new.private_pem())?;
/// let key = Key::from_pem("2026-12", new.public_pem(), KeyScope::bucket("courses"))?;
/// assert_eq!(signer.algorithm(), key.algorithm());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct NewKey {
    private: Zeroizing<String>,
    /// The private half of an RSA key as PKCS#1.
    private_pkcs1: Option<Zeroizing<String>>,
    public: String,
}

impl NewKey {
    /// Generates an RSA key of the given size, for RS256 and its siblings.
    ///
    /// The crate `rsa` generates the key, in about four fifths of the time that AWS-LC takes, and AWS-LC accepts it before it is
    /// returned. A key of 2048 bits takes a fraction of a second, one of 8192 bits many seconds.
    ///
    /// # Errors
    ///
    /// Returns [`MintError::KeySize`] if `bits` is outside 2048 to 8192, and [`MintError::Random`] if the system's random
    /// generator fails.
    pub fn rsa(bits: usize) -> Result<Self, MintError> {
        let of_size = |_| MintError::KeySize { bits };
        if !RSA_BITS.contains(&bits) {
            return Err(MintError::KeySize { bits });
        }
        let key = rsa::PrivateKey::new(&mut SysRng, bits).map_err(|error| match error {
            rsa::Error::Rng => MintError::Random,
            _ => MintError::KeySize { bits },
        })?;
        Self::from_pkcs8(Algorithm::Rs256, key.to_pkcs8_der().map_err(of_size)?.as_bytes())
    }

    /// Generates a P-256 key with AWS-LC, for ES256.
    ///
    /// # Errors
    ///
    /// Returns [`MintError::Random`] if the system's random generator fails.
    pub fn p256() -> Result<Self, MintError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| MintError::Random)?;
        Self::from_pkcs8(Algorithm::Es256, pair.to_pkcs8v1().map_err(|_| MintError::Random)?.as_ref())
    }

    /// Generates an Ed25519 key with AWS-LC, for `EdDSA`.
    ///
    /// # Errors
    ///
    /// Returns [`MintError::Random`] if the system's random generator fails.
    pub fn ed25519() -> Result<Self, MintError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| MintError::Random)?;
        Self::from_pkcs8(Algorithm::EdDsa, pair.to_pkcs8v1().map_err(|_| MintError::Random)?.as_ref())
    }

    /// Writes both halves as PEM. The public half is derived from the same signing key that a [`Signer`](super::Signer) holds.
    fn from_pkcs8(algorithm: Algorithm, private: &[u8]) -> Result<Self, MintError> {
        let public = SigningKey::from_der(algorithm, private).and_then(|key| key.public_der());
        let public = pem::Pem::new("PUBLIC KEY", public.ok_or(MintError::Random)?);
        let rsa = rsa::PrivateKey::from_pkcs8_der(private).ok(); // fails for other kinds of keys
        let private = SecretDocument::try_from(private).map_err(|_| MintError::Random)?;
        Ok(Self {
            private: private.to_pem("PRIVATE KEY", LineEnding::LF).map_err(|_| MintError::Random)?,
            private_pkcs1: rsa.and_then(|key| key.to_pkcs1_pem(LineEnding::LF).ok()),
            public: pem::encode_config(
                &public,
                pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF),
            ),
        })
    }

    /// Returns the private half: PKCS#8 PEM (RFC 5958), for [`Signer::from_pem`](super::Signer::from_pem).
    pub fn private_pem(&self) -> &str {
        &self.private
    }

    /// Returns the private half of an RSA key in the older form, `-----BEGIN RSA PRIVATE KEY-----` (PKCS#1, RFC 8017 appendix A.1.2), or
    /// `None` for other keys.
    pub fn private_pkcs1_pem(&self) -> Option<&str> {
        self.private_pkcs1.as_deref().map(String::as_str)
    }

    /// Returns the public half: SPKI PEM (RFC 7468 §13), for [`Key::from_pem`](crate::Key::from_pem).
    pub fn public_pem(&self) -> &str {
        &self.public
    }
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("public", &self.public).finish_non_exhaustive()
    }
}
