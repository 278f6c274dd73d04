use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512,
    RSA_PSS_SHA256, RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding,
};
use aws_lc_rs::{encoding::AsDer, hmac};

use super::algorithm::Algorithm;
use super::aws_lc::hmac_of;

/// A private key or secret that signs with one algorithm. Its `Debug` output shows only the algorithm.
pub(crate) struct SigningKey {
    algorithm: Algorithm,
    material: Material,
}

enum Material {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(Box<EcdsaKeyPair>),
    Ed25519(Box<Ed25519KeyPair>),
    Hmac(Box<hmac::Key>),
}

impl SigningKey {
    /// Loads a private key from PKCS#8, or from the key type's own DER (PKCS#1, RFC 5915). Returns `None` if the key does not
    /// support the algorithm.
    pub(crate) fn from_der(algorithm: Algorithm, der: &[u8]) -> Option<Self> {
        let rsa = |encoding: &'static dyn RsaEncoding| {
            let pair = RsaKeyPair::from_der(der).or_else(|_| RsaKeyPair::from_pkcs8(der)).ok()?;
            Some(Material::Rsa(Box::new(pair), encoding))
        };
        let ecdsa = |curve| {
            let pair = EcdsaKeyPair::from_private_key_der(curve, der).ok()?;
            Some(Material::Ecdsa(Box::new(pair)))
        };
        let material = match algorithm {
            Algorithm::Rs256 | Algorithm::CloudFrontRsa => rsa(&RSA_PKCS1_SHA256),
            Algorithm::Rs384 => rsa(&RSA_PKCS1_SHA384),
            Algorithm::Rs512 => rsa(&RSA_PKCS1_SHA512),
            Algorithm::Ps256 => rsa(&RSA_PSS_SHA256),
            Algorithm::Ps384 => rsa(&RSA_PSS_SHA384),
            Algorithm::Ps512 => rsa(&RSA_PSS_SHA512),
            Algorithm::Es256 => ecdsa(&ECDSA_P256_SHA256_FIXED_SIGNING),
            Algorithm::CloudFrontP256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
            Algorithm::Es384 => ecdsa(&ECDSA_P384_SHA384_FIXED_SIGNING),
            Algorithm::EdDsa => {
                Some(Material::Ed25519(Box::new(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?)))
            }
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => None,
        }?;
        Some(Self { algorithm, material })
    }

    /// Creates a key from a shared secret. Returns `None` for an algorithm without secrets.
    pub(crate) fn shared_secret(algorithm: Algorithm, secret: &[u8]) -> Option<Self> {
        let key = hmac::Key::new(hmac_of(algorithm)?, secret);
        Some(Self { algorithm, material: Material::Hmac(Box::new(key)) })
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the signature over `message`, or `None` if the system's random generator fails.
    pub(crate) fn sign(&self, message: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match &self.material {
            Material::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature).ok()?;
                Some(signature)
            }
            Material::Ecdsa(pair) => Some(pair.sign(&random, message).ok()?.as_ref().to_vec()),
            Material::Ed25519(pair) => Some(pair.try_sign(message).ok()?.as_ref().to_vec()),
            Material::Hmac(key) => Some(hmac::sign(key, message).as_ref().to_vec()),
        }
    }

    /// Returns the public half as SPKI DER, or `None` for a shared secret.
    pub(crate) fn public_der(&self) -> Option<Vec<u8>> {
        match &self.material {
            Material::Rsa(pair, _) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
            Material::Ecdsa(pair) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
            Material::Ed25519(pair) => Some(pair.public_key().as_der().ok()?.as_ref().to_vec()),
            Material::Hmac(_) => None,
        }
    }
}
