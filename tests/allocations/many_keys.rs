//! A million keys: what each takes, what a change costs, and that what is checked at loading is what AWS-LC would check.

use crate::support::{HOST, NOW, TestKey, gate, vod};
use allocation_counter::measure;
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use http::Request;
use playgate::error::{Code, Denial};
use playgate::keys::KeySet;
use playgate::time::UnixSeconds;
use playgate::{ConfigError, Decision, Key, KeyScope, Verifier};

fn request(key: TestKey) -> Request<()> {
    let token = key.token(r#"{"uri":"videos/1/"}"#);
    Request::get(format!("/videos/1/a.ts?auth={token}")).header("host", HOST).body(()).unwrap()
}

/// Why it is refused at that second, if it is.
fn code(verifier: &Verifier, request: &Request<()>, now: i64) -> Option<Code> {
    match verifier.decide(request, UnixSeconds::new(now)) {
        Decision::Granted(_) => None,
        other => Some(other.denial().map(Denial::code).unwrap()),
    }
}

fn scope() -> KeyScope {
    KeyScope::bucket("vod")
}

/// One DER value.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let len = content.len();
    let bytes = u32::try_from(len).unwrap().to_be_bytes();
    match len {
        0..128 => [&[tag, bytes[3]], content].concat(),
        128..256 => [&[tag, 0x81, bytes[3]], content].concat(),
        _ => [&[tag, 0x82, bytes[2], bytes[3]], content].concat(),
    }
}

/// A PKCS#1 key of two integers, given as they are encoded.
fn pkcs1(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, modulus), tlv(2, exponent)].concat())
}

/// As it has to be encoded: a number with its top bit set begins with a zero.
fn positive(number: &[u8]) -> Vec<u8> {
    if number[0] < 0x80 { number.to_vec() } else { [&[0], number].concat() }
}

/// An odd modulus of so many bytes that is like no other.
fn modulus(bytes: usize, number: usize) -> Vec<u8> {
    let mut modulus: Vec<u8> = (0..bytes).map(|at| u8::try_from((at * 31 + number) % 251).unwrap()).collect();
    modulus[0] |= 0x80;
    modulus[1..9].copy_from_slice(&number.to_be_bytes());
    modulus[bytes - 1] |= 1;
    modulus
}

const E: &[u8] = &[1, 0, 1];

#[test]
fn an_rsa_key_is_taken_from_der_where_aws_lc_takes_it() {
    let good = positive(&modulus(256, 1));
    let even = positive(&[&modulus(256, 1)[..255], &[0x10]].concat());
    let whole = pkcs1(&good, E);
    let mut rows = vec![
        ("good", whole.clone()),
        ("3072 bits", pkcs1(&positive(&modulus(384, 1)), E)),
        ("8192 bits", pkcs1(&positive(&modulus(1024, 1)), E)),
        ("even modulus", pkcs1(&even, E)),
        ("no exponent", pkcs1(&good, &[])),
        ("exponent that is negative", pkcs1(&good, &[0x81])),
        ("modulus that is negative", pkcs1(&good[1..], E)),
        ("modulus with two zeros before it", pkcs1(&[&[0], &good[..]].concat(), E)),
        ("modulus with a zero too many", pkcs1(&[&[0, 1], &good[2..]].concat(), E)),
        ("exponent with a zero before it", pkcs1(&good, &[0, 1, 0, 1])),
        ("bytes after it", [&whole[..], &[0]].concat()),
        ("bytes after the exponent", tlv(0x30, &[tlv(2, &good), tlv(2, E), tlv(2, E)].concat())),
        ("cut off", whole[..whole.len() - 1].to_vec()),
        ("length in more bytes than it needs", [&[0x30, 0x83, 0][..], &whole[2..]].concat()),
        ("length without end", [&[0x30, 0x80], &whole[4..], &[0, 0]].concat()),
        ("a set", [&[0x31], &whole[1..]].concat()),
        ("a bit string for a modulus", tlv(0x30, &[tlv(3, &good), tlv(2, E)].concat())),
        ("nothing", Vec::new()),
        ("an empty sequence", tlv(0x30, &[])),
    ];
    for exponent in [
        &[0][..],
        &[1],
        &[2],
        &[3],
        &[4],
        &[17],
        &[0x7f, 0xff, 0xff, 0xff],
        &[0, 0xff, 0xff, 0xff, 0xff],
        &[1, 0, 0, 0, 1],
        &[1, 0xff, 0xff, 0xff, 0xff],
        &[1, 0xff, 0xff, 0xff, 0xfe],
        &[2, 0, 0, 0, 1],
        &[3, 0, 0, 0, 1],
        &[0x7f, 0, 0, 0, 1],
        &[1, 0, 0, 0, 0, 1],
        &good,
    ] {
        rows.push(("exponent", pkcs1(&good, exponent)));
    }
    // Every bit of what stands around the modulus, turned.
    for byte in (0..10).chain(whole.len() - 6..whole.len()) {
        for bit in 0..8 {
            let mut turned = whole.clone();
            turned[byte] ^= 1 << bit;
            rows.push(("a turned bit", turned));
        }
    }
    let spki = |key: &[u8]| {
        let rsa = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1, 5, 0];
        tlv(0x30, &[tlv(0x30, &rsa), tlv(3, &[&[0], key].concat())].concat())
    };
    let (mut taken, count) = (0, rows.len());
    for (name, der) in rows {
        let theirs = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &der).is_ok();
        let ours = Key::from_der("k", &der, scope());
        // A modulus whose length was changed may be too short for us; AWS-LC says so when it checks a signature.
        let too_short = matches!(ours, Err(ConfigError::RsaSize { .. } | ConfigError::PrivateKey { .. }));
        assert_eq!(ours.is_ok(), theirs && !too_short, "{name}: {ours:?}, AWS-LC {theirs}, {der:02x?}");
        assert_eq!(Key::from_der("k", &spki(&der), scope()).is_ok(), ours.is_ok(), "{name}, in SPKI");
        taken += usize::from(theirs);
    }
    assert!(taken > 10 && taken * 3 < count, "{taken} of {count} taken");
}

#[test]
fn every_public_key_in_der_is_the_one_in_pem() {
    for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519] {
        let der = pem::parse(key.public()).unwrap().into_contents();
        let loaded = Key::from_der(key.kid(), &der, scope()).unwrap();
        assert_eq!(loaded.algorithm().name(), key.alg());
        let verifier = gate().site(vod()).key(loaded).build().unwrap();
        assert_eq!(code(&verifier, &request(key), NOW), None, "{key:?}");
    }
}

#[test]
fn der_that_is_no_public_key_is_refused_by_name() {
    let private = |key: TestKey| pem::parse(key.private()).unwrap().into_contents();
    for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519] {
        let error = Key::from_der("k", &private(key), scope()).unwrap_err();
        assert!(matches!(error, ConfigError::PrivateKey { .. }), "{key:?}: {error}");
    }
    for (name, der) in [("text", &b"-----BEGIN PUBLIC KEY-----"[..]), ("nothing", b""), ("a point", &[4; 65])]
    {
        let error = Key::from_der("k", der, scope()).unwrap_err();
        assert!(matches!(error, ConfigError::BrokenKey { .. }), "{name}: {error}");
    }
    let small = pkcs1(&positive(&modulus(128, 1)), E);
    let error = Key::from_der("k", &small, scope()).unwrap_err();
    assert!(matches!(error, ConfigError::RsaSize { bits: 1024, .. }), "{error}");
}

fn rsa_key(number: usize) -> Key {
    Key::from_der(&format!("{number:016x}"), &pkcs1(&positive(&modulus(256, number)), E), scope()).unwrap()
}

#[test]
fn a_cold_key_takes_at_most_350_bytes_and_its_part_of_the_table_at_most_32() {
    const COUNT: usize = 20_000;
    let mut keys = Vec::with_capacity(COUNT);
    let held = measure(|| keys.extend((0..COUNT).map(rsa_key))).bytes_current;
    assert!(held <= 350 * i64::try_from(COUNT).unwrap(), "{held} bytes for {COUNT} keys");
    let mut set = None;
    let held = measure(|| set = Some(KeySet::from_keys(keys.iter().cloned()).unwrap())).bytes_current;
    assert!(held <= 32 * i64::try_from(COUNT).unwrap(), "{held} bytes for a table of {COUNT} keys");
}

#[test]
fn one_key_more_or_less_copies_little_of_a_large_set() {
    let set = KeySet::from_keys((0..20_000).map(rsa_key)).unwrap();
    let (key, out, mut more, mut less) = (rsa_key(20_000), rsa_key(7).identity(), None, None);
    for (what, count) in [
        ("with", measure(|| more = Some(set.with(key).unwrap()))),
        ("without", measure(|| less = set.without(&out))),
    ] {
        assert!(count.bytes_total < 16 * 1024 && count.count_total < 10, "{what}: {count:?}");
    }
    assert_eq!((more.unwrap().len(), less.unwrap().len()), (20_001, 19_999));
}

#[test]
fn a_key_that_went_grants_nothing_though_it_was_in_use() {
    let verifier = gate().site(vod()).token_cache(0).key(TestKey::Rsa.key(scope())).build().unwrap();
    let request = request(TestKey::Rsa);
    let code = || code(&verifier, &request, NOW);
    assert_eq!((code(), code()), (None, None), "prepared, and in use");
    assert_eq!(verifier.keys().remove_kid(TestKey::Rsa.kid()), 1);
    assert_eq!(code(), Some(Code::UnknownKey));
    // Another by its name, and itself again.
    let other = Key::from_pem(TestKey::Rsa.kid(), TestKey::RsaOther.public(), scope()).unwrap();
    verifier.keys().insert(other).unwrap();
    assert_eq!(code(), Some(Code::BadSignature));
    verifier.keys().replace(KeySet::from_keys([TestKey::Rsa.key(scope())]).unwrap());
    assert_eq!(code(), None);
}

#[test]
fn a_clone_is_the_same_key_and_what_is_changed_is_another() {
    let key = TestKey::Rsa.key(scope());
    let retiring = key.clone().not_after(UnixSeconds::new(NOW));
    assert_eq!((key.retires(), retiring.retires()), (None, Some(UnixSeconds::new(NOW))));
    let (verifier, request) = (gate().site(vod()).key(key.clone()).build().unwrap(), request(TestKey::Rsa));
    assert_eq!(code(&verifier, &request, NOW + 1), None);
    assert_eq!(key.last_used(), Some(UnixSeconds::new(NOW + 1)));
    verifier.keys().replace(KeySet::from_keys([retiring.clone()]).unwrap());
    assert_eq!(code(&verifier, &request, NOW + 1), Some(Code::UnknownKey));
    assert_eq!(code(&verifier, &request, NOW), None);
    assert_eq!(retiring.last_used(), Some(UnixSeconds::new(NOW)));
}
