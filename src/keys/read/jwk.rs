use base64_simd::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use serde_json::{Map, Value};

use super::rsa::check_rsa;
use super::secret::checked_secret;
use crate::crypto::{Algorithm, VerifyingKey, ecdsa_p256, ed25519, rsa_pkcs1_sha256_components};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;

/// What a JWK Set held: the keys that can be used, and why the others cannot.
#[derive(Debug)]
pub struct Jwks {
    /// The keys, each with the scope that was given for the set.
    pub keys: Vec<Key>,
    /// One message for each member that was passed over: for encryption, of an unknown type, weak (RFC 7517 §5).
    pub skipped: Vec<ConfigError>,
}

impl Key {
    /// A key from one JWK (RFC 7517), named by its `kid`.
    ///
    /// `alg` may be absent for RSA (RS256), P-256 (ES256) and Ed25519 (`EdDSA`); a shared secret (`oct`) must say
    /// `"alg": "HS256"`.
    ///
    /// # Errors
    ///
    /// Each its own [`ConfigError`]: no JSON object; no `kid`; private members (`d`, `p`, …); `use` or `key_ops`
    /// that forbid verifying; a type, curve or `alg` without support; weak or broken key material; no scope.
    pub fn from_jwk(json: &str, scope: KeyScope) -> Result<Self, ConfigError> {
        let object = serde_json::from_str(json).map_err(|error| not_jwk(&error))?;
        from_object(object, scope)
    }

    /// The same for a JWK whose file names it: its own `kid` may be absent, and must not say another name.
    #[cfg(feature = "config")]
    pub(in crate::keys) fn from_named_jwk(
        kid: &str,
        json: &str,
        scope: KeyScope,
    ) -> Result<Self, ConfigError> {
        let mut object: Map<String, Value> = serde_json::from_str(json).map_err(|error| not_jwk(&error))?;
        if let Some(Value::String(inside)) = object.get("kid")
            && inside != kid
        {
            return Err(ConfigError::OtherKeyId { named: kid.to_owned(), inside: inside.clone() });
        }
        object.insert("kid".to_owned(), Value::String(kid.to_owned()));
        from_object(object, scope)
    }
}

impl Jwks {
    /// Reads the text of a JWK Set: an object with a `keys` array. Every key gets the same scope.
    ///
    /// A member that cannot be used is skipped and reported, so that one key for encryption does not keep the
    /// others from being loaded.
    ///
    /// # Errors
    ///
    /// [`ConfigError::NotJwk`] when the document is none; [`ConfigError::PrivateKey`] when any member is a private
    /// key; [`ConfigError::DuplicateKey`] for a `kid` that occurs twice; [`ConfigError::NoKeys`] when nothing is
    /// left.
    pub fn parse(json: &str, scope: &KeyScope) -> Result<Self, ConfigError> {
        let document: Value = serde_json::from_str(json).map_err(|error| not_jwk(&error))?;
        let Some(members) = document.get("keys").and_then(Value::as_array) else {
            return Err(ConfigError::NotJwk { found: "has no \"keys\" array".to_owned() });
        };
        let mut keys: Vec<Key> = Vec::with_capacity(members.len());
        let mut skipped = Vec::new();
        for member in members {
            let Value::Object(object) = member else {
                return Err(ConfigError::NotJwk {
                    found: "has a member of keys that is no object".to_owned(),
                });
            };
            match from_object(object.clone(), scope.clone()) {
                Ok(key) if keys.iter().any(|known| known.id() == key.id()) => {
                    return Err(ConfigError::DuplicateKey { kid: key.id().to_string() });
                }
                Ok(key) => keys.push(key),
                Err(error @ (ConfigError::PrivateKey { .. } | ConfigError::KeyWithoutScope { .. })) => {
                    return Err(error);
                }
                Err(error) => skipped.push(error),
            }
        }
        if keys.is_empty() { Err(ConfigError::NoKeys) } else { Ok(Self { keys, skipped }) }
    }
}

fn not_jwk(error: &serde_json::Error) -> ConfigError {
    // Only the place: the text itself may be a secret.
    ConfigError::NotJwk {
        found: format!("is no JSON document: line {}, column {}", error.line(), error.column()),
    }
}

fn from_object(object: Map<String, Value>, scope: KeyScope) -> Result<Key, ConfigError> {
    let kid = match object.get("kid") {
        Some(Value::String(kid)) => kid.clone(),
        _ => return Err(ConfigError::NotJwk { found: "has no \"kid\" of text".to_owned() }),
    };
    let secret = object.get("kty").is_some_and(|kty| kty == "oct");
    // RFC 7518 §6.2.2, §6.3.2 and RFC 8037 §2: what only a private key has.
    if !secret && ["d", "p", "q", "dp", "dq", "qi", "oth"].iter().any(|name| object.contains_key(*name)) {
        return Err(ConfigError::PrivateKey { kid });
    }
    let jwk: Jwk = serde_json::from_value(Value::Object(object)).map_err(|_| ConfigError::NotJwk {
        found: format!("has members for kid {kid:?} that do not fit its kty"),
    })?;
    if !may_verify(&jwk) {
        return Err(ConfigError::KeyUse { kid });
    }
    let verifying = verifying_key(&kid, &jwk)?;
    Key::new(&kid, scope, verifying)
}

fn may_verify(jwk: &Jwk) -> bool {
    let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let operations = jwk.common.key_operations.as_ref();
    for_signatures && operations.is_none_or(|listed| listed.contains(&KeyOperations::Verify))
}

fn verifying_key(kid: &str, jwk: &Jwk) -> Result<VerifyingKey, ConfigError> {
    let broken = || ConfigError::BrokenKey { kid: kid.to_owned() };
    let unsupported = |found: &str| ConfigError::KeyType { kid: kid.to_owned(), found: found.to_owned() };
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| broken());
    let expect = |algorithm: Algorithm, named: Option<KeyAlgorithm>| match (algorithm, named) {
        (Algorithm::Hs256, None) => Err(unsupported("a shared secret that does not say \"alg\": \"HS256\"")),
        (_, None)
        | (Algorithm::Rs256, Some(KeyAlgorithm::RS256))
        | (Algorithm::Es256, Some(KeyAlgorithm::ES256))
        | (Algorithm::EdDsa, Some(KeyAlgorithm::EdDSA))
        | (Algorithm::Hs256, Some(KeyAlgorithm::HS256)) => Ok(()),
        (_, Some(other)) => Err(unsupported(&format!("a key for {other:?}"))),
    };
    let named = jwk.common.key_algorithm;
    match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            expect(Algorithm::Rs256, named)?;
            let (n, e) = (bytes(&rsa.n)?, bytes(&rsa.e)?);
            check_rsa(kid, &n, &e)?;
            rsa_pkcs1_sha256_components(&n, &e).map_err(|_| broken())
        }
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            expect(Algorithm::Es256, named)?;
            let (x, y) = (bytes(&ec.x)?, bytes(&ec.y)?);
            if x.len() != 32 || y.len() != 32 {
                return Err(broken()); // RFC 7518 §6.2.1.2: full length
            }
            ecdsa_p256(&[&[4], &x[..], &y[..]].concat()).map_err(|_| broken())
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            expect(Algorithm::EdDsa, named)?;
            let x = bytes(&pair.x)?;
            if x.len() == 32 { ed25519(&x).map_err(|_| broken()) } else { Err(broken()) }
        }
        AlgorithmParameters::OctetKey(secret) => {
            expect(Algorithm::Hs256, named)?;
            checked_secret(kid, &bytes(&secret.value)?)
        }
        AlgorithmParameters::EllipticCurve(_) => {
            Err(unsupported("an elliptic curve key on another curve than P-256"))
        }
        _ => Err(unsupported("a key of an unknown type")),
    }
}
