//! What all sources hold: every document with its last good content, and the keys in force among them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::file::{FileSight, Format, Loaded, Look, load};
use super::folder::{KeyFile, list};
use super::{KeySource, Place};
use crate::error::ConfigError;
use crate::keys::shared::Origin;
use crate::keys::{Key, KeyId};

/// All sources as they were last looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Documents {
    sources: Vec<SourceState>,
    in_force: HashMap<KeyId, Key>,
}

/// An error at the first reading, and the number of its source.
#[derive(Debug)]
pub(crate) struct LoadFault {
    pub(crate) source: usize,
    pub(crate) error: ConfigError,
}

/// How the keys in force differ from those before.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) added: Vec<Key>,
    pub(crate) removed: Vec<Key>,
    /// Old and new of one `kid`.
    pub(crate) changed: Vec<(Key, Key)>,
}

#[derive(Clone, Debug)]
struct SourceState {
    source: KeySource,
    /// By the file's name in the folder; the one document of another place has no name.
    documents: BTreeMap<String, Document>,
    /// Why the folder as a whole could not be read.
    fault: Option<ConfigError>,
    passed_over: Vec<OsString>,
}

/// One file, or what stands for one.
#[derive(Clone, Debug, Default)]
struct Document {
    sight: FileSight,
    loaded: Arc<Loaded>,
    /// Why its present content cannot be loaded.
    fault: Option<ConfigError>,
    /// Why it cannot be read.
    unreadable: Option<ConfigError>,
    /// Keys of it whose `kid` another file has.
    doubled: Vec<ConfigError>,
}

impl Documents {
    /// Reads sources, some for the first time. What `before` holds of the same source is taken over, with its last good
    /// content.
    ///
    /// What is wrong with a source at its first reading goes to `faults`, everything else to `notices`.
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
            let strict = known.is_none() && !state.source.skip_broken_files;
            let mut told = Vec::new();
            state.look(&mut told);
            if strict {
                first_read.insert(number);
                let broken = state.faults().cloned().map(|error| LoadFault { source: number, error });
                faults.extend(broken);
                told.retain(|notice| state.faults().all(|fault| fault != notice));
            } else if known.is_none()
                && let Some(error) = state.fault.clone()
            {
                // Broken files are skipped; a folder that is not there is a slip.
                faults.push(LoadFault { source: number, error });
            }
            notices.append(&mut told);
            next.sources.push(state);
        }
        let mut doubled = Vec::new();
        let changes = next.settle(&mut doubled);
        for (number, error) in doubled {
            if first_read.contains(&number) {
                faults.push(LoadFault { source: number, error });
            } else {
                notices.push(error);
            }
        }
        (next, changes)
    }

    /// Looks at every source again. What is wrong goes to `notices`, once for each change.
    pub(crate) fn look(&mut self, notices: &mut Vec<ConfigError>) -> Changes {
        let mut changed = false;
        for state in &mut self.sources {
            changed |= state.look(notices);
        }
        if !changed {
            return Changes::default();
        }
        let mut doubled = Vec::new();
        let changes = self.settle(&mut doubled);
        notices.extend(doubled.into_iter().map(|(_, error)| error));
        changes
    }

    /// The sources, in their order.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &KeySource> {
        self.sources.iter().map(|state| &state.source)
    }

    /// Everything that is wrong now, told of before or not.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &ConfigError> {
        self.sources.iter().flat_map(|state| {
            let doubled = state.documents.values().flat_map(|document| &document.doubled);
            let skipped = state.documents.values().flat_map(|document| &document.loaded.skipped);
            state.faults().chain(doubled).chain(skipped)
        })
    }

    /// Why the file of a key, as it is now, is not what is in force, by the file's name as its keys tell it.
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

    /// Whether this very key is the one of its `kid`.
    pub(crate) fn has_in_force(&self, key: &Key) -> bool {
        self.in_force.get(key.id()).is_some_and(|known| known.is(key))
    }

    /// Decides which key of each `kid` is in force: the one that is, or else the first. The others go to `doubled`, with
    /// the number of their source, when they are new there.
    fn settle(&mut self, doubled: &mut Vec<(usize, ConfigError)>) -> Changes {
        let before = std::mem::take(&mut self.in_force);
        let mut next: HashMap<KeyId, Key> = HashMap::with_capacity(before.len());
        for key in self.sources.iter().flat_map(SourceState::keys) {
            if before.get(key.id()).is_some_and(|known| known.is_from_where(key)) {
                next.entry(key.id().clone()).or_insert_with(|| key.clone());
            }
        }
        for (number, state) in self.sources.iter_mut().enumerate() {
            for document in state.documents.values_mut() {
                let told = std::mem::take(&mut document.doubled);
                for key in &document.loaded.keys {
                    let first = next.entry(key.id().clone()).or_insert_with(|| key.clone());
                    if first.is(key) {
                        continue;
                    }
                    let error = ConfigError::DoubledKey {
                        kid: key.id().to_string(),
                        file: key.source().unwrap_or_default().into_owned(),
                        first: first.source().unwrap_or_default().into_owned(),
                    };
                    if !told.contains(&error) {
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
    fn between(before: &HashMap<KeyId, Key>, after: &HashMap<KeyId, Key>) -> Self {
        let mut changes = Self::default();
        for (kid, key) in after {
            match before.get(kid) {
                None => changes.added.push(key.clone()),
                Some(old) if !old.is(key) => {
                    changes.changed.push((old.clone(), key.clone()));
                }
                Some(_) => {}
            }
        }
        let gone = before.iter().filter(|(kid, _)| !after.contains_key(*kid));
        changes.removed.extend(gone.map(|(_, key)| key.clone()));
        changes
    }

    /// Whether nothing differs.
    pub(crate) const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl SourceState {
    fn new(source: KeySource) -> Self {
        Self { source, documents: BTreeMap::new(), fault: None, passed_over: Vec::new() }
    }

    fn keys(&self) -> impl Iterator<Item = &Key> {
        self.documents.values().flat_map(|document| &document.loaded.keys)
    }

    fn faults(&self) -> impl Iterator<Item = &ConfigError> {
        let broken = |document: &'_ Document| document.fault.is_some() || document.unreadable.is_some();
        let documents = self.documents.values().filter(move |document| broken(document));
        let each = documents.flat_map(|document| document.unreadable.iter().chain(&document.fault));
        self.fault.iter().chain(each)
    }

    /// Looks again; tells whether the keys may have changed.
    fn look(&mut self, notices: &mut Vec<ConfigError>) -> bool {
        let format = Format::of_source(&self.source);
        match self.source.place.clone() {
            Place::Dir(folder) => self.look_in(&folder, notices),
            Place::File(path) | Place::Jwks(path) | Place::SecretFile(path) => {
                self.look_at(None, String::new(), &path, format, notices)
            }
            Place::SecretEnv(variable) => self.look_once(format, notices, || {
                let found = "is not set: name a variable, and not the secret";
                let missing = || ConfigError::Unreadable { found: found.to_owned() };
                std::env::var_os(variable).map(OsString::into_encoded_bytes).ok_or_else(missing)
            }),
            Place::Pem(text) => self.look_once(format, notices, || Ok(text.into_bytes())),
        }
    }

    fn look_in(&mut self, folder: &Path, notices: &mut Vec<ConfigError>) -> bool {
        let found = list(folder).and_then(|listing| {
            let emptied = listing.files.is_empty() && self.keys().next().is_some();
            if emptied { Err(ConfigError::EmptiedFolder) } else { Ok(listing) }
        });
        let listing = match found {
            Ok(listing) => listing,
            Err(error) => {
                let error = in_file(folder, error);
                if self.fault.as_ref() != Some(&error) {
                    notices.push(error.clone());
                    self.fault = Some(error);
                }
                return false;
            }
        };
        self.fault = None;
        for name in listing.passed_over.iter().filter(|name| !self.passed_over.contains(name)) {
            notices.push(in_file(&folder.join(name), ConfigError::PassedOver));
        }
        self.passed_over = listing.passed_over;
        let listed = |name: &String| listing.files.binary_search_by(|file| file.name.cmp(name)).is_ok();
        let known = self.documents.len();
        self.documents.retain(|name, _| listed(name));
        let mut changed = self.documents.len() != known;
        let shown: Arc<str> = folder.display().to_string().into();
        for KeyFile { name, format } in listing.files {
            let path = folder.join(&name);
            changed |= self.look_at(Some(&shown), name, &path, format, notices);
        }
        changed
    }

    fn look_at(
        &mut self,
        folder: Option<&Arc<str>>,
        name: String,
        path: &Path,
        format: Format,
        notices: &mut Vec<ConfigError>,
    ) -> bool {
        let ending = Format::ending_of(&name).filter(|_| self.source.kid.is_none());
        let origin = folder.zip(ending).map(|(folder, ending)| Origin::Folder(Arc::clone(folder), ending));
        let document = self.documents.entry(name).or_default();
        let bytes = match document.sight.look(path, format.limit()) {
            Ok(Look::Changed(bytes)) => bytes,
            Ok(Look::Same) => {
                document.unreadable = None;
                return false;
            }
            Err(error) => {
                // Where nothing was ever loaded, the path of a secret may be the secret itself.
                let hidden = format == Format::Secret && document.loaded.keys.is_empty() && !path.exists();
                let error = in_file(if hidden { Path::new("secret_file") } else { path }, error);
                if document.unreadable.as_ref() != Some(&error) {
                    notices.push(error.clone());
                    document.unreadable = Some(error);
                }
                return false;
            }
        };
        document.unreadable = None;
        let shown = path.display().to_string();
        let origin = origin.unwrap_or_else(|| Origin::One(shown.as_str().into()));
        document.take(load(&bytes, format, Format::kid_of(path), &self.source, &origin), &shown, notices)
    }

    fn look_once(
        &mut self,
        format: Format,
        notices: &mut Vec<ConfigError>,
        bytes: impl FnOnce() -> Result<Vec<u8>, ConfigError>,
    ) -> bool {
        if !self.documents.is_empty() {
            return false;
        }
        let document = self.documents.entry(String::new()).or_default();
        let bytes = bytes();
        // A variable that is not set may be named by the secret itself.
        let shown = if bytes.is_ok() { self.source.to_string() } else { self.source.field().to_owned() };
        let origin = Origin::One(shown.as_str().into());
        let loaded = bytes.and_then(|bytes| load(&bytes, format, None, &self.source, &origin));
        document.take(loaded, &shown, notices)
    }
}

impl Document {
    /// Puts new content in force, or keeps the last good one and says why; tells whether anything changed.
    fn take(
        &mut self,
        loaded: Result<Loaded, ConfigError>,
        shown: &str,
        notices: &mut Vec<ConfigError>,
    ) -> bool {
        let in_file =
            |error| ConfigError::InFile { file: shown.to_owned(), line: None, error: Box::new(error) };
        match loaded {
            Ok(mut loaded) => {
                self.fault = None;
                loaded.skipped = loaded.skipped.into_iter().map(in_file).collect();
                notices.extend(loaded.skipped.iter().cloned());
                self.loaded = Arc::new(loaded);
                true
            }
            Err(error) => {
                let error = in_file(error);
                notices.push(error.clone());
                self.fault = Some(error);
                false
            }
        }
    }
}

fn in_file(path: &Path, error: ConfigError) -> ConfigError {
    ConfigError::InFile { file: path.display().to_string(), line: None, error: Box::new(error) }
}
