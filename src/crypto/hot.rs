use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use arc_swap::{ArcSwapOption, Guard};

use super::algorithm::Algorithm;
use super::aws_lc::{KeyRejected, PublicKey};
use super::check::BadSignature;
use super::compact::prepare;
use super::digest::{MessageDigest, SignatureHash};

/// A cache of prepared public keys. All other keys are kept as bytes.
///
/// The size is fixed, whatever the number of keys. A place belongs to a set of four. After a valid signature, a key replaces a
/// key of its set that was not used since it was last considered for replacement. Keys are named by consecutive numbers, and sets
/// by remainders of these numbers. Keys that are loaded one after the other therefore have a place each, up to the number of
/// places.
///
/// No thread waits. If two threads prepare the same key at once, both do the work. A thread that replaces a key may free that one
/// key. Only a valid signature replaces another key, so invalid tokens cannot. A name is never reused: the prepared form of a
/// removed key stays until another key takes its place, but cannot be found.
pub(crate) struct HotKeys<const SETS: usize>([Set; SETS]);

/// The cache of this process, for 65,536 keys. An RSA key with 2048 bits takes 2.1 kB, 140 MB if all places are in use. An unused
/// place takes nothing.
pub(crate) static HOT_KEYS: HotKeys<{ 65_536 / 4 }> = HotKeys::new();

/// Marks the name of a key that is prepared for SHA-1. Names count up from 1 and never reach this bit.
const OTHER_HASH: u64 = 1 << 63;

struct Set {
    places: [Place; 4],
    /// The next place of the set to consider for replacement.
    hand: AtomicU8,
}

/// A place for one key. Readers compare its name with the key that they find, so its parts may be out of step for a moment.
struct Place {
    /// The name of the key. Zero if the place is empty.
    name: AtomicU64,
    /// True if the key was used since it was last considered for replacement.
    used: AtomicBool,
    prepared: ArcSwapOption<Prepared>,
}

struct Prepared {
    name: u64,
    key: PublicKey,
}

impl<const SETS: usize> HotKeys<SETS> {
    pub(super) const fn new() -> Self {
        Self([const { Set::new() }; SETS])
    }

    /// Checks a signature with the key with this name, and prepares the key first if necessary.
    ///
    /// # Errors
    ///
    /// Returns [`KeyRejected`] if the key cannot be prepared. The signature was then not checked.
    pub(crate) fn check(
        &self,
        name: u64,
        (algorithm, compact): (Algorithm, &[u8]),
        message: &[u8],
        signature: &[u8],
    ) -> Result<Result<(), BadSignature>, KeyRejected> {
        self.check_with(
            name,
            || prepare(algorithm, SignatureHash::Sha256, compact),
            |key| key.check(message, signature),
        )
    }

    /// Checks a signature over a digest. A key takes one place for each hash.
    ///
    /// # Errors
    ///
    /// Returns the error of [`check`](Self::check).
    pub(crate) fn check_digest(
        &self,
        name: u64,
        (algorithm, compact): (Algorithm, &[u8]),
        digest: &MessageDigest,
        signature: &[u8],
    ) -> Result<Result<(), BadSignature>, KeyRejected> {
        let name = match digest.hash() {
            SignatureHash::Sha1 => name | OTHER_HASH,
            SignatureHash::Sha256 => name,
        };
        self.check_with(
            name,
            || prepare(algorithm, digest.hash(), compact),
            |key| key.check_digest(digest, signature),
        )
    }

    fn check_with(
        &self,
        name: u64,
        prepare: impl FnOnce() -> Result<PublicKey, KeyRejected>,
        check: impl Fn(&PublicKey) -> Result<(), BadSignature>,
    ) -> Result<Result<(), BadSignature>, KeyRejected> {
        let set = self.set_of(name);
        if let Some(found) = set.and_then(|set| set.find(name))
            && let Some(prepared) = found.as_ref()
        {
            return Ok(check(&prepared.key));
        }
        let key = prepare()?;
        let verdict = check(&key);
        if let Some(place) = set.and_then(|set| set.place_for(name, verdict.is_ok())) {
            place.put(Prepared { name, key });
        }
        Ok(verdict)
    }

    fn set_of(&self, name: u64) -> Option<&Set> {
        let sets = u64::try_from(SETS).ok()?;
        self.0.get(usize::try_from(name.checked_rem(sets)?).ok()?)
    }
}

impl Set {
    const fn new() -> Self {
        Self { places: [const { Place::new() }; 4], hand: AtomicU8::new(0) }
    }

    /// Returns the prepared key with this name. Takes no lock, and updates no counter that readers share.
    fn find(&self, name: u64) -> Option<Guard<Option<Arc<Prepared>>>> {
        let place = self.places.iter().find(|place| place.name.load(Ordering::Relaxed) == name)?;
        let found = place.prepared.load();
        if found.as_ref().is_none_or(|prepared| prepared.name != name) {
            return None;
        }
        if !place.used.load(Ordering::Relaxed) {
            place.used.store(true, Ordering::Relaxed); // rarely: readers share the cache line
        }
        Some(found)
    }

    /// Returns the place of a key, or else a free place for it. If `drives_out` is true, this can be the place of a key that was
    /// not used recently.
    fn place_for(&self, name: u64, drives_out: bool) -> Option<&Place> {
        let holder = |place: &Place| place.name.load(Ordering::Relaxed);
        let own = self.places.iter().find(|place| holder(place) == name);
        let free = || self.places.iter().find(|place| holder(place) == 0);
        own.or_else(free).or_else(|| drives_out.then(|| self.least_missed()).flatten())
    }

    fn least_missed(&self) -> Option<&Place> {
        let start = usize::from(self.hand.load(Ordering::Relaxed) % 4);
        let mut last = None;
        for place in self.places.iter().cycle().skip(start).take(4) {
            self.hand.fetch_add(1, Ordering::Relaxed);
            last = Some(place);
            if !place.used.swap(false, Ordering::Relaxed) {
                break;
            }
        }
        last
    }
}

impl Place {
    const fn new() -> Self {
        Self { name: AtomicU64::new(0), used: AtomicBool::new(false), prepared: ArcSwapOption::const_empty() }
    }

    fn put(&self, prepared: Prepared) {
        let name = prepared.name;
        self.prepared.store(Some(Arc::new(prepared)));
        self.used.store(false, Ordering::Relaxed);
        self.name.store(name, Ordering::Relaxed);
    }
}

#[cfg(all(test, feature = "mint"))]
mod tests {
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
            let compact =
                CompactKey::rsa(public.modulus.as_bytes(), public.public_exponent.as_bytes()).unwrap();
            let signature = signing.sign(b"message").unwrap();
            Self { name, algorithm: Algorithm::Rs256, compact, signature }
        }

        fn is_signed<const SETS: usize>(
            &self,
            hot: &HotKeys<SETS>,
            message: &[u8],
            signature: &[u8],
        ) -> bool {
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
                assert!(
                    !key.is_signed(&hot, b"massage", &key.signature),
                    "{round}: {place}, another message"
                );
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
            assert!(
                hot.check(1, (algorithm, compact), b"message", &[0; 64]).is_err(),
                "{algorithm} {compact:?}"
            );
        }
        assert!(!hot.holds(1));
    }
}
