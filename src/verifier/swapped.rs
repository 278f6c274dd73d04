use super::health::KeptSource;
use crate::error::ConfigError;

/// The report of a [`reload`](super::Verifier::reload): what it changed, and what it could not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "a reload may have kept keys whose file could not be read: look at `kept`"]
pub struct Swapped {
    /// Sites, by id.
    pub sites: Difference,
    /// Keys of the sources, by their [identity](crate::keys::KeyIdentity) as it is displayed. Keys that code put in are not touched.
    pub keys: Difference,
    /// What is not in force now: files that cannot be loaded, keys whose identity is taken, unusable members of JWK Sets.
    pub skipped: Vec<ConfigError>,
    /// Files and folders that could not be read, and whose last good keys stay in force.
    pub kept: Vec<KeptSource>,
}

/// Names that came, went, or mean something else now; each list is sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Difference {
    /// Not there before.
    pub added: Vec<String>,
    /// There before, and gone.
    pub removed: Vec<String>,
    /// There before and now, and not the same.
    pub changed: Vec<String>,
}

impl Difference {
    /// Returns whether nothing differs.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// Between two lists of things with names.
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
