//! The back-end AWS-LC: prepares public keys and secrets.

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519,
    ParsedPublicKey, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    RSA_PSS_2048_8192_SHA384, RSA_PSS_2048_8192_SHA512, RsaParameters, RsaPublicKeyComponents,
    VerificationAlgorithm,
};

use super::algorithm::Algorithm;
use super::check::{BadSignature, SignatureCheck};
use super::digest::{MessageDigest, SignatureHash};

/// The error for bytes that are not a key for the algorithm, or that AWS-LC rejects.
#[derive(Debug)]
pub(crate) struct KeyRejected;

/// A prepared public key.
pub(super) struct PublicKey(ParsedPublicKey);

impl PublicKey {
    pub(super) fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.0.verify_sig(message, signature).map_err(|_| BadSignature)
    }

    pub(super) fn check_digest(&self, digest: &MessageDigest, signature: &[u8]) -> Result<(), BadSignature> {
        self.0.verify_digest_sig(digest.as_aws_lc(), signature).map_err(|_| BadSignature)
    }
}

/// A prepared HMAC secret.
pub(super) struct Secret(hmac::Key);

impl Secret {
    pub(super) fn new(algorithm: Algorithm, secret: &[u8]) -> Result<Self, KeyRejected> {
        let hash = hmac_of(algorithm).ok_or(KeyRejected)?;
        Ok(Self(hmac::Key::new(hash, secret)))
    }
}

impl SignatureCheck for Secret {
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        hmac::verify(&self.0, message, signature).map_err(|_| BadSignature)
    }
}

/// Prepares a public key other than RSA. `hash` is the hash for an algorithm that leaves the choice to the signer.
pub(super) fn parsed(
    algorithm: Algorithm,
    hash: SignatureHash,
    key: &[u8],
) -> Result<PublicKey, KeyRejected> {
    let checked_by: &'static dyn VerificationAlgorithm = match (algorithm, hash) {
        (Algorithm::Es256, _) => &ECDSA_P256_SHA256_FIXED,
        (Algorithm::Es384, _) => &ECDSA_P384_SHA384_FIXED,
        (Algorithm::EdDsa, _) => &ED25519,
        (Algorithm::CloudFrontP256, SignatureHash::Sha1) => &ECDSA_P256_SHA1_ASN1,
        (Algorithm::CloudFrontP256, SignatureHash::Sha256) => &ECDSA_P256_SHA256_ASN1,
        _ => return Err(KeyRejected),
    };
    ParsedPublicKey::new(checked_by, key).map(PublicKey).map_err(|_| KeyRejected)
}

/// Prepares an RSA key. `hash` is the hash for an algorithm that leaves the choice to the signer.
pub(super) fn parsed_rsa(
    algorithm: Algorithm,
    hash: SignatureHash,
    n: &[u8],
    e: &[u8],
) -> Result<PublicKey, KeyRejected> {
    let parameters = rsa_parameters(algorithm, hash).ok_or(KeyRejected)?;
    let key = RsaPublicKeyComponents { n, e }.to_parsed_public_key(parameters);
    key.map(PublicKey).map_err(|_| KeyRejected)
}

/// Returns the parameters of an RSA algorithm. The salt of RSASSA-PSS is as long as its hash (RFC 7518 §3.5).
pub(super) fn rsa_parameters(algorithm: Algorithm, hash: SignatureHash) -> Option<&'static RsaParameters> {
    match algorithm {
        Algorithm::Rs256 => Some(&RSA_PKCS1_2048_8192_SHA256),
        Algorithm::Rs384 => Some(&RSA_PKCS1_2048_8192_SHA384),
        Algorithm::Rs512 => Some(&RSA_PKCS1_2048_8192_SHA512),
        Algorithm::Ps256 => Some(&RSA_PSS_2048_8192_SHA256),
        Algorithm::Ps384 => Some(&RSA_PSS_2048_8192_SHA384),
        Algorithm::Ps512 => Some(&RSA_PSS_2048_8192_SHA512),
        Algorithm::CloudFrontRsa => Some(match hash {
            SignatureHash::Sha1 => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            SignatureHash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        }),
        Algorithm::CloudFrontP256
        | Algorithm::Es256
        | Algorithm::Es384
        | Algorithm::EdDsa
        | Algorithm::Hs256
        | Algorithm::Hs384
        | Algorithm::Hs512 => None,
    }
}

/// Returns the hash of an HMAC algorithm.
pub(super) fn hmac_of(algorithm: Algorithm) -> Option<hmac::Algorithm> {
    match algorithm {
        Algorithm::Hs256 => Some(hmac::HMAC_SHA256),
        Algorithm::Hs384 => Some(hmac::HMAC_SHA384),
        Algorithm::Hs512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}
