use der::Decode;
use der::asn1::ObjectIdentifier;
use spki::SubjectPublicKeyInfoRef;

use super::rsa::check_rsa;
use crate::crypto::{Algorithm, KeyKind, VerifyingKey, public_key, rsa_components};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

impl Key {
    /// Creates a public key from PEM: `PUBLIC KEY` (SPKI, RFC 7468 §13) or `RSA PUBLIC KEY` (PKCS#1).
    ///
    /// The key determines the algorithm: RSA is RS256, P-256 is ES256, P-384 is ES384, Ed25519 is `EdDSA`. Use
    /// [`from_pem_for`](Self::from_pem_for) for another algorithm.
    ///
    /// # Errors
    ///
    /// Returns a different [`ConfigError`] for each of these:
    ///
    /// - no PEM, or several blocks;
    /// - a private key, a certificate or another block;
    /// - a key type that no algorithm of this crate uses;
    /// - RSA outside [`RSA_BITS`](crate::keys::RSA_BITS), with a bad exponent or with the fingerprint of ROCA;
    /// - an empty `kid` or scope.
    pub fn from_pem(kid: &str, pem: impl AsRef<[u8]>, scope: KeyScope) -> Result<Self, ConfigError> {
        Self::new(kid, scope, from_pem(kid, pem.as_ref(), None)?)
    }

    /// Creates a public key from PEM for an algorithm that is not the key's usual one, such as PS256.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_pem`](Self::from_pem), and [`ConfigError::OtherAlgorithm`] if the key does not support the
    /// algorithm.
    pub fn from_pem_for(
        algorithm: Algorithm,
        kid: &str,
        pem: impl AsRef<[u8]>,
        scope: KeyScope,
    ) -> Result<Self, ConfigError> {
        Self::new(kid, scope, from_pem(kid, pem.as_ref(), Some(algorithm))?)
    }
}

fn from_pem(kid: &str, pem: &[u8], wanted: Option<Algorithm>) -> Result<VerifyingKey, ConfigError> {
    let block = one_pem_block(kid, pem)?;
    match block.tag() {
        "PUBLIC KEY" => from_spki(kid, block.contents(), wanted),
        "RSA PUBLIC KEY" => from_pkcs1(kid, block.contents(), wanted),
        private if private.ends_with("PRIVATE KEY") => Err(ConfigError::PrivateKey { kid: kid.to_owned() }),
        "CERTIFICATE" => Err(ConfigError::Certificate { kid: kid.to_owned() }),
        other => Err(ConfigError::PemBlock {
            kid: kid.to_owned(),
            label: other.to_owned(),
            write: "PUBLIC KEY or RSA PUBLIC KEY",
        }),
    }
}

/// Returns the only key block of a PEM text. Surrounding text is ignored, as RFC 7468 §2 allows, and so are the curve parameters
/// that openssl writes before an EC key.
pub(crate) fn one_pem_block(kid: &str, text: &[u8]) -> Result<pem::Pem, ConfigError> {
    let not_pem = |found: &'static str| ConfigError::NotPem { kid: kid.to_owned(), found };
    if memchr::memmem::find(text, b"-----BEGIN").is_none() {
        return Err(not_pem("has no -----BEGIN line"));
    }
    let mut blocks =
        pem::parse_many(text).map_err(|_| not_pem("is damaged between its BEGIN and END lines"))?;
    blocks.retain(|block| block.tag() != "EC PARAMETERS");
    match (blocks.pop(), blocks.is_empty()) {
        (Some(block), true) => Ok(block),
        (Some(_), false) => Err(not_pem("has several blocks")),
        (None, _) => Err(not_pem("has no END line for its BEGIN line")),
    }
}

pub(super) fn from_spki(
    kid: &str,
    der: &[u8],
    wanted: Option<Algorithm>,
) -> Result<VerifyingKey, ConfigError> {
    let broken = || ConfigError::BrokenKey { kid: kid.to_owned() };
    let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| broken())?;
    let curve = spki.algorithm.parameters.and_then(|any| any.decode_as().ok());
    let kind = kind_of(kid, spki.algorithm.oid, curve)?;
    if kind == KeyKind::Rsa {
        let pkcs1 = spki.subject_public_key.as_bytes().ok_or_else(broken)?;
        return from_pkcs1(kid, pkcs1, wanted);
    }
    public_key(algorithm_for(kid, kind, wanted)?, der).map_err(|_| broken())
}

/// Returns the kind of key that the object identifiers of key type and curve stand for.
fn kind_of(
    kid: &str,
    oid: ObjectIdentifier,
    curve: Option<ObjectIdentifier>,
) -> Result<KeyKind, ConfigError> {
    let unsupported = |found: String| Err(ConfigError::KeyType { kid: kid.to_owned(), found });
    match (oid, curve) {
        (RSA, _) => Ok(KeyKind::Rsa),
        (ED25519, _) => Ok(KeyKind::Ed25519),
        (EC, Some(P256)) => Ok(KeyKind::P256),
        (EC, Some(P384)) => Ok(KeyKind::P384),
        (EC, Some(other)) => unsupported(format!("an elliptic curve key on {}", curve_name(&other))),
        (EC, None) => Err(ConfigError::BrokenKey { kid: kid.to_owned() }),
        (other, _) => unsupported(format!("a key of type {other}")),
    }
}

/// Returns the requested algorithm, if the key supports it, or else the usual one.
pub(crate) fn algorithm_for(
    kid: &str,
    kind: KeyKind,
    wanted: Option<Algorithm>,
) -> Result<Algorithm, ConfigError> {
    match wanted {
        None => Ok(kind.usual()),
        Some(wanted) if wanted.key_kind() == kind => Ok(wanted),
        Some(wanted) => {
            let (found, wanted) = (kind.name(), wanted.name());
            Err(ConfigError::OtherAlgorithm { kid: kid.to_owned(), found: found.to_owned(), wanted })
        }
    }
}

/// Returns the common name of a curve that has no algorithm here.
fn curve_name(curve: &ObjectIdentifier) -> String {
    match curve.to_string().as_str() {
        "1.3.132.0.35" => "P-521".to_owned(),
        "1.3.132.0.10" => "secp256k1".to_owned(),
        other => other.to_owned(),
    }
}

pub(super) fn from_pkcs1(
    kid: &str,
    der: &[u8],
    wanted: Option<Algorithm>,
) -> Result<VerifyingKey, ConfigError> {
    let broken = || ConfigError::BrokenKey { kid: kid.to_owned() };
    let algorithm = algorithm_for(kid, KeyKind::Rsa, wanted)?;
    let key = pkcs1::RsaPublicKeyRef::from_der(der).map_err(|_| broken())?;
    let (modulus, exponent) = (key.modulus.as_bytes(), key.public_exponent.as_bytes());
    check_rsa(kid, modulus, exponent)?;
    rsa_components(algorithm, modulus, exponent).map_err(|_| broken())
}

/// Returns the kind and DER of a private key in PEM, for minting.
#[cfg(feature = "mint")]
pub(crate) fn private_key_der(kid: &str, text: &[u8]) -> Result<(KeyKind, Vec<u8>), ConfigError> {
    let broken = || ConfigError::BrokenKey { kid: kid.to_owned() };
    let encrypted = || ConfigError::KeyType {
        kid: kid.to_owned(),
        found: "an encrypted private key: decrypt it with openssl pkey".to_owned(),
    };
    let block = one_pem_block(kid, text)?;
    if block.headers().iter().any(|(name, value)| name == "Proc-Type" && value.contains("ENCRYPTED")) {
        return Err(encrypted());
    }
    let kind = match block.tag() {
        "RSA PRIVATE KEY" => KeyKind::Rsa,
        "EC PRIVATE KEY" => {
            let curve = rfc5915_curve(block.contents()).ok_or_else(broken)?;
            kind_of(kid, EC, Some(curve))?
        }
        "PRIVATE KEY" => {
            let (oid, curve) = pkcs8_algorithm(block.contents()).ok_or_else(broken)?;
            kind_of(kid, oid, curve)?
        }
        "ENCRYPTED PRIVATE KEY" => return Err(encrypted()),
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

/// Returns the algorithm and curve of a PKCS#8 `PrivateKeyInfo`: a sequence of version, algorithm, key (RFC 5208 §5).
#[cfg(feature = "mint")]
fn pkcs8_algorithm(der: &[u8]) -> Option<(ObjectIdentifier, Option<ObjectIdentifier>)> {
    use der::{Reader, SliceReader, asn1::AnyRef};

    let mut reader = SliceReader::new(der).ok()?;
    reader
        .sequence(|fields| {
            let _version = u8::decode(fields)?;
            let algorithm = spki::AlgorithmIdentifier::<AnyRef<'_>>::decode(fields)?;
            while !fields.is_finished() {
                AnyRef::decode(fields)?;
            }
            let curve = algorithm.parameters.and_then(|any| any.decode_as().ok());
            Ok::<_, der::Error>((algorithm.oid, curve))
        })
        .ok()
}

/// Returns the curve of an RFC 5915 `ECPrivateKey`: a sequence of version, key, and optionally `[0]` the curve.
#[cfg(feature = "mint")]
fn rfc5915_curve(der: &[u8]) -> Option<ObjectIdentifier> {
    use der::asn1::{AnyRef, ContextSpecific, OctetStringRef};
    use der::{Reader, SliceReader, TagNumber};

    let mut reader = SliceReader::new(der).ok()?;
    reader
        .sequence(|fields| {
            let _version = u8::decode(fields)?;
            let _key = <&OctetStringRef>::decode(fields)?;
            let curve = ContextSpecific::<ObjectIdentifier>::decode_explicit(fields, TagNumber(0))?;
            while !fields.is_finished() {
                AnyRef::decode(fields)?;
            }
            Ok::<_, der::Error>(curve.map(|curve| curve.value))
        })
        .ok()?
}
