//! What the table stands on. The model checker of the tests compiles the table with its own in place of these.

use std::hash::Hash;
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64};

use foldhash::fast::RandomState;
use papaya::{HashMap, Operation};

/// A concurrent map whose readers neither wait nor share a counter; values are small and cloned out.
pub(super) struct Map<K, V>(HashMap<K, V, RandomState>);

/// What becomes of an entry.
pub(super) enum Change<V> {
    Keep,
    Put(V),
}

impl<K, V> Default for Map<K, V> {
    fn default() -> Self {
        Self(HashMap::with_hasher(RandomState::default()))
    }
}

impl<K, V> std::fmt::Debug for Map<K, V> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Map")
    }
}

impl<K: Hash + Eq + Clone, V: Clone> Map<K, V> {
    pub(super) fn get<Q: Hash + papaya::Equivalent<K> + ?Sized>(&self, key: &Q) -> Option<V> {
        self.0.pin().get(key).cloned()
    }

    /// Changes one entry by what it is; nothing comes between.
    pub(super) fn alter(&self, key: K, change: impl Fn(Option<&V>) -> Change<V>) {
        self.0.pin().compute(key, |entry| match change(entry.map(|(_, value)| value)) {
            Change::Keep => Operation::Abort(()),
            Change::Put(value) => Operation::Insert(value),
        });
    }

    /// Removes what is not to be kept. Others read and write meanwhile; an entry that changed is asked for again.
    pub(super) fn retain(&self, keep: impl Fn(&K, &V) -> bool) {
        let map = self.0.pin();
        for (number, (key, value)) in map.iter().enumerate() {
            if !keep(key, value) {
                let _ = map.remove_if(key, |key, value| !keep(key, value));
            }
            if number % PAUSE_EVERY == 0 {
                std::thread::yield_now();
            }
        }
    }

    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// After so many entries a sweep lets others run.
const PAUSE_EVERY: usize = 1024;
