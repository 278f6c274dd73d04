//! A concurrent map of many parts, each under a lock that is held for one entry at a time.
//!
//! A reader waits only while a single entry is being changed, and does not allocate.

use std::borrow::Borrow;
use std::hash::Hash;
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use foldhash::fast::RandomState;

/// A concurrent map with small values, which are cloned.
///
/// The default number of parts suits a million entries: writers and readers are rarely in the same part, and a part that grows
/// has few entries to move. A part takes 128 bytes.
pub(crate) struct Map<K, V, const PARTS: usize = 1024> {
    entries: DashMap<K, V, RandomState>,
    /// The number of entries, because counting them would take every lock.
    len: AtomicUsize,
}

/// A change of one entry.
pub(crate) enum Change<V> {
    Keep,
    Put(V),
}

impl<K: Hash + Eq, V, const PARTS: usize> Default for Map<K, V, PARTS> {
    fn default() -> Self {
        let entries = DashMap::with_hasher_and_shard_amount(RandomState::default(), PARTS);
        Self { entries, len: AtomicUsize::new(0) }
    }
}

impl<K, V, const PARTS: usize> std::fmt::Debug for Map<K, V, PARTS> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Map")
    }
}

impl<K: Hash + Eq + Clone, V: Clone, const PARTS: usize> Map<K, V, PARTS> {
    /// Returns the value of a key.
    pub(crate) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| entry.value().clone())
    }

    /// Returns a key as stored in the map.
    pub(crate) fn get_key<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<K>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| entry.key().clone())
    }

    /// Changes one entry by its value, in one step.
    pub(crate) fn alter(&self, key: K, change: impl FnOnce(Option<&V>) -> Change<V>) {
        match self.entries.entry(key) {
            Entry::Occupied(mut entry) => {
                if let Change::Put(value) = change(Some(entry.get())) {
                    entry.insert(value);
                }
            }
            Entry::Vacant(entry) => {
                if let Change::Put(value) = change(None) {
                    let _locked = entry.insert(value); // nobody can remove the entry before it is counted
                    self.len.fetch_add(1, Ordering::Release);
                }
            }
        }
    }

    /// Puts a key and its value in place of an equal key, if that key may be replaced, in one step. Returns whether it was
    /// replaced.
    pub(crate) fn replace(&self, key: K, value: V, may: impl FnOnce(Option<&K>) -> bool) -> bool {
        match self.entries.entry(key) {
            Entry::Occupied(entry) => {
                let may = may(Some(entry.key()));
                if may {
                    entry.replace_entry(value);
                }
                may
            }
            Entry::Vacant(entry) => {
                let may = may(None);
                if may {
                    let _locked = entry.insert(value); // nobody can remove the entry before it is counted
                    self.len.fetch_add(1, Ordering::Release);
                }
                may
            }
        }
    }

    /// Removes one entry if its value passes a test, in one step. Returns whether the entry was removed.
    pub(crate) fn remove_if<Q: Hash + Eq + ?Sized>(&self, key: &Q, test: impl FnOnce(&K, &V) -> bool) -> bool
    where
        K: Borrow<Q>,
    {
        let removed = self.entries.remove_if(key, test).is_some();
        if removed {
            self.len.fetch_sub(1, Ordering::Release);
        }
        removed
    }

    /// Removes the entries that fail a test. Other threads may read and write meanwhile; an entry that changed is tested again.
    pub(crate) fn retain(&self, keep: impl Fn(&K, &V) -> bool) {
        // Entries are tested under locks that readers share. They are removed and freed one by one.
        let dead: Vec<K> = self
            .entries
            .iter()
            .filter(|entry| !keep(entry.key(), entry.value()))
            .map(|entry| entry.key().clone())
            .collect();
        for key in dead {
            self.remove_if(&key, |key, value| !keep(key, value));
        }
    }

    /// Calls a function for each entry. Other threads may read and write meanwhile.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store lists revocations"))]
    pub(crate) fn for_each(&self, mut call: impl FnMut(&K, &V)) {
        self.entries.iter().for_each(|entry| call(entry.key(), entry.value()));
    }

    /// Returns the number of entries.
    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Returns whether there is no entry.
    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests;
