use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use aws_lc_rs::{encoding::AsDer, hmac};

use super::Algorithm;

/// A private key or secret that signs with one algorithm. It says nothing of itself but the algorithm.
pub(crate) enum SigningKey {
    Rsa(Box<RsaKeyPair>),
    EcdsaP256(Box<EcdsaKeyPair>, SystemRandom),
    Ed25519(Box<Ed25519KeyPair>),
    Hmac(Box<hmac::Key>),
}

/// What the DER of a private key holds, as far as its wrapping tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PrivateKeyKind {
    /// PKCS#8, or the key type's own form: RSA.
    Rsa,
    /// PKCS#8 or RFC 5915: P-256.
    EcdsaP256,
    /// PKCS#8: Ed25519.
    Ed25519,
}

impl SigningKey {
    pub(crate) fn from_der(kind: PrivateKeyKind, der: &[u8]) -> Option<Self> {
        Some(match kind {
            PrivateKeyKind::Rsa => {
                let pair = RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der)).ok()?;
                Self::Rsa(Box::new(pair))
            }
            PrivateKeyKind::EcdsaP256 => {
                let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok()?;
                Self::EcdsaP256(Box::new(pair), SystemRandom::new())
            }
            PrivateKeyKind::Ed25519 => {
                Self::Ed25519(Box::new(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?))
            }
        })
    }

    pub(crate) fn hmac_sha256(secret: &[u8]) -> Self {
        Self::Hmac(Box::new(hmac::Key::new(hmac::HMAC_SHA256, secret)))
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa(_) => Algorithm::Rs256,
            Self::EcdsaP256(..) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
            Self::Hmac(_) => Algorithm::Hs256,
        }
    }

    /// The signature over `message`; `None` when the system's random generator fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature).ok()?;
                Some(signature)
            }
            Self::EcdsaP256(pair, random) => Some(pair.sign(random, message).ok()?.as_ref().to_vec()),
            Self::Ed25519(pair) => Some(pair.try_sign(message).ok()?.as_ref().to_vec()),
            Self::Hmac(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
        }
    }

    /// The public half as SPKI DER; a shared secret has none.
    pub(crate) fn public_der(&self) -> Option<Vec<u8>> {
        match self {
            Self::Rsa(pair) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
            Self::EcdsaP256(pair, _) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
            Self::Ed25519(pair) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
            Self::Hmac(_) => None,
        }
    }
}
