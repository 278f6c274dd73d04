use std::borrow::Cow;
use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use arrayvec::ArrayVec;

use super::danger::Danger;
use super::freshness::Freshness;
use crate::crypto::{Algorithm, SignatureCheck};
use crate::scope::KeyScope;
use crate::time::UnixSeconds;

/// The common data of keys that were loaded together. A million keys of one tenant hold it once.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) algorithm: Algorithm,
    pub(super) scope: KeyScope,
    /// The issuer whose tokens the keys verify, or `None` for any issuer.
    pub(super) issuer: Option<Box<str>>,
    pub(super) not_after: Option<UnixSeconds>,
    pub(super) danger: Danger,
    /// The limit on their age, if their source sets one.
    pub(super) freshness: Option<Arc<Freshness>>,
    pub(super) origin: Option<Origin>,
    pub(super) loaded_at: UnixSeconds,
    /// The prepared secret that checks signatures. Its key shares this data with no other key.
    pub(super) check: Option<Arc<dyn SignatureCheck>>,
}

/// The source of keys.
#[cfg_attr(not(feature = "config"), expect(dead_code, reason = "keys that code makes come from nowhere"))]
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// One file or variable, as shown in messages.
    One(Arc<str>),
    /// The file in this folder with the key's name and this ending.
    Folder(Arc<str>, &'static str),
}

impl Origin {
    /// Returns the source of the key with this name.
    pub(super) fn of(&self, kid: &str) -> Cow<'_, str> {
        match self {
            Self::One(place) => Cow::Borrowed(place),
            Self::Folder(folder, ending) => {
                let file = Path::new(&**folder).join(format!("{kid}{ending}"));
                Cow::Owned(file.display().to_string())
            }
        }
    }
}

/// The number of entries that a thread remembers: enough for a key that is being built, and for a few tenants whose keys
/// alternate.
const REMEMBERED: usize = 8;

thread_local! {
    /// The data that this thread shared most recently. None of it is secret.
    static LAST: RefCell<ArrayVec<Arc<Shared>, REMEMBERED>> = const { RefCell::new(ArrayVec::new_const()) };
}

impl Shared {
    pub(super) fn new(algorithm: Algorithm, scope: KeyScope) -> Self {
        Self {
            algorithm,
            scope,
            issuer: None,
            not_after: None,
            danger: Danger::NONE,
            freshness: None,
            origin: None,
            loaded_at: UnixSeconds::now(),
            check: None,
        }
    }

    /// Returns the shared data of recent keys, if it is equal.
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

    /// Returns whether both are equal, and neither contains a secret.
    fn is(&self, other: &Self) -> bool {
        let Self { algorithm, scope, issuer, not_after, danger, freshness, origin, loaded_at, check } = self;
        check.is_none()
            && other.check.is_none()
            && *algorithm == other.algorithm
            && *loaded_at == other.loaded_at
            && *not_after == other.not_after
            && *danger == other.danger
            && freshness.as_ref().map(Arc::as_ptr) == other.freshness.as_ref().map(Arc::as_ptr)
            && *scope == other.scope
            && *issuer == other.issuer
            && *origin == other.origin
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("algorithm", &self.algorithm)
            .field("scope", &self.scope)
            .field("issuer", &self.issuer)
            .field("not_after", &self.not_after)
            .field("danger", &self.danger)
            .field("fresh_until", &self.freshness.as_ref().map(|freshness| freshness.until()))
            .field("origin", &self.origin)
            .field("loaded_at", &self.loaded_at)
            .finish_non_exhaustive() // the check contains a secret
    }
}

#[cfg(test)]
mod tests;
