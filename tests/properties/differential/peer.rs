//! `jsonwebtoken`, set as close to the verifier as it allows, and called as its manual has it.

use std::collections::HashSet;

use jsonwebtoken::errors::Error;
use jsonwebtoken::{Validation, decode, decode_header};
use serde_json::Value;

use super::reference::covers;
use super::{KeyFor, Profile, key_named};

/// What it refuses by, in its own words; or what its caller refuses by, who finds the key and compares `uri`.
pub(crate) fn judge(token: &[u8], profile: &Profile) -> Result<(), String> {
    let kid =
        decode_header(token).map_err(|error| format!("header {}", word(&error)))?.kid.ok_or("no kid")?;
    let key = key_named(&kid).filter(|key| key.is_for == KeyFor::This).ok_or("no key")?;
    let mut validation = Validation::new(key.key.algorithm());
    validation.validate_nbf = true;
    validation.leeway = profile.leeway().try_into().unwrap();
    if profile.strict {
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        validation.set_issuer(&["us"]);
        validation.set_audience(&["cdn"]);
    } else {
        validation.required_spec_claims = HashSet::new();
        validation.validate_aud = false;
    }
    let claims = decode::<Value>(token, &key.decoding, &validation).map_err(|error| word(&error))?.claims;
    let uri = claims.get("uri").and_then(Value::as_str).ok_or("uri")?;
    if covers(uri) { Ok(()) } else { Err("scope".to_owned()) }
}

fn word(error: &Error) -> String {
    let kind = format!("{:?}", error.kind());
    kind.split_once('(').map_or(kind.clone(), |(word, _)| word.to_owned())
}
