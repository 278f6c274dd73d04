//! Extensions and other kinds of token: `crit`, `b64`, `zip`, `cty`, `typ`, and the shapes of JWE.

use super::{
    Attack, CRITICAL, Expected, Family, Harmless, NO_KID, PATH, PAYLOAD, WRONG_ALGORITHM, WRONG_TYPE,
};
use super::{bearing, malformed};
use crate::support::{TestKey, behind, encode, get, vod};
use jsonwebtoken::Algorithm as Signing;
use playgate::error::TokenFault;

pub(crate) fn family() -> Family {
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    let attacks = [members(), types(), encrypted()];
    Family::new("critical", behind(vod()), clean, attacks.into_iter().flatten().collect())
}

fn with(member: &str) -> String {
    TestKey::Rsa.sign(&format!(r#"{{"alg":"RS256","kid":"rsa",{member}}}"#), PAYLOAD)
}

fn members() -> Vec<Attack> {
    let unknown = "CVE-2025-59420 (Authlib); CVE-2026-32597 (PyJWT)";
    let shape = "RFC 7515 §4.1.11";
    let rows: [(&str, &'static str, Expected); 19] = [
        (r#""crit":["x"],"x":1"#, unknown, CRITICAL),
        (r#""crit":["exp"],"exp":1"#, unknown, CRITICAL),
        (r#""crit":["alg"]"#, shape, CRITICAL),
        (r#""crit":["absent"]"#, shape, CRITICAL),
        (r#""crit":["x","x"],"x":1"#, shape, CRITICAL),
        (r#""crit":[]"#, shape, CRITICAL),
        (r#""crit":null"#, shape, CRITICAL),
        (r#""crit":"x""#, shape, CRITICAL),
        (r#""crit":false"#, shape, CRITICAL),
        (r#""crit":{}"#, shape, CRITICAL),
        (r#""\u0063rit":["x"],"x":1"#, "CVE-2026-32597 (PyJWT), with RFC 8259 §7 escapes", CRITICAL),
        (r#""crit":["b64"],"b64":false"#, "RFC 7797 §6", CRITICAL),
        (r#""crit":["b64"],"b64":true"#, "RFC 7797 §6", CRITICAL),
        (r#""crit":["b64"],"crit":[]"#, "RFC 7515 §4: unique names", malformed(TokenFault::DuplicateMember)),
        // What no crit stands for may be ignored (RFC 7515 §4.2), and is: the payload stays base64url.
        (r#""CRIT":["x"]"#, "RFC 7515 §4: names are case-sensitive", Harmless),
        (r#""b64":false"#, "RFC 7797 §7: without crit it is another's", Harmless),
        (r#""zip":"DEF""#, "CVE-2025-62706 (Authlib); CVE-2024-33664 (python-jose)", Harmless),
        (r#""cty":"JWT""#, "RFC 7519 §5.2: nested", Harmless),
        (r#""__proto__":{"alg":"none"}"#, "CWE-1321: prototypes", Harmless),
    ];
    let mut attacks: Vec<Attack> = rows
        .into_iter()
        .map(|(member, source, expected)| bearing(member, source, with(member), expected))
        .collect();
    // The payload as it stands, which RFC 7797 signs without encoding; ours has base64url as its one reading.
    let header = encode(r#"{"alg":"RS256","kid":"rsa","b64":false}"#);
    let plain = TestKey::Rsa.sign_text(Signing::RS256, &format!("{header}.{PAYLOAD}"));
    attacks.push(bearing(
        "b64 false and a plain payload",
        "RFC 7797 §4",
        plain,
        malformed(TokenFault::Base64),
    ));
    // {"uri":""}, deflated.
    let deflated = [0xab, 0x56, 0x2a, 0x2d, 0xca, 0x54, 0xb2, 0x52, 0x52, 0xaa, 0x05, 0x00];
    let header = encode(r#"{"alg":"RS256","kid":"rsa","zip":"DEF"}"#);
    let zipped = TestKey::Rsa.sign_text(Signing::RS256, &format!("{header}.{}", encode(deflated)));
    let source = "CVE-2024-28176 (panva/jose); CVE-2024-28180 (go-jose)";
    attacks.push(bearing("zip and a deflated payload", source, zipped, malformed(TokenFault::NotUtf8)));
    let nested = TestKey::Rsa.token(PAYLOAD);
    let header = r#"{"alg":"RS256","kid":"rsa","cty":"JWT"}"#;
    let token = TestKey::Rsa.sign(header, &nested);
    attacks.push(bearing("a token within a token", "RFC 7519 §5.2", token, malformed(TokenFault::Json)));
    attacks
}

fn types() -> Vec<Attack> {
    let confusion = "RFC 8725 §3.11: one kind of JWT for another";
    let rows: [(&str, &'static str, Expected); 14] = [
        (r#""at+jwt""#, "RFC 9068 §2.1", WRONG_TYPE),
        (r#""logout+jwt""#, confusion, WRONG_TYPE),
        (r#""dpop+jwt""#, "RFC 9449 §4.2", WRONG_TYPE),
        (r#""secevent+jwt""#, "RFC 8417 §2.3", WRONG_TYPE),
        (r#""application/jwt""#, confusion, WRONG_TYPE),
        (r#""JOSE+JSON""#, "RFC 7515 §4.1.9", WRONG_TYPE),
        (r#""JWE""#, confusion, WRONG_TYPE),
        (r#""JWT ""#, confusion, WRONG_TYPE),
        (r#""JWT\u0000""#, confusion, WRONG_TYPE),
        (r#""""#, confusion, WRONG_TYPE),
        ("null", confusion, WRONG_TYPE),
        (r#"["JWT"]"#, confusion, WRONG_TYPE),
        (r#"{"typ":"JWT"}"#, confusion, WRONG_TYPE),
        (r#""\u006aWt""#, "RFC 7519 §5.1", Harmless),
    ];
    rows.into_iter()
        .map(|(typ, source, expected)| {
            bearing(format!("typ is {typ}"), source, with(&format!(r#""typ":{typ}"#)), expected)
        })
        .collect()
}

/// JWE, whole and in parts.
fn encrypted() -> Vec<Attack> {
    let five = |alg: &str| {
        let header = format!(r#"{{"alg":"{alg}","enc":"A128GCM","kid":"rsa"}}"#);
        [encode(header), encode([1; 256]), encode([2; 12]), encode(PAYLOAD), encode([3; 16])].join(".")
    };
    let three =
        |alg: &str| TestKey::Rsa.sign(&format!(r#"{{"alg":"{alg}","enc":"A128GCM","kid":"rsa"}}"#), PAYLOAD);
    let segments = malformed(TokenFault::Segments);
    vec![
        bearing(
            "JWE, RSA-OAEP",
            "CVE-2026-29000 (pac4j): JWE around a plain JWT",
            five("RSA-OAEP"),
            segments,
        ),
        bearing("JWE, dir", "RFC 7516 §9", five("dir"), segments),
        bearing("JWE, PBES2", "CVE-2023-52428 (Nimbus): p2c", five("PBES2-HS256+A128KW"), segments),
        bearing("JWE header, three segments", "RFC 7516 §9", three("RSA-OAEP"), WRONG_ALGORITHM),
        bearing("JWE header, dir", "RFC 7516 §9", three("dir"), WRONG_ALGORITHM),
        bearing("JWE header, RSA1_5", "Bleichenbacher 1998; RFC 8725 §3.2", three("RSA1_5"), WRONG_ALGORITHM),
        bearing(
            "enc beside RS256",
            "RFC 7516 §9: enc tells JWE from JWS",
            with(r#""enc":"A128GCM""#),
            Harmless,
        ),
        bearing(
            "enc, and no kid",
            "RFC 7516 §9",
            TestKey::Rsa.sign(r#"{"alg":"RS256","enc":"x"}"#, PAYLOAD),
            NO_KID,
        ),
        bearing(
            "ECDH-ES with an invalid point",
            "CVE-2017-16007 (node-jose): invalid curve",
            TestKey::Rsa.sign(
                r#"{"alg":"ECDH-ES","kid":"rsa","epk":{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}}"#,
                PAYLOAD,
            ),
            WRONG_ALGORITHM,
        ),
    ]
}
