use serde_json::Map;

use super::parts::Parts;

/// Reads an Akamai token: fields that `~` separates, the last of which is `hmac`.
pub(super) fn read(text: &str) -> Option<Parts> {
    let decoded = percent_decoded(text);
    let (fields, hmac) = decoded.rsplit_once("~hmac=")?;
    let mut parts = Parts::new("akamai");
    let mut map = Map::new();
    for field in fields.split('~') {
        let (name, value) = field.split_once('=')?;
        if map.is_empty() && !FIELDS.contains(&name) {
            return None; // a cookie or a URL around the token
        }
        if matches!(name, "st" | "exp") {
            match value.parse() {
                Ok(seconds) => parts.date(name, seconds),
                Err(_) => parts.problem(format!("{name} is not a number of seconds")),
            }
        }
        if map.insert(name.to_owned(), value.into()).is_some() {
            parts.problem(format!("{name} occurs twice"));
        }
    }
    if !map.contains_key("exp") {
        parts.problem("no exp: every verifier rejects the token".to_owned());
    }
    if !map.contains_key("acl") {
        parts.note("no acl: the token is for one URL, which is signed but not part of the token");
    }
    let hash = match hmac.len() {
        32 => "HMAC-MD5",
        40 => "HMAC-SHA-1",
        64 => "HMAC-SHA-256",
        _ => "unknown length",
    };
    parts.note(&format!("hmac of {} digits ({hash})", hmac.chars().count()));
    parts.part("fields", map);
    Some(parts)
}

/// The fields that a token can begin with.
const FIELDS: [&str; 6] = ["ip", "st", "exp", "acl", "id", "data"];

/// Decodes `%` and two digits once. Other text stays as it is.
fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = after
            .get(..2)
            .filter(|_| byte == b'%')
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let Some(decoded) = escaped {
            bytes.push(decoded);
            rest = after.get(2..).unwrap_or_default();
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use playgate::time::UnixSeconds;

    #[test]
    fn fields_and_dates_are_decoded_also_if_the_token_is_escaped() {
        for text in [
            "st=1796083200~exp=1796086800~acl=/videos/*~hmac=00",
            "st%3D1796083200~exp=1796086800~acl=%2fvideos%2f*~hmac=00",
        ] {
            let json = read(text).unwrap().to_json(UnixSeconds::new(1_796_083_200));
            assert_eq!(json["parts"]["fields"]["acl"], "/videos/*", "{text}");
            assert_eq!(json["dates"]["exp"]["distance"], "in 1 h");
            assert_eq!(json["dates"]["st"]["distance"], "now");
        }
        assert!(read("a~hmac=00").is_none());
    }
}
