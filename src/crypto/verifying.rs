//! The keys that verify signatures, created from the bytes of a public key or a secret.

use std::sync::Arc;

use super::algorithm::Algorithm;
#[cfg(feature = "aws-lc")]
use super::aws_lc::{KeyRejected, Secret, rsa_parameters};
use super::check::SignatureCheck;
#[cfg(feature = "aws-lc")]
use super::compact::CompactKey;
#[cfg(feature = "aws-lc")]
use super::digest::SignatureHash;

/// A key that verifies signatures, with its one algorithm.
pub(crate) struct VerifyingKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) material: Material,
}

/// The key itself.
#[cfg_attr(
    feature = "aws-lc",
    expect(clippy::large_enum_variant, reason = "it lives until it is copied into its key")
)]
pub(crate) enum Material {
    /// A secret, or any other check, prepared when loaded.
    Prepared(Arc<dyn SignatureCheck>),
    /// A public key, prepared when used.
    #[cfg(feature = "aws-lc")]
    Public(CompactKey),
}

impl VerifyingKey {
    #[cfg_attr(
        not(any(feature = "aws-lc", feature = "__internals")),
        expect(dead_code, reason = "each back-end makes keys")
    )]
    pub(crate) fn new(algorithm: Algorithm, check: impl SignatureCheck + 'static) -> Self {
        Self { algorithm, material: Material::Prepared(Arc::new(check)) }
    }

    #[cfg(feature = "aws-lc")]
    const fn public(algorithm: Algorithm, key: CompactKey) -> Self {
        Self { algorithm, material: Material::Public(key) }
    }
}

/// Loads a public key for one algorithm other than RSA: SPKI DER, an uncompressed point, or the 32 bytes of Ed25519.
#[cfg(feature = "aws-lc")]
pub(crate) fn public_key(algorithm: Algorithm, key: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    Ok(VerifyingKey::public(algorithm, CompactKey::new(algorithm, key)?))
}

/// Loads an RSA key for one algorithm from modulus and exponent, big-endian and without leading zeros.
#[cfg(feature = "aws-lc")]
pub(crate) fn rsa_components(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    rsa_parameters(algorithm, SignatureHash::Sha256).ok_or(KeyRejected)?;
    Ok(VerifyingKey::public(algorithm, CompactKey::rsa(n, e)?))
}

/// Loads a shared secret for one algorithm.
#[cfg(feature = "aws-lc")]
pub(crate) fn shared_secret(algorithm: Algorithm, secret: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    Ok(VerifyingKey::new(algorithm, Secret::new(algorithm, secret)?))
}
