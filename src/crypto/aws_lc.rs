use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
};

use super::{Algorithm, BadSignature, SignatureCheck, VerifyingKey};

/// A back-end refused what looked like a public key.
#[derive(Debug)]
pub(crate) struct KeyRejected;

impl SignatureCheck for ParsedPublicKey {
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.verify_sig(message, signature).map_err(|_| BadSignature)
    }
}

impl SignatureCheck for hmac::Key {
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        hmac::verify(self, message, signature).map_err(|_| BadSignature)
    }
}

/// RS256 from SPKI or PKCS#1 DER.
pub(crate) fn rsa_pkcs1_sha256(der: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, der).map_err(|_| KeyRejected)?;
    Ok(VerifyingKey::new(Algorithm::Rs256, key))
}

/// RS256 from modulus and exponent, big-endian.
pub(crate) fn rsa_pkcs1_sha256_components(n: &[u8], e: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    let components = RsaPublicKeyComponents { n, e };
    let key = components.to_parsed_public_key(&RSA_PKCS1_2048_8192_SHA256).map_err(|_| KeyRejected)?;
    Ok(VerifyingKey::new(Algorithm::Rs256, key))
}

/// ES256 from SPKI DER or an uncompressed point.
pub(crate) fn ecdsa_p256(key: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    let key = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key).map_err(|_| KeyRejected)?;
    Ok(VerifyingKey::new(Algorithm::Es256, key))
}

/// `EdDSA` from SPKI DER or the 32 bytes of an Ed25519 key.
pub(crate) fn ed25519(key: &[u8]) -> Result<VerifyingKey, KeyRejected> {
    let key = ParsedPublicKey::new(&ED25519, key).map_err(|_| KeyRejected)?;
    Ok(VerifyingKey::new(Algorithm::EdDsa, key))
}

/// HS256 from the secret's bytes.
pub(crate) fn hmac_sha256(secret: &[u8]) -> VerifyingKey {
    VerifyingKey::new(Algorithm::Hs256, hmac::Key::new(hmac::HMAC_SHA256, secret))
}
