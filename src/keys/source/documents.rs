//! All sources together, and the keys in force among them.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};

use super::state::{KeptKeys, SourceState};
use super::{BrokenFiles, KeySource};
use crate::error::ConfigError;
use crate::keys::Key;

/// All sources, in the state of the last check.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents {
    sources: Vec<SourceState>,
    in_force: InForce,
}

/// The keys in force, one for each identity.
type InForce = HashSet<ByIdentity>;

/// A key that is compared by its identity.
#[derive(Clone, Debug)]
struct ByIdentity(Key);

impl PartialEq for ByIdentity {
    fn eq(&self, other: &Self) -> bool {
        self.0.name() == other.0.name()
    }
}

impl Eq for ByIdentity {}

impl Hash for ByIdentity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name().hash(state);
    }
}

/// Returns the key in force that has the same identity as this key.
fn in_place_of<'k>(in_force: &'k InForce, key: &Key) -> Option<&'k Key> {
    in_force.get(&ByIdentity(key.clone())).map(|ByIdentity(known)| known)
}

/// An error at the first reading of a source.
#[derive(Debug)]
pub(crate) struct LoadFault {
    /// The number of the source.
    pub(crate) source: usize,
    /// The setting that the error is about, unless it is about the place of the keys.
    pub(crate) setting: Option<&'static str>,
    pub(crate) error: ConfigError,
}

/// The differences between the keys in force and those before.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<Key>,
    pub(crate) removed: Vec<Key>,
    /// The old and the new key of one identity.
    pub(crate) changed: Vec<(Key, Key)>,
}

impl Documents {
    /// Reads sources, some of them for the first time. The state of a source that is part of `before` is taken over, with its
    /// last valid content.
    ///
    /// Errors at the first reading of a source go to `faults`, all others to `notices`.
    pub(crate) fn read(
        sources: Vec<KeySource>,
        before: &Self,
        faults: &mut Vec<LoadFault>,
        notices: &mut Vec<ConfigError>,
    ) -> (Self, Changes) {
        let mut next = Self { sources: Vec::with_capacity(sources.len()), in_force: before.in_force.clone() };
        let mut first_read = HashSet::new();
        for (number, source) in sources.into_iter().enumerate() {
            let known = before.sources.iter().find(|known| known.source == source);
            let mut state = known.cloned().unwrap_or_else(|| SourceState::new(source));
            let strict = known.is_none() && state.source.broken_files == BrokenFiles::Refuse;
            let mut found = Vec::new();
            state.look(&mut found);
            if let Some((setting, error)) = state.source.fault() {
                faults.push(LoadFault { source: number, setting: Some(setting), error });
            }
            if strict {
                first_read.insert(number);
                let broken =
                    state.faults().cloned().map(|error| LoadFault { source: number, setting: None, error });
                faults.extend(broken);
                found.retain(|notice| state.faults().all(|fault| fault != notice));
            } else if known.is_none()
                && let Some(error) = state.fault.clone()
            {
                // Broken files are skipped, but a missing folder is a mistake.
                faults.push(LoadFault { source: number, setting: None, error });
            }
            notices.append(&mut found);
            next.sources.push(state);
        }
        let mut doubled = Vec::new();
        let changes = next.select_in_force(&mut doubled);
        for (number, error) in doubled {
            if first_read.contains(&number) {
                faults.push(LoadFault { source: number, setting: None, error });
            } else {
                notices.push(error);
            }
        }
        (next, changes)
    }

    /// Checks every source for changes. Errors go to `notices`, once for each change.
    pub(crate) fn look(&mut self, notices: &mut Vec<ConfigError>) -> Changes {
        let mut changed = false;
        for state in &mut self.sources {
            changed |= state.look(notices);
        }
        if !changed {
            return Changes::default();
        }
        let mut doubled = Vec::new();
        let changes = self.select_in_force(&mut doubled);
        notices.extend(doubled.into_iter().map(|(_, error)| error));
        changes
    }

    /// Returns the sources, in their order.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &KeySource> {
        self.sources.iter().map(|state| &state.source)
    }

    /// Returns all present faults, including those that were reported before.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &ConfigError> {
        self.sources.iter().flat_map(|state| {
            let doubled = state.documents.values().flat_map(|document| &document.doubled);
            let skipped = state.documents.values().flat_map(|document| &document.loaded.skipped);
            state.faults().chain(doubled).chain(skipped)
        })
    }

    /// Returns the faults that do not prevent their keys from being used.
    pub(crate) fn doubts(&self) -> impl Iterator<Item = &ConfigError> {
        let documents = self.sources.iter().flat_map(|state| state.documents.values());
        documents.flat_map(|document| &document.loaded.doubts)
    }

    /// Returns the files and folders whose last valid keys are kept.
    pub(crate) fn kept(&self) -> impl Iterator<Item = KeptKeys<'_>> {
        self.sources.iter().flat_map(SourceState::kept)
    }

    /// Returns the reason why a file's present content is not in force, by the name of the file that its keys show.
    pub(crate) fn faults_by_file(&self) -> HashMap<Cow<'_, str>, &ConfigError> {
        let documents = self.sources.iter().flat_map(|state| {
            state.documents.values().map(move |document| {
                let error = document.unreadable.as_ref().or(document.fault.as_ref());
                (document, error.or(state.fault.as_ref()))
            })
        });
        documents
            .filter_map(|(document, error)| Some((document.loaded.keys.first()?.source()?, error?)))
            .collect()
    }

    /// Returns whether this very key is the key in force for its identity.
    pub(crate) fn has_in_force(&self, key: &Key) -> bool {
        in_place_of(&self.in_force, key).is_some_and(|known| known.is(key))
    }

    /// Selects the key in force for each identity: the present one, or else the first. Errors about the others go to `doubled`,
    /// with the number of their source, unless they were reported before.
    fn select_in_force(&mut self, doubled: &mut Vec<(usize, ConfigError)>) -> Changes {
        let before = std::mem::take(&mut self.in_force);
        let mut next = InForce::with_capacity(before.len());
        for key in self.sources.iter().flat_map(SourceState::keys) {
            if in_place_of(&before, key).is_some_and(|known| known.is_from_where(key)) {
                next.insert(ByIdentity(key.clone())); // unless it exists already
            }
        }
        for (number, state) in self.sources.iter_mut().enumerate() {
            for document in state.documents.values_mut() {
                let reported = std::mem::take(&mut document.doubled);
                for key in &document.loaded.keys {
                    if next.insert(ByIdentity(key.clone())) {
                        continue;
                    }
                    let Some(first) = in_place_of(&next, key).filter(|first| !first.is(key)) else {
                        continue;
                    };
                    let error = ConfigError::DoubledKey {
                        key: key.identity().to_string(),
                        file: key.source().unwrap_or_default().into_owned(),
                        first: first.source().unwrap_or_default().into_owned(),
                    };
                    if !reported.contains(&error) {
                        doubled.push((number, error.clone()));
                    }
                    document.doubled.push(error);
                }
            }
        }
        self.in_force = next;
        Changes::between(&before, &self.in_force)
    }
}

impl Changes {
    fn between(before: &InForce, after: &InForce) -> Self {
        let mut changes = Self::default();
        for ByIdentity(key) in after {
            match in_place_of(before, key) {
                None => changes.added.push(key.clone()),
                Some(old) if !old.is(key) => {
                    changes.changed.push((old.clone(), key.clone()));
                }
                Some(_) => {}
            }
        }
        changes.removed.extend(before.difference(after).map(|ByIdentity(key)| key.clone()));
        changes
    }

    /// Returns whether nothing differs.
    pub(crate) const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}
