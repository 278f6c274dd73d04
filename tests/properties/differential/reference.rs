//! The rules of the design, one after another, as slowly as they read. It shares no code with the crate.

use std::collections::HashSet;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{KeyFor, NOW, Profile, key_named};

/// The code of the first rule that fails.
pub(crate) fn judge(token: &[u8], profile: &Profile) -> Result<(), &'static str> {
    // Compact form.
    if token.len() > 4096 {
        return Err("malformed_token");
    }
    let segments: Vec<&[u8]> = token.split(|byte| *byte == b'.').collect();
    let [header, payload, signature] = segments[..] else { return Err("malformed_token") };
    if header.is_empty() || payload.is_empty() || signature.is_empty() {
        return Err("malformed_token");
    }
    let signed = &token[..=header.len() + payload.len()];

    // Header. An `alg` that no key can have is its own fault.
    let header = object(header).ok_or("malformed_token")?;
    let alg = header.get("alg").and_then(Json::text).ok_or("malformed_token")?;
    if header.get("crit").is_some() {
        return Err("malformed_token");
    }
    let jwt = |typ: &Json| typ.text().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT"));
    if !header.get("typ").is_none_or(jwt) {
        return Err("malformed_token");
    }
    if header.get("kid").is_some_and(|kid| kid.text().is_none_or(str::is_empty)) {
        return Err("malformed_token");
    }
    let spelled = alg.to_ascii_lowercase();
    if spelled == "none" || spelled.starts_with("http://www.w3.org/") {
        return Err("wrong_algorithm");
    }

    // Payload and signature, as far as their form goes.
    let claims = object(payload).ok_or("malformed_token")?;
    let signature = base64url(signature).ok_or("malformed_token")?;

    // Key.
    let kid = header.get("kid").and_then(Json::text).ok_or("unknown_key")?;
    let key = key_named(kid).ok_or("unknown_key")?;
    if key.is_for == KeyFor::NothingAnyMore {
        return Err("unknown_key");
    }
    if alg != key.key.alg() {
        return Err("wrong_algorithm");
    }
    if key.is_for == KeyFor::AnotherBucket {
        return Err("wrong_key");
    }

    // Time.
    match claims.get("exp").map(Json::date) {
        None if profile.strict => return Err("claim_refused"),
        Some(None) => return Err("malformed_token"),
        Some(Some((floor, _))) if floor <= 0 || i128::from(NOW) >= floor + profile.leeway() => {
            return Err("expired");
        }
        None | Some(Some(_)) => {}
    }
    match claims.get("nbf").map(Json::date) {
        Some(None) => return Err("malformed_token"),
        Some(Some((_, ceil))) if i128::from(NOW) < ceil - profile.leeway() => return Err("not_yet_valid"),
        None | Some(Some(_)) => {}
    }

    // Issuer and audience, where the site asks.
    if profile.strict {
        match claims.get("iss") {
            Some(Json::Text(iss)) if iss == "us" => {}
            None | Some(Json::Text(_)) => return Err("claim_refused"),
            Some(_) => return Err("malformed_token"),
        }
        match claims.get("aud") {
            Some(Json::Text(aud)) if aud == "cdn" => {}
            Some(Json::Array(several)) if several.iter().any(|aud| aud.text().is_none()) => {
                return Err("malformed_token");
            }
            Some(Json::Array(several)) if several.iter().any(|aud| aud.text() == Some("cdn")) => {}
            None | Some(Json::Text(_) | Json::Array(_)) => return Err("claim_refused"),
            Some(_) => return Err("malformed_token"),
        }
    }

    // Scope.
    match claims.get("uri") {
        None => return Err("claim_refused"),
        Some(Json::Text(uri)) if covers(uri) => {}
        Some(Json::Text(_)) => return Err("out_of_scope"),
        Some(_) => return Err("malformed_token"),
    }

    if key.verifies(signed, &signature) { Ok(()) } else { Err("bad_signature") }
}

/// Whether the token's `uri` covers [`KEY`](super::KEY), by whole segments.
pub(crate) fn covers(uri: &str) -> bool {
    if uri.is_empty() {
        return true;
    }
    let folder = if uri.ends_with('/') { uri.to_owned() } else { format!("{uri}/") };
    !uri.starts_with('/') && (super::KEY == uri || super::KEY.starts_with(&folder))
}

/// The bytes of unpadded base64url; `None` for any other character, length, or bits left over that are not zero.
pub(crate) fn base64url(text: &[u8]) -> Option<Vec<u8>> {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for character in text {
        let value = alphabet.iter().position(|known| known == character)?;
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
            bits &= (1 << count) - 1;
        }
    }
    (count < 6 && bits == 0).then_some(bytes)
}

/// A value as far as the rules look into it.
enum Json {
    Text(String),
    Number(String),
    Array(Vec<Json>),
    Other,
}

struct Object(Vec<(String, Json)>);

impl Object {
    fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }
}

impl Json {
    fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// `NumericDate`: a number of seconds below 10^12 that fits 64 bits, floored and ceiled.
    fn date(&self) -> Option<(i128, i128)> {
        let Self::Number(number) = self else { return None };
        let (negative, number) = match number.strip_prefix('-') {
            Some(number) => (true, number),
            None => (false, number.as_str()),
        };
        let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
        let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{part}");
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() {
            return Some((0, 0));
        }
        // How many of the digits stand before the decimal point.
        let exponent: i128 = exponent.parse().ok()?; // the generator writes none longer
        let zeros = i128::try_from(format!("{whole}{part}").len() - digits.len()).unwrap();
        let point = i128::try_from(whole.len()).unwrap() - zeros + exponent;
        if point > 30 {
            return None;
        }
        let at = usize::try_from(point.max(0)).unwrap();
        let padded = format!("{digits:0<at$}");
        let (seconds, rest) = padded.split_at(at);
        let seconds: i128 = if seconds.is_empty() { 0 } else { seconds.parse().unwrap() };
        let fraction = i128::from(rest.bytes().any(|digit| digit != b'0'));
        let (floor, ceil) =
            if negative { (-seconds - fraction, -seconds) } else { (seconds, seconds + fraction) };
        i64::try_from(floor).ok().filter(|floor| *floor < 1_000_000_000_000).map(|_| (floor, ceil))
    }
}

/// One strict object: UTF-8, RFC 8259, at most 64 members, no name twice, at most 16 levels, nothing after it.
fn object(segment: &[u8]) -> Option<Object> {
    let text = String::from_utf8(base64url(segment)?).ok()?;
    let Members(members) = serde_json::from_str(&text).ok()?;
    let names: HashSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    if members.len() > 64 || names.len() < members.len() {
        return None;
    }
    let read = |(name, raw): (String, &RawValue)| Some((name, value(raw, 15)?));
    members.into_iter().map(read).collect::<Option<_>>().map(Object)
}

/// `levels` is how many more may open. The form of a raw value is checked but for what its strings say.
fn value(raw: &RawValue, levels: u8) -> Option<Json> {
    let text = raw.get();
    Some(match text.as_bytes()[0] {
        b'"' => Json::Text(serde_json::from_str(text).ok()?),
        b'-' | b'0'..=b'9' => Json::Number(text.to_owned()),
        b'[' => {
            let levels = levels.checked_sub(1)?;
            let several: Vec<&RawValue> = serde_json::from_str(text).ok()?;
            Json::Array(several.into_iter().map(|raw| value(raw, levels)).collect::<Option<_>>()?)
        }
        b'{' => {
            let levels = levels.checked_sub(1)?;
            let Members(members) = serde_json::from_str(text).ok()?;
            members.into_iter().try_for_each(|(_, raw)| value(raw, levels).map(drop))?;
            Json::Other
        }
        _ => Json::Other,
    })
}

/// The members of an object in their order, each of them.
struct Members<'t>(Vec<(String, &'t RawValue)>);

impl<'t> Deserialize<'t> for Members<'t> {
    fn deserialize<D: Deserializer<'t>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'t> Visitor<'t> for Each {
            type Value = Members<'t>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'t>>(self, mut map: A) -> Result<Members<'t>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
