//! Does this signature fit this key?
//!
//! One small trait, [`SignatureCheck`], stands between the crate and the cryptography. A key has the one [`Algorithm`]
//! it is good for, so nothing a token says chooses an algorithm (RFC 8725 §3.1). A secret is prepared when it is loaded. A
//! public key is checked then, kept in a few bytes, and prepared when its tokens come in: of a million keys few are in use
//! at any time. The back-end behind the feature `aws-lc` is AWS-LC through `aws-lc-rs`.
//!
//! This room knows bytes, not tokens: what was signed is handed in.

use std::sync::Arc;

#[cfg(feature = "aws-lc")]
mod aws_lc;
#[cfg(feature = "aws-lc")]
mod compact;
#[cfg(feature = "aws-lc")]
mod hot;
#[cfg(feature = "aws-lc")]
mod kind;
mod link_hash;
#[cfg(feature = "mint")]
mod sign;

#[cfg(feature = "aws-lc")]
pub(crate) use aws_lc::{public_key, rsa_components, shared_secret};
#[cfg(feature = "aws-lc")]
pub(crate) use compact::CompactKey;
#[cfg(feature = "aws-lc")]
pub(crate) use hot::HOT_KEYS;
#[cfg(feature = "aws-lc")]
pub(crate) use kind::KeyKind;
pub use link_hash::LinkHash;
pub(crate) use link_hash::{HashOutput, MAX_HASH_LEN, same_secret};
#[cfg(feature = "mint")]
pub(crate) use sign::SigningKey;

/// A JWS signature algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys of 2048 to 8192 bits.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256, and a salt as long as the hash; keys of 2048 to 8192 bits.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// EdDSA on Ed25519.
    EdDsa,
    /// HMAC with SHA-256; secrets of at least 32 bytes.
    Hs256,
    /// HMAC with SHA-384; secrets of at least 48 bytes.
    Hs384,
    /// HMAC with SHA-512; secrets of at least 64 bytes.
    Hs512,
}

impl Algorithm {
    /// Every algorithm, the most usual first.
    pub const ALL: &[Self] = &[
        Self::Rs256,
        Self::Es256,
        Self::EdDsa,
        Self::Hs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es384,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The registered name, as it stands in `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
        }
    }

    /// The algorithm of this registered name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

impl std::fmt::Display for Algorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The longest signature: RSA with 8192 bits.
pub const MAX_SIGNATURE_LEN: usize = 1024;

/// The signature does not fit; why is nobody's business.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

/// A prepared public key or secret that checks signatures of one algorithm.
///
/// Implementations compare secrets in constant time, allocate nothing on Rust's heap and never wait.
pub trait SignatureCheck: Send + Sync {
    /// Whether `signature` is a good signature of `message`.
    ///
    /// # Errors
    ///
    /// [`BadSignature`] for everything else, a signature of the wrong length included.
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature>;
}

/// What checks signatures, and the one algorithm that it is good for.
pub(crate) struct VerifyingKey {
    pub(crate) algorithm: Algorithm,
    pub(crate) material: Material,
}

/// What a key is made of.
#[cfg_attr(
    feature = "aws-lc",
    expect(clippy::large_enum_variant, reason = "it lives until it is copied into its key")
)]
pub(crate) enum Material {
    /// A secret, or what else is good for its key alone: prepared once and for all.
    Prepared(Arc<dyn SignatureCheck>),
    /// A public key, which is prepared when it is asked for.
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
    pub(crate) const fn public(algorithm: Algorithm, key: CompactKey) -> Self {
        Self { algorithm, material: Material::Public(key) }
    }
}
