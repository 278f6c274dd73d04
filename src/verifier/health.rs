use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::handle::Verifier;
use super::unenforced::shadowed_ids;
#[cfg(feature = "config")]
use crate::error::ConfigErrors;
use crate::keys::Key;

/// The keys in force and the faults of their files, for dashboards and operators. It contains no secrets.
///
/// It can be serialized with serde. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Health {
    /// Every key in force, by `kid`, scope and issuer.
    pub keys: Vec<KeyHealth>,
    /// The outcomes of manifests that were to be rewritten.
    pub manifests: ManifestHealth,
    /// The problems of a shared store; see [`Store::problems`](crate::store::Store::problems).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub store: Vec<String>,
    /// Content that is not in force, with the reasons: files that cannot be loaded, and a rejected configuration.
    pub errors: Vec<String>,
    /// Files and folders that could not be read, and whose last valid keys stay in force.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<KeptSource>,
    /// Sources that are in force and should be changed: JWK Sets with shared secrets beside public keys.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The ids of the sites that do not enforce. Their requests pass even if the credential is missing or refused; see
    /// [`site::danger`](crate::site::danger).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shadowed: Vec<String>,
}

/// A file or folder of keys that could not be read, and whose last valid keys stay in force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeptSource {
    /// The path.
    pub source: String,
    /// The reason why it could not be read.
    pub error: String,
    /// The number of keys that are kept.
    pub keys: usize,
    /// The time at which the keys were last read from the file or folder, or found unchanged.
    pub confirmed_at: i64,
    /// The last second in which the keys are in force, if the source sets `max_staleness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<i64>,
}

#[cfg(feature = "config")]
impl From<crate::keys::KeptKeys<'_>> for KeptSource {
    fn from(kept: crate::keys::KeptKeys<'_>) -> Self {
        Self {
            source: kept.source,
            error: kept.error.to_string(),
            keys: kept.keys,
            confirmed_at: kept.confirmed.get(),
            until: kept.until.map(crate::time::UnixSeconds::get),
        }
    }
}

/// The outcomes of manifests since the verifier was created.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ManifestHealth {
    /// The number of manifests that were rewritten to their end.
    pub rewritten: u64,
    /// The number of manifests that passed unchanged, wholly or from some byte on, by reason.
    pub unchanged: BTreeMap<String, u64>,
}

/// One key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct KeyHealth {
    /// The `kid`.
    pub kid: String,
    /// The registered name, such as `RS256`.
    pub algorithm: &'static str,
    /// The scope of the key, such as `bucket courses`.
    pub scope: String,
    /// The one issuer whose tokens the key verifies. Absent for any issuer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The key's file or environment variable. Absent for a key that was set in code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The time at which the key was loaded.
    pub loaded_at: i64,
    /// The last second in which the key is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<i64>,
    /// The last second in which the key is in force, unless its file is read again before then. Absent without
    /// `max_staleness`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fresh_until: Option<i64>,
    /// The time of the last grant with the key. Absent if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<i64>,
    /// The checks that are disabled for the key.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub danger: Vec<&'static str>,
    /// The reason why the current content of the key's file is not in force.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
}

impl Verifier {
    /// Returns the keys in force, the times at which each was loaded and last used, the faults of their files, and the outcomes
    /// of manifests. Time and memory grow with the number of keys.
    pub fn health(&self) -> Health {
        let Errors { all, by_file, kept, warnings } = self.errors();
        let keys = self.keys().snapshot();
        let keys = keys.iter().map(|key| {
            let last_error = key.source().and_then(|file| by_file.get(&*file)).cloned();
            KeyHealth { last_error, ..KeyHealth::of(key) }
        });
        let snapshot = self.snapshot();
        let (rewritten, unchanged) = self.counters().manifests.read();
        let manifests = ManifestHealth { rewritten, unchanged };
        let store = self.store_problems();
        let shadowed = shadowed_ids(&snapshot.policy);
        let mut health =
            Health { keys: keys.collect(), manifests, store, errors: all, kept, warnings, shadowed };
        health.keys.sort_by(|one, other| {
            (&one.kid, &one.scope, &one.issuer).cmp(&(&other.kid, &other.scope, &other.issuer))
        });
        health
    }

    /// Returns the number of present errors, and the number of sources whose last valid keys stay in force.
    pub(super) fn present_errors(&self) -> (u64, u64) {
        let Errors { all, kept, .. } = self.errors();
        (all.len() as u64, kept.len() as u64)
    }

    #[cfg(feature = "config")]
    fn errors(&self) -> Errors {
        let state = self.setup().lock();
        let refused = state.refused.iter().flat_map(ConfigErrors::iter).map(ToString::to_string);
        let by_file = state.documents.faults_by_file().into_iter();
        Errors {
            all: refused.chain(state.skipped().iter().map(ToString::to_string)).collect(),
            by_file: by_file.map(|(file, error)| (file.into_owned(), error.to_string())).collect(),
            kept: state.documents.kept().map(KeptSource::from).collect(),
            warnings: state.documents.doubts().map(ToString::to_string).collect(),
        }
    }

    #[cfg(not(feature = "config"))]
    #[expect(clippy::unused_self, reason = "only a configuration file has errors that stay")]
    fn errors(&self) -> Errors {
        Errors::default()
    }
}

/// The present errors, as text.
#[derive(Default)]
struct Errors {
    all: Vec<String>,
    /// The error that keeps a key's file out of force, by file.
    by_file: HashMap<String, String>,
    kept: Vec<KeptSource>,
    warnings: Vec<String>,
}

impl KeyHealth {
    fn of(key: &Key) -> Self {
        Self {
            kid: key.id().to_string(),
            algorithm: key.algorithm().name(),
            scope: key.scope().to_string(),
            issuer: key.issuer().map(str::to_owned),
            source: key.source().map(Cow::into_owned),
            loaded_at: key.loaded_at().get(),
            not_after: key.retires().map(crate::time::UnixSeconds::get),
            fresh_until: key.fresh_until().map(crate::time::UnixSeconds::get),
            last_used: key.last_used().map(crate::time::UnixSeconds::get),
            danger: key.dangers().names().collect(),
            last_error: None,
        }
    }
}
