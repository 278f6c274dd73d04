#[cfg(all(test, feature = "aws-lc"))]
mod tests;

use std::hash::BuildHasher as _;

use arrayvec::ArrayVec;
use hashbrown::DefaultHashBuilder;

use super::identity::{KeyId, KeyIdentity, KeyName};
use super::key::Key;
use super::table::{Spot, Table};
use crate::error::ConfigError;
use crate::scope::{KeyScope, MAX_ADMITTING, ScopeName};

/// The maximum number of keys that are tried for one token: for each scope that admits the resource, the key of the token's
/// issuer and the key of any issuer.
pub(crate) const MAX_CANDIDATES: usize = 2 * MAX_ADMITTING;

/// A set of verification keys, found by `kid`.
///
/// It is immutable. [`with`](Self::with) and [`without`](Self::without) create a new set that shares all but a few of its parts
/// with the old one. The number of parts is about equal to the number of keys in each part: a million keys form a thousand parts
/// of a thousand keys. No [`KeyIdentity`] occurs twice, but several keys may have the same `kid`.
#[derive(Clone, Default)]
pub struct KeySet {
    hasher: DefaultHashBuilder,
    /// The keys whose `kid` no other key has, by `kid`.
    lone: Table<Key>,
    /// The keys whose `kid` several keys have, by their identity.
    namesakes: Table<Key>,
    /// The numbers of namesakes.
    counts: Table<Count>,
}

/// The number of keys with one `kid`. If a scope is given, the number of those with that scope and an issuer.
#[derive(Clone)]
struct Count {
    kid: KeyId,
    scope: Option<KeyScope>,
    keys: usize,
}

/// The position of a key in one set. It is meaningless in any other set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRef {
    Lone(Spot),
    Namesake(Spot),
}

/// The keys with one `kid`.
#[derive(Clone, Copy)]
pub(crate) enum Named<'k> {
    Nothing,
    One(KeyRef, &'k Key),
    Several,
}

/// The keys to try for a token.
pub(crate) type Candidates<'k> = ArrayVec<(KeyRef, &'k Key), MAX_CANDIDATES>;

impl KeySet {
    /// Creates an empty set, with which every token is rejected.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a set from these keys.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::DuplicateKey`], with the first identity that occurs twice.
    pub fn from_keys(keys: impl IntoIterator<Item = Key>) -> Result<Self, ConfigError> {
        let hasher = DefaultHashBuilder::default();
        let keys: Vec<Key> = keys.into_iter().collect();
        let lone = Table::with_room_for(keys.iter().map(|key| hash_of_kid(&hasher, kid_of(key))));
        let mut changing = Changing::of(Self { hasher, lone, ..Self::default() });
        for key in keys {
            changing.insert(key).map_err(|key| duplicate(&key))?;
        }
        Ok(changing.finish())
    }

    /// Returns this set with one more key.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::DuplicateKey`] if the set contains a key with the same identity.
    pub fn with(&self, key: Key) -> Result<Self, ConfigError> {
        let mut changing = Changing::of(self.clone());
        changing.insert(key).map_err(|key| duplicate(&key))?;
        Ok(changing.finish())
    }

    /// Returns this set without the key with this identity, or `None` if there is none.
    #[must_use]
    pub fn without(&self, identity: &KeyIdentity) -> Option<Self> {
        let key = self.get(identity)?;
        let mut changing = Changing::of(self.clone());
        changing.remove(key);
        Some(changing.finish())
    }

    /// Returns this set without the keys with this `kid`, and the number of keys removed. The time it takes grows with the number
    /// of keys that share their `kid` with others.
    #[must_use]
    pub fn without_kid(&self, kid: &str) -> (Self, usize) {
        let mut changing = Changing::of(self.clone());
        for key in self.keys_of(kid) {
            changing.remove(key);
        }
        let rest = changing.finish();
        let removed = self.len().saturating_sub(rest.len());
        (rest, removed)
    }

    /// Returns this set with the key in place of the existing key with the same identity.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::NoSuchKey`] if there is no such key.
    pub fn with_replaced(&self, key: Key) -> Result<Self, ConfigError> {
        let Some(before) = self.named(key.name()) else {
            return Err(ConfigError::NoSuchKey { key: key.identity().to_string() });
        };
        let mut changing = Changing::of(self.clone());
        changing.remove(before);
        changing.insert(key).map_err(|key| duplicate(&key))?;
        Ok(changing.finish())
    }

    /// Returns this set without the keys with the identities of `removed`, and with the keys of `added`. An identity that the set does not
    /// have is passed over. Copies each changed part once, so this is the way to change many keys.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::DuplicateKey`] if an identity of `added` occurs twice, or stays in the set; nothing changes in that case.
    pub fn changed(
        &self,
        removed: impl IntoIterator<Item = KeyIdentity>,
        added: impl IntoIterator<Item = Key>,
    ) -> Result<Self, ConfigError> {
        let mut changing = Changing::of(self.clone());
        for identity in removed {
            if let Some(key) = self.get(&identity) {
                changing.remove(key);
            }
        }
        for key in added {
            changing.insert(key).map_err(|key| duplicate(&key))?;
        }
        Ok(changing.finish())
    }

    /// Returns this set without the keys of `out` and with those of `into`. A key of `out` is removed only if it is the very same
    /// key. Also returns the keys of `into` whose identity is taken. Copies each changed part once, however many of its keys
    /// change.
    #[cfg(feature = "config")]
    pub(crate) fn exchange(&self, out: &[Key], into: Vec<Key>) -> (Self, Vec<Key>) {
        let mut changing = Changing::of(self.clone());
        for key in out {
            changing.remove(key);
        }
        let refused = into.into_iter().filter_map(|key| changing.insert(key).err()).collect();
        (changing.finish(), refused)
    }

    /// Returns the key with this identity.
    pub fn get(&self, identity: &KeyIdentity) -> Option<&Key> {
        self.named(identity.name())
    }

    /// Returns every key with this `kid`, in no particular order. If there are several, the time it takes grows with the number
    /// of keys that share their `kid` with others.
    pub fn keys_of(&self, kid: &str) -> impl Iterator<Item = &Key> {
        let (one, several) = match self.find(kid.as_bytes()) {
            Named::Nothing => (None, None),
            Named::One(_, key) => (Some(key), None),
            Named::Several => (None, Some(self.namesakes.iter())),
        };
        one.into_iter().chain(several.into_iter().flatten().filter(move |key| key.id().as_str() == kid))
    }

    /// Returns every key, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.lone.iter().chain(self.namesakes.iter())
    }

    /// Returns the number of keys.
    pub const fn len(&self) -> usize {
        self.lone.len().saturating_add(self.namesakes.len())
    }

    /// Returns whether the set is empty.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Finds the keys with a `kid`.
    pub(crate) fn find(&self, kid: &[u8]) -> Named<'_> {
        let hash = hash_of_kid(&self.hasher, kid);
        if let Some((spot, key)) = self.lone.find(hash, |key| kid_of(key) == kid) {
            return Named::One(KeyRef::Lone(spot), key);
        }
        if self.counts.is_empty() || self.count_at(hash, kid, None) == 0 {
            return Named::Nothing;
        }
        Named::Several
    }

    /// Finds, among several keys with one `kid`, those with one of the scopes that verify tokens of an issuer, by scope in the
    /// given order.
    pub(crate) fn candidates<'s>(
        &self,
        kid: &'s [u8],
        scopes: &[ScopeName<'s>],
        issuer: Option<&'s [u8]>,
    ) -> Candidates<'_> {
        let names = scopes.iter().flat_map(|scope| {
            let scope = *scope;
            let of = move |issuer| KeyName { kid, scope, issuer };
            issuer.map(|issuer| of(Some(issuer))).into_iter().chain([of(None)])
        });
        names.filter_map(|name| self.namesake(name)).take(MAX_CANDIDATES).collect()
    }

    /// Returns whether, among several keys with one `kid`, a key with one of these scopes has an issuer.
    pub(crate) fn has_issuers(&self, kid: &[u8], scopes: &[ScopeName<'_>]) -> bool {
        let has = |scope| self.count_at(hash_of_scoped(&self.hasher, kid, scope), kid, Some(scope)) > 0;
        scopes.iter().any(|scope| has(*scope))
    }

    pub(crate) fn at(&self, key: KeyRef) -> Option<&Key> {
        match key {
            KeyRef::Lone(spot) => self.lone.at(spot),
            KeyRef::Namesake(spot) => self.namesakes.at(spot),
        }
    }

    fn named(&self, name: KeyName<'_>) -> Option<&Key> {
        match self.find(name.kid) {
            Named::Nothing => None,
            Named::One(_, key) => (key.name() == name).then_some(key),
            Named::Several => self.namesake(name).map(|(_, key)| key),
        }
    }

    fn namesake(&self, name: KeyName<'_>) -> Option<(KeyRef, &Key)> {
        let found = self.namesakes.find(self.hasher.hash_one(name), |key| key.name() == name);
        found.map(|(spot, key)| (KeyRef::Namesake(spot), key))
    }

    fn count_at(&self, hash: u64, kid: &[u8], scope: Option<ScopeName<'_>>) -> usize {
        self.counts.find(hash, |count| count.is_of(kid, scope)).map_or(0, |(_, count)| count.keys)
    }
}

impl Count {
    fn is_of(&self, kid: &[u8], scope: Option<ScopeName<'_>>) -> bool {
        self.kid.as_str().as_bytes() == kid && self.scope.as_ref().map(KeyScope::name) == scope
    }

    fn hash(&self, hasher: &DefaultHashBuilder) -> u64 {
        let kid = self.kid.as_str().as_bytes();
        match &self.scope {
            None => hash_of_kid(hasher, kid),
            Some(scope) => hash_of_scoped(hasher, kid, scope.name()),
        }
    }
}

fn kid_of(key: &Key) -> &[u8] {
    key.id().as_str().as_bytes()
}

fn hash_of_kid(hasher: &DefaultHashBuilder, kid: &[u8]) -> u64 {
    hasher.hash_one(kid)
}

fn hash_of_scoped(hasher: &DefaultHashBuilder, kid: &[u8], scope: ScopeName<'_>) -> u64 {
    hasher.hash_one((kid, scope))
}

fn duplicate(key: &Key) -> ConfigError {
    ConfigError::DuplicateKey { key: key.identity().to_string() }
}

/// A set that is being derived from another.
struct Changing {
    set: KeySet,
    /// The `kid`s of several keys of which some were removed.
    dwindled: Vec<KeyId>,
}

impl Changing {
    const fn of(set: KeySet) -> Self {
        Self { set, dwindled: Vec::new() }
    }

    /// Inserts a key, or returns it if its identity is taken.
    fn insert(&mut self, key: Key) -> Result<(), Key> {
        let KeySet { hasher, lone, counts, .. } = &mut self.set;
        let kid = kid_of(&key);
        let hash = hash_of_kid(hasher, kid);
        if let Some((_, other)) = lone.find(hash, |other| kid_of(other) == kid) {
            if other.name() == key.name() {
                return Err(key);
            }
            // From now on the key has a namesake.
            if let Some(other) = lone.remove(hash, |other| kid_of(other) == kid) {
                self.insert_namesake(other);
            }
        } else if counts.is_empty() || counts.find(hash, |count| count.is_of(kid, None)).is_none() {
            lone.insert(hash, key, |key| hash_of_kid(hasher, kid_of(key)));
            return Ok(());
        } else if self.set.namesake(key.name()).is_some() {
            return Err(key);
        }
        self.insert_namesake(key);
        Ok(())
    }

    fn insert_namesake(&mut self, key: Key) {
        self.count(&key, |keys| keys.saturating_add(1));
        let KeySet { hasher, namesakes, .. } = &mut self.set;
        namesakes.insert(hasher.hash_one(key.name()), key, |key| hasher.hash_one(key.name()));
    }

    /// Removes this very key, if the set contains it.
    fn remove(&mut self, key: &Key) {
        let KeySet { hasher, lone, namesakes, .. } = &mut self.set;
        let is_it = |known: &Key| known.is(key);
        if lone.remove(hash_of_kid(hasher, kid_of(key)), is_it).is_some() {
            return;
        }
        if !namesakes.is_empty() && namesakes.remove(hasher.hash_one(key.name()), is_it).is_some() {
            self.count(key, |keys| keys.saturating_sub(1));
            self.dwindled.push(key.id().clone());
        }
    }

    /// Changes the counts that include a namesake.
    fn count(&mut self, key: &Key, change: impl Fn(usize) -> usize) {
        let KeySet { hasher, counts, .. } = &mut self.set;
        let of_issuers = key.issuer().map(|_| key.scope().clone());
        for scope in std::iter::once(None).chain(of_issuers.map(Some)) {
            let mut count = Count { kid: key.id().clone(), scope, keys: 0 };
            let hash = count.hash(hasher);
            let scope = count.scope.as_ref().map(KeyScope::name);
            let before = counts.remove(hash, |known| known.is_of(kid_of(key), scope));
            count.keys = change(before.map_or(0, |before| before.keys));
            // A `kid` without keys keeps its count until the end, because it may get another key.
            if count.keys > 0 || count.scope.is_none() {
                counts.insert(hash, count, |count| count.hash(hasher));
            }
        }
    }

    /// Returns the set. A key whose namesakes were all removed becomes a lone key again.
    fn finish(mut self) -> KeySet {
        let mut dwindled = std::mem::take(&mut self.dwindled);
        dwindled.sort_unstable();
        dwindled.dedup();
        let keys_of = |set: &KeySet, kid: &KeyId| {
            let kid = kid.as_str().as_bytes();
            set.count_at(hash_of_kid(&set.hasher, kid), kid, None)
        };
        dwindled.retain(|kid| keys_of(&self.set, kid) < 2);
        if !dwindled.is_empty() {
            let is_dwindled = |key: &&Key| dwindled.binary_search(key.id()).is_ok();
            let lonely: Vec<Key> = self.set.namesakes.iter().filter(is_dwindled).cloned().collect();
            for key in &lonely {
                self.remove(key);
            }
            let KeySet { hasher, lone, counts, .. } = &mut self.set;
            for kid in &dwindled {
                let kid = kid.as_str().as_bytes();
                counts.remove(hash_of_kid(hasher, kid), |count| count.is_of(kid, None));
            }
            for key in lonely {
                lone.insert(hash_of_kid(hasher, kid_of(&key)), key, |key| hash_of_kid(hasher, kid_of(key)));
            }
        }
        let KeySet { hasher, lone, namesakes, counts } = &mut self.set;
        lone.spread(|key| hash_of_kid(hasher, kid_of(key)));
        namesakes.spread(|key| hasher.hash_one(key.name()));
        counts.spread(|count| count.hash(hasher));
        self.set
    }
}

impl std::fmt::Debug for KeySet {
    /// Shows the identity of each key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let keys: std::collections::BTreeSet<String> =
            self.iter().map(|key| key.identity().to_string()).collect();
        f.debug_tuple("KeySet").field(&keys).finish()
    }
}
