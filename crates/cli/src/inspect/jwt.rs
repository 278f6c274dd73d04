use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use playgate::schemes::jws::{Token, TokenBuffer};
use serde_json::{Map, Value};

use super::parts::Parts;

/// Reads a signed token: three segments whose first is base64url of a JSON object.
pub(super) fn read(text: &str) -> Option<Parts> {
    let mut segments = text.trim_end_matches('=').split('.');
    let (header, claims, signature) = (segments.next()?, segments.next()?, segments.next()?);
    if segments.next().is_some() {
        return None;
    }
    let header = object(header)?;
    let mut parts = Parts::new("signed-token");
    parts.key(header.get("kid").and_then(Value::as_str));
    parts.part("header", header);
    match object(claims) {
        Some(claims) => {
            for name in ["iat", "nbf", "exp"] {
                match claims.get(name) {
                    Some(Value::Number(number)) => {
                        if let Some(seconds) = number.as_i64().or_else(|| whole(number.as_f64()?)) {
                            parts.date(name, seconds);
                        }
                    }
                    Some(_) => parts.problem(format!("{name} is not a number: use seconds since 1970")),
                    None => {}
                }
            }
            if !claims.contains_key("exp") {
                parts.note("no exp: the token never expires");
            }
            if !claims.contains_key("uri") {
                parts.note("no uri: sites that read the scope from uri reject the token");
            }
            parts.part("claims", claims);
        }
        None => parts.problem("claims are not a JSON object in base64url".to_owned()),
    }
    if signature.is_empty() {
        parts.problem("signature is empty".to_owned());
    }
    let mut buffer = TokenBuffer::new();
    if let Err(denial) = Token::parse(text.as_bytes(), &mut buffer) {
        parts.problem(format!("every verifier rejects it as {}: {denial}", denial.code().as_str()));
    }
    Some(parts)
}

/// Returns a date with a fraction, rounded down.
#[expect(clippy::cast_possible_truncation, reason = "conversions of floats saturate")]
fn whole(number: f64) -> Option<i64> {
    number.is_finite().then_some(number.floor() as i64)
}

fn object(segment: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(segment.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use playgate::time::UnixSeconds;

    fn token(header: &str, claims: &str) -> String {
        format!("{}.{}.c2ln", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims))
    }

    fn json(header: &str, claims: &str) -> Value {
        read(&token(header, claims)).unwrap().to_json(UnixSeconds::new(1_796_083_200))
    }

    #[test]
    fn header_claims_and_dates_are_decoded_and_unverified() {
        let json =
            json(r#"{"alg":"ES256","kid":"k1"}"#, r#"{"uri":"a/","exp":1796086800,"iat":1796083100.7}"#);
        assert_eq!(json["verified"], false);
        assert_eq!(json["kid"], "k1");
        assert_eq!(json["parts"]["claims"]["uri"], "a/");
        assert_eq!(json["dates"]["exp"]["utc"], "2026-12-01 01:00:00 UTC");
        assert_eq!(json["dates"]["exp"]["distance"], "in 1 h");
        assert_eq!(json["dates"]["iat"]["seconds"], 1_796_083_100);
        assert_eq!(json["problems"], serde_json::json!([]));
    }

    #[test]
    fn what_every_verifier_refuses_is_a_problem() {
        for (header, claims, problem) in [
            (r#"{"alg":"none"}"#, "{}", "unsigned"),
            (r#"{"alg":"ES256","crit":["b64"]}"#, "{}", "crit"),
            (r#"{"alg":"ES256"}"#, r#"{"exp":1796086800000}"#, "milliseconds"),
            (r#"{"alg":"ES256"}"#, r#"{"exp":"1796086800"}"#, "exp is not a number"),
            (r#"{"alg":"ES256"}"#, r#"{"uri":"a","uri":"b"}"#, "occurs twice"),
            (r#"{"alg":"ES256"}"#, "[]", "claims are not a JSON object"),
        ] {
            let problems = json(header, claims)["problems"].to_string();
            assert!(problems.contains(problem), "{problem}: {problems}");
        }
    }
}
