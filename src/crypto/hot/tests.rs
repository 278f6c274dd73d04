use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

use super::*;
use crate::crypto::SigningKey;
use crate::crypto::compact::CompactKey;

/// A key in its compact form, and its signature of "message".
struct Kept {
    name: u64,
    algorithm: Algorithm,
    compact: CompactKey,
    signature: Vec<u8>,
}

impl Kept {
    fn ed25519(name: u64) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let compact = CompactKey::new(Algorithm::EdDsa, pair.public_key().as_ref()).unwrap();
        let signature = pair.sign(b"message").as_ref().to_vec();
        Self { name, algorithm: Algorithm::EdDsa, compact, signature }
    }

    fn rsa(name: u64) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let der = aws_lc_rs::encoding::AsDer::as_der(&pair).unwrap();
        let signing = SigningKey::from_der(Algorithm::Rs256, der.as_ref()).unwrap();
        let public = pkcs1::RsaPublicKeyRef::try_from(pair.public_key().as_ref()).unwrap();
        let compact = CompactKey::rsa(public.modulus.as_bytes(), public.public_exponent.as_bytes()).unwrap();
        let signature = signing.sign(b"message").unwrap();
        Self { name, algorithm: Algorithm::Rs256, compact, signature }
    }

    fn is_signed<const SETS: usize>(&self, hot: &HotKeys<SETS>, message: &[u8], signature: &[u8]) -> bool {
        let checked = hot.check(self.name, (self.algorithm, self.compact.as_bytes()), message, signature);
        checked.unwrap().is_ok()
    }
}

fn a_dozen() -> Vec<Kept> {
    (1..=10).map(Kept::ed25519).chain((11..=12).map(Kept::rsa)).collect()
}

impl<const SETS: usize> HotKeys<SETS> {
    fn holds(&self, name: u64) -> bool {
        self.set_of(name).unwrap().find(name).is_some()
    }
}

#[test]
fn many_keys_are_checked_by_their_own_where_four_have_room() {
    let (hot, keys) = (HotKeys::<1>::new(), a_dozen());
    for round in 0..3 {
        for (place, key) in keys.iter().enumerate() {
            let other = &keys[(place + 1) % keys.len()];
            assert!(key.is_signed(&hot, b"message", &key.signature), "{round}: {place}");
            assert!(hot.holds(key.name), "{round}: {place} has just been asked for");
            assert!(!key.is_signed(&hot, b"massage", &key.signature), "{round}: {place}, another message");
            assert!(!key.is_signed(&hot, b"message", &other.signature), "{round}: {place}, of another");
            assert!(keys.iter().filter(|key| hot.holds(key.name)).count() <= 4, "{round}: {place}");
        }
    }
}

#[test]
fn threads_that_drive_out_each_others_keys_are_told_the_truth() {
    let (hot, keys) = (HotKeys::<1>::new(), a_dozen());
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (hot, keys) = (&hot, &keys);
            scope.spawn(move || {
                for turn in 0..1_000 {
                    let key = &keys[turn * (2 * thread + 5) % keys.len()];
                    let other = &keys[(turn + 1) * (2 * thread + 5) % keys.len()];
                    assert!(key.is_signed(hot, b"message", &key.signature));
                    let same = key.name == other.name;
                    assert_eq!(key.is_signed(hot, b"message", &other.signature), same);
                }
            });
        }
    });
}

#[test]
fn a_key_in_use_stays_while_others_pass_by() {
    let (hot, used, mut passing) = (HotKeys::<1>::new(), Kept::ed25519(1), Kept::ed25519(2));
    for name in 2..50 {
        passing.name = name;
        assert!(used.is_signed(&hot, b"message", &used.signature));
        assert!(passing.is_signed(&hot, b"message", &passing.signature));
        assert!(hot.holds(1), "driven out by {name}");
        assert!(name < 6 || !hot.holds(2));
    }
}

#[test]
fn a_bad_signature_drives_no_key_out() {
    let (hot, keys) = (HotKeys::<1>::new(), a_dozen());
    for key in &keys {
        assert!(!key.is_signed(&hot, b"message", &[0; 64]));
    }
    assert_eq!([4, 5].map(|name| hot.holds(name)), [true, false], "junk takes what is free");
    for key in &keys[..4] {
        assert!(key.is_signed(&hot, b"message", &key.signature));
    }
    assert!(keys[4].is_signed(&hot, b"message", &keys[4].signature));
    assert!(hot.holds(5));
}

#[test]
fn what_is_no_key_checks_nothing() {
    let hot = HotKeys::<1>::new();
    for (algorithm, compact) in [
        (Algorithm::Rs256, &[][..]),
        (Algorithm::Rs256, &[3, 1, 0, 1]),
        (Algorithm::Rs256, &[9, 1]),
        (Algorithm::Es256, &[4; 65]),
        (Algorithm::EdDsa, &[1; 31]),
        (Algorithm::Hs256, &[1; 32]),
    ] {
        assert!(hot.check(1, (algorithm, compact), b"message", &[0; 64]).is_err(), "{algorithm} {compact:?}");
    }
    assert!(!hot.holds(1));
}
