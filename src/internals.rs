//! Interfaces for this crate's own benches and fuzz targets, behind the feature `__internals`, without any guarantee.
//!
//! A server must not use them, and any of them may change or disappear in any release.

use crate::error::Denial;
use crate::request::RequestView;
use crate::schemes::jws::{Claim, KeyIdBuffer, Token, TokenBuffer};
use crate::schemes::{Carrier, Carriers, Decoded};

/// Functions that disable checks. **Never for production.**
pub mod danger {
    use crate::crypto::{Algorithm, BadSignature, SignatureCheck, VerifyingKey};
    use crate::error::ConfigError;
    use crate::keys::Key;
    use crate::scope::KeyScope;

    struct AnySignature;

    impl SignatureCheck for AnySignature {
        fn check(&self, _message: &[u8], _signature: &[u8]) -> Result<(), BadSignature> {
            Ok(())
        }
    }

    /// Creates a key with which **every signature is valid**: anyone who knows its `kid` has access to everything in its scope.
    ///
    /// It exists so that a bench can time the code around the cryptography. **Never for production.**
    ///
    /// # Errors
    ///
    /// Returns the errors of every key for `kid` and scope.
    pub fn key_that_takes_any_signature(
        kid: &str,
        algorithm: Algorithm,
        scope: KeyScope,
    ) -> Result<Key, ConfigError> {
        key_checked_by(kid, algorithm, scope, AnySignature)
    }

    /// Creates a key whose signatures are checked by `check`, which may accept anything. **Never for production.**
    ///
    /// # Errors
    ///
    /// Returns the errors of every key for `kid` and scope.
    pub fn key_checked_by(
        kid: &str,
        algorithm: Algorithm,
        scope: KeyScope,
        check: impl SignatureCheck + 'static,
    ) -> Result<Key, ConfigError> {
        Key::new(kid, scope, VerifyingKey::new(algorithm, check))
    }
}

/// The unverified content of a token, copied for comparison with an oracle.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the member of its name")]
pub struct ReadToken {
    pub kid: Option<Vec<u8>>,
    pub payload: String,
    pub uri: Claim<String>,
    /// The date, floored and rounded up to a second.
    pub exp: Claim<(i64, i64)>,
    /// The date, floored and rounded up to a second.
    pub nbf: Claim<(i64, i64)>,
}

/// Parses a compact token without verifying it.
///
/// # Errors
///
/// Returns the errors of [`Token::parse`].
pub fn read_token(raw: &[u8]) -> Result<ReadToken, Denial> {
    let (mut buffer, mut kid) = (TokenBuffer::new(), KeyIdBuffer::new());
    let token = Token::parse(raw, &mut buffer)?;
    let claims = token.unverified();
    let kid = token.header().key_id().ok().and_then(|text| text.resolve(&mut kid));
    Ok(ReadToken {
        kid: kid.map(<[u8]>::to_vec),
        payload: claims.json().to_owned(),
        uri: map(claims.uri, |text| text.chars().collect()),
        exp: map(claims.exp.strict(), |date| (date.floor().get(), date.ceil().get())),
        nbf: map(claims.nbf.strict(), |date| (date.floor().get(), date.ceil().get())),
    })
}

fn map<T, U>(claim: Claim<T>, to: impl FnOnce(T) -> U) -> Claim<U> {
    match claim {
        Claim::Absent => Claim::Absent,
        Claim::Malformed => Claim::Malformed,
        Claim::Present(value) => Claim::Present(to(value)),
    }
}

/// The credentials that decide, as received.
#[derive(Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is what its name says")]
pub struct Found<'r> {
    pub carrier: Carrier,
    pub raw: Vec<&'r [u8]>,
}

/// Returns the carrier that decides, on a site that lists all three.
///
/// # Errors
///
/// Returns [`Denial::AmbiguousCredential`].
pub fn find_credentials<'r>(
    query_name: &str,
    cookie_name: &str,
    request: &'r (impl RequestView + ?Sized),
) -> Result<Option<Found<'r>>, Denial> {
    let carriers = Carriers {
        listed: [Carrier::Query, Carrier::Bearer, Carrier::Cookie].into_iter().collect(),
        query_name: query_name.into(),
        cookie_name: cookie_name.into(),
    };
    for carrier in Carrier::IN_ORDER {
        let texts = carriers.texts(carrier, request.target().query, request)?;
        if !texts.is_empty() {
            return Ok(Some(Found { carrier, raw: texts.to_vec() }));
        }
    }
    Ok(None)
}

/// Returns the values of every cookie called `name`, as a decision finds them in a request.
pub fn cookie_values<'c>(
    fields: impl Iterator<Item = &'c [u8]>,
    name: &str,
) -> impl Iterator<Item = &'c [u8]> {
    crate::request::cookie_values(fields, name)
}

/// Returns the token of a raw credential.
///
/// # Errors
///
/// Returns [`Denial::MalformedToken`] for a query value that is not valid percent-encoding, or is too long.
pub fn token_text(carrier: Carrier, raw: &[u8]) -> Result<Vec<u8>, Denial> {
    crate::schemes::token_text(carrier, raw, &mut Decoded::new()).map(<[u8]>::to_vec)
}

/// Runs [`Verifier::watch`](crate::Verifier::watch) as on a file system without notifications: changes are detected only by
/// checks at intervals.
///
/// # Errors
///
/// Fails if no thread can be started.
#[cfg(feature = "watch")]
pub fn watch_by_polling(verifier: &crate::Verifier) -> std::io::Result<crate::verifier::Watch> {
    verifier.start_watching(false)
}

/// Returns the errors in the text of a configuration, worded as for a file `fuzz.toml` or `fuzz.json`. Its key files are not
/// opened.
#[cfg(feature = "config")]
pub fn read_config(text: &str, json: bool) -> Vec<String> {
    use crate::config::{ConfigFile, Notation};
    use crate::error::Faults;
    use crate::schemes::{SecretPlace, SecretSlots};
    use crate::site::Policy;

    let (notation, name) = if json { (Notation::Json, "fuzz.json") } else { (Notation::Toml, "fuzz.toml") };
    let errors = ConfigFile::parse(text, notation, name.as_ref()).map_or_else(
        |errors| errors,
        |mut file| {
            let mut faults = Faults::default();
            let mut policy = file.add_to(Policy::builder());
            for (_, SecretSlots { secrets, .. }) in policy.secrets() {
                for secret in secrets {
                    secret.0 = SecretPlace::Unread;
                }
            }
            policy.check(&mut faults);
            let elsewhere = file.place(faults.into_list());
            file.into_errors().into_iter().chain(elsewhere).collect()
        },
    );
    errors.iter().map(ToString::to_string).collect()
}

/// Returns whether `signature` is a valid signature of `message` by this key.
/// [`KeyedToken::verify`](crate::schemes::jws::KeyedToken::verify) does the same for a token.
pub fn check_signature(key: &crate::Key, message: &[u8], signature: &[u8]) -> bool {
    key.verify(message, signature).is_ok()
}

/// Returns whether a token is in a store's memory, and valid there.
pub fn is_known(store: &crate::store::Store, token: &crate::records::EmbedToken) -> bool {
    matches!(store.access().embeds.look(token), crate::records::Known::Live(_))
}

/// Removes expired entries from a store's memory, as its verifiers do every few seconds.
pub fn sweep(store: &crate::store::Store, now: crate::time::UnixSeconds) {
    store.access().sweep(now);
}

/// Parses a record of a shared store and serializes it again. Returns `None` if it is rejected.
pub fn read_record(json: &[u8]) -> Option<Vec<u8>> {
    crate::records::Stored::read(json).ok().map(|stored| stored.write())
}

/// Returns the token's text and the path below it, or `None` if the path has no place for an embed token or the pattern is
/// invalid.
pub fn embed_in_path<'r>(pattern: &str, path: &'r [u8]) -> Option<(&'r [u8], Option<&'r [u8]>)> {
    let mut faults = crate::error::Faults::default();
    let embed = crate::schemes::embed::Embed::new().path(pattern);
    let rules = crate::schemes::check_for_fuzzing(&embed, &mut faults)?;
    rules.in_path(path).map(|place| (place.text, place.below))
}

/// Returns the number of bytes that loops over requests have visited on this thread since the last call. Bytes are counted only
/// while the crate is fuzzed.
#[cfg(any(test, fuzzing))]
pub fn take_work() -> u64 {
    crate::work::take()
}

/// Returns the maximum number of bytes that may be visited for a manifest of `bytes` bytes.
#[cfg(any(test, fuzzing))]
pub const fn most_manifest_work(bytes: u64) -> u64 {
    bytes.saturating_mul(crate::work::MANIFEST_PER_BYTE).saturating_add(crate::work::MANIFEST_BESIDES)
}

/// Returns the maximum number of bytes that may be visited for a request of `received` bytes.
#[cfg(any(test, fuzzing))]
pub const fn most_work(received: u64) -> u64 {
    received.saturating_mul(crate::work::PER_BYTE).saturating_add(crate::work::BESIDES)
}
