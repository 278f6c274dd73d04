//! Algorithm and key confusion: the header asks for another check than the key was made for.

use jsonwebtoken::Algorithm as Signing;
use playgate::crypto::Algorithm;
use playgate::{Key, KeyScope, Verifier};

use super::{
    Attack, BAD_SIGNATURE, Expected, Family, Harmless, PATH, PAYLOAD, Refused, UNSIGNED, WRONG_ALGORITHM,
};
use super::{bearing, malformed};
use crate::support::{TestKey, compact, encode, gate, get, vod};
use playgate::Denial;
use playgate::error::TokenFault;

/// A key of every kind, and the RSA key once more as one for PS256 alone.
pub(crate) fn verifier() -> Verifier {
    let scope = || KeyScope::bucket("vod");
    let pss = Key::from_pem_for(Algorithm::Ps256, "pss", TestKey::Rsa.public(), scope()).unwrap();
    let keys = [TestKey::Rsa, TestKey::P256, TestKey::Ed25519, TestKey::Secret];
    gate().site(vod()).keys(keys.map(|key| key.key(scope()))).key(pss).build().unwrap()
}

pub(crate) fn family() -> Family {
    let attacks = [unsigned(), public_keys_as_secrets(), other_algorithms(), other_keys()];
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    Family::new("algorithms", verifier(), clean, attacks.into_iter().flatten().collect())
}

fn header(alg: &str, kid: &str) -> String {
    format!(r#"{{"alg":"{alg}","kid":"{kid}"}}"#)
}

fn unsigned() -> Vec<Attack> {
    let text = |alg| format!("{}.{}", encode(header(alg, "rsa")), encode(PAYLOAD));
    let good = TestKey::Rsa.token(PAYLOAD);
    let signature = good.rsplit('.').next().unwrap();
    let mut attacks: Vec<Attack> = [
        ("none", "RFC 8725 §2.1; CVE-2015-9235", UNSIGNED),
        ("None", "CVE-2018-1000531 (prime-jwt)", UNSIGNED),
        ("NONE", "CVE-2021-22160 (Apache Pulsar)", UNSIGNED),
        ("nOnE", "PortSwigger, JWT attacks: obfuscated none", UNSIGNED),
        ("n\\u006fne", "RFC 8725 §2.1, with RFC 8259 §7 escapes", UNSIGNED),
        ("none ", "PortSwigger, JWT attacks: obfuscated none", WRONG_ALGORITHM),
        ("none\\u0000", "Auth0 2015, critical vulnerabilities in JWT libraries", WRONG_ALGORITHM),
        ("\\u202enone", "Trojan Source (CVE-2021-42574), on alg", WRONG_ALGORITHM),
        ("ｎｏｎｅ", "Unicode TR36 §2, full-width letters", WRONG_ALGORITHM),
        ("", "CVE-2026-23993 (HarbourJwt): an unknown alg", WRONG_ALGORITHM),
    ]
    .into_iter()
    .map(|(alg, source, expected)| {
        bearing(format!("alg {alg:?}"), source, format!("{}.AA", text(alg)), expected)
    })
    .collect();
    attacks.extend([
        bearing(
            "alg none, no signature, trailing dot",
            "RFC 7519 §6.1; CVE-2023-29357 (SharePoint)",
            format!("{}.", text("none")),
            malformed(TokenFault::Segments),
        ),
        bearing(
            "alg none, no third segment",
            "CVE-2022-23540 (jsonwebtoken)",
            text("none"),
            malformed(TokenFault::Segments),
        ),
        bearing(
            "alg none over a good signature",
            "CVE-2022-23540 (jsonwebtoken)",
            format!("{}.{signature}", text("none")),
            UNSIGNED,
        ),
        bearing(
            "alg none, the history that turned checks off for a worker",
            "kjdev/nginx-auth-jwt 0.14.1 changelog",
            compact(&header("none", "secret"), PAYLOAD, "x"),
            UNSIGNED,
        ),
        bearing(
            "and then an HMAC by nobody",
            "kjdev/nginx-auth-jwt 0.14.1 changelog",
            compact(&TestKey::Secret.header(), PAYLOAD, [0; 32]),
            BAD_SIGNATURE,
        ),
        bearing(
            "alg in the claims alone",
            "CVE-2022-23540 (jsonwebtoken)",
            compact(r#"{"kid":"rsa"}"#, r#"{"alg":"none","uri":""}"#, "x"),
            malformed(TokenFault::Algorithm),
        ),
    ]);
    attacks
}

/// HS256 with what everybody may know of the key as the secret.
fn public_keys_as_secrets() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for (kind, key) in [("RSA", TestKey::Rsa), ("P-256", TestKey::P256), ("Ed25519", TestKey::Ed25519)] {
        let pem = std::str::from_utf8(key.public()).unwrap();
        let der = pem::parse(pem).unwrap().into_contents();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let jwk = key.jwk(key.kid()).to_string();
        let texts: [(&str, &str, Vec<u8>); 7] = [
            ("PEM file", "CVE-2015-9235 (jsonwebtoken); CVE-2016-10555 (jwt-simple)", pem.into()),
            ("PEM without the last line end", "CVE-2016-5431 (jose-php)", pem.trim_end().into()),
            ("PEM with CRLF", "CVE-2022-29217 (PyJWT)", pem.replace('\n', "\r\n").into()),
            ("base64 lines joined", "CVE-2023-48238 (json-web-token)", body.into()),
            ("DER", "CVE-2024-54150 (cjwt)", der.clone()),
            ("JWK text", "CVE-2026-22817 (Hono)", jwk.into()),
            ("bytes behind the DER header", "CVE-2026-44699 (LibJWT)", der[der.len() - 32..].into()),
        ];
        for (what, source, secret) in texts {
            let text = format!("{}.{}", encode(header("HS256", key.kid())), encode(PAYLOAD));
            let name = format!("HS256 with the {kind} key: {what}");
            attacks.push(bearing(name, source, hmac(&text, &secret), WRONG_ALGORITHM));
        }
        let text = format!("{}.{}", encode(key.header()), encode(PAYLOAD));
        let name = format!("an HMAC by the {kind} key under its own algorithm");
        attacks.push(bearing(
            name,
            "CVE-2022-23541 (jsonwebtoken)",
            hmac(&text, key.public()),
            BAD_SIGNATURE,
        ));
    }
    let spki = pem::parse(TestKey::Rsa.public()).unwrap().into_contents();
    let pkcs1 = &spki[24..]; // behind the algorithm identifier of a 2048-bit key
    let as_pem = pem::encode(&pem::Pem::new("RSA PUBLIC KEY", pkcs1));
    let text = |alg| format!("{}.{}", encode(header(alg, "rsa")), encode(PAYLOAD));
    for (name, source, alg, secret) in [
        ("PKCS#1 PEM", "CVE-2017-11424 (PyJWT); CVE-2023-48223 (fast-jwt)", "HS256", as_pem.as_bytes()),
        ("PKCS#1 DER", "CVE-2023-48223 (fast-jwt)", "HS256", pkcs1),
        ("OpenSSH label", "CVE-2024-33663 (python-jose)", "HS256", b"ssh-rsa AAAA"),
        ("nothing, an empty secret", "CVE-2026-44699 (LibJWT); CVE-2019-20933 (InfluxDB)", "HS256", b""),
        ("PEM, with HS384", "CVE-2022-23541 (jsonwebtoken)", "HS384", TestKey::Rsa.public()),
        ("PEM, with HS512", "CVE-2022-23541 (jsonwebtoken)", "HS512", TestKey::Rsa.public()),
    ] {
        let algorithm = alg.parse().unwrap();
        let token = hmac_by(algorithm, &text(alg), secret);
        attacks.push(bearing(format!("HMAC with the RSA key: {name}"), source, token, WRONG_ALGORITHM));
    }
    attacks
}

fn hmac(text: &str, secret: &[u8]) -> String {
    hmac_by(Signing::HS256, text, secret)
}

fn hmac_by(algorithm: Signing, text: &str, secret: &[u8]) -> String {
    // HMAC pads its key with zeros (RFC 2104 §2), and jsonwebtoken takes no empty one.
    let secret = if secret.is_empty() { &[0] } else { secret };
    let key = jsonwebtoken::EncodingKey::from_secret(secret).unwrap();
    format!("{text}.{}", jsonwebtoken::crypto::sign(text.as_bytes(), &key, algorithm).unwrap())
}

/// Good signatures by the right key, in a way that it is not for.
fn other_algorithms() -> Vec<Attack> {
    let substituted = "RFC 8725 §3.1";
    let rsa = TestKey::Rsa;
    let xml = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
    let by = |key: TestKey, how, alg| key.sign_as(how, &header(alg, key.kid()), PAYLOAD);
    let mut attacks = vec![
        bearing("PS256 by an RS256 key", substituted, by(rsa, Signing::PS256, "PS256"), WRONG_ALGORITHM),
        bearing("PS256 posing as RS256", substituted, by(rsa, Signing::PS256, "RS256"), BAD_SIGNATURE),
        bearing("RS384 by an RS256 key", substituted, by(rsa, Signing::RS384, "RS384"), WRONG_ALGORITHM),
        bearing("RS512 posing as RS256", substituted, by(rsa, Signing::RS512, "RS256"), BAD_SIGNATURE),
        bearing(
            "HS512 by an HS256 secret",
            substituted,
            by(TestKey::Secret, Signing::HS512, "HS512"),
            WRONG_ALGORITHM,
        ),
        bearing(
            "HS384 posing as HS256",
            substituted,
            by(TestKey::Secret, Signing::HS384, "HS256"),
            BAD_SIGNATURE,
        ),
        bearing(
            "RS256 by the key that is for PS256",
            "RFC 8725 §3.1; CVE-2022-23539 (jsonwebtoken)",
            rsa.sign_as(Signing::RS256, &header("RS256", "pss"), PAYLOAD),
            WRONG_ALGORITHM,
        ),
        bearing(
            "RS256 posing as PS256",
            substituted,
            rsa.sign_as(Signing::RS256, &header("PS256", "pss"), PAYLOAD),
            BAD_SIGNATURE,
        ),
        bearing(
            "PS256 by the key that is for it",
            "control",
            rsa.sign_as(Signing::PS256, &header("PS256", "pss"), PAYLOAD),
            Harmless,
        ),
        bearing(
            "an XML-DSig name for RS256",
            "System.IdentityModel.Tokens.Jwt samples",
            rsa.sign(&header(xml, "rsa"), PAYLOAD),
            Refused("401 wrong_algorithm", Denial::XmlDsigAlgorithm),
        ),
    ];
    for alg in ["rs256", "RS256 ", " RS256", "RS-256", "RSA", "RS256\\u0000", "RS256,HS256", "SHA256withRSA"]
    {
        let token = rsa.sign(&header(alg, "rsa"), PAYLOAD);
        attacks.push(bearing(
            format!("alg spelled {alg:?}"),
            "RFC 7515 §4.1.1: case-sensitive",
            token,
            WRONG_ALGORITHM,
        ));
    }
    for (alg, expected) in [
        (r#"["RS256"]"#, malformed(TokenFault::Algorithm)),
        (r#"{"RS256":1}"#, malformed(TokenFault::Algorithm)),
        ("true", malformed(TokenFault::Algorithm)),
        ("null", malformed(TokenFault::Algorithm)),
        ("256", malformed(TokenFault::Algorithm)),
    ] {
        let token = rsa.sign(&format!(r#"{{"alg":{alg},"kid":"rsa"}}"#), PAYLOAD);
        attacks.push(bearing(format!("alg is {alg}"), "RFC 7515 §4.1.1: a string", token, expected));
    }
    attacks
}

/// Keys of another kind, and of the same kind.
fn other_keys() -> Vec<Attack> {
    let confused = "CVE-2022-23539 (jsonwebtoken): any key type for any algorithm";
    let rows: [(&str, &'static str, TestKey, &str, &str, Expected); 10] = [
        ("RS256 by another RSA key", "RFC 7515 §5.2", TestKey::RsaOther, "RS256", "rsa", BAD_SIGNATURE),
        ("ES256 by another P-256 key", "RFC 7515 §5.2", TestKey::P256Other, "ES256", "p256", BAD_SIGNATURE),
        ("HS256 by another secret", "RFC 7515 §5.2", TestKey::SecretOther, "HS256", "secret", BAD_SIGNATURE),
        ("ES256 in the name of an RSA key", confused, TestKey::P256, "ES256", "rsa", WRONG_ALGORITHM),
        ("EdDSA in the name of a P-256 key", confused, TestKey::Ed25519, "EdDSA", "p256", WRONG_ALGORITHM),
        ("RS256 in the name of a P-256 key", confused, TestKey::Rsa, "RS256", "p256", WRONG_ALGORITHM),
        ("RS256 in the name of a secret", confused, TestKey::Rsa, "RS256", "secret", WRONG_ALGORITHM),
        (
            "ES384 in the name of a P-256 key",
            "RFC 7518 §3.4",
            TestKey::P256,
            "ES384",
            "p256",
            WRONG_ALGORITHM,
        ),
        (
            "ES256K in the name of a P-256 key",
            "RFC 8812 §3.2",
            TestKey::P256,
            "ES256K",
            "p256",
            WRONG_ALGORITHM,
        ),
        (
            "ES512 in the name of a P-256 key",
            "RFC 7518 §3.4",
            TestKey::P256,
            "ES512",
            "p256",
            WRONG_ALGORITHM,
        ),
    ];
    rows.into_iter()
        .map(|(name, source, key, alg, kid, expected)| {
            bearing(name, source, key.sign(&header(alg, kid), PAYLOAD), expected)
        })
        .collect()
}
