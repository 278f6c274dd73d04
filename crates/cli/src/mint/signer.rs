//! The key that signs tokens: from a file, a variable or standard input, or the shared secret that the configuration names.

use std::path::Path;

use anyhow::{Result, bail};
use playgate::crypto::Algorithm;
use playgate::mint::Signer;
use playgate::schemes::jws::{Token, TokenBuffer};
use playgate::{Key, KeySet};

use crate::failure::{no, usage};
use crate::input::{self, KeyOptions, is_pem, without_line_end};

/// Returns the signer. `keys` are those of the configuration, if there is one.
///
/// # Errors
///
/// Fails if no key is named, if it cannot be used, and if a configuration does not have its `kid`.
pub(super) fn signer(options: &KeyOptions, keys: Option<&KeySet>) -> Result<Signer> {
    let Some(bytes) = options.read()? else { return shared_secret(options, keys) };
    let kid = options.kid().ok_or_else(|| usage("key has no kid: set one with --kid"))?;
    let algorithm = keys.and_then(|keys| keys.keys_of(&kid).map(Key::algorithm).next());
    if let (Some(keys), None) = (keys, algorithm) {
        return Err(no(format!(
            "configuration has no key with the kid {kid:?}, only {}: add the public key, or correct --kid",
            known(keys)
        )));
    }
    from_bytes(&kid, &bytes, algorithm)
}

fn from_bytes(kid: &str, bytes: &[u8], algorithm: Option<Algorithm>) -> Result<Signer> {
    Ok(match (is_pem(bytes), algorithm) {
        (true, Some(algorithm)) => Signer::from_pem_for(algorithm, kid, bytes)?,
        (true, None) => Signer::from_pem(kid, bytes)?,
        (false, Some(algorithm)) => Signer::from_secret_for(algorithm, kid, without_line_end(bytes))?,
        (false, None) => Signer::from_secret(kid, without_line_end(bytes))?,
    })
}

/// Returns a signer with a shared secret of the configuration, which both sides have.
fn shared_secret(options: &KeyOptions, keys: Option<&KeySet>) -> Result<Signer> {
    let is_secret =
        |key: &&Key| matches!(key.algorithm(), Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512);
    let is_named = |key: &&Key| options.kid.as_deref().is_none_or(|kid| kid == key.id().as_str());
    let mut secrets = keys.into_iter().flat_map(KeySet::iter).filter(is_secret).filter(is_named);
    let missing =
        || usage("no private key: set its file with --key, or its environment variable with --key-env");
    let key = secrets.next().ok_or_else(missing)?;
    if secrets.next().is_some() {
        return Err(usage("configuration has several shared secrets: select one with --kid"));
    }
    let kid = key.id().as_str();
    let source = key.source().ok_or_else(missing)?;
    let bytes = match source.strip_prefix('$') {
        Some(variable) => input::variable("secret_env", variable)?,
        None => input::read(Path::new(&*source))?,
    };
    if bytes.trim_ascii_start().starts_with(b"{") {
        bail!(
            "shared secret {kid:?} is a JWK, which cannot be used for signing: pass its bytes with --key FILE"
        );
    }
    from_bytes(kid, &bytes, Some(key.algorithm()))
}

/// Checks that a key of the configuration verifies the token.
///
/// # Errors
///
/// Fails if the configuration has another key of this `kid`.
pub(super) fn require_key(keys: &KeySet, signer: &Signer, token: &str) -> Result<()> {
    let mut buffer = TokenBuffer::new();
    let kid = signer.kid().as_str();
    let parsed = Token::parse(token.as_bytes(), &mut buffer)?;
    let verifies = |key: &Key| parsed.with_key(key).is_ok_and(|token| token.verify().is_ok());
    if keys.keys_of(kid).any(verifies) {
        return Ok(());
    }
    Err(no(format!(
        "configuration has another key with the kid {kid:?}: pass the matching private key with --key"
    )))
}

fn known(keys: &KeySet) -> String {
    const SHOWN: usize = 10;
    let names: Vec<&str> = keys.iter().take(SHOWN).map(|key| key.id().as_str()).collect();
    match names.len() {
        0 => "none".to_owned(),
        _ if keys.len() > SHOWN => format!("{}, …", names.join(", ")),
        _ => names.join(", "),
    }
}
