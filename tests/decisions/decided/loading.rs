//! Key loading: what a verifier takes, and what it refuses by name.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use playgate::keys::Jwks;
use playgate::{ConfigError, Key, KeyScope, KeySet};

use crate::support::{TestKey, World, encode, gate, get, vod};

fn scope() -> KeyScope {
    KeyScope::bucket("vod")
}

/// The DER inside a PEM.
fn der(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).unwrap();
    let base64: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    BASE64_STANDARD.decode(base64).unwrap()
}

/// The key as a JWK with these members more.
fn jwk(key: TestKey, more: &str) -> String {
    let public = key.public();
    let kid = key.kid();
    match key {
        TestKey::Secret | TestKey::SecretOther => {
            format!(r#"{{"kty":"oct","kid":"{kid}","k":"{}"{more}}}"#, encode(public))
        }
        TestKey::Ed25519 => {
            let der = der(public);
            let x = encode(&der[der.len() - 32..]);
            format!(r#"{{"kty":"OKP","crv":"Ed25519","kid":"{kid}","x":"{x}"{more}}}"#)
        }
        TestKey::P256 | TestKey::P256Other => {
            let der = der(public);
            let (x, y) = der[der.len() - 64..].split_at(32);
            let (x, y) = (encode(x), encode(y));
            format!(r#"{{"kty":"EC","crv":"P-256","kid":"{kid}","x":"{x}","y":"{y}"{more}}}"#)
        }
        TestKey::Rsa | TestKey::RsaOther => {
            let der = der(public);
            // … INTEGER n (256 bytes), INTEGER 65537 (tag, length, three bytes).
            let (n, e) = (&der[der.len() - 261..der.len() - 5], &der[der.len() - 3..]);
            format!(r#"{{"kty":"RSA","kid":"{kid}","n":"{}","e":"{}"{more}}}"#, encode(n), encode(e))
        }
    }
}

const KEYS: [TestKey; 4] = [TestKey::Rsa, TestKey::P256, TestKey::Ed25519, TestKey::Secret];

#[tokio::test]
async fn spki_and_pkcs1_pem_jwk_and_jwks_are_loaded_and_verify() {
    let pkcs1 = include_bytes!("../../support/keys/rsa-pkcs1.test.pub.pem");
    let hs256 = |key| if key == TestKey::Secret { r#","alg":"HS256""# } else { r#","use":"sig""# };
    let members = KEYS.map(|key| jwk(key, hs256(key))).join(",");
    let set =
        format!(r#"{{"keys":[{members},{{"kty":"RSA","kid":"enc","use":"enc","n":"AQ","e":"AQAB"}}]}}"#);
    let jwks = Jwks::parse(&set, &scope()).unwrap();
    assert_eq!(jwks.skipped.len(), 1, "{:?}", jwks.skipped);
    for (name, keys, loaded) in [
        ("SPKI", KeySet::from_keys(KEYS.map(|key| key.key(scope()))), &KEYS[..]),
        ("PKCS#1", KeySet::from_keys([Key::from_pem("rsa", pkcs1, scope()).unwrap()]), &[TestKey::Rsa]),
        (
            "JWK",
            KeySet::from_keys(KEYS.map(|key| Key::from_jwk(&jwk(key, hs256(key)), scope()).unwrap())),
            &KEYS,
        ),
        ("JWKS", KeySet::from_keys(jwks.keys), &KEYS),
    ] {
        let world = World::start(gate().site(vod()).build().unwrap()).await;
        world.verifier.keys().replace(keys.unwrap());
        for key in loaded {
            let ask = get("/a.ts").cookie(key.token(r#"{"uri":""}"#));
            assert_eq!(world.verdict(&ask).await, "200", "{key:?} from {name}");
        }
    }
}

#[test]
fn a_private_key_is_refused_and_the_message_names_the_command_that_derives_the_public_half() {
    for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519] {
        let error = Key::from_pem("k1", key.private(), scope()).unwrap_err();
        assert_eq!(error, ConfigError::PrivateKey { kid: "k1".to_owned() });
        assert!(error.to_string().contains("openssl pkey -in k1.pem -pubout"), "{error}");
        let error = Key::from_jwk(&jwk(key, r#","d":"AQAB""#), scope()).unwrap_err();
        assert!(matches!(error, ConfigError::PrivateKey { .. }), "{error}");
        let set = format!(r#"{{"keys":[{},{}]}}"#, jwk(TestKey::P256Other, ""), jwk(key, r#","d":"AQAB""#));
        let error = Jwks::parse(&set, &scope()).unwrap_err();
        assert!(matches!(error, ConfigError::PrivateKey { .. }), "{error}");
    }
}

#[test]
fn weak_keys_are_refused_by_name() {
    let rsa = |modulus: &[u8], exponent: &[u8]| {
        let text =
            format!(r#"{{"kty":"RSA","kid":"k","n":"{}","e":"{}"}}"#, encode(modulus), encode(exponent));
        Key::from_jwk(&text, scope()).unwrap_err().to_string()
    };
    let odd = |bytes: usize| vec![0xff; bytes];
    let even = [vec![0xff; 255], vec![0xfe]].concat();
    let small = include_bytes!("../../support/keys/rsa-1024.test.pub.pem");
    let small = Key::from_pem("k", small, scope()).unwrap_err().to_string();
    for (name, error, wanted) in [
        ("1024 bits as PEM", small, "1024 bits"),
        ("2040 bits", rsa(&odd(255), &[1, 0, 1]), "2040 bits"),
        ("8200 bits", rsa(&odd(1025), &[1, 0, 1]), "8200 bits"),
        ("leading zeros do not count", rsa(&[vec![0; 2], odd(255)].concat(), &[1, 0, 1]), "2040 bits"),
        ("exponent 1", rsa(&odd(256), &[1]), "bad exponent"),
        ("even exponent", rsa(&odd(256), &[1, 0, 0]), "bad exponent"),
        ("even modulus", rsa(&even, &[1, 0, 1]), "even modulus"),
        ("short secret", Key::from_secret("k", &[7; 31], scope()).unwrap_err().to_string(), "31 bytes"),
        (
            "short secret as JWK",
            Key::from_jwk(r#"{"kty":"oct","kid":"k","alg":"HS256","k":"AAAA"}"#, scope())
                .unwrap_err()
                .to_string(),
            "3 bytes",
        ),
        (
            "a curve without support",
            Key::from_pem("k", include_bytes!("../../support/keys/p521.test.pub.pem"), scope())
                .unwrap_err()
                .to_string(),
            "use RSA, P-256, P-384, Ed25519",
        ),
        (
            "for encryption",
            Key::from_jwk(&jwk(TestKey::Rsa, r#","use":"enc""#), scope()).unwrap_err().to_string(),
            "may not verify",
        ),
        (
            "for another algorithm",
            Key::from_jwk(&jwk(TestKey::Rsa, r#","alg":"ES256""#), scope()).unwrap_err().to_string(),
            "not for ES256",
        ),
    ] {
        assert!(error.contains(wanted), "{name}: {error}");
    }
}

#[test]
fn a_pem_text_as_hmac_secret_is_refused() {
    for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519] {
        for text in [key.public(), key.private(), key.private().trim_ascii()] {
            let error = Key::from_secret("k", text, scope()).unwrap_err();
            assert!(matches!(error, ConfigError::SecretIsPem { .. }), "{error}");
        }
    }
}

#[test]
fn an_identity_that_occurs_twice_is_refused() {
    let twice = [TestKey::Rsa.key_as("k", scope()), TestKey::P256.key_as("k", scope())];
    let error = gate().site(vod()).keys(twice).build().unwrap_err().to_string();
    assert!(error.contains("two keys \"k\" of bucket vod"), "{error}");
    let set = format!(r#"{{"keys":[{},{}]}}"#, jwk(TestKey::Rsa, ""), jwk(TestKey::Rsa, ""));
    assert!(matches!(Jwks::parse(&set, &scope()), Err(ConfigError::DuplicateKey { .. })));
    let verifier = gate().site(vod()).key(TestKey::Rsa.key(scope())).build().unwrap();
    assert!(verifier.keys().insert(TestKey::RsaOther.key_as("rsa", scope())).is_err());
    assert_eq!(verifier.keys().snapshot().len(), 1);
}

#[test]
fn no_configuration_error_shows_a_key() {
    let k = encode(TestKey::Secret.public());
    let private = std::str::from_utf8(TestKey::Rsa.private()).unwrap();
    let line = private.lines().nth(3).unwrap();
    for error in [
        Key::from_pem("k", private.as_bytes(), scope()).unwrap_err(),
        Key::from_pem("k", private.replace("-----", "---").as_bytes(), scope()).unwrap_err(),
        Key::from_pem("k", private.replace("PRIVATE KEY", "PUBLIC KEY").as_bytes(), scope()).unwrap_err(),
        Key::from_secret("k", private.as_bytes(), scope()).unwrap_err(),
        Key::from_jwk(private, scope()).unwrap_err(),
        Key::from_jwk(&format!(r#"{{"kty":"oct","kid":"k","k":"{k}"}}"#), scope()).unwrap_err(),
        Key::from_jwk(&format!(r#"{{"kty":"oct","kid":"k","k":"{k}""#), scope()).unwrap_err(),
        Key::from_jwk(&format!(r#"{{"kty":"{k}","kid":"k"}}"#), scope()).unwrap_err(),
    ] {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(line) && !text.contains(&k), "{text}");
    }
}
