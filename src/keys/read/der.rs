use ::der::asn1::AnyRef;
use ::der::{Decode as _, Header, SliceReader, Tag, Tagged as _};

use super::pem::{from_pkcs1, from_spki};
use crate::crypto::{Algorithm, VerifyingKey};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;

impl Key {
    /// Creates a public key from DER: SPKI (RFC 5280 §4.1), or for RSA also PKCS#1. Databases of keys usually store this form:
    /// a million such keys are loaded in about a second.
    ///
    /// The key determines the algorithm, as with [`from_pem`](Self::from_pem). Use [`from_der_for`](Self::from_der_for) for
    /// another algorithm.
    ///
    /// # Errors
    ///
    /// Returns a different [`ConfigError`] for each of these:
    ///
    /// - no key, or bytes after it;
    /// - a private key;
    /// - a key type that no algorithm of this crate uses;
    /// - RSA outside [`RSA_BITS`](crate::keys::RSA_BITS), with a bad exponent or with the fingerprint of ROCA;
    /// - an empty `kid` or scope.
    pub fn from_der(kid: &str, der: &[u8], scope: KeyScope) -> Result<Self, ConfigError> {
        Self::new(kid, scope, from_der(kid, der, None)?)
    }

    /// Creates a public key from DER for an algorithm that is not the key's usual one, such as PS256.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`from_der`](Self::from_der), and [`ConfigError::OtherAlgorithm`] if the key does not support the
    /// algorithm.
    pub fn from_der_for(
        algorithm: Algorithm,
        kid: &str,
        der: &[u8],
        scope: KeyScope,
    ) -> Result<Self, ConfigError> {
        Self::new(kid, scope, from_der(kid, der, Some(algorithm))?)
    }
}

fn from_der(kid: &str, der: &[u8], wanted: Option<Algorithm>) -> Result<VerifyingKey, ConfigError> {
    match form_of(der) {
        Some(Form::Spki) => from_spki(kid, der, wanted),
        Some(Form::Pkcs1) => from_pkcs1(kid, der, wanted),
        Some(Form::Private) => Err(ConfigError::PrivateKey { kid: kid.to_owned() }),
        None => Err(ConfigError::BrokenKey { kid: kid.to_owned() }),
    }
}

/// The structure of a sequence, recognized by its beginning.
enum Form {
    Spki,
    Pkcs1,
    Private,
}

fn form_of(der: &[u8]) -> Option<Form> {
    let mut reader = SliceReader::new(der).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    if header.tag() != Tag::Sequence {
        return None;
    }
    let first = AnyRef::decode(&mut reader).ok()?;
    match (first.tag(), first.value()) {
        (Tag::Sequence, _) => Some(Form::Spki), // its algorithm
        // The version of PKCS#8, PKCS#1 and RFC 5915. No modulus is this small.
        (Tag::Integer, [0..=2]) => Some(Form::Private),
        (Tag::Integer, _) => Some(Form::Pkcs1),
        _ => None,
    }
}
