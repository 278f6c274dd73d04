//! Sources of keys: files, folders and environment variables, each with the scope of its keys.
//!
//! Rules:
//!
//! 1. In a folder, `<kid>.pem` (or `<kid>.pub.pem`) is one public key, `<kid>.jwk` one JWK, `jwks.json` a JWK Set. Other names
//!    are skipped, hidden ones silently and the rest with a warning. Sub-folders are not searched.
//! 2. When a source is read for the first time, a document that cannot be loaded is an error, unless
//!    [`broken_files`](KeySource::broken_files) is set to skip it.
//! 3. Later, a document that can be read and holds no usable key removes its keys. Examples are a JWK Set without a usable member
//!    (such as `{"keys":[]}`), a key for encryption, a weak key, and a certificate. If a file is deleted from a folder that still
//!    has key files, its keys are removed.
//! 4. If a document cannot be read, its last valid keys stay in force, and the fault is reported once for each change. This
//!    applies to a file that is half written, broken, empty or a private key, and to a missing file that the source names. It
//!    also applies to a folder that is missing or no longer holds a key file. An unmounted volume looks the same, so deleting the
//!    last key file of a folder removes nothing. To retire its keys, put a `jwks.json` with `{"keys":[]}` there, revoke the
//!    `kid`, or remove the source. [`max_staleness`](KeySource::max_staleness) limits how long keys are kept.
//! 5. If two keys have the same [identity](super::KeyIdentity), the one in force stays. At the first reading, this is an error.
//!    Keys with the same `kid` and different scopes or issuers do not conflict.
//! 6. The limits are 16 MiB and a million members for a JWK Set, 64 KiB for a key file, and a million entries for a folder.

mod documents;
mod file;
mod folder;
mod state;

#[cfg(feature = "watch")]
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use documents::{Changes, Documents};
pub(crate) use file::{FileSight, without_line_end};
pub(crate) use state::KeptKeys;

use super::danger::Danger;
use super::identity::checked_issuer;
use crate::crypto::Algorithm;
use crate::error::ConfigError;
use crate::scope::KeyScope;
use crate::time::UnixSeconds;

/// The treatment of a folder's files that cannot be loaded at the first reading. At later readings, they are left out with a
/// warning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "broken_files"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum BrokenFiles {
    /// The whole configuration is refused.
    Refuse,
    /// They are left out with a warning for each, so that an origin starts in spite of one tenant's broken file.
    Skip,
}

/// A place from which keys are loaded, and the scope of these keys.
///
/// ```no_run
/// use playgate::{KeyScope, Site, Verifier, keys::KeySource};
/// let verifier = Verifier::builder()
///     .site(Site::bucket("courses").host("cdn.example.com"))
///     .key_source(KeySource::dir("keys/courses", KeyScope::bucket("courses")))
///     .build()?;
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct KeySource {
    place: Place,
    scope: KeyScope,
    kid: Option<String>,
    issuer: Option<String>,
    algorithm: Option<Algorithm>,
    not_after: Option<UnixSeconds>,
    max_staleness: Option<Duration>,
    danger: Danger,
    broken_files: BrokenFiles,
}

/// The place of the keys.
#[derive(Clone, PartialEq, Eq)]
enum Place {
    Dir(PathBuf),
    File(PathBuf),
    Jwks(PathBuf),
    SecretFile(PathBuf),
    SecretEnv(String),
    Pem(String),
}

impl KeySource {
    /// Creates a source that is a folder of key files.
    pub fn dir(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::Dir(path.into()), scope)
    }

    /// Creates a source that is a file with one public key: PEM, or a JWK if the name ends in `.jwk` or `.json`.
    pub fn file(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::File(path.into()), scope)
    }

    /// Creates a source that is a file with a JWK Set (RFC 7517 §5). Members that cannot be used are skipped and reported.
    pub fn jwks(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::Jwks(path.into()), scope)
    }

    /// Creates a source that is a file with a shared secret for HS256. A single trailing line ending is not part of the secret if
    /// the rest is text; all other bytes are.
    pub fn secret_file(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::SecretFile(path.into()), scope)
    }

    /// Creates a source that is an environment variable with a shared secret for HS256, under this `kid`. It is read once.
    pub fn secret_env(variable: impl Into<String>, kid: impl Into<String>, scope: KeyScope) -> Self {
        Self::new(Place::SecretEnv(variable.into()), scope).kid(kid)
    }

    /// Creates a source that is the PEM text of one public key, under this `kid`.
    pub fn pem(kid: impl Into<String>, text: impl Into<String>, scope: KeyScope) -> Self {
        Self::new(Place::Pem(text.into()), scope).kid(kid)
    }

    const fn new(place: Place, scope: KeyScope) -> Self {
        Self {
            place,
            scope,
            kid: None,
            issuer: None,
            algorithm: None,
            not_after: None,
            max_staleness: None,
            danger: Danger::NONE,
            broken_files: BrokenFiles::Refuse,
        }
    }

    /// Sets the key's name. The default is the file's name without its ending. The keys of folders and JWK Sets have names of
    /// their own.
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// Sets the one issuer whose tokens the keys verify: their `iss` is exactly this text. By default, the keys do not check
    /// `iss`.
    ///
    /// Two issuers may use the same key names, because the issuer is part of a key's [identity](super::KeyIdentity).
    pub fn issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the algorithm that every key must support. By default, any algorithm is accepted.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// Sets the last second in which the keys are valid. By default there is none.
    pub fn not_after(mut self, last: UnixSeconds) -> Self {
        self.not_after = Some(last);
        self
    }

    /// Limits the time for which the keys stay in force after their file was last read, or found unchanged. The minimum is
    /// [`MIN_STALENESS`](Self::MIN_STALENESS); the default is no limit. The limit applies to files and folders only.
    ///
    /// If a file is missing, empty or broken, its last valid keys stay in force. The same applies to a folder that is missing or
    /// no longer holds a key file. After this time, tokens of the keys are rejected as `unknown_key`, until the file can be read
    /// again. The limit applies even if the file is never checked. [`watch`](crate::Verifier::watch) checks regularly. Without a
    /// watcher, call [`reload`](crate::Verifier::reload) more often than this limit.
    pub fn max_staleness(mut self, max_staleness: Duration) -> Self {
        self.max_staleness = Some(max_staleness);
        self
    }

    /// The minimum of [`max_staleness`](Self::max_staleness). Checking a very large number of files may take seconds.
    pub const MIN_STALENESS: Duration = Duration::from_secs(10);

    /// Returns a fault of the source's own settings, and the setting, if there is one.
    fn fault(&self) -> Option<(&'static str, ConfigError)> {
        let issuer = self.issuer.as_deref().map(|issuer| checked_issuer(issuer.into(), self.algorithm));
        if let Some(Err(error)) = issuer {
            return Some(("issuer", error));
        }
        self.fault_of_staleness().map(|error| ("max_staleness", error))
    }

    fn fault_of_staleness(&self) -> Option<ConfigError> {
        let fault = |found: String, write: &str| ConfigError::Field {
            field: "max_staleness".to_owned(),
            found,
            write: write.to_owned(),
        };
        match (self.max_staleness, &self.place) {
            (Some(max), _) if max < Self::MIN_STALENESS => {
                Some(fault(format!("is {} s", max.as_secs()), "10 s or more, or leave it out"))
            }
            (Some(_), Place::SecretEnv(_) | Place::Pem(_)) => {
                Some(fault(format!("is set beside {}", self.field()), "it only for a file or folder"))
            }
            (Some(_) | None, _) => None,
        }
    }

    /// Disables checks for the keys' tokens; see [`danger`](super::danger).
    pub fn danger(mut self, danger: Danger) -> Self {
        self.danger = danger;
        self
    }

    /// Sets the treatment of files in a folder that cannot be loaded at the first reading. The default is
    /// [`BrokenFiles::Refuse`].
    pub fn broken_files(mut self, broken_files: BrokenFiles) -> Self {
        self.broken_files = broken_files;
        self
    }

    /// Returns the scope that the keys may sign for.
    pub(crate) const fn scope(&self) -> &KeyScope {
        &self.scope
    }

    /// Returns the one issuer whose tokens the keys verify, or `None` for any issuer.
    pub(crate) fn issuer_of_tokens(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Returns the names of the settings that weaken checks.
    pub(crate) fn dangers(&self) -> impl Iterator<Item = &'static str> {
        let any = matches!(self.scope, KeyScope::Any(_)).then_some("scope any");
        self.danger.names().chain(any)
    }

    /// Returns the folder that is watched for changes.
    #[cfg(feature = "watch")]
    pub(crate) fn watched_folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Dir(path) => Some(path),
            Place::File(path) | Place::Jwks(path) | Place::SecretFile(path) => Some(folder_of(path)),
            Place::SecretEnv(_) | Place::Pem(_) => None,
        }
    }

    /// Returns the field and the place, for an error message. The place is left out if it may be the secret itself.
    pub(crate) fn shown(&self) -> String {
        if self.place.is_there() { format!("{} {self}", self.field()) } else { self.field().to_owned() }
    }

    /// Returns the field of the configuration that names the place.
    pub(crate) const fn field(&self) -> &'static str {
        match &self.place {
            Place::Dir(_) => "dir",
            Place::File(_) => "file",
            Place::Jwks(_) => "jwks",
            Place::SecretFile(_) => "secret_file",
            Place::SecretEnv(_) => "secret_env",
            Place::Pem(_) => "pem",
        }
    }
}

/// Returns the folder of a file.
#[cfg(feature = "watch")]
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Place {
    /// Returns whether a secret's file or variable exists. If not, its name may be the secret itself, and is not shown.
    fn is_there(&self) -> bool {
        match self {
            Self::SecretFile(path) => path.exists(),
            Self::SecretEnv(variable) => std::env::var_os(variable).is_some(),
            Self::Dir(_) | Self::File(_) | Self::Jwks(_) | Self::Pem(_) => true,
        }
    }
}

/// Replaces the name of a secret's file or variable that does not exist.
const NOWHERE: &str = "(does not exist)";

impl std::fmt::Display for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.place {
            Place::SecretFile(_) | Place::SecretEnv(_) if !self.place.is_there() => f.write_str(NOWHERE),
            Place::Dir(path) | Place::File(path) | Place::Jwks(path) | Place::SecretFile(path) => {
                path.display().fmt(f)
            }
            Place::SecretEnv(variable) => write!(f, "${variable}"),
            Place::Pem(_) => f.write_str("pem"),
        }
    }
}

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SecretFile(_) if !self.is_there() => f.debug_tuple("SecretFile").field(&NOWHERE).finish(),
            Self::SecretEnv(_) if !self.is_there() => f.debug_tuple("SecretEnv").field(&NOWHERE).finish(),
            Self::Dir(path) => f.debug_tuple("Dir").field(path).finish(),
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Jwks(path) => f.debug_tuple("Jwks").field(path).finish(),
            Self::SecretFile(path) => f.debug_tuple("SecretFile").field(path).finish(),
            Self::SecretEnv(variable) => f.debug_tuple("SecretEnv").field(variable).finish(),
            Self::Pem(_) => f.write_str("Pem"),
        }
    }
}

#[cfg(test)]
mod tests;
