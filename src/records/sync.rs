//! The types on which the table is built. The model checker of the tests compiles the table with its own types instead.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;
pub(super) use std::sync::atomic::{AtomicU32, AtomicU64};

pub(super) use crate::map::{Change, Map};

/// A record that holds its own token.
pub(super) trait Tokened {
    type Token: Hash + Eq + Clone;
    fn token(&self) -> &Self::Token;
}

/// Records, each found by its own token. A record takes eight bytes of the map.
pub(super) struct Shelf<R: Tokened>(Map<ByToken<R::Token, R>, ()>);

/// A record, used as the key of its token.
struct ByToken<T, R>(Arc<R>, PhantomData<fn() -> T>);

impl<T, R> Clone for ByToken<T, R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0), PhantomData)
    }
}

impl<T, R: Tokened<Token = T>> Borrow<T> for ByToken<T, R> {
    fn borrow(&self) -> &T {
        self.0.token()
    }
}

impl<T: Hash, R: Tokened<Token = T>> Hash for ByToken<T, R> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.token().hash(state);
    }
}

impl<T: Eq, R: Tokened<Token = T>> PartialEq for ByToken<T, R> {
    fn eq(&self, other: &Self) -> bool {
        self.0.token() == other.0.token()
    }
}

impl<T: Eq, R: Tokened<Token = T>> Eq for ByToken<T, R> {}

impl<R: Tokened> Default for Shelf<R> {
    fn default() -> Self {
        Self(Map::default())
    }
}

impl<R: Tokened> std::fmt::Debug for Shelf<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shelf")
    }
}

impl<R: Tokened> Shelf<R> {
    pub(super) fn get(&self, token: &R::Token) -> Option<Arc<R>> {
        self.0.get_key(token).map(|found| found.0)
    }

    /// Puts a record in the place of its token's record, if that may be replaced, in one step. Returns whether it was replaced.
    pub(super) fn put(&self, record: &Arc<R>, may: impl FnOnce(Option<&R>) -> bool) -> bool {
        let own = ByToken(Arc::clone(record), PhantomData);
        self.0.replace(own, (), |held| may(held.map(|held| &*held.0)))
    }

    /// Removes the records that fail a test. Other threads may read and write meanwhile; a record that changed is tested again.
    pub(super) fn retain(&self, keep: impl Fn(&R) -> bool) {
        self.0.retain(|record, ()| keep(&record.0));
    }

    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store shows it"))]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
