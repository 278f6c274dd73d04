use super::health::KeptSource;
use crate::error::ConfigError;

/// The report of a [`reload`](super::Verifier::reload): the changes, and the sources that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a reload may have kept keys whose file could not be read: check `kept`"]
pub struct Reloaded {
    /// Sites, by id.
    pub sites: Difference,
    /// Keys of the sources, by their displayed [identity](crate::keys::KeyIdentity). Keys that were inserted in code are not
    /// changed.
    pub keys: Difference,
    /// Content that is not in force: files that cannot be loaded, keys whose identity is already in use, unusable members of
    /// JWK Sets.
    pub skipped: Vec<ConfigError>,
    /// Files and folders that could not be read, and whose last valid keys stay in force.
    pub kept: Vec<KeptSource>,
}

/// Names that were added, removed or changed. Each list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Names that are new.
    pub added: Vec<String>,
    /// Names that no longer exist.
    pub removed: Vec<String>,
    /// Names whose content changed.
    pub changed: Vec<String>,
}

impl Difference {
    /// Returns whether nothing was added, removed or changed.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Compares two lists of named items.
    pub(super) fn between<T: PartialEq>(before: &[(String, T)], after: &[(String, T)]) -> Self {
        let index = |list: &'_ [(String, T)]| -> std::collections::BTreeMap<String, usize> {
            list.iter().enumerate().map(|(place, (name, _))| (name.clone(), place)).collect()
        };
        let (old, new) = (index(before), index(after));
        let same = |old: usize, new: usize| {
            before.get(old).map(|(_, thing)| thing) == after.get(new).map(|(_, thing)| thing)
        };
        let mut difference = Self::default();
        for (name, place) in &new {
            match old.get(name) {
                None => difference.added.push(name.clone()),
                Some(known) if !same(*known, *place) => difference.changed.push(name.clone()),
                Some(_) => {}
            }
        }
        difference.removed.extend(old.into_keys().filter(|name| !new.contains_key(name)));
        difference
    }
}

impl std::fmt::Display for Difference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} added, {} removed, {} changed",
            self.added.len(),
            self.removed.len(),
            self.changed.len()
        )
    }
}
