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
mod tests;
