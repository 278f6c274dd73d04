//! Verifies the HMACs of published tokens, whatever the length of their keys.

use serde::Deserialize;

use super::rules::{AkamaiRules, Salt};
use super::token::Fields;
use super::url::{SignedUrl, UrlEscaping};
use crate::crypto::{MacHash, MacKey};
use crate::schemes::places::Places;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    name: String,
    key: String,
    #[serde(default)]
    algorithm: MacHash,
    salt: Option<String>,
    url: String,
    token: String,
    expect: String,
}

#[test]
fn the_hmacs_of_published_tokens_are_theirs() {
    let Cases { cases } = serde_json::from_str(include_str!("../../../tests/data/akamai.json")).unwrap();
    for case in &cases {
        let key: Vec<u8> = (0..case.key.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&case.key[at..at + 2], 16).unwrap())
            .collect();
        let Some(key) = MacKey::new(case.algorithm, &key) else { continue };
        let rules = AkamaiRules {
            places: Places::default(),
            hash: case.algorithm,
            keys: [key].into_iter().collect(),
            salt: case.salt.as_ref().map(|salt| Salt(salt.as_bytes().into())),
            ignore_query: false,
            url_escaping: [UrlEscaping::Cloudinary].into_iter().collect(),
        };
        let path = case.url.split_once("//").and_then(|(_, rest)| rest.split_once('/')).unwrap().1;
        let path = format!("/{}", path.split('?').next().unwrap());
        let url = SignedUrl { path: path.as_bytes(), query: None, without: &[] };
        let mut decoded = crate::schemes::carriers::Decoded::new();
        let read = rules.authenticate(case.token.as_bytes(), &url, &mut decoded);
        assert_eq!(read.is_ok(), case.expect != "malformed", "{}: {read:?}", case.name);
        // Percent-encoded as a whole, the token is the same.
        let encoded = case.token.bytes().fold(String::new(), |text, byte| format!("{text}%{byte:02X}"));
        let mut decoded = crate::schemes::carriers::Decoded::new();
        let read = rules.authenticate(encoded.as_bytes(), &url, &mut decoded);
        assert_eq!(read.is_ok_and(|read| read.is_decoded), case.expect != "malformed", "{}", case.name);
        // Any other digit is wrong.
        let (start, last) = case.token.split_at(case.token.len() - 1);
        let other = format!("{start}{}", if last == "0" { "1" } else { "0" });
        let mut decoded = crate::schemes::carriers::Decoded::new();
        assert!(rules.authenticate(other.as_bytes(), &url, &mut decoded).is_err(), "{}", case.name);
    }
    assert_eq!(cases.len(), 16);
}

#[test]
fn forms_are_refused_by_name() {
    use crate::error::UrlSignatureFault as Fault;
    let hmac = "~hmac=00";
    for (text, fault) in [
        ("exp=1", Fault::Form),
        ("", Fault::Form),
        ("~hmac=", Fault::Form),
        ("exp=1~~hmac=00", Fault::Form),
        ("exp=1~acl", Fault::Form),
        ("exp=1~exp=1", Fault::RepeatedField),
        ("exp=1~data=x~acl=/a~acl=/*", Fault::RepeatedField),
        ("exp=1~url=/a", Fault::UnknownField),
        ("exp=1~salt=x", Fault::UnknownField),
        ("exp=1~EXP=2", Fault::UnknownField),
        ("exp=1~data=x~hmac=1", Fault::UnknownField),
        ("exp=1~acl=", Fault::NoScope),
        ("st=1~acl=/a", Fault::NoExpiry),
        ("exp=", Fault::Date),
        ("exp=-1", Fault::Date),
        ("exp=+1", Fault::Date),
        ("exp=1.0", Fault::Date),
        ("exp=1000000000000", Fault::Date),
        ("exp=1~st=x", Fault::Date),
    ] {
        let token =
            if matches!(text, "exp=1" | "" | "~hmac=") { text.to_owned() } else { format!("{text}{hmac}") };
        assert_eq!(Fields::parse(token.as_bytes()).unwrap_err(), fault, "{token}");
    }
    assert_eq!(Fields::parse(&[b'a'; 8193]).unwrap_err(), Fault::TooLong);
    assert_eq!(Fields::parse(b"exp=\xff~hmac=00").unwrap_err(), Fault::Form);
    let fields = Fields::parse(b"exp=999999999999~hmac=0A").unwrap();
    assert_eq!(fields.mac(MacHash::Sha256).unwrap_err(), Fault::Form);
    for hash in [MacHash::Sha256, MacHash::Sha1, MacHash::Md5] {
        let digits = hash.len() * 2;
        for (hmac, good) in [
            ("a".repeat(digits), true),
            ("A".repeat(digits), false),
            ("g".repeat(digits), false),
            ("a".repeat(digits - 2), false),
        ] {
            let token = format!("exp=1~hmac={hmac}");
            assert_eq!(Fields::parse(token.as_bytes()).unwrap().mac(hash).is_ok(), good, "{hmac}");
        }
    }
}
