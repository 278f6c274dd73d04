use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    VerificationAlgorithm,
};

use super::compact::CompactKey;
use super::{Algorithm, BadSignature, SignatureCheck, VerifyingKey};

/// A back-end refused what looked like a key for the algorithm.
#[derive(Debug)]
pub(crate) struct KeyRejected;

/// A public key, prepared. (The back-end's types are nobody else's to name.)
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    pub(super) fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.0.verify_sig(message, signature).map_err(|_| BadSignature)
    }
}

struct Secret(hmac::Key);

impl SignatureCheck for Secret {
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        hmac::verify(&self.0, message, signature).map_err(|_| BadSignature)
    }
}

/// A public key for one algorithm that is none of RSA: SPKI DER, an uncompressed point, the 32 bytes of Ed25519.
pub(crate) fn public_key(algorithm: Algorithm, key: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    Ok(VerifyingKey::public(algorithm, CompactKey::new(algorithm, key)?))
}

/// An RSA key for one algorithm from modulus and exponent, big-endian and without leading zeros.
pub(crate) fn rsa_components(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    rsa_parameters(algorithm).ok_or(KeyRejected)?;
    Ok(VerifyingKey::public(algorithm, CompactKey::rsa(n, e)?))
}

/// A key that is none of RSA, prepared.
pub(super) fn parsed(algorithm: Algorithm, key: &[u8]) -> Result<PublicKey, KeyRejected> {
    let checked_by: &'static dyn VerificationAlgorithm = match algorithm {
        Algorithm::Es256 => &ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &ECDSA_P384_SHA384_FIXED,
        Algorithm::EdDsa => &ED25519,
        _ => return Err(KeyRejected),
    };
    ParsedPublicKey::new(checked_by, key).map(PublicKey).map_err(|_| KeyRejected)
}

/// An RSA key, prepared.
pub(super) fn parsed_rsa(algorithm: Algorithm, n: &[u8], e: &[u8]) -> Result<PublicKey, KeyRejected> {
    let parameters = rsa_parameters(algorithm).ok_or(KeyRejected)?;
    let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters);
    key.map(PublicKey).map_err(|_| KeyRejected)
}

/// A shared secret for one algorithm.
pub(crate) fn shared_secret(algorithm: Algorithm, secret: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    let hash = hmac_of(algorithm).ok_or(KeyRejected)?;
    Ok(VerifyingKey::new(algorithm, Secret(hmac::Key::new(hash, secret))))
}

/// RSASSA-PKCS1-v1_5 and RSASSA-PSS, whose salt is as long as its hash (RFC 7518 §3.5).
fn rsa_parameters(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::EdDsa
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512 => None,
    }
}

pub(super) fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}
