//! Header injection: keys and addresses in the header, and a `kid` that is more than a name.

use super::{Attack, BAD_SIGNATURE, Expected, Family, Harmless, NO_KID, PATH, PAYLOAD, UNKNOWN_KEY};
use super::{bearing, malformed};
use crate::support::{TestKey, encode, get, vod};
use playgate::KeyScope;
use playgate::error::TokenFault;

pub(crate) fn family() -> Family {
    let scope = || KeyScope::bucket("vod");
    let keys = [TestKey::Rsa.key(scope()), TestKey::Secret.key(scope())];
    let verifier = crate::support::gate().site(vod()).keys(keys).build().unwrap();
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    let attacks = [embedded(), kids(), shapes()];
    Family::new("headers", verifier, clean, attacks.into_iter().flatten().collect())
}

/// A key, or where to get one, in the header of a token by that very key.
fn embedded() -> Vec<Attack> {
    let other = TestKey::RsaOther;
    let mut jwk = other.jwk("rsa");
    jwk["use"] = "sig".into();
    let oct = format!(r#"{{"kty":"oct","k":"{}"}}"#, encode(TestKey::SecretOther.public()));
    let der: String =
        std::str::from_utf8(other.public()).unwrap().lines().filter(|l| !l.starts_with('-')).collect();
    let members: [(&str, &'static str, String); 13] = [
        ("jwk", "CVE-2018-0114 (node-jose); CVE-2026-27962 (Authlib)", format!(r#""jwk":{jwk}"#)),
        ("jwk, escaped name", "CVE-2018-0114, with RFC 8259 §7 escapes", format!(r#""\u006awk":{jwk}"#)),
        ("jwks", "PortSwigger, JWT attacks: header injection", format!(r#""jwks":{{"keys":[{jwk}]}}"#)),
        (
            "jku",
            "RFC 8725 §3.10; PortSwigger, jku injection",
            r#""jku":"http://127.0.0.1:9/jwks.json""#.into(),
        ),
        (
            "jku with userinfo",
            "PortSwigger, SSRF filters: https://expected@evil",
            r#""jku":"https://cdn.example.com@127.0.0.1:9/""#.into(),
        ),
        ("jku of a file", "RFC 8725 §3.10", r#""jku":"file:///etc/passwd""#.into()),
        (
            "jku as data",
            "RFC 8725 §3.10",
            format!(r#""jku":"data:application/json;base64,{}""#, encode(jwk.to_string())),
        ),
        ("x5u", "RFC 8725 §3.10", r#""x5u":"http://127.0.0.1:9/cert.pem""#.into()),
        ("x5c", "RFC 7515 §4.1.6; PortSwigger, JWT attacks", format!(r#""x5c":["{der}"]"#)),
        ("x5t", "RFC 7515 §4.1.7", r#""x5t":"AAAAAAAAAAAAAAAAAAAAAAAAAAA""#.into()),
        ("x5t#S256", "RFC 7515 §4.1.8", r#""x5t\u0023S256":"AAAA""#.into()),
        ("iss in the header", "RFC 7519 §5.3: replicated claims", r#""iss":"http://127.0.0.1:9/""#.into()),
        ("p2c", "CVE-2023-51775 (jose4j): PBES2 count", r#""p2c":2147483647,"p2s":"AAAA""#.into()),
    ];
    let mut attacks = Vec::new();
    for (what, source, member) in members {
        let named = format!(r#"{{"alg":"RS256","kid":"rsa",{member}}}"#);
        let unnamed = format!(r#"{{"alg":"RS256",{member}}}"#);
        attacks.extend([
            bearing(format!("{what}, by its own key"), source, other.sign(&named, PAYLOAD), BAD_SIGNATURE),
            bearing(format!("{what}, and no kid"), source, other.sign(&unnamed, PAYLOAD), NO_KID),
            bearing(format!("{what}, not followed"), source, TestKey::Rsa.sign(&named, PAYLOAD), Harmless),
        ]);
    }
    let symmetric = format!(r#"{{"alg":"HS256","kid":"secret","jwk":{oct}}}"#);
    let token = TestKey::SecretOther.sign(&symmetric, PAYLOAD);
    attacks.push(bearing("a secret as jwk", "CVE-2018-0114 (node-jose)", token, BAD_SIGNATURE));
    attacks
}

/// A `kid` for whoever looks it up in files, databases or shells.
fn kids() -> Vec<Attack> {
    let path = "PortSwigger, JWT attacks: kid path traversal";
    let rows: [(&'static str, &'static str, Expected); 30] = [
        (path, "../../../../../../dev/null", UNKNOWN_KEY),
        (path, "/dev/null", UNKNOWN_KEY),
        (path, "/proc/sys/kernel/randomize_va_space", UNKNOWN_KEY),
        (path, "./rsa", UNKNOWN_KEY),
        (path, "keys/../rsa", UNKNOWN_KEY),
        (path, "..\\\\..\\\\rsa", UNKNOWN_KEY),
        (path, "rsa.pem", UNKNOWN_KEY),
        (path, "%72sa", UNKNOWN_KEY),
        (path, "file:///rsa", UNKNOWN_KEY),
        (
            "RFC 8725 §3.10: SQL injection",
            "x' UNION SELECT 'a test secret of thirty-two bytes'--",
            UNKNOWN_KEY,
        ),
        ("RFC 8725 §3.10: SQL injection", "rsa' OR '1'='1", UNKNOWN_KEY),
        ("RFC 8725 §3.10: LDAP injection", "*)(kid=*", UNKNOWN_KEY),
        ("CVE-2017-17405 (Ruby Net::FTP): open with a pipe", "|id", UNKNOWN_KEY),
        ("OWASP: command injection", "rsa; id", UNKNOWN_KEY),
        ("CVE-2021-44228 (Log4j)", "${jndi:ldap://127.0.0.1:9/a}", UNKNOWN_KEY),
        ("CVE-2024-45808 (Envoy): log injection", "rsa\\r\\n200 granted", UNKNOWN_KEY),
        ("CWE-158: NUL ends a name in C", "rsa\\u0000", UNKNOWN_KEY),
        ("CWE-158: NUL ends a name in C", "rsa\\u0000.pem", UNKNOWN_KEY),
        ("RFC 7515 §4.1.4: case-sensitive", "RSA", UNKNOWN_KEY),
        ("RFC 7515 §4.1.4", "rsa ", UNKNOWN_KEY),
        ("RFC 7515 §4.1.4", " rsa", UNKNOWN_KEY),
        ("RFC 7515 §4.1.4", "rs", UNKNOWN_KEY),
        ("Unicode TR36 §2: Cyrillic а", "rsа", UNKNOWN_KEY),
        ("Unicode TR15: full width", "ｒｓａ", UNKNOWN_KEY),
        ("Unicode TR36 §3: zero width", "rs\\u200ba", UNKNOWN_KEY),
        ("CVE-2019-9636 (Python): NFKC", "\\u02b3sa", UNKNOWN_KEY),
        ("OWASP: wildcards", "*", UNKNOWN_KEY),
        ("CWE-1321: prototypes", "__proto__", UNKNOWN_KEY),
        ("CWE-1321: prototypes", "constructor", UNKNOWN_KEY),
        ("RFC 8259 §7", "\\u0072\\u0073\\u0061", Harmless),
    ];
    rows.into_iter()
        .map(|(source, kid, expected)| {
            let token = TestKey::Rsa.sign(&format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#), PAYLOAD);
            bearing(format!("kid {kid:?}"), source, token, expected)
        })
        .collect()
}

/// A `kid` of another type, or several.
fn shapes() -> Vec<Attack> {
    let long = "k".repeat(257);
    let escaped = "\\u006b".repeat(300);
    let rows: [(&str, &'static str, String, Expected); 16] = [
        (
            "kid is empty",
            "CVE-2019-20933 (InfluxDB): empty stands for something",
            r#""kid":"""#.into(),
            malformed(TokenFault::KeyId),
        ),
        ("kid is a number", "RFC 7515 §4.1.4: a string", r#""kid":0"#.into(), malformed(TokenFault::KeyId)),
        ("kid is null", "RFC 7515 §4.1.4: a string", r#""kid":null"#.into(), malformed(TokenFault::KeyId)),
        ("kid is true", "RFC 7515 §4.1.4: a string", r#""kid":true"#.into(), malformed(TokenFault::KeyId)),
        (
            "kid is an array",
            "OWASP: parameter type juggling",
            r#""kid":["rsa"]"#.into(),
            malformed(TokenFault::KeyId),
        ),
        (
            "kid is an object",
            "OWASP: NoSQL injection",
            r#""kid":{"$ne":null}"#.into(),
            malformed(TokenFault::KeyId),
        ),
        ("kid is absent", "envoy and ATS try every key", r#""x":1"#.into(), NO_KID),
        (
            "kid twice",
            "RFC 7515 §4: unique names",
            r#""kid":"rsa","kid":"rsa""#.into(),
            malformed(TokenFault::DuplicateMember),
        ),
        (
            "kid twice, the good one last",
            "CVE-2017-12635 (CouchDB)",
            r#""kid":"x","kid":"rsa""#.into(),
            malformed(TokenFault::DuplicateMember),
        ),
        (
            "kid twice, once escaped",
            "Bishop Fox 2021, JSON interoperability",
            r#""kid":"x","\u006bid":"rsa""#.into(),
            malformed(TokenFault::DuplicateMember),
        ),
        (
            "alg twice",
            "RFC 7515 §4: unique names",
            r#""kid":"rsa","alg":"none""#.into(),
            malformed(TokenFault::DuplicateMember),
        ),
        (
            "kid longer than any",
            "CVE-2025-61920 (Authlib): oversized segments",
            format!(r#""kid":"{long}""#),
            UNKNOWN_KEY,
        ),
        (
            "kid longer than any, escaped",
            "CVE-2025-61920 (Authlib): oversized segments",
            format!(r#""kid":"{escaped}""#),
            UNKNOWN_KEY,
        ),
        ("KID", "RFC 7515 §4: names are case-sensitive", r#""KID":"rsa""#.into(), NO_KID),
        (
            "kid of another key beside a good signature",
            "RFC 7515 §4.1.4",
            r#""kid":"secret""#.into(),
            super::WRONG_ALGORITHM,
        ),
        (
            "kid with a lone surrogate",
            "CVE-2022-31116 (ujson)",
            r#""kid":"rsa\ud800""#.into(),
            malformed(TokenFault::Json),
        ),
    ];
    let mut attacks: Vec<Attack> = rows
        .into_iter()
        .map(|(name, source, member, expected)| {
            let token = TestKey::Rsa.sign(&format!(r#"{{"alg":"RS256",{member}}}"#), PAYLOAD);
            bearing(name, source, token, expected)
        })
        .collect();
    let in_claims = TestKey::Rsa.sign(r#"{"alg":"RS256"}"#, r#"{"uri":"videos/1/","kid":"rsa","jti":"rsa"}"#);
    attacks.push(bearing("kid in the claims", "a published Java sample writes it as jti", in_claims, NO_KID));
    attacks
}
