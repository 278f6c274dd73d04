use std::collections::HashSet;

use base64_simd::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use serde_json::{Map, Value};

use super::pem::algorithm_for;
use super::rsa::check_rsa;
use super::secret::checked_secret;
use crate::crypto::{Algorithm, KeyKind, VerifyingKey, public_key, rsa_components};
use crate::error::ConfigError;
use crate::keys::{Key, MAX_KEY_ID_LEN};
use crate::scope::KeyScope;

/// The content of a JWK Set: the usable keys, and the reasons why the others cannot be used.
#[derive(Debug)]
pub struct Jwks {
    /// The keys, each with the scope that was given for the set.
    pub keys: Vec<Key>,
    /// The reasons why members were skipped (RFC 7517 §5): for encryption, of an unknown type, weak. At most 100, then a count.
    pub skipped: Vec<ConfigError>,
}

impl Key {
    /// Creates a key from one JWK (RFC 7517), named by its `kid`.
    ///
    /// `alg` may be absent for RSA (RS256), P-256 (ES256), P-384 (ES384) and Ed25519 (`EdDSA`). It is required for a shared
    /// secret (`oct`), for example `"alg": "HS256"`.
    ///
    /// # Errors
    ///
    /// Returns a different [`ConfigError`] for each of these:
    ///
    /// - text that is not a JSON object;
    /// - no `kid`, or no scope;
    /// - private members (`d`, `p`, …);
    /// - `use` or `key_ops` that forbid verifying;
    /// - an unsupported type, curve or `alg`;
    /// - weak or broken key material.
    pub fn from_jwk(json: &str, scope: KeyScope) -> Result<Self, ConfigError> {
        let object = serde_json::from_str(json).map_err(|error| not_jwk(&error))?;
        from_object(object, None, scope)
    }

    /// Parses a JWK that is named by its file. Its own `kid` may be absent, and must not differ.
    #[cfg(feature = "config")]
    pub(in crate::keys) fn from_named_jwk(
        kid: &str,
        json: &str,
        wanted: Option<Algorithm>,
        scope: KeyScope,
    ) -> Result<Self, ConfigError> {
        let mut object: Map<String, Value> = serde_json::from_str(json).map_err(|error| not_jwk(&error))?;
        match object.get("kid") {
            None => {}
            Some(Value::String(inside)) if inside == kid => {}
            Some(Value::String(inside)) => {
                return Err(ConfigError::OtherKeyId { named: kid.to_owned(), inside: inside.clone() });
            }
            Some(_) => {
                return Err(ConfigError::NotJwk { found: "has no \"kid\" that is a string".to_owned() });
            }
        }
        object.insert("kid".to_owned(), Value::String(kid.to_owned()));
        from_object(object, wanted, scope)
    }
}

/// The maximum length of a JWK Set, in bytes: room for about 40,000 RSA keys of 2048 bits. Parsing takes up to about twelve times
/// the memory. Load larger numbers of keys from DER, one by one.
pub(in crate::keys) const MAX_JWKS_LEN: usize = 16 * 1024 * 1024;

/// The maximum number of members of a JWK Set, and of files in a folder of keys.
pub(in crate::keys) const MAX_KEYS: usize = 1_000_000;

/// The number of unusable members of a JWK Set that are reported one by one. The others are counted.
const MAX_SKIPPED: usize = 100;

impl Jwks {
    /// Parses a JWK Set: an object with a `keys` array. Every key gets the same scope.
    ///
    /// A member that cannot be used is skipped and reported, so that a key for encryption does not prevent the others from being
    /// loaded. The first 100 are reported one by one, and the others as a count. The text may have up to 16 MiB and a million
    /// members.
    ///
    /// # Errors
    ///
    /// - [`ConfigError::NotJwk`] if the document is not a JWK Set;
    /// - [`ConfigError::SetTooLarge`] if the text or the number of members exceeds its limit;
    /// - [`ConfigError::PrivateKey`] if any member is a private key;
    /// - [`ConfigError::DuplicateKey`] for a `kid` that occurs twice, whether or not both keys can be used;
    /// - [`ConfigError::NoKeys`] if no usable key is left, or, for a set with one member, the reason why that member was skipped.
    pub fn parse(json: &str, scope: &KeyScope) -> Result<Self, ConfigError> {
        let set = Self::parse_for(None, json, scope)?;
        set.why_empty().map_or(Ok(set), Err)
    }

    /// Parses a JWK Set. `wanted` is the algorithm of members that name none. Unlike with [`parse`](Self::parse), a set without
    /// usable keys is not an error.
    pub(in crate::keys) fn parse_for(
        wanted: Option<Algorithm>,
        json: &str,
        scope: &KeyScope,
    ) -> Result<Self, ConfigError> {
        if json.len() > MAX_JWKS_LEN {
            let found =
                format!("has {} bytes: use at most {MAX_JWKS_LEN}, or load keys from DER", json.len());
            return Err(ConfigError::SetTooLarge { found });
        }
        let document: Value = serde_json::from_str(json).map_err(|error| not_jwk(&error))?;
        let Some(members) = document.get("keys").and_then(Value::as_array) else {
            return Err(ConfigError::NotJwk { found: "has no \"keys\" array".to_owned() });
        };
        if members.len() > MAX_KEYS {
            let found = format!("has {} members: use at most {MAX_KEYS}", members.len());
            return Err(ConfigError::SetTooLarge { found });
        }
        refuse_repeated(members, scope)?;
        let mut keys: Vec<Key> = Vec::with_capacity(members.len());
        let (mut skipped, mut more) = (Vec::new(), 0_usize);
        for member in members {
            let Value::Object(object) = member else {
                return Err(ConfigError::NotJwk {
                    found: "has a member of \"keys\" that is not an object".to_owned(),
                });
            };
            match from_object(object.clone(), wanted, scope.clone()) {
                Ok(key) => keys.push(key),
                Err(error @ (ConfigError::PrivateKey { .. } | ConfigError::KeyWithoutScope { .. })) => {
                    return Err(error);
                }
                Err(error) if skipped.len() < MAX_SKIPPED => skipped.push(error),
                Err(_) => more = more.saturating_add(1),
            }
        }
        if more > 0 {
            skipped.push(ConfigError::MoreSkipped { count: more });
        }
        Ok(Self { keys, skipped })
    }

    /// Returns the reason why the set has no usable key, if it has none.
    pub(in crate::keys) fn why_empty(&self) -> Option<ConfigError> {
        match &*self.skipped {
            _ if !self.keys.is_empty() => None,
            [only] => Some(only.clone()),
            _ => Some(ConfigError::NoKeys),
        }
    }
}

/// Rejects a `kid` that occurs twice, even if one of the keys is unusable: it is unknown which one the tokens mean.
fn refuse_repeated(members: &[Value], scope: &KeyScope) -> Result<(), ConfigError> {
    let mut kids = HashSet::with_capacity(members.len());
    let mut named = members.iter().filter_map(|member| member.get("kid")?.as_str());
    match named.find(|kid| !kids.insert(*kid)) {
        Some(kid) => {
            let kid: String = kid.chars().take(MAX_KEY_ID_LEN).collect();
            Err(ConfigError::DuplicateKey { key: format!("{kid:?} of {scope}") })
        }
        None => Ok(()),
    }
}

fn not_jwk(error: &serde_json::Error) -> ConfigError {
    // Only the position: the text itself may be a secret.
    ConfigError::NotJwk {
        found: format!("is not a JSON document: line {}, column {}", error.line(), error.column()),
    }
}

fn from_object(
    object: Map<String, Value>,
    wanted: Option<Algorithm>,
    scope: KeyScope,
) -> Result<Key, ConfigError> {
    let kid = match object.get("kid") {
        Some(Value::String(kid)) => kid.clone(),
        _ => return Err(ConfigError::NotJwk { found: "has no \"kid\" that is a string".to_owned() }),
    };
    let secret = object.get("kty").is_some_and(|kty| kty == "oct");
    // The members of private keys only (RFC 7518 §6.2.2, §6.3.2 and RFC 8037 §2).
    if !secret && ["d", "p", "q", "dp", "dq", "qi", "oth"].iter().any(|name| object.contains_key(*name)) {
        return Err(ConfigError::PrivateKey { kid });
    }
    let jwk: Jwk = serde_json::from_value(Value::Object(object)).map_err(|_| ConfigError::NotJwk {
        found: format!("has members for kid {kid:?} that do not match its kty"),
    })?;
    if !may_verify(&jwk) {
        return Err(ConfigError::KeyUse { kid });
    }
    let verifying = verifying_key(&kid, &jwk, wanted)?;
    Key::new(&kid, scope, verifying)
}

fn may_verify(jwk: &Jwk) -> bool {
    let for_signatures = matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let operations = jwk.common.key_operations.as_ref();
    for_signatures && operations.is_none_or(|listed| listed.contains(&KeyOperations::Verify))
}

fn verifying_key(kid: &str, jwk: &Jwk, wanted: Option<Algorithm>) -> Result<VerifyingKey, ConfigError> {
    let broken = || ConfigError::BrokenKey { kid: kid.to_owned() };
    let unsupported = |found: &str| ConfigError::KeyType { kid: kid.to_owned(), found: found.to_owned() };
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode_to_vec(text).map_err(|_| broken());
    let named = || match jwk.common.key_algorithm {
        None => Ok(None),
        Some(named) => Algorithm::of_jws_name(&named.to_string())
            .map(Some)
            .ok_or_else(|| unsupported(&format!("a key for {named:?}"))),
    };
    let algorithm = |kind: KeyKind| match (named()?, wanted) {
        (Some(named), Some(wanted)) if named != wanted => {
            let (found, wanted) = (format!("for {named}"), wanted.name());
            Err(ConfigError::OtherAlgorithm { kid: kid.to_owned(), found, wanted })
        }
        (None, None) if kind == KeyKind::Secret => {
            Err(unsupported("a shared secret without \"alg\", such as \"HS256\""))
        }
        (named, wanted) => algorithm_for(kid, kind, named.or(wanted)),
    };
    match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => {
            let algorithm = algorithm(KeyKind::Rsa)?;
            let (n, e) = (bytes(&rsa.n)?, bytes(&rsa.e)?);
            check_rsa(kid, &n, &e)?;
            rsa_components(algorithm, &n, &e).map_err(|_| broken())
        }
        AlgorithmParameters::EllipticCurve(ec) => {
            // RFC 7518 §6.2.1.2: coordinates have their full length.
            let (kind, coordinate) = match ec.curve {
                EllipticCurve::P256 => (KeyKind::P256, 32),
                EllipticCurve::P384 => (KeyKind::P384, 48),
                _ => return Err(unsupported("an elliptic curve key on a curve other than P-256 and P-384")),
            };
            let algorithm = algorithm(kind)?;
            let (x, y) = (bytes(&ec.x)?, bytes(&ec.y)?);
            if x.len() != coordinate || y.len() != coordinate {
                return Err(broken());
            }
            public_key(algorithm, &[&[4], &x[..], &y[..]].concat()).map_err(|_| broken())
        }
        AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519 => {
            let algorithm = algorithm(KeyKind::Ed25519)?;
            let x = bytes(&pair.x)?;
            if x.len() == 32 { public_key(algorithm, &x).map_err(|_| broken()) } else { Err(broken()) }
        }
        AlgorithmParameters::OctetKey(secret) => {
            checked_secret(kid, &bytes(&secret.value)?, algorithm(KeyKind::Secret)?)
        }
        _ => Err(unsupported("a key of an unknown type")),
    }
}
