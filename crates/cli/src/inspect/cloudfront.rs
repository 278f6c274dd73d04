use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::parts::Parts;

/// The parameters and cookies with a policy that is read by its signature's side.
pub(super) const PARTS: [&str; 2] = ["Policy", "CloudFront-Policy"];

/// Reads a custom policy, as it is sent.
pub(super) fn read(text: &str) -> Option<Parts> {
    of_policy(&decode(text)?)
}

/// Reads the parameters of a signed URL, or signed cookies. `value` returns the value of the first of two names.
pub(super) fn of_pairs<'v>(value: impl Fn([&str; 2]) -> Option<&'v str>) -> Option<Parts> {
    value(["Signature", "CloudFront-Signature"])?;
    let mut parts = match value(PARTS) {
        Some(policy) => of_policy(&decode(policy)?)?,
        None => canned(value(["Expires", "CloudFront-Expires"])?),
    };
    parts.key(value(["Key-Pair-Id", "CloudFront-Key-Pair-Id"]));
    let hash = value(["Hash-Algorithm", "CloudFront-Hash-Algorithm"]).unwrap_or("SHA1, by default");
    parts.note(&format!("hash {}", crate::output::shown(hash)));
    Some(parts)
}

fn canned(expires: &str) -> Parts {
    let mut parts = Parts::new("cloudfront");
    match expires.parse() {
        Ok(seconds) => parts.date("Expires", seconds),
        Err(_) => parts.problem("Expires is not a number of seconds".to_owned()),
    }
    parts.note("a canned policy: the signature is for this one URL");
    parts.part("fields", Map::from_iter([("Expires".to_owned(), expires.into())]));
    parts
}

/// Decodes CloudFront's base64.
fn decode(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.replace('-', "+").replace('_', "=").replace('~', "/")).ok()
}

fn of_policy(text: &[u8]) -> Option<Parts> {
    let policy: Value = serde_json::from_slice(text).ok()?;
    let statements = policy.get("Statement")?.as_array()?;
    let mut parts = Parts::new("cloudfront");
    if statements.len() != 1 {
        parts.problem(format!("policy has {} statements: every verifier requires one", statements.len()));
    }
    let statement = statements.first()?.as_object()?;
    let mut fields = Map::new();
    if let Some(resource) = statement.get("Resource") {
        fields.insert("Resource".to_owned(), resource.clone());
    } else {
        parts.note("no Resource: the policy covers everything that its key may sign for");
    }
    let condition = statement.get("Condition").and_then(Value::as_object);
    for (name, value) in condition.into_iter().flatten() {
        let inner = value.as_object().and_then(|members| members.values().next());
        if let Some(seconds) = inner.and_then(Value::as_i64) {
            parts.date(name, seconds);
        }
        fields.insert(name.clone(), inner.unwrap_or(value).clone());
    }
    if !fields.contains_key("DateLessThan") {
        parts.problem("no DateLessThan: every verifier rejects the policy".to_owned());
    }
    parts.part("policy", fields);
    Some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use playgate::time::UnixSeconds;

    #[test]
    fn a_policy_is_decoded_alone_and_beside_its_signature() {
        let policy = r#"{"Statement":[{"Resource":"https://h/a/*","Condition":{"DateLessThan":{"AWS:EpochTime":1796086800},"IpAddress":{"AWS:SourceIp":"192.0.2.0/24"}}}]}"#;
        let sent = STANDARD.encode(policy).replace('+', "-").replace('=', "_").replace('/', "~");
        let signed = of_pairs(|names| match names[0] {
            "Policy" => Some(sent.as_str()),
            "Signature" => Some("x"),
            "Key-Pair-Id" => Some("K1"),
            _ => None,
        });
        for (parts, kid) in [(read(&sent), Value::Null), (signed, "K1".into())] {
            let json = parts.unwrap().to_json(UnixSeconds::new(1_796_083_200));
            assert_eq!(json["kid"], kid);
            assert_eq!(json["parts"]["policy"]["Resource"], "https://h/a/*");
            assert_eq!(json["parts"]["policy"]["IpAddress"], "192.0.2.0/24");
            assert_eq!(json["dates"]["DateLessThan"]["distance"], "in 1 h");
            assert_eq!(json["problems"], serde_json::json!([]));
        }
    }
}
