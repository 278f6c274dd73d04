use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::key::{Key, KeyId};
use crate::error::ConfigError;

/// How many parts a set has: one insert copies one of them.
const SHARDS: usize = 256;

/// Verification keys, found by `kid`.
///
/// Immutable: [`with`](Self::with) and [`without`](Self::without) make a new set that shares all but one part of
/// its 256 with the old one. No `kid` occurs twice.
#[derive(Clone)]
pub struct KeySet {
    hasher: DefaultHashBuilder,
    shards: Arc<[Arc<Shard>]>,
    len: usize,
}

#[derive(Clone, Default)]
struct Shard {
    keys: Vec<Arc<Key>>,
    /// Places in `keys`, by the hash of the `kid` there.
    places: HashTable<u32>,
}

/// Where a key stands in one set; meaningless in any other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KeyRef {
    shard: u32,
    place: u32,
}

impl Default for KeySet {
    fn default() -> Self {
        let empty = Arc::new(Shard::default());
        Self {
            hasher: DefaultHashBuilder::default(),
            shards: std::iter::repeat_n(empty, SHARDS).collect(),
            len: 0,
        }
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
        Self::from_shared(keys.into_iter().map(Arc::new))
    }

    /// The same for keys that are shared.
    pub(crate) fn from_shared(keys: impl IntoIterator<Item = Arc<Key>>) -> Result<Self, ConfigError> {
        let set = Self::default();
        let mut shards: Vec<Shard> = vec![Shard::default(); SHARDS];
        let mut len = 0_usize;
        for key in keys {
            let hash = set.hash(key.id().as_str().as_bytes());
            let Some(shard) = shards.get_mut(shard_of(hash)) else { continue };
            shard.insert(&set.hasher, hash, key)?;
            len = len.saturating_add(1);
        }
        Ok(Self { hasher: set.hasher, shards: shards.into_iter().map(Arc::new).collect(), len })
    }

    /// This set and one key more.
    ///
    /// # Errors
    ///
    /// [`ConfigError::DuplicateKey`] when its `kid` is there already.
    pub fn with(&self, key: Key) -> Result<Self, ConfigError> {
        let hash = self.hash(key.id().as_str().as_bytes());
        let shards = self.changed(hash, |shard| {
            let mut copy = shard.clone();
            copy.insert(&self.hasher, hash, Arc::new(key)).map(|()| copy)
        })?;
        Ok(Self { hasher: self.hasher.clone(), shards, len: self.len.saturating_add(1) })
    }

    /// This set less the key of this `kid`; `None` when it is not there.
    #[must_use]
    pub fn without(&self, kid: &str) -> Option<Self> {
        self.find(kid.as_bytes())?;
        let hash = self.hash(kid.as_bytes());
        let shards = self.changed(hash, |shard| {
            let mut copy = Shard::default();
            for key in shard.keys.iter().filter(|key| key.id().as_str() != kid) {
                copy.push(&self.hasher, self.hash(key.id().as_str().as_bytes()), Arc::clone(key));
            }
            Ok::<_, std::convert::Infallible>(copy)
        });
        let Ok(shards) = shards;
        Some(Self { hasher: self.hasher.clone(), shards, len: self.len.saturating_sub(1) })
    }

    /// This set less `out`, which counts only where it is the very same key, and with `into`. What has a `kid` that is
    /// taken is handed back. Copies each part that changes once, however much changes in it.
    #[cfg(feature = "config")]
    pub(crate) fn exchange(&self, out: &[Arc<Key>], into: Vec<Arc<Key>>) -> (Self, Vec<Arc<Key>>) {
        #[derive(Default)]
        struct Exchange<'k> {
            out: hashbrown::HashMap<&'k [u8], &'k Arc<Key>>,
            into: Vec<Arc<Key>>,
        }
        let hash_of = |key: &Key| self.hash(key.id().as_str().as_bytes());
        let mut by_shard: std::collections::BTreeMap<usize, Exchange<'_>> = std::collections::BTreeMap::new();
        for key in out {
            let exchange = by_shard.entry(shard_of(hash_of(key))).or_default();
            exchange.out.insert(key.id().as_str().as_bytes(), key);
        }
        for key in into {
            by_shard.entry(shard_of(hash_of(&key))).or_default().into.push(key);
        }
        let (mut shards, mut refused, mut len) = (self.shards.to_vec(), Vec::new(), self.len);
        for (number, exchange) in by_shard {
            let Some(place) = shards.get_mut(number) else { continue };
            let mut shard = Shard::default();
            for key in &place.keys {
                let leaves = exchange.out.get(key.id().as_str().as_bytes());
                if leaves.is_none_or(|leaving| !Arc::ptr_eq(leaving, key)) {
                    shard.push(&self.hasher, hash_of(key), Arc::clone(key));
                }
            }
            for key in exchange.into {
                if shard.insert(&self.hasher, hash_of(&key), Arc::clone(&key)).is_err() {
                    refused.push(key);
                }
            }
            len = len.saturating_sub(place.keys.len()).saturating_add(shard.keys.len());
            *place = Arc::new(shard);
        }
        (Self { hasher: self.hasher.clone(), shards: shards.into(), len }, refused)
    }

    /// The key of this `kid`.
    pub fn get(&self, kid: &str) -> Option<&Key> {
        self.find(kid.as_bytes()).map(|(_, key)| key)
    }

    /// Every key, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.shards.iter().flat_map(|shard| shard.keys.iter().map(Arc::as_ref))
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
        let hash = self.hash(kid);
        let shard_number = shard_of(hash);
        let shard = self.shards.get(shard_number)?;
        let place = *shard
            .places
            .find(hash, |&place| shard.at(place).is_some_and(|key| key.id().as_str().as_bytes() == kid))?;
        let shard_number = u32::try_from(shard_number).ok()?;
        Some((KeyRef { shard: shard_number, place }, shard.at(place)?))
    }

    pub(crate) fn at(&self, key: KeyRef) -> Option<&Key> {
        self.shards.get(usize::try_from(key.shard).ok()?)?.at(key.place).map(Arc::as_ref)
    }

    fn hash(&self, kid: &[u8]) -> u64 {
        self.hasher.hash_one(kid)
    }

    /// The spine with the shard of `hash` replaced by what `change` makes of it.
    fn changed<E>(
        &self,
        hash: u64,
        change: impl FnOnce(&Shard) -> Result<Shard, E>,
    ) -> Result<Arc<[Arc<Shard>]>, E> {
        let mut shards: Vec<Arc<Shard>> = self.shards.to_vec();
        if let Some(shard) = shards.get_mut(shard_of(hash)) {
            *shard = Arc::new(change(shard)?);
        }
        Ok(shards.into())
    }
}

/// The shard of a hash: bits that the tables inside the shards do not lead with.
fn shard_of(hash: u64) -> usize {
    usize::from(hash.to_le_bytes()[4])
}

impl Shard {
    fn at(&self, place: u32) -> Option<&Arc<Key>> {
        self.keys.get(usize::try_from(place).ok()?)
    }

    fn insert(&mut self, hasher: &DefaultHashBuilder, hash: u64, key: Arc<Key>) -> Result<(), ConfigError> {
        let same = |&place: &u32| self.keys.get(place as usize).is_some_and(|known| known.id() == key.id());
        if self.places.find(hash, same).is_some() {
            return Err(ConfigError::DuplicateKey { kid: key.id().to_string() });
        }
        self.push(hasher, hash, key);
        Ok(())
    }

    fn push(&mut self, hasher: &DefaultHashBuilder, hash: u64, key: Arc<Key>) {
        let Ok(place) = u32::try_from(self.keys.len()) else { return };
        self.keys.push(key);
        let keys = &self.keys;
        self.places.insert_unique(hash, place, |&place| {
            keys.get(place as usize).map_or(0, |key| hasher.hash_one(key.id().as_str().as_bytes()))
        });
    }
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

    #[test]
    fn a_kid_that_occurs_twice_is_refused() {
        let twice = KeySet::from_keys([key("a"), key("b"), key("a")]).unwrap_err();
        assert_eq!(twice.to_string(), "key set has two keys with kid \"a\": give each key its own");
        let set = KeySet::from_keys([key("a")]).unwrap();
        assert_eq!(set.with(key("a")).unwrap_err(), twice);
    }
}
