//! What the table stands on. The model checker of the tests compiles the table with its own in place of these.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64};
use std::sync::atomic::{AtomicUsize, Ordering};

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use foldhash::fast::RandomState;

use super::table::Kept;

/// Records, each found by the token that stands in it: a place takes eight bytes.
///
/// In many parts, each under a lock of its own that is held for one record at a time. Measured among a million against
/// papaya, whose readers never wait: a look touches one place in memory less, and what a sweep drops is freed by the sweep,
/// not by a reader that happens to come last.
pub(super) struct Shelf<R: Kept>(Map<ByToken<R::Token, R>, ()>);

/// A record in the place of its token.
struct ByToken<T, R>(Arc<R>, PhantomData<fn() -> T>);

impl<T, R> Clone for ByToken<T, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<T, R: Kept<Token = T>> Borrow<T> for ByToken<T, R> {
    fn borrow(&self) -> &T {
        self.0.token()
    }
}

impl<T: Hash, R: Kept<Token = T>> Hash for ByToken<T, R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.token().hash(state);
    }
}

impl<T: Eq, R: Kept<Token = T>> PartialEq for ByToken<T, R> {
    fn eq(&self, other: &Self) -> bool {
        self.0.token() == other.0.token()
    }
}

impl<T: Eq, R: Kept<Token = T>> Eq for ByToken<T, R> {}

impl<R: Kept> Default for Shelf<R> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<R: Kept> std::fmt::Debug for Shelf<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shelf")
    }
}

impl<R: Kept> Shelf<R> {
    pub(super) fn get(&self, token: &R::Token) -> Option<Arc<R>> {
        self.0.entries.get(token).map(|entry| Arc::clone(&entry.key().0))
    }

    /// Puts a record in its token's place, if that may be, seeing what stands there; tells whether it did. Nothing comes
    /// between.
    pub(super) fn put(&self, record: &Arc<R>, may: impl FnOnce(Option<&R>) -> bool) -> bool {
        match self.0.entries.entry(ByToken(Arc::clone(record), PhantomData)) {
            Entry::Occupied(entry) => {
                let may = may(Some(&entry.key().0));
                if may {
                    entry.replace_entry(());
                }
                may
            }
            Entry::Vacant(entry) => {
                let may = may(None);
                if may {
                    entry.insert(());
                    self.0.len.fetch_add(1, Ordering::Release);
                }
                may
            }
        }
    }

    /// Removes what is not to be kept. Others read and write meanwhile; what changed is asked for again.
    pub(super) fn retain(&self, keep: impl Fn(&R) -> bool) {
        self.0.retain(|record, ()| keep(&record.0));
    }

    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

/// A concurrent map in many parts, each under a lock of its own that is held for one entry at a time; values are small
/// and cloned out.
pub(super) struct Map<K, V> {
    entries: DashMap<K, V, RandomState>,
    /// How many there are: to count them would take every lock.
    len: AtomicUsize,
}

/// What becomes of an entry.
pub(super) enum Change<V> {
    Keep,
    Put(V),
}

/// Into how many parts a map is cut: so many that a writer is hardly ever where a reader is, and that none is large.
const PARTS: usize = 1024;

impl<K: Hash + Eq, V> Default for Map<K, V> {
    fn default() -> Self {
        let entries = DashMap::with_hasher_and_shard_amount(RandomState::default(), PARTS);
        Self { entries, len: AtomicUsize::new(0) }
    }
}

impl<K, V> std::fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Map")
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Map<K, V> {
    pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.entries.get(key).map(|entry| entry.value().clone())
    }

    /// Changes one entry by what it is; nothing comes between.
    pub(super) fn alter(&self, key: K, change: impl Fn(Option<&V>) -> Change<V>) {
        match self.entries.entry(key) {
            Entry::Occupied(mut entry) => {
                if let Change::Put(value) = change(Some(entry.get())) {
                    entry.insert(value);
                }
            }
            Entry::Vacant(entry) => {
                if let Change::Put(value) = change(None) {
                    entry.insert(value);
                    self.len.fetch_add(1, Ordering::Release);
                }
            }
        }
    }

    /// Removes what is not to be kept. Others read and write meanwhile; what changed is asked for again.
    pub(super) fn retain(&self, keep: impl Fn(&K, &V) -> bool) {
        // Looked through under locks that readers share; removed, and freed, one by one.
        let dead: Vec<K> = self
            .entries
            .iter()
            .filter(|entry| !keep(entry.key(), entry.value()))
            .map(|entry| entry.key().clone())
            .collect();
        for key in dead {
            if self.entries.remove_if(&key, |key, value| !keep(key, value)).is_some() {
                self.len.fetch_sub(1, Ordering::Release);
            }
        }
    }

    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len.load(Ordering::Acquire) == 0
    }
}
