//! One source: its documents, each with its last valid content.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use super::file::{FileSight, Format, Loaded, Look, load};
use super::folder::{KeyFile, list};
use super::{KeySource, Place};
use crate::error::ConfigError;
use crate::keys::Key;
use crate::keys::freshness::Freshness;
use crate::keys::shared::Origin;
use crate::time::UnixSeconds;

/// Keys that stay in force although their file or folder can no longer be read.
#[derive(Debug)]
pub(crate) struct KeptKeys<'d> {
    pub(crate) source: String,
    /// The reason why no newer keys could be read.
    pub(crate) error: &'d ConfigError,
    /// The number of keys.
    pub(crate) keys: usize,
    /// The time at which the keys were last read, or found unchanged.
    pub(crate) confirmed: UnixSeconds,
    /// The last second in which the keys are in force, if `max_staleness` sets one.
    pub(crate) until: Option<UnixSeconds>,
}

/// One source, in the state of the last check.
#[derive(Clone, Debug)]
pub(super) struct SourceState {
    pub(super) source: KeySource,
    /// The documents by the file's name in the folder. The one document of another place has an empty name.
    pub(super) documents: BTreeMap<String, Document>,
    /// The reason why the folder as a whole could not be read.
    pub(super) fault: Option<ConfigError>,
    passed_over: Vec<OsString>,
}

/// One file, environment variable or text.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    sight: FileSight,
    pub(super) loaded: Arc<Loaded>,
    /// The reason why the present content cannot be loaded, or holds no usable key.
    pub(super) fault: Option<ConfigError>,
    /// The reason why the file cannot be read.
    pub(super) unreadable: Option<ConfigError>,
    /// An error for each key whose identity is in another file too.
    pub(super) doubled: Vec<ConfigError>,
    /// The time at which the present content was last found to be the loaded content.
    confirmed: Option<UnixSeconds>,
    /// The limit on the age of its keys, shared with them, if the source sets one.
    freshness: Option<Arc<Freshness>>,
}

impl SourceState {
    pub(super) fn new(source: KeySource) -> Self {
        Self { source, documents: BTreeMap::new(), fault: None, passed_over: Vec::new() }
    }

    /// Returns the folder as a whole if it cannot be read, or else each file that cannot be read.
    pub(super) fn kept(&self) -> Vec<KeptKeys<'_>> {
        let documents = self.documents.values().filter(|document| !document.loaded.keys.is_empty());
        if let Some(error) = &self.fault {
            let keys = documents.clone().map(|document| document.loaded.keys.len()).sum();
            let confirmed = documents.clone().filter_map(|document| document.confirmed).max();
            let until = documents.filter_map(|document| Some(document.freshness.as_ref()?.until())).max();
            let source = self.source.to_string();
            let kept = confirmed.map(|confirmed| KeptKeys { source, error, keys, confirmed, until });
            return kept.filter(|kept| kept.keys > 0).into_iter().collect();
        }
        let kept = documents.filter_map(|document| {
            let error = document.unreadable.as_ref().or(document.fault.as_ref())?;
            let keys = &document.loaded.keys;
            Some(KeptKeys {
                source: keys.first()?.source()?.into_owned(),
                error,
                keys: keys.len(),
                confirmed: document.confirmed?,
                until: document.freshness.as_ref().map(|freshness| freshness.until()),
            })
        });
        kept.collect()
    }

    /// Adds to an error that the last valid keys stay in force, if there are any.
    fn keeping(&self, error: ConfigError, has_keys: bool) -> ConfigError {
        if !has_keys {
            return error;
        }
        ConfigError::LastGoodKeys { error: Box::new(error), max_staleness: self.source.max_staleness }
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.documents.values().flat_map(|document| &document.loaded.keys)
    }

    pub(super) fn faults(&self) -> impl Iterator<Item = &ConfigError> {
        let broken = |document: &'_ Document| document.fault.is_some() || document.unreadable.is_some();
        let documents = self.documents.values().filter(move |document| broken(document));
        let each = documents.flat_map(|document| document.unreadable.iter().chain(&document.fault));
        self.fault.iter().chain(each)
    }

    /// Checks for changes. Returns whether the keys may have changed.
    pub(super) fn look(&mut self, notices: &mut Vec<ConfigError>) -> bool {
        let format = Format::of_source(&self.source);
        match self.source.place.clone() {
            Place::Dir(folder) => self.look_in(&folder, notices),
            Place::File(path) | Place::Jwks(path) | Place::SecretFile(path) => {
                self.look_at(None, String::new(), &path, format, notices)
            }
            Place::SecretEnv(variable) => self.look_once(format, notices, || {
                let found = "is not set: write the name of a variable, not the secret itself";
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
                let error = self.keeping(error, self.keys().next().is_some());
                let error = in_file(folder, error);
                if self.fault.as_ref() != Some(&error) {
                    notices.push(error.clone());
                    self.fault = Some(error);
                }
                return false;
            }
        };
        if self.fault.take().is_some() {
            crate::log::event!(INFO, folder = %folder.display(), "key folder is readable again");
        }
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
        let mut document = self.documents.remove(&name).unwrap_or_default();
        let changed = self.look_at_document(&mut document, origin, path, format, notices);
        self.documents.insert(name, document);
        changed
    }

    fn look_at_document(
        &self,
        document: &mut Document,
        origin: Option<Origin>,
        path: &Path,
        format: Format,
        notices: &mut Vec<ConfigError>,
    ) -> bool {
        let (now, before) = (UnixSeconds::now(), document.sight.clone());
        let look = document.sight.look(path, format.limit()).and_then(|look| match look {
            // A file that is about to be written looks like this, and so may a file of an unmounted volume.
            Look::Changed(bytes) if bytes.is_empty() => {
                document.sight = before.unread();
                Err(ConfigError::Unreadable { found: "is empty".to_owned() })
            }
            look => Ok(look),
        });
        if look.is_ok() && document.unreadable.take().is_some() {
            crate::log::event!(INFO, file = %path.display(), "key file is readable again");
        }
        let bytes = match look {
            Ok(Look::Changed(bytes)) => bytes,
            Ok(Look::Same) => {
                if document.fault.is_none() {
                    document.confirm(now);
                }
                return false;
            }
            Err(error) => {
                let error = self.keeping(error, !document.loaded.keys.is_empty());
                // If nothing was ever loaded, the path of a secret may be the secret itself.
                let hidden = format == Format::Secret && document.loaded.keys.is_empty() && !path.exists();
                let error = in_file(if hidden { Path::new("secret_file") } else { path }, error);
                if document.unreadable.as_ref() != Some(&error) {
                    notices.push(error.clone());
                    document.unreadable = Some(error);
                }
                return false;
            }
        };
        let shown = path.display().to_string();
        let origin = origin.unwrap_or_else(|| Origin::One(shown.as_str().into()));
        // A new one, because this content may be refused with the rest of a configuration, and then must not confirm the older
        // content.
        let freshness = self.source.max_staleness.map(|max| Arc::new(Freshness::new(max, now)));
        let loaded = load(&bytes, format, Format::kid_of(path), &self.source, &origin, freshness.as_ref());
        if loaded.is_ok() {
            document.freshness = freshness;
        }
        let loaded = loaded.map_err(|error| self.keeping(error, !document.loaded.keys.is_empty()));
        document.take(loaded, &shown, now, notices)
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
        // The name of a variable that is not set may be the secret itself.
        let shown = if bytes.is_ok() { self.source.to_string() } else { self.source.field().to_owned() };
        let origin = Origin::One(shown.as_str().into());
        let loaded = bytes.and_then(|bytes| load(&bytes, format, None, &self.source, &origin, None));
        document.take(loaded, &shown, UnixSeconds::now(), notices)
    }
}

impl Document {
    /// Records that the present content is the loaded one.
    fn confirm(&mut self, now: UnixSeconds) {
        self.confirmed = Some(now);
        self.freshness.iter().for_each(|freshness| freshness.confirm(now));
    }

    /// Takes over new content, or keeps the last valid content and records the error. Returns whether the keys may have changed.
    fn take(
        &mut self,
        loaded: Result<Loaded, ConfigError>,
        shown: &str,
        now: UnixSeconds,
        notices: &mut Vec<ConfigError>,
    ) -> bool {
        let in_file =
            |error| ConfigError::InFile { file: shown.to_owned(), line: None, error: Box::new(error) };
        match loaded {
            Ok(mut loaded) => {
                let had_keys = !self.loaded.keys.is_empty();
                let removed = |error| {
                    if had_keys { ConfigError::KeysRemoved { error: Box::new(error) } } else { error }
                };
                self.fault = loaded.unusable.take().map(removed).map(in_file);
                loaded.skipped = loaded.skipped.into_iter().map(in_file).collect();
                loaded.doubts = loaded.doubts.into_iter().map(in_file).collect();
                notices.extend(self.fault.iter().chain(&loaded.skipped).chain(&loaded.doubts).cloned());
                self.confirm(now);
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
