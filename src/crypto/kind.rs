//! The types of keys, and the type that each algorithm requires.

use super::algorithm::Algorithm;

/// The type of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyKind {
    Rsa,
    P256,
    P384,
    Ed25519,
    /// A shared secret.
    Secret,
}

impl KeyKind {
    /// Returns the algorithm of a key that names none. A secret always names its algorithm.
    pub(crate) const fn usual(self) -> Algorithm {
        match self {
            Self::Rsa => Algorithm::Rs256,
            Self::P256 => Algorithm::Es256,
            Self::P384 => Algorithm::Es384,
            Self::Ed25519 => Algorithm::EdDsa,
            Self::Secret => Algorithm::Hs256,
        }
    }

    /// Returns the name of the type, with its article.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rsa => "an RSA key",
            Self::P256 => "a P-256 key",
            Self::P384 => "a P-384 key",
            Self::Ed25519 => "an Ed25519 key",
            Self::Secret => "a shared secret",
        }
    }
}

impl Algorithm {
    /// Returns the type of the keys.
    pub(crate) const fn key_kind(self) -> KeyKind {
        match self {
            Self::Rs256
            | Self::Rs384
            | Self::Rs512
            | Self::Ps256
            | Self::Ps384
            | Self::Ps512
            | Self::CloudFrontRsa => KeyKind::Rsa,
            Self::Es256 | Self::CloudFrontP256 => KeyKind::P256,
            Self::Es384 => KeyKind::P384,
            Self::EdDsa => KeyKind::Ed25519,
            Self::Hs256 | Self::Hs384 | Self::Hs512 => KeyKind::Secret,
        }
    }

    /// Returns the minimum length of a secret, in bytes: that of the hash (RFC 7518 §3.2). 0 for algorithms without a secret.
    pub(crate) const fn min_secret_len(self) -> usize {
        match self {
            Self::Hs256 => 32,
            Self::Hs384 => 48,
            Self::Hs512 => 64,
            _ => 0,
        }
    }
}
