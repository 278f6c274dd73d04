use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::key::{Key, KeyId};
use crate::error::ConfigError;

/// The fewest parts that a set has.
const FEWEST_SHARDS: usize = 16;

/// Verification keys, found by `kid`.
///
/// Immutable: [`with`](Self::with) and [`without`](Self::without) make a new set that shares all but one of its parts with
/// the old one. It has about as many parts as each has keys, a thousand of a thousand in a million. No `kid` occurs twice.
#[derive(Clone)]
pub struct KeySet {
    hasher: DefaultHashBuilder,
    /// A power of two.
    shards: Arc<[Arc<Shard>]>,
    len: usize,
}

/// Keys by the hash of their `kid`.
type Shard = HashTable<Key>;

/// Where a key stands in one set; meaningless in any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRef {
    shard: u32,
    place: u32,
}

impl Default for KeySet {
    fn default() -> Self {
        let empty = Arc::new(Shard::default());
        let shards = std::iter::repeat_n(empty, FEWEST_SHARDS).collect();
        Self { hasher: DefaultHashBuilder::default(), shards, len: 0 }
    }
}

impl KeySet {
    /// The empty set: every token is refused.
    pub fn new() -> Self {
        Self::default()
    }

    /// A set of these keys.
    ///
    /// # Errors
    ///
    /// [`ConfigError::DuplicateKey`] for the first `kid` that occurs twice.
    pub fn from_keys(keys: impl IntoIterator<Item = Key>) -> Result<Self, ConfigError> {
        let hasher = DefaultHashBuilder::default();
        let keys = keys.into_iter().map(|key| (hash_of(&hasher, &key), key)).collect();
        Ok(Changing::spread(hasher, keys).map_err(|key| duplicate(&key))?.finish())
    }

    /// This set and one key more.
    ///
    /// # Errors
    ///
    /// [`ConfigError::DuplicateKey`] when its `kid` is there already.
    pub fn with(&self, key: Key) -> Result<Self, ConfigError> {
        let mut changing = Changing::of(self);
        changing.insert(key).map_err(|key| duplicate(&key))?;
        Ok(changing.finish())
    }

    /// This set less the key of this `kid`; `None` when it is not there.
    #[must_use]
    pub fn without(&self, kid: &str) -> Option<Self> {
        let key = self.get(kid)?;
        let mut changing = Changing::of(self);
        changing.remove(key);
        Some(changing.finish())
    }

    /// This set less `out`, which counts only where it is the very same key, and with `into`. What has a `kid` that is
    /// taken is handed back. Copies each part that changes once, however much changes in it.
    #[cfg(feature = "config")]
    pub(crate) fn exchange(&self, out: &[Key], into: Vec<Key>) -> (Self, Vec<Key>) {
        let mut changing = Changing::of(self);
        for key in out {
            changing.remove(key);
        }
        let refused = into.into_iter().filter_map(|key| changing.insert(key).err()).collect();
        (changing.finish(), refused)
    }

    /// The key of this `kid`.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.find(kid.as_bytes()).map(|(_, key)| key)
    }

    /// Every key, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }

    /// How many keys there are.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn find(&self, kid: &[u8]) -> Option<(KeyRef, &Key)> {
        let hash = self.hasher.hash_one(kid);
        let shard_number = shard_of(hash, self.shards.len());
        let shard = self.shards.get(shard_number)?;
        let place = shard.find_bucket_index(hash, |key| key.id().as_str().as_bytes() == kid)?;
        let key = shard.get_bucket(place)?;
        let (shard, place) = (u32::try_from(shard_number).ok()?, u32::try_from(place).ok()?);
        Some((KeyRef { shard, place }, key))
    }

    pub(crate) fn at(&self, key: KeyRef) -> Option<&Key> {
        self.shards.get(usize::try_from(key.shard).ok()?)?.get_bucket(usize::try_from(key.place).ok()?)
    }
}

/// The shard of a hash among so many, a power of two: bits that the tables inside the shards do not lead with.
fn shard_of(hash: u64, shards: usize) -> usize {
    let [_, _, _, _, high @ ..] = hash.to_le_bytes();
    usize::try_from(u32::from_le_bytes(high)).unwrap_or_default() & shards.wrapping_sub(1)
}

/// How many parts for so many keys: about the root, so that spine and part are alike, and an insert copies little of either.
fn shards_for(keys: usize) -> usize {
    keys.isqrt().next_power_of_two().max(FEWEST_SHARDS)
}

fn duplicate(key: &Key) -> ConfigError {
    ConfigError::DuplicateKey { kid: key.id().to_string() }
}

/// A set that is being made from another.
struct Changing {
    hasher: DefaultHashBuilder,
    shards: Vec<Arc<Shard>>,
    len: usize,
}

impl Changing {
    /// One of these keys, each with the hash of its `kid`; or the first whose `kid` occurs twice.
    fn spread(hasher: DefaultHashBuilder, keys: Vec<(u64, Key)>) -> Result<Self, Key> {
        let shards = shards_for(keys.len());
        let mut sizes = vec![0_usize; shards];
        for (hash, _) in &keys {
            if let Some(size) = sizes.get_mut(shard_of(*hash, shards)) {
                *size = size.saturating_add(1);
            }
        }
        // Tables that need not grow: to grow one is to look at all of its keys again.
        let shards = sizes.into_iter().map(|size| Arc::new(Shard::with_capacity(size))).collect();
        let mut changing = Self { hasher, shards, len: 0 };
        for (hash, key) in keys {
            changing.insert_at(hash, key)?;
        }
        Ok(changing)
    }

    fn of(set: &KeySet) -> Self {
        Self { hasher: set.hasher.clone(), shards: set.shards.to_vec(), len: set.len }
    }

    /// Puts a key in, or hands it back where its `kid` is taken.
    fn insert(&mut self, key: Key) -> Result<(), Key> {
        self.insert_at(hash_of(&self.hasher, &key), key)
    }

    fn insert_at(&mut self, hash: u64, key: Key) -> Result<(), Key> {
        let number = shard_of(hash, self.shards.len());
        let Some(shard) = self.shards.get_mut(number) else { return Err(key) };
        if shard.find(hash, |known| known.id() == key.id()).is_some() {
            return Err(key);
        }
        Arc::make_mut(shard).insert_unique(hash, key, |key| hash_of(&self.hasher, key));
        self.len = self.len.saturating_add(1);
        Ok(())
    }

    /// Takes this very key out, if it is there.
    fn remove(&mut self, key: &Key) {
        let hash = hash_of(&self.hasher, key);
        let number = shard_of(hash, self.shards.len());
        let Some(shard) = self.shards.get_mut(number) else { return };
        if shard.find(hash, |known| known.is(key)).is_none() {
            return;
        }
        if let Ok(entry) = Arc::make_mut(shard).find_entry(hash, |known| known.is(key)) {
            entry.remove();
            self.len = self.len.saturating_sub(1);
        }
    }

    /// The set. Where it has come to have many times too few parts, or too many, the keys are spread anew.
    fn finish(mut self) -> KeySet {
        let (has, wants) = (self.shards.len(), shards_for(self.len));
        if has.max(wants) >= has.min(wants).saturating_mul(4) {
            let keys = self.shards.iter().flat_map(|shard| shard.iter());
            let keys = keys.map(|key| (hash_of(&self.hasher, key), key.clone())).collect();
            if let Ok(spread) = Self::spread(self.hasher.clone(), keys) {
                self = spread; // each `kid` occurs once
            }
        }
        let Self { hasher, shards, len } = self;
        KeySet { hasher, shards: shards.into(), len }
    }
}

fn hash_of(hasher: &DefaultHashBuilder, key: &Key) -> u64 {
    hasher.hash_one(key.id().as_str().as_bytes())
}

impl std::fmt::Debug for KeySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ids: std::collections::BTreeSet<&KeyId> = self.iter().map(Key::id).collect();
        f.debug_tuple("KeySet").field(&ids).finish()
    }
}

#[cfg(all(test, feature = "aws-lc"))]
mod tests {
    use super::*;
    use crate::scope::KeyScope;

    fn key(kid: &str) -> Key {
        Key::from_secret(kid, &[7; 32], KeyScope::bucket("b")).unwrap()
    }

    #[test]
    fn keys_come_and_go_and_old_sets_stay_as_they_were() {
        let first = KeySet::from_keys((0..1000).map(|i| key(&format!("k{i}")))).unwrap();
        let second = first.with(key("more")).unwrap();
        let third = second.without("k7").unwrap();
        assert_eq!((first.len(), second.len(), third.len()), (1000, 1001, 1000));
        assert_eq!([&first, &second].map(|set| set.get("more").is_some()), [false, true]);
        assert_eq!([&second, &third].map(|set| set.get("k7").is_some()), [true, false]);
        for i in (0..1000).filter(|i| *i != 7) {
            let kid = format!("k{i}");
            let (place, found) = third.find(kid.as_bytes()).unwrap();
            assert_eq!(found.id().as_str(), kid);
            assert_eq!(third.at(place).unwrap().id().as_str(), kid);
        }
        assert!(third.without("k7").is_none());
        assert_eq!(third.iter().count(), 1000);
    }

    #[test]
    fn a_new_set_has_no_key_and_takes_one() {
        let none = KeySet::new();
        assert!(none.is_empty());
        assert_eq!((none.iter().count(), none.get("a").is_some()), (0, false));
        let one = none.with(key("a")).unwrap();
        assert_eq!((one.is_empty(), one.len(), one.get("a").is_some()), (false, 1, true));
    }

    /// Every key is found, by its name and by its place.
    fn is_whole(set: &KeySet, kids: std::ops::Range<usize>) {
        assert_eq!((set.len(), set.iter().count()), (kids.len(), kids.len()));
        for kid in kids.map(|i| format!("k{i}")) {
            let (place, found) = set.find(kid.as_bytes()).unwrap();
            assert_eq!(found.id().as_str(), kid);
            assert!(set.at(place).unwrap().is(found));
        }
    }

    #[test]
    fn the_number_of_parts_follows_the_number_of_keys() {
        let mut set = KeySet::new();
        let mut parts = vec![set.shards.len()];
        for i in 0..6_000 {
            set = set.with(key(&format!("k{i}"))).unwrap();
            if parts.last() != Some(&set.shards.len()) {
                parts.push(set.shards.len());
                is_whole(&set, 0..i + 1);
            }
        }
        assert_eq!(parts, [16, 64], "sixteen times the keys, four times the parts");
        let at_once = KeySet::from_keys(set.iter().cloned()).unwrap();
        assert_eq!(at_once.shards.len(), 128);
        is_whole(&at_once, 0..6_000);
        set = at_once;
        for i in 0..5_990 {
            set = set.without(&format!("k{i}")).unwrap();
        }
        assert_eq!(set.shards.len(), 32);
        is_whole(&set, 5_990..6_000);
    }

    #[test]
    fn a_place_in_one_set_is_harmless_in_another() {
        let many = KeySet::from_keys((0..2_000).map(|i| key(&format!("k{i}")))).unwrap();
        let few = KeySet::from_keys([key("k1"), key("k2")]).unwrap();
        let meant = |kid: &str| many.find(kid.as_bytes()).unwrap();
        let found = many.iter().filter_map(|key| few.at(meant(key.id().as_str()).0));
        assert!(found.count() < 2_000);
        let (place, known) = meant("k7");
        let less = many.without("k7").unwrap();
        assert!(less.at(place).is_none());
        let again = less.with(key("k7")).unwrap();
        assert!(again.at(place).is_none_or(|other| !other.is(known)), "another key, whatever its name");
    }

    #[test]
    fn a_kid_that_occurs_twice_is_refused() {
        let twice = KeySet::from_keys([key("a"), key("b"), key("a")]).unwrap_err();
        assert_eq!(twice.to_string(), "key set has two keys with kid \"a\": give each key its own");
        let set = KeySet::from_keys([key("a")]).unwrap();
        assert_eq!(set.with(key("a")).unwrap_err(), twice);
    }
}
