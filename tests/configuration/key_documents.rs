//! Key documents: what is taken, and what each refusal says.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use playgate::crypto::Algorithm;
use playgate::keys::Jwks;
use playgate::{ConfigError, Key, KeyScope};

fn file(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn scope() -> KeyScope {
    KeyScope::bucket("courses")
}

fn from_pem(pem: &[u8]) -> Result<Key, ConfigError> {
    Key::from_pem("k1", pem, scope())
}

/// The `x`, `y`, `n` of our own public keys, as a JWK spells them.
fn p256_point() -> (String, String) {
    let der = pem::parse(file("p256.spki.pem")).unwrap().into_contents();
    let point = &der[der.len() - 64..];
    (BASE64_URL_SAFE_NO_PAD.encode(&point[..32]), BASE64_URL_SAFE_NO_PAD.encode(&point[32..]))
}

fn ed25519_x() -> String {
    let der = pem::parse(file("ed25519.spki.pem")).unwrap().into_contents();
    BASE64_URL_SAFE_NO_PAD.encode(&der[der.len() - 32..])
}

fn rsa_n() -> String {
    let der = pem::parse(file("rsa-2048.pkcs1.pem")).unwrap().into_contents();
    BASE64_URL_SAFE_NO_PAD.encode(&der[9..9 + 256])
}

#[test]
fn spki_and_pkcs1_public_keys_decide_their_algorithm() {
    for (name, algorithm) in [
        ("rsa-2048.spki.pem", Algorithm::Rs256),
        ("rsa-2048.pkcs1.pem", Algorithm::Rs256),
        ("p256.spki.pem", Algorithm::Es256),
        ("p384.spki.pem", Algorithm::Es384),
        ("ed25519.spki.pem", Algorithm::EdDsa),
    ] {
        let key = from_pem(&file(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(key.algorithm(), algorithm, "{name}");
    }
}

#[test]
fn another_algorithm_than_the_usual_one_is_asked_for_by_name() {
    let named = |algorithm, name| Key::from_pem_for(algorithm, "k1", file(name), scope());
    for algorithm in
        [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512]
    {
        assert_eq!(named(algorithm, "rsa-2048.spki.pem").unwrap().algorithm(), algorithm);
        assert_eq!(named(algorithm, "rsa-2048.pkcs1.pem").unwrap().algorithm(), algorithm);
        let jwk = format!(r#"{{"kid":"k","kty":"RSA","alg":"{algorithm}","n":"{}","e":"AQAB"}}"#, rsa_n());
        assert_eq!(Key::from_jwk(&jwk, scope()).unwrap().algorithm(), algorithm);
    }
    for (algorithm, bytes) in [(Algorithm::Hs384, 48), (Algorithm::Hs512, 64)] {
        let secret = |bytes| Key::from_secret_for(algorithm, "k1", &vec![7; bytes], scope());
        assert_eq!(secret(bytes).unwrap().algorithm(), algorithm);
        let error = secret(bytes - 1).unwrap_err().to_string();
        assert!(error.contains(&format!("use {bytes} or more")), "{error}");
    }
    for (algorithm, name) in [
        (Algorithm::Ps256, "p256.spki.pem"),
        (Algorithm::Es256, "p384.spki.pem"),
        (Algorithm::Es384, "p256.spki.pem"),
        (Algorithm::Rs256, "ed25519.spki.pem"),
        (Algorithm::Hs256, "rsa-2048.spki.pem"),
        (Algorithm::EdDsa, "rsa-2048.pkcs1.pem"),
    ] {
        let error = named(algorithm, name).unwrap_err();
        assert!(matches!(error, ConfigError::OtherAlgorithm { .. }), "{algorithm} {name}: {error}");
    }
    let error = Key::from_secret_for(Algorithm::Rs256, "k1", &[7; 64], scope()).unwrap_err();
    assert!(matches!(error, ConfigError::OtherAlgorithm { .. }), "{error}");
}

#[test]
fn text_around_a_pem_block_is_ignored() {
    let mut text = b"# the signing key of the shop\r\n\n".to_vec();
    text.extend(file("p256.spki.pem"));
    text.extend(b"\n\n");
    assert!(from_pem(&text).is_ok());
}

#[test]
fn every_refused_pem_says_what_it_is_and_what_to_do() {
    let two = [file("p256.spki.pem"), file("ed25519.spki.pem")].concat();
    let der = pem::parse(file("p256.spki.pem")).unwrap().into_contents();
    let cut = file("p256.spki.pem")[..80].to_vec();
    let damaged = b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n".to_vec();
    let csr = b"-----BEGIN CERTIFICATE REQUEST-----\nMIIB\n-----END CERTIFICATE REQUEST-----\n".to_vec();
    for (name, pem, message) in [
        ("a PKCS#8 private key", file("rsa-2048.private.pkcs8.pem"), "openssl pkey -in k1.pem -pubout"),
        ("a PKCS#1 private key", file("rsa-2048.private.pkcs1.pem"), "is a private key"),
        ("an EC private key", file("p256.private.sec1.pem"), "is a private key"),
        ("one with its parameters", file("p256.private.with-parameters.pem"), "is a private key"),
        ("an encrypted private key", file("rsa-2048.private.encrypted.pem"), "is a private key"),
        ("a certificate", file("p256.certificate.pem"), "openssl x509 -in k1.pem -pubkey -noout"),
        ("a request", csr, "is a PEM block \"CERTIFICATE REQUEST\""),
        ("two blocks", two, "has several blocks"),
        ("DER", der, "has no -----BEGIN line"),
        ("nothing", Vec::new(), "has no -----BEGIN line"),
        ("half a file", cut, "END"),
        ("damaged bytes", damaged, "cannot be read"),
        ("RSA of 1024 bits", file("rsa-1024.spki.pem"), "RSA key of 1024 bits: use 2048 to 8192 bits"),
        ("RSA of 8200 bits", file("rsa-8200.pkcs1.pem"), "RSA key of 8200 bits"),
        ("exponent 1", file("rsa-exponent-1.pkcs1.pem"), "bad exponent"),
        ("exponent 65536", file("rsa-exponent-65536.pkcs1.pem"), "bad exponent"),
        ("a huge exponent", file("rsa-exponent-huge.pkcs1.pem"), "bad exponent"),
        ("an even modulus", file("rsa-even-modulus.pkcs1.pem"), "even modulus"),
        ("a modulus by ROCA", file("rsa-2048.roca.spki.pem"), "(CVE-2017-15361)"),
        ("P-521", file("p521.spki.pem"), "an elliptic curve key on P-521"),
        ("RSA-PSS", file("rsa-pss.spki.pem"), "a key of type 1.2.840.113549.1.1.10"),
        ("X25519", file("x25519.spki.pem"), "a key of type 1.3.101.110"),
    ] {
        let error = from_pem(&pem).expect_err(name).to_string();
        assert!(error.contains(message) && error.contains("\"k1\""), "{name}: {error}");
    }
}

#[test]
fn a_key_needs_a_kid_and_a_scope() {
    let pem = file("p256.spki.pem");
    for scope in [KeyScope::bucket(""), KeyScope::stream(" "), KeyScope::site("")] {
        let error = Key::from_pem("k1", &pem, scope).unwrap_err();
        assert!(matches!(error, ConfigError::KeyWithoutScope { .. }), "{error}");
    }
    for kid in ["", "a\nb", "a\0", &"k".repeat(257)] {
        let error = Key::from_pem(kid, &pem, scope()).unwrap_err();
        assert!(matches!(error, ConfigError::KeyId { .. }), "{error}");
    }
    assert!(Key::from_pem(&"k".repeat(256), &pem, scope()).is_ok());
}

#[test]
fn a_secret_is_as_long_as_its_hash_and_no_pem() {
    assert!(Key::from_secret("k1", &[7; 32], scope()).is_ok());
    let short = Key::from_secret("k1", &[7; 31], scope()).unwrap_err();
    assert_eq!(short.to_string(), "secret \"k1\" has 31 bytes: use 32 or more, the length of the hash");
    for name in ["rsa-2048.spki.pem", "rsa-2048.private.pkcs1.pem", "p256.certificate.pem"] {
        let error = Key::from_secret("k1", &file(name), scope()).unwrap_err();
        assert!(matches!(error, ConfigError::SecretIsPem { .. }), "{name}: {error}");
    }
}

#[test]
fn jwks_become_keys_of_their_own_algorithm() {
    let (x, y) = p256_point();
    for (jwk, algorithm) in [
        (format!(r#"{{"kty":"RSA","kid":"k","n":"{}","e":"AQAB"}}"#, rsa_n()), Algorithm::Rs256),
        (
            format!(r#"{{"kty":"RSA","kid":"k","use":"sig","alg":"RS256","n":"{}","e":"AQAB"}}"#, rsa_n()),
            Algorithm::Rs256,
        ),
        (format!(r#"{{"kty":"EC","crv":"P-256","kid":"k","x":"{x}","y":"{y}"}}"#), Algorithm::Es256),
        (
            format!(
                r#"{{"kty":"OKP","crv":"Ed25519","kid":"k","key_ops":["verify"],"x":"{}"}}"#,
                ed25519_x()
            ),
            Algorithm::EdDsa,
        ),
        (format!(r#"{{"kty":"oct","kid":"k","alg":"HS256","k":"{}"}}"#, "A".repeat(43)), Algorithm::Hs256),
    ] {
        let key = Key::from_jwk(&jwk, scope()).unwrap_or_else(|error| panic!("{jwk}: {error}"));
        assert_eq!((key.algorithm(), key.id().as_str()), (algorithm, "k"), "{jwk}");
    }
}

#[test]
fn every_refused_jwk_says_why() {
    let (x, y) = p256_point();
    let n = rsa_n();
    for (name, jwk, message) in [
        ("no JSON", "{".to_owned(), "line 1"),
        ("no kid", format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#), "no \"kid\""),
        ("kid a number", format!(r#"{{"kid":1,"kty":"RSA","n":"{n}","e":"AQAB"}}"#), "no \"kid\""),
        ("empty kid", format!(r#"{{"kid":"","kty":"RSA","n":"{n}","e":"AQAB"}}"#), "is empty"),
        (
            "private RSA",
            format!(r#"{{"kid":"k","kty":"RSA","n":"{n}","e":"AQAB","d":"AQ"}}"#),
            "is a private key",
        ),
        (
            "private EC",
            format!(r#"{{"kid":"k","kty":"EC","crv":"P-256","x":"{x}","y":"{y}","d":"AQ"}}"#),
            "is a private key",
        ),
        (
            "private OKP",
            format!(r#"{{"kid":"k","kty":"OKP","crv":"Ed25519","x":"{}","d":"AQ"}}"#, ed25519_x()),
            "is a private key",
        ),
        (
            "for encryption",
            format!(r#"{{"kid":"k","kty":"RSA","use":"enc","n":"{n}","e":"AQAB"}}"#),
            "may not verify",
        ),
        (
            "for signing only",
            format!(r#"{{"kid":"k","kty":"RSA","key_ops":["sign"],"n":"{n}","e":"AQAB"}}"#),
            "may not verify",
        ),
        (
            "an alg for encryption",
            format!(r#"{{"kid":"k","kty":"RSA","alg":"RSA-OAEP","n":"{n}","e":"AQAB"}}"#),
            "a key for RSA",
        ),
        (
            "RSA said to be ES256",
            format!(r#"{{"kid":"k","kty":"RSA","alg":"ES256","n":"{n}","e":"AQAB"}}"#),
            "is an RSA key, not for ES256",
        ),
        (
            "P-256 said to be ES384",
            format!(r#"{{"kid":"k","kty":"EC","crv":"P-256","alg":"ES384","x":"{x}","y":"{y}"}}"#),
            "is a P-256 key, not for ES384",
        ),
        (
            "RSA said to be HS256",
            format!(r#"{{"kid":"k","kty":"RSA","alg":"HS256","n":"{n}","e":"AQAB"}}"#),
            "HS256",
        ),
        ("weak RSA", r#"{"kid":"k","kty":"RSA","n":"v___","e":"AQAB"}"#.to_owned(), "key of 24 bits"),
        ("RSA of zeros", r#"{"kid":"k","kty":"RSA","n":"AAAA","e":"AQAB"}"#.to_owned(), "key of 0 bits"),
        (
            "a member of another type",
            format!(r#"{{"kid":"k","kty":"RSA","use":1,"n":"{n}","e":"AQAB"}}"#),
            "members for kid \"k\" that do not match its kty",
        ),
        (
            "half a point",
            format!(r#"{{"kid":"k","kty":"EC","crv":"P-256","x":"{x}","y":"AA"}}"#),
            "cannot be read",
        ),
        (
            "an OKP on a curve that is none of its own",
            format!(r#"{{"kid":"k","kty":"OKP","crv":"P-256","x":"{x}"}}"#),
            "a key of an unknown type",
        ),
        ("exponent 1", format!(r#"{{"kid":"k","kty":"RSA","n":"{n}","e":"AQ"}}"#), "bad exponent"),
        ("padded n", format!(r#"{{"kid":"k","kty":"RSA","n":"{n}=","e":"AQAB"}}"#), "cannot be read"),
        ("P-521", format!(r#"{{"kid":"k","kty":"EC","crv":"P-521","x":"{x}","y":"{y}"}}"#), "a curve other"),
        (
            "P-384 with short coordinates",
            format!(r#"{{"kid":"k","kty":"EC","crv":"P-384","x":"{x}","y":"{y}"}}"#),
            "cannot be read",
        ),
        (
            "short x",
            format!(r#"{{"kid":"k","kty":"EC","crv":"P-256","x":"AQ","y":"{y}"}}"#),
            "cannot be read",
        ),
        (
            "off the curve",
            format!(r#"{{"kid":"k","kty":"EC","crv":"P-256","x":"{y}","y":"{x}"}}"#),
            "cannot be read",
        ),
        (
            "oct without alg",
            format!(r#"{{"kid":"k","kty":"oct","k":"{}"}}"#, "A".repeat(43)),
            "without \"alg\", such as \"HS256\"",
        ),
        ("short oct", r#"{"kid":"k","kty":"oct","alg":"HS256","k":"AAAA"}"#.to_owned(), "has 3 bytes"),
        ("unknown kty", r#"{"kid":"k","kty":"AKP","alg":"ML-DSA-44","pub":"AA"}"#.to_owned(), "unknown type"),
        ("no kty", r#"{"kid":"k"}"#.to_owned(), "k"),
    ] {
        let error = Key::from_jwk(&jwk, scope()).expect_err(name).to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
}

#[test]
fn a_jwks_skips_what_it_cannot_use_and_refuses_what_must_not_be_there() {
    let n = rsa_n();
    let good = |kid: &str| format!(r#"{{"kid":"{kid}","kty":"RSA","n":"{n}","e":"AQAB"}}"#);
    let encryption = format!(r#"{{"kid":"e","kty":"RSA","use":"enc","n":"{n}","e":"AQAB"}}"#);
    let unknown = r#"{"kid":"u","kty":"AKP"}"#;
    let set = |members: &[&str]| format!(r#"{{"keys":[{}]}}"#, members.join(","));

    let jwks = Jwks::parse(&set(&[&good("a"), &encryption, unknown, &good("b")]), &scope()).unwrap();
    let kids: Vec<&str> = jwks.keys.iter().map(|key| key.id().as_str()).collect();
    assert_eq!((kids, jwks.skipped.len()), (vec!["a", "b"], 2));

    let private = format!(r#"{{"kid":"p","kty":"RSA","n":"{n}","e":"AQAB","d":"AQ"}}"#);
    for (name, document, message) in [
        ("a kid twice", set(&[&good("a"), &good("a")]), "two keys \"a\" of bucket"),
        ("a private member", set(&[&good("a"), &private]), "\"p\" is a private key"),
        ("one that is not usable", set(&[&encryption]), "may not verify"),
        ("nothing usable", set(&[&encryption, unknown]), "no usable key"),
        ("nothing at all", set(&[]), "no usable key"),
        ("a member that is no object", set(&["1"]), "is not an object"),
        ("no keys array", r#"{"key":[]}"#.to_owned(), "no \"keys\" array"),
        ("a single JWK", good("a"), "no \"keys\" array"),
        ("no JSON", "keys".to_owned(), "not a JSON document"),
    ] {
        let error = Jwks::parse(&document, &scope()).expect_err(name).to_string();
        assert!(error.contains(message), "{name}: {error}");
    }
}

#[test]
fn neither_debug_nor_an_error_shows_key_material() {
    let secret = b"correct horse battery staple, and some more";
    let key = Key::from_secret("k1", secret, scope()).unwrap();
    let shown = format!("{key:?}");
    assert!(!shown.contains("horse") && !shown.contains("99, 111"), "{shown}");
    let short = Key::from_secret("k1", b"correct horse", scope()).unwrap_err();
    assert!(!format!("{short} {short:?}").contains("horse"));
    let broken = Key::from_jwk(r#"{"kid":"k","kty":"oct","k":"correct-horse""#, scope()).unwrap_err();
    assert!(!format!("{broken} {broken:?}").contains("horse"));
    let builder = playgate::Verifier::builder().key(key);
    let shown = format!("{builder:?}");
    assert!(shown.contains("k1"), "{shown}");
    assert!(!shown.contains("horse") && !shown.contains("99, 111"), "{shown}");
}

/// RFC 5480 §2.1.1: an elliptic curve key names its curve.
#[test]
fn an_elliptic_curve_key_that_names_no_curve_is_broken() {
    let named = pem::parse(file("p256.spki.pem")).unwrap();
    // SEQUENCE { SEQUENCE { OID id-ecPublicKey, OID prime256v1 }, BIT STRING … }: the inner one loses its second.
    let der = named.contents();
    let curve = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    assert_eq!((&der[..4], &der[13..23]), (&[0x30, 0x59, 0x30, 0x13][..], &curve[..]));
    let bare = [&[0x30, 0x59 - 10, 0x30, 0x13 - 10], &der[4..13], &der[23..]].concat();
    let error = from_pem(pem::encode(&pem::Pem::new("PUBLIC KEY", bare)).as_bytes()).unwrap_err();
    assert!(matches!(error, ConfigError::BrokenKey { .. }), "{error}");
}

/// `rsa-2048.roca.spki.pem` is the product of two primes of the form `k * M + (65537^a mod M)`, where M is the product of the
/// first 71 primes, as the faulty library made them.
#[test]
fn an_rsa_key_with_the_fingerprint_of_roca_is_refused_in_every_form() {
    let pem = file("rsa-2048.roca.spki.pem");
    let der = pem::parse(&pem).unwrap().into_contents();
    let pkcs1 = &der[24..];
    let modulus = BASE64_URL_SAFE_NO_PAD.encode(&pkcs1[9..9 + 256]);
    let jwk = format!(r#"{{"kid":"k1","kty":"RSA","n":"{modulus}","e":"AQAB"}}"#);
    for (name, loaded) in [
        ("PEM", from_pem(&pem)),
        ("SPKI", Key::from_der("k1", &der, scope())),
        ("PKCS#1", Key::from_der("k1", pkcs1, scope())),
        ("JWK", Key::from_jwk(&jwk, scope())),
    ] {
        let error = loaded.expect_err(name).to_string();
        assert!(error.contains("ROCA") && error.contains("generate a new one"), "{name}: {error}");
        assert!(!error.contains(&modulus[..20]), "{name}: {error}");
    }
}

#[test]
fn a_kid_that_occurs_twice_in_a_set_is_an_error_whether_or_not_both_can_be_used() {
    let n = rsa_n();
    let good = format!(r#"{{"kid":"a","kty":"RSA","n":"{n}","e":"AQAB"}}"#);
    let other = format!(r#"{{"kid":"b","kty":"OKP","crv":"Ed25519","x":"{}"}}"#, ed25519_x());
    for (name, bad) in [
        ("good", good.clone()),
        ("for encryption", format!(r#"{{"kid":"a","use":"enc","kty":"RSA","n":"{n}","e":"AQAB"}}"#)),
        ("of an unknown type", r#"{"kid":"a","kty":"LATTICE"}"#.to_owned()),
        ("on an unknown curve", r#"{"kid":"a","kty":"EC","crv":"P-521","x":"AA","y":"AA"}"#.to_owned()),
        ("weak", r#"{"kid":"a","kty":"RSA","n":"AQAB","e":"AQAB"}"#.to_owned()),
        ("broken", r#"{"kid":"a","kty":"RSA"}"#.to_owned()),
        ("escaped", r#"{"kid":"\u0061","kty":"RSA"}"#.to_owned()),
    ] {
        for members in [[&good, &other, &bad], [&bad, &other, &good], [&bad, &bad, &other]] {
            let set = format!(r#"{{"keys":[{},{},{}]}}"#, members[0], members[1], members[2]);
            let error = Jwks::parse(&set, &scope()).expect_err(name);
            assert_eq!(error, ConfigError::DuplicateKey { key: format!("\"a\" of {}", scope()) }, "{name}");
        }
    }
}

#[test]
fn a_set_is_bounded_in_bytes_in_members_and_in_depth() {
    let good = format!(r#"{{"kid":"b","kty":"OKP","crv":"Ed25519","x":"{}"}}"#, ed25519_x());
    let error = |json: &str| Jwks::parse(json, &scope()).unwrap_err().to_string();
    let padded = |bytes: usize| format!("{{\"keys\":[{good}]}}{}", " ".repeat(bytes - good.len() - 11));
    assert_eq!(Jwks::parse(&padded(16 * 1024 * 1024), &scope()).unwrap().keys.len(), 1, "at the bound");
    let said = error(&padded(16 * 1024 * 1024 + 1));
    assert!(said.contains("has 16777217 bytes") && said.contains("at most 16777216"), "{said}");
    let said = error(&format!("{{\"keys\":[{}0]}}", "0,".repeat(1_000_000)));
    assert!(said.contains("has 1000001 members") && said.contains("at most 1000000"), "{said}");
    let nested = format!("{{\"keys\":[{good}],\"more\":{}{}}}", "[".repeat(200_000), "]".repeat(200_000));
    assert!(error(&nested).contains("is not a JSON document"), "{}", error(&nested));
}

#[test]
fn what_a_set_skips_is_listed_up_to_a_bound_and_counted_beyond() {
    let members: Vec<String> = (0..5_000).map(|number| format!(r#"{{"kid":"{number}"}}"#)).collect();
    let good = format!(r#"{{"kid":"b","kty":"OKP","crv":"Ed25519","x":"{}"}}"#, ed25519_x());
    let set = Jwks::parse(&format!("{{\"keys\":[{good},{}]}}", members.join(",")), &scope()).unwrap();
    assert_eq!((set.keys.len(), set.skipped.len()), (1, 101));
    let last = set.skipped.last().unwrap().to_string();
    assert!(last.contains("4900 more unusable members"), "{last}");
}
