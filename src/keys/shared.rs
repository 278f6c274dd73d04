use std::cell::RefCell;
use std::sync::Arc;

use arrayvec::ArrayVec;

use super::danger::Danger;
use crate::crypto::{Algorithm, SignatureCheck};
use crate::scope::KeyScope;
use crate::time::UnixSeconds;

/// What keys that are loaded together have in common: a million of one tenant hold it once.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) algorithm: Algorithm,
    pub(super) scope: KeyScope,
    pub(super) not_after: Option<UnixSeconds>,
    pub(super) danger: Danger,
    pub(super) source: Option<Arc<str>>,
    pub(super) loaded_at: UnixSeconds,
    /// What checks the signatures of a key that has this for itself: a prepared secret.
    pub(super) check: Option<Arc<dyn SignatureCheck>>,
}

/// How many a thread remembers: those of a key that is being dressed, and of a few tenants whose keys take turns.
const REMEMBERED: usize = 8;

thread_local! {
    /// The last that this thread has shared. None of it is secret.
    static LAST: RefCell<ArrayVec<Arc<Shared>, REMEMBERED>> = const { RefCell::new(ArrayVec::new_const()) };
}

impl Shared {
    pub(super) fn new(algorithm: Algorithm, scope: KeyScope) -> Self {
        let (not_after, danger, source, check) = (None, Danger::NONE, None, None);
        Self { algorithm, scope, not_after, danger, source, loaded_at: UnixSeconds::now(), check }
    }

    /// The same, as one with what the last keys have in common where that is no other.
    pub(super) fn share(self) -> Arc<Self> {
        if self.check.is_some() {
            return Arc::new(self); // its own
        }
        let known =
            LAST.try_with(|last| last.try_borrow().ok()?.iter().find(|known| known.is(&self)).cloned());
        if let Ok(Some(known)) = known {
            return known;
        }
        let shared = Arc::new(self);
        let _ = LAST.try_with(|last| {
            let mut last = last.try_borrow_mut().ok()?;
            if last.is_full() {
                last.pop_at(0);
            }
            last.try_push(Arc::clone(&shared)).ok()
        });
        shared
    }

    /// Whether no key could tell it from the other.
    fn is(&self, other: &Self) -> bool {
        let Self { algorithm, scope, not_after, danger, source, loaded_at, check } = self;
        check.is_none()
            && other.check.is_none()
            && *algorithm == other.algorithm
            && *loaded_at == other.loaded_at
            && *not_after == other.not_after
            && *danger == other.danger
            && *scope == other.scope
            && *source == other.source
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("algorithm", &self.algorithm)
            .field("scope", &self.scope)
            .field("not_after", &self.not_after)
            .field("danger", &self.danger)
            .field("source", &self.source)
            .field("loaded_at", &self.loaded_at)
            .finish_non_exhaustive() // what it checks with is a secret
    }
}
