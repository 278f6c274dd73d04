use der::Decode;
use der::asn1::ObjectIdentifier;
use spki::SubjectPublicKeyInfoRef;

use super::rsa::check_rsa;
use crate::crypto::{VerifyingKey, ecdsa_p256, ed25519, rsa_pkcs1_sha256};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

impl Key {
    /// A public key from PEM: `PUBLIC KEY` (SPKI, RFC 7468 §13) or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// The key decides the algorithm: RSA is RS256, P-256 is ES256, Ed25519 is `EdDSA`.
    ///
    /// # Errors
    ///
    /// Each of these its own [`ConfigError`]: no PEM, or several blocks; a private key; a certificate or another
    /// block; a key type without an algorithm here; RSA outside of [`RSA_BITS`](crate::keys::RSA_BITS) or with a
    /// bad exponent; a `kid` or scope that names nothing.
    pub fn from_pem(kid: &str, pem: impl AsRef<[u8]>, scope: KeyScope) -> Result<Self, ConfigError> {
        let block = one_pem_block(kid, pem.as_ref())?;
        let verifying = match block.tag() {
            "PUBLIC KEY" => from_spki(kid, block.contents()),
            "RSA PUBLIC KEY" => from_pkcs1(kid, block.contents()),
            private if private.ends_with("PRIVATE KEY") => {
                Err(ConfigError::PrivateKey { kid: kid.to_owned() })
            }
            "CERTIFICATE" => Err(ConfigError::Certificate { kid: kid.to_owned() }),
            other => Err(ConfigError::PemBlock {
                kid: kid.to_owned(),
                label: other.to_owned(),
                write: "PUBLIC KEY or RSA PUBLIC KEY",
            }),
        }?;
        Self::new(kid, scope, verifying)
    }
}

/// The one key block of a PEM text; what stands around it is ignored, as RFC 7468 §2 allows, and so are the curve
/// parameters that openssl writes before an EC key.
pub(crate) fn one_pem_block(kid: &str, text: &[u8]) -> Result<pem::Pem, ConfigError> {
    let not_pem = |found: &'static str| ConfigError::NotPem { kid: kid.to_owned(), found };
    if memchr::memmem::find(text, b"-----BEGIN").is_none() {
        return Err(not_pem("has no -----BEGIN line"));
    }
    let mut blocks =
        pem::parse_many(text).map_err(|_| not_pem("is broken between its BEGIN and END lines"))?;
    blocks.retain(|block| block.tag() != "EC PARAMETERS");
    match (blocks.pop(), blocks.is_empty()) {
        (Some(block), true) => Ok(block),
        (Some(_), false) => Err(not_pem("has several blocks")),
        (None, _) => Err(not_pem("has no END line for its BEGIN line")),
    }
}

fn from_spki(kid: &str, der: &[u8]) -> Result<VerifyingKey, ConfigError> {
    let unsupported = |found: String| ConfigError::KeyType { kid: kid.to_owned(), found };
    let broken = || ConfigError::BrokenKey { kid: kid.to_owned() };
    let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| broken())?;
    match spki.algorithm.oid {
        RSA => {
            let pkcs1 = spki.subject_public_key.as_bytes().ok_or_else(broken)?;
            from_pkcs1(kid, pkcs1)
        }
        EC => {
            let curve: Option<ObjectIdentifier> =
                spki.algorithm.parameters.and_then(|any| any.decode_as().ok());
            match curve {
                Some(P256) => ecdsa_p256(der).map_err(|_| broken()),
                Some(other) => Err(unsupported(format!("an elliptic curve key on {}", curve_name(&other)))),
                None => Err(broken()),
            }
        }
        ED25519 => ed25519(der).map_err(|_| broken()),
        other => Err(unsupported(format!("a key of type {other}"))),
    }
}

/// What people call the curves that have no algorithm here.
fn curve_name(curve: &ObjectIdentifier) -> String {
    match curve.to_string().as_str() {
        "1.3.132.0.34" => "P-384".to_owned(),
        "1.3.132.0.35" => "P-521".to_owned(),
        "1.3.132.0.10" => "secp256k1".to_owned(),
        other => other.to_owned(),
    }
}

fn from_pkcs1(kid: &str, der: &[u8]) -> Result<VerifyingKey, ConfigError> {
    let broken = || ConfigError::BrokenKey { kid: kid.to_owned() };
    let key = pkcs1::RsaPublicKeyRef::from_der(der).map_err(|_| broken())?;
    check_rsa(kid, key.modulus.as_bytes(), key.public_exponent.as_bytes())?;
    rsa_pkcs1_sha256(der).map_err(|_| broken())
}

/// The kind and DER of a private key in PEM, for minting.
#[cfg(feature = "mint")]
pub(crate) fn private_key_der(
    kid: &str,
    text: &[u8],
) -> Result<(crate::crypto::PrivateKeyKind, Vec<u8>), ConfigError> {
    use crate::crypto::PrivateKeyKind;

    let unsupported = |found: String| ConfigError::KeyType { kid: kid.to_owned(), found };
    let block = one_pem_block(kid, text)?;
    let encrypted = || unsupported("an encrypted private key: decrypt it with openssl pkey".to_owned());
    if block.headers().iter().any(|(name, value)| name == "Proc-Type" && value.contains("ENCRYPTED")) {
        return Err(encrypted());
    }
    let kind = match block.tag() {
        "RSA PRIVATE KEY" => PrivateKeyKind::Rsa,
        "EC PRIVATE KEY" => PrivateKeyKind::EcdsaP256,
        "PRIVATE KEY" => match pkcs8_algorithm(block.contents()) {
            Some(RSA) => PrivateKeyKind::Rsa,
            Some(EC) => PrivateKeyKind::EcdsaP256,
            Some(ED25519) => PrivateKeyKind::Ed25519,
            Some(other) => return Err(unsupported(format!("a private key of type {other}"))),
            None => return Err(ConfigError::BrokenKey { kid: kid.to_owned() }),
        },
        "ENCRYPTED PRIVATE KEY" => {
            return Err(encrypted());
        }
        "PUBLIC KEY" | "RSA PUBLIC KEY" => {
            return Err(ConfigError::PublicKeyCannotSign { kid: kid.to_owned() });
        }
        other => {
            return Err(ConfigError::PemBlock {
                kid: kid.to_owned(),
                label: other.to_owned(),
                write: "PRIVATE KEY, RSA PRIVATE KEY or EC PRIVATE KEY",
            });
        }
    };
    Ok((kind, block.into_contents()))
}

/// The algorithm of a PKCS#8 `PrivateKeyInfo`: a sequence of version, algorithm, key (RFC 5208 §5).
#[cfg(feature = "mint")]
fn pkcs8_algorithm(der: &[u8]) -> Option<ObjectIdentifier> {
    use der::{Reader, SliceReader, asn1::AnyRef};

    let mut reader = SliceReader::new(der).ok()?;
    reader
        .sequence(|fields| {
            let _version = u8::decode(fields)?;
            let algorithm = spki::AlgorithmIdentifier::<AnyRef<'_>>::decode(fields)?;
            while !fields.is_finished() {
                AnyRef::decode(fields)?;
            }
            Ok::<_, der::Error>(algorithm.oid)
        })
        .ok()
}
