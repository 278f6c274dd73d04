//! Key documents of any bytes: nothing panics, and what is accepted is no private key and shows nothing of itself.

#![no_main]

mod bounds;

use bounds::Bounds;
use libfuzzer_sys::fuzz_target;
use playgate::keys::Jwks;
use playgate::mint::Signer;
use playgate::schemes::jws::{Token, TokenBuffer};
use playgate::{Key, KeyScope};
use serde_json::Value;

/// A document is held as text, as JSON and as keys; AWS-LC's own memory is not measured.
const BOUNDS: Bounds = Bounds { heap: 64 * 1024, heap_per_byte: 256 };

fuzz_target!(|data: &[u8]| {
    let scope = KeyScope::bucket("courses");
    if let Ok(key) = BOUNDS.check(data.len(), || Key::from_pem("k", data, scope.clone())) {
        let tags: Vec<String> =
            pem::parse_many(data).unwrap().iter().map(|block| block.tag().to_owned()).collect();
        assert!(matches!(
            tags.iter().map(String::as_str).collect::<Vec<_>>()[..],
            ["PUBLIC KEY" | "RSA PUBLIC KEY"]
        ));
        use_it(&key);
        let der = pem::parse_many(data).unwrap().remove(0).into_contents();
        let same = Key::from_der("k", &der, scope.clone()).expect("what stands in the PEM");
        assert_eq!(same.algorithm(), key.algorithm());
    }
    if let Ok(key) = BOUNDS.check(data.len(), || Key::from_der("k", data, scope.clone())) {
        use_it(&key);
    }
    if let Ok(signer) = BOUNDS.check(data.len(), || Signer::from_pem("k", data)) {
        let public = signer.public_pem().expect("no shared secret comes from PEM");
        use_it(&Key::from_pem("k", public.as_bytes(), scope.clone()).expect("what signs can be verified"));
    }
    if let Ok(key) = BOUNDS.check(data.len(), || Key::from_secret("k", data, scope.clone())) {
        assert!(data.len() >= 32);
        use_it(&key);
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    let value = serde_json::from_str::<Value>(text);
    if let Ok(key) = BOUNDS.check(data.len(), || Key::from_jwk(text, scope.clone())) {
        no_private_member(&value.as_ref().unwrap());
        use_it(&key);
    }
    if let Ok(set) = BOUNDS.check(data.len(), || Jwks::parse(text, &scope)) {
        assert!(!set.keys.is_empty());
        assert!(set.skipped.len() <= 101, "{} reports", set.skipped.len());
        let members = value.as_ref().unwrap()["keys"].as_array().unwrap();
        for (place, member) in members.iter().enumerate() {
            let twice = |other: &Value| other["kid"].is_string() && other["kid"] == member["kid"];
            assert!(!members[..place].iter().any(twice), "one kid twice");
        }
        // One private key spoils the set, whatever else is in it.
        value.unwrap()["keys"].as_array().unwrap().iter().for_each(|member| {
            if set.keys.iter().any(|key| member["kid"] == key.id().as_str()) {
                no_private_member(&member);
            }
        });
        set.keys.iter().for_each(use_it);
    }
});

fn no_private_member(jwk: &&Value) {
    let secret = jwk["kty"] == "oct";
    assert!(
        secret || ["d", "p", "q", "dp", "dq", "qi", "oth"].iter().all(|name| jwk.get(name).is_none()),
        "{jwk}"
    );
}

fn use_it(key: &Key) {
    let mut buffer = TokenBuffer::new();
    let header = match key.algorithm().name() {
        "RS256" => "eyJhbGciOiJSUzI1NiJ9",
        "ES256" => "eyJhbGciOiJFUzI1NiJ9",
        "EdDSA" => "eyJhbGciOiJFZERTQSJ9",
        _ => "eyJhbGciOiJIUzI1NiJ9",
    };
    let raw = format!("{header}.e30.{}", "A".repeat(86));
    let token = Token::parse(raw.as_bytes(), &mut buffer).unwrap();
    assert!(token.with_key(&key).and_then(|keyed| keyed.verify()).is_err(), "a signature of zeros");
    assert!(format!("{key:?}").len() < 1000);
}
