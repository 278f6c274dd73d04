//! The content of a token for an explanation: the header and the claims, verified or not.

use serde_json::{Map, Value};

use super::{header_of, payload_of};
use crate::schemes::recorder::Field;
use crate::schemes::rule::Rule;
use crate::time::UnixSeconds;

/// The members of the header that an explanation shows. The other members have no meaning here.
const HEADER: [&str; 3] = ["alg", "kid", "typ"];

/// The registered dates (RFC 7519 §4.1).
const DATES: [&str; 3] = ["exp", "nbf", "iat"];

/// The rules that read a header field or a claim.
const READ_BY: [(&str, Rule); 9] = [
    ("kid", Rule::Key),
    ("alg", Rule::Algorithm),
    ("iss", Rule::Issuer),
    ("exp", Rule::Expiry),
    ("nbf", Rule::NotBefore),
    ("aud", Rule::Audience),
    ("uri", Rule::Scope),
    ("jti", Rule::Revocation),
    ("sub", Rule::Revocation),
];

/// Returns the header's `alg`, `kid` and `typ`, and every claim. If a part cannot be read, its fields are left out.
pub(super) fn fields_of(token: &[u8]) -> Vec<Field> {
    crate::work::visited(token.len());
    let mut fields = Vec::new();
    if let Some(mut header) = header_of(token).and_then(|header| object(&header)) {
        fields.extend(HEADER.iter().filter_map(|name| Some(field(name, header.remove(*name)?))));
    }
    let claims = payload_of(token).and_then(|payload| object(&payload)).unwrap_or_default();
    fields.extend(claims.into_iter().map(|(name, value)| field(&name, value)));
    fields
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(bytes).ok()
}

fn field(name: &str, value: Value) -> Field {
    let date = value.as_f64().filter(|_| DATES.contains(&name));
    let field = match (value, date) {
        (Value::String(text), _) => Field::text(name, text),
        #[expect(clippy::cast_possible_truncation, reason = "a number beyond the range is the nearest in it")]
        (_, Some(date)) => Field::date(name, UnixSeconds::new(date.floor() as i64)),
        (value, None) => Field::json(name, value.to_string()),
    };
    match READ_BY.iter().find(|(read, _)| *read == name) {
        Some((_, rule)) => field.read_by(*rule),
        None => field,
    }
}
