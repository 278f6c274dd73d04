//! Where keys come from: files, folders and environment variables, each with what its keys may sign for.
//!
//! How a folder is read:
//!
//! 1. `<kid>.pem` (or `<kid>.pub.pem`) is one public key, `<kid>.jwk` one JWK, `jwks.json` a JWK Set. Other names are
//!    passed over, hidden ones silently and the rest with a warning; folders inside are not searched.
//! 2. When a source is read for the first time, what cannot be loaded is an error, unless the source says
//!    [`skip_broken_files`](KeySource::skip_broken_files).
//! 3. From then on a document that was read, and that holds no usable key, removes its keys: a JWK Set without a usable member
//!    (`{"keys":[]}` among them), a key for encryption, a weak key, a certificate. A file that is gone from a folder that still
//!    has key files takes its keys along.
//! 4. What cannot be read keeps the last good keys in force, and is reported once for each change: a file that is half
//!    written, broken, empty or a private key; a file that is missing, where the source names it; a folder that is missing or
//!    holds no key file any more. That is how an unmounted volume looks, so deleting the last key file of a folder
//!    removes nothing. To retire its keys, put a `jwks.json` with `{"keys":[]}` there, revoke the `kid`, or remove the
//!    source. [`max_staleness`](KeySource::max_staleness) limits how long keys are kept.
//! 5. Of two keys with one `kid` the one that is in force stays; at the first reading that is an error.
//! 6. A JWK Set has at most 16 MiB and a million members, a key file 64 KiB, a folder a million entries.

mod documents;
mod file;
mod folder;

#[cfg(feature = "watch")]
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

pub(crate) use documents::{Changes, Documents, KeptKeys};
pub(crate) use file::{FileSight, without_line_end};

use super::danger::Danger;
use crate::crypto::Algorithm;
use crate::error::ConfigError;
use crate::scope::KeyScope;
use crate::time::UnixSeconds;

/// One place that keys are loaded from, and what they may sign for.
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
    algorithm: Option<Algorithm>,
    not_after: Option<UnixSeconds>,
    max_staleness: Option<Duration>,
    danger: Danger,
    skip_broken_files: bool,
}

/// Where the keys are.
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
    /// A folder of key files.
    pub fn dir(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::Dir(path.into()), scope)
    }

    /// One public key: PEM, or a JWK where the name ends in `.jwk` or `.json`.
    pub fn file(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::File(path.into()), scope)
    }

    /// A JWK Set (RFC 7517 §5). Members that cannot be used are skipped and reported.
    pub fn jwks(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::Jwks(path.into()), scope)
    }

    /// A file with a shared secret for HS256. One line end after text is not part of it; other bytes are taken as they
    /// stand.
    pub fn secret_file(path: impl Into<PathBuf>, scope: KeyScope) -> Self {
        Self::new(Place::SecretFile(path.into()), scope)
    }

    /// An environment variable with a shared secret for HS256, under this `kid`. Read once.
    pub fn secret_env(variable: impl Into<String>, kid: impl Into<String>, scope: KeyScope) -> Self {
        Self::new(Place::SecretEnv(variable.into()), scope).kid(kid)
    }

    /// One public key as PEM text, under this `kid`.
    pub fn pem(kid: impl Into<String>, text: impl Into<String>, scope: KeyScope) -> Self {
        Self::new(Place::Pem(text.into()), scope).kid(kid)
    }

    const fn new(place: Place, scope: KeyScope) -> Self {
        Self {
            place,
            scope,
            kid: None,
            algorithm: None,
            not_after: None,
            max_staleness: None,
            danger: Danger::NONE,
            skip_broken_files: false,
        }
    }

    /// The key's name. Default the file's name without its ending; folders and JWK Sets take it from there alone.
    pub fn kid(mut self, kid: impl Into<String>) -> Self {
        self.kid = Some(kid.into());
        self
    }

    /// The one algorithm that the keys must be for. Default whatever they are for.
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = Some(algorithm);
        self
    }

    /// The last second in which the keys are good. Default none.
    pub fn not_after(mut self, last: UnixSeconds) -> Self {
        self.not_after = Some(last);
        self
    }

    /// For how long the keys stay in force after their file was last read, or found unchanged. Default without end; at least
    /// [`MIN_STALENESS`](Self::MIN_STALENESS). Only for files and folders.
    ///
    /// A file that is missing, empty or broken keeps its last good keys in force, and so does a folder that is missing or
    /// holds no key file any more. This sets an end to that: from then on tokens of the keys are refused as `unknown_key`, until
    /// the file can be read again. The end holds also if nobody looks: [`watch`](crate::Verifier::watch) looks all the
    /// time; without it, [`reload`](crate::Verifier::reload) has to be called more often than this.
    pub fn max_staleness(mut self, max_staleness: Duration) -> Self {
        self.max_staleness = Some(max_staleness);
        self
    }

    /// The shortest [`max_staleness`](Self::max_staleness): a look at very many files may take seconds.
    pub const MIN_STALENESS: Duration = Duration::from_secs(10);

    /// What is wrong with the source itself.
    fn fault(&self) -> Option<ConfigError> {
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
                Some(fault(format!("stands beside {}", self.field()), "it for a file or folder alone"))
            }
            (Some(_) | None, _) => None,
        }
    }

    /// Takes checks away from the keys' tokens; see [`danger`](super::danger).
    pub fn danger(mut self, danger: Danger) -> Self {
        self.danger = danger;
        self
    }

    /// Skips a folder's files that cannot be loaded at the first reading too, with a warning for each, so that one
    /// tenant's broken file does not keep an origin from starting.
    pub fn skip_broken_files(mut self) -> Self {
        self.skip_broken_files = true;
        self
    }

    /// What the keys may sign for.
    pub(crate) const fn scope(&self) -> &KeyScope {
        &self.scope
    }

    /// The names of what weakens checks.
    pub(crate) fn dangers(&self) -> impl Iterator<Item = &'static str> {
        let any = matches!(self.scope, KeyScope::Any(_)).then_some("scope any");
        self.danger.names().chain(any)
    }

    /// The folder, or the folder of the file, that changes are to be looked for in.
    #[cfg(feature = "watch")]
    pub(crate) fn watched_folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Dir(path) => Some(path),
            Place::File(path) | Place::Jwks(path) | Place::SecretFile(path) => Some(folder_of(path)),
            Place::SecretEnv(_) | Place::Pem(_) => None,
        }
    }

    /// The field and the place, for an error; without the place where that may be the secret itself.
    pub(crate) fn shown(&self) -> String {
        if self.place.is_there() { format!("{} {self}", self.field()) } else { self.field().to_owned() }
    }

    /// The field of the configuration that names the place.
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

/// The folder that a file is in.
#[cfg(feature = "watch")]
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

impl Place {
    /// Whether a secret's file or variable exists. What names none may be the secret itself, and is not shown.
    fn is_there(&self) -> bool {
        match self {
            Self::SecretFile(path) => path.exists(),
            Self::SecretEnv(variable) => std::env::var_os(variable).is_some(),
            Self::Dir(_) | Self::File(_) | Self::Jwks(_) | Self::Pem(_) => true,
        }
    }
}

/// Shown in place of a secret's file or variable that does not exist.
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
mod tests {
    use super::*;

    const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----\n";

    fn scope() -> KeyScope {
        KeyScope::bucket("b")
    }

    #[test]
    fn a_source_shows_where_its_keys_are_and_never_what_they_are() {
        for (source, display, debug) in [
            (KeySource::dir("keys/a", scope()), "keys/a", "Dir(\"keys/a\")"),
            (KeySource::file("a.pem", scope()), "a.pem", "File(\"a.pem\")"),
            (KeySource::jwks("set.json", scope()), "set.json", "Jwks(\"set.json\")"),
            (KeySource::secret_file("Cargo.toml", scope()), "Cargo.toml", "SecretFile(\"Cargo.toml\")"),
            (KeySource::secret_file("a.txt", scope()), NOWHERE, "SecretFile(\"(does not exist)\")"),
            (KeySource::secret_env("PATH", "a", scope()), "$PATH", "SecretEnv(\"PATH\")"),
            (KeySource::secret_env("SECRET", "a", scope()), NOWHERE, "SecretEnv(\"(does not exist)\")"),
            (KeySource::pem("a", PEM, scope()), "pem", "Pem"),
        ] {
            assert_eq!(source.to_string(), display);
            assert_eq!(format!("{:?}", source.place), debug);
            let whole = format!("{source:?}");
            assert!(!["BEGIN", "MCow"].iter().any(|text| whole.contains(text)), "{whole}");
        }
    }

    #[cfg(feature = "watch")]
    #[test]
    fn a_file_is_watched_for_in_its_folder_and_what_is_no_file_nowhere() {
        for (source, folder) in [
            (KeySource::dir("keys/a", scope()), Some("keys/a")),
            (KeySource::file("keys/a.pem", scope()), Some("keys")),
            (KeySource::jwks("set.json", scope()), Some(".")),
            (KeySource::secret_file("/a.txt", scope()), Some("/")),
            (KeySource::secret_env("SECRET", "a", scope()), None),
            (KeySource::pem("a", PEM, scope()), None),
        ] {
            assert_eq!(source.watched_folder(), folder.map(Path::new), "{source}");
        }
    }
}
