//! One key file: detects changes, reads the bytes, and loads the keys.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::digest::{Digest, SHA256, digest};

use super::{KeySource, Place};
use crate::crypto::{Algorithm, KeyKind};
use crate::error::ConfigError;
use crate::keys::freshness::Freshness;
use crate::keys::read::MAX_JWKS_LEN;
use crate::keys::shared::Origin;
use crate::keys::{Jwks, Key};

/// The maximum size of a file that is read as one key.
const MAX_KEY_FILE: u64 = 64 * 1024;

/// The maximum size of a file that is read as a JWK Set.
const MAX_JWKS_FILE: u64 = MAX_JWKS_LEN as u64;

/// The time after its last change during which a file is read at every check, because its timestamps may be too coarse to show
/// another change.
const SETTLING: Duration = Duration::from_secs(2);

/// The state of a file when it was last read.
#[derive(Clone, Debug, Default)]
pub(crate) struct FileSight {
    stamp: Option<Stamp>,
    content: Option<Digest>,
}

/// The metadata of a file by which a change is detected.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: SystemTime,
    len: u64,
    #[cfg(unix)]
    inode: (u64, u64, i64, i64),
    /// True if the last change was longer ago than [`SETTLING`] when the metadata was read.
    settled: bool,
}

/// The result of checking a file for changes.
pub(crate) enum Look {
    /// The content is unchanged.
    Same,
    /// The content is new, with these bytes.
    Changed(Vec<u8>),
}

impl Look {
    /// Returns whether the content is new.
    pub(crate) const fn is_change(&self) -> bool {
        matches!(self, Self::Changed(_))
    }
}

impl FileSight {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or is larger than `limit` bytes.
    pub(crate) fn read(path: &Path, limit: u64) -> Result<Vec<u8>, ConfigError> {
        match Self::default().look(path, limit)? {
            Look::Changed(bytes) => Ok(bytes),
            Look::Same => Ok(Vec::new()), // not at a first look
        }
    }

    /// Returns the state with which the next check reads the file again.
    pub(super) fn unread(self) -> Self {
        Self { stamp: None, ..self }
    }

    /// Reads the file if it changed since the last check.
    ///
    /// # Errors
    ///
    /// Fails if the file cannot be read or is larger than `limit` bytes. The next check tries again.
    pub(crate) fn look(&mut self, path: &Path, limit: u64) -> Result<Look, ConfigError> {
        let now = SystemTime::now();
        let unreadable = |error: &std::io::Error| ConfigError::Unreadable { found: describe(error) };
        let fits = |metadata: &fs::Metadata| {
            if metadata.is_file() { bounded(metadata.len(), limit) } else { Err("is not a file".to_owned()) }
        };
        let unfit = |found| ConfigError::Unreadable { found };
        let metadata = fs::metadata(path).map_err(|error| unreadable(&error))?;
        fits(&metadata).map_err(unfit)?;
        let stamp = Stamp::of(&metadata, now).map_err(|error| unreadable(&error))?;
        if stamp.settled && self.stamp.as_ref() == Some(&stamp) {
            return Ok(Look::Same);
        }
        // The file may have been replaced by a pipe since, and may grow while it is read.
        let file = open(path).map_err(|error| unreadable(&error))?;
        fits(&file.metadata().map_err(|error| unreadable(&error))?).map_err(unfit)?;
        let mut bytes = Vec::new();
        file.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
        bounded(u64::try_from(bytes.len()).unwrap_or(u64::MAX), limit).map_err(unfit)?;
        self.stamp = Some(stamp);
        let content = digest(&SHA256, &bytes);
        if self.content.as_ref().is_some_and(|known| known.as_ref() == content.as_ref()) {
            return Ok(Look::Same);
        }
        self.content = Some(content);
        Ok(Look::Changed(bytes))
    }
}

/// Checks that a length is within its limit.
fn bounded(len: u64, limit: u64) -> Result<(), String> {
    if len > limit { Err(format!("has {len} bytes: the limit is {limit}")) } else { Ok(()) }
}

/// Opens a file, without waiting for a writer if it is a pipe.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.custom_flags(rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
    }
    options.open(path)
}

impl Stamp {
    fn of(metadata: &fs::Metadata, now: SystemTime) -> std::io::Result<Self> {
        let modified = metadata.modified()?;
        let settled = match now.duration_since(changed(metadata)?) {
            Ok(age) => age > SETTLING,
            // Changed just now, or the clock was set back afterwards.
            Err(ahead) => ahead.duration() > SETTLING,
        };
        Ok(Self {
            modified,
            len: metadata.len(),
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt as _;
                (metadata.dev(), metadata.ino(), metadata.ctime(), metadata.ctime_nsec())
            },
            settled,
        })
    }
}

/// Returns the time at which the file was last written, renamed or dated. Its modification date may be older or newer.
fn changed(metadata: &fs::Metadata) -> std::io::Result<SystemTime> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let whole = u64::try_from(metadata.ctime()).ok();
        let part = u32::try_from(metadata.ctime_nsec()).ok();
        let since_1970 = whole.zip(part).map(|(whole, part)| Duration::new(whole, part));
        if let Some(time) = since_1970.and_then(|since| SystemTime::UNIX_EPOCH.checked_add(since)) {
            return Ok(time);
        }
    }
    metadata.modified()
}

/// Describes an I/O error in a few words.
pub(super) fn describe(error: &std::io::Error) -> String {
    use std::io::ErrorKind;

    match error.kind() {
        ErrorKind::NotFound => "does not exist: create it, or correct the path".to_owned(),
        ErrorKind::PermissionDenied => "is not readable by this user".to_owned(),
        ErrorKind::NotADirectory => "is not a folder".to_owned(),
        _ => format!("cannot be read: {error}"),
    }
}

/// The format of a key file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Pem,
    Jwk,
    Jwks,
    Secret,
}

impl Format {
    pub(super) const fn limit(self) -> u64 {
        match self {
            Self::Pem | Self::Jwk | Self::Secret => MAX_KEY_FILE,
            Self::Jwks => MAX_JWKS_FILE,
        }
    }

    /// Returns the format of a folder's file by its name, and the `kid` in the name.
    pub(super) fn of_name(name: &str) -> Option<(Self, Option<&str>)> {
        if name == "jwks.json" {
            return Some((Self::Jwks, None));
        }
        let kid = |stem: &'static str| name.strip_suffix(stem).filter(|kid| !kid.is_empty());
        if let Some(kid) = kid(".pem") {
            return Some((
                Self::Pem,
                Some(kid.strip_suffix(".pub").filter(|kid| !kid.is_empty()).unwrap_or(kid)),
            ));
        }
        kid(".jwk").map(|kid| (Self::Jwk, Some(kid)))
    }

    /// Returns the ending that follows the `kid` in the name of a file with one key.
    pub(super) fn ending_of(name: &str) -> Option<&'static str> {
        let (_, kid) = Self::of_name(name)?;
        let ending = name.strip_prefix(kid?)?;
        [".pem", ".pub.pem", ".jwk"].into_iter().find(|known| *known == ending)
    }

    /// Returns the `kid` in a file's name.
    pub(super) fn kid_of(path: &Path) -> Option<&str> {
        let by_ending = path.file_name()?.to_str().and_then(Self::of_name).and_then(|(_, kid)| kid);
        by_ending.or_else(|| path.file_stem()?.to_str())
    }

    /// Returns the format of the one file that a source names.
    pub(super) fn of_source(source: &KeySource) -> Self {
        match &source.place {
            Place::Dir(_) | Place::Jwks(_) => Self::Jwks,
            Place::SecretFile(_) | Place::SecretEnv(_) => Self::Secret,
            Place::Pem(_) => Self::Pem,
            Place::File(path) => match path.extension().and_then(|extension| extension.to_str()) {
                Some("jwk" | "json") => Self::Jwk,
                _ => Self::Pem,
            },
        }
    }
}

/// The content of one document.
#[derive(Debug, Default)]
pub(super) struct Loaded {
    pub(super) keys: Vec<Key>,
    pub(super) skipped: Vec<ConfigError>,
    /// The reason why a complete document holds no usable key.
    pub(super) unusable: Option<ConfigError>,
    /// Faults that do not prevent the keys from being used.
    pub(super) doubts: Vec<ConfigError>,
}

impl Loaded {
    fn of(keys: Vec<Key>) -> Self {
        Self { keys, ..Self::default() }
    }
}

/// Loads one document with the settings of its source. `named` is the `kid` in the file's name.
///
/// A complete document without a usable key is not an error: its keys are removed.
pub(super) fn load(
    bytes: &[u8],
    format: Format,
    named: Option<&str>,
    source: &KeySource,
    origin: &Origin,
    freshness: Option<&Arc<Freshness>>,
) -> Result<Loaded, ConfigError> {
    let mut loaded = match read(bytes, format, named, source) {
        Err(error) if is_of_a_whole_document(&error) => Loaded { unusable: Some(error), ..Loaded::default() },
        read => read?,
    };
    for key in &mut loaded.keys {
        *key = key.loaded_from(
            origin.clone(),
            source.issuer.as_deref().map(Into::into),
            source.danger,
            source.not_after,
            freshness.cloned(),
        );
    }
    Ok(loaded)
}

/// Returns whether an error is about a complete key that cannot be used. A half-written file causes none of these errors. A
/// private key does not count: it is there by mistake, and the previous keys stay.
const fn is_of_a_whole_document(error: &ConfigError) -> bool {
    matches!(
        error,
        ConfigError::KeyUse { .. }
            | ConfigError::KeyType { .. }
            | ConfigError::OtherAlgorithm { .. }
            | ConfigError::RsaSize { .. }
            | ConfigError::RsaExponent { .. }
            | ConfigError::RsaFingerprint { .. }
            | ConfigError::Certificate { .. }
            | ConfigError::PemBlock { .. }
    )
}

fn read(
    bytes: &[u8],
    format: Format,
    named: Option<&str>,
    source: &KeySource,
) -> Result<Loaded, ConfigError> {
    let scope = source.scope.clone();
    let kid = || {
        source.kid.as_deref().or(named).ok_or_else(|| ConfigError::Field {
            field: "kid".to_owned(),
            found: "is missing".to_owned(),
            write: "the kid of its tokens".to_owned(),
        })
    };
    let text = || {
        std::str::from_utf8(bytes)
            .map_err(|_| ConfigError::NotJwk { found: "is not a JSON document: it is not UTF-8".to_owned() })
    };
    let wanted = source.algorithm;
    Ok(match format {
        Format::Pem => {
            let key = match wanted {
                Some(algorithm) => Key::from_pem_for(algorithm, kid()?, bytes, scope)?,
                None => Key::from_pem(kid()?, bytes, scope)?,
            };
            Loaded::of(vec![key])
        }
        Format::Secret => {
            let algorithm = wanted.unwrap_or(Algorithm::Hs256);
            Loaded::of(vec![Key::from_secret_for(algorithm, kid()?, without_line_end(bytes), scope)?])
        }
        Format::Jwk => Loaded::of(vec![Key::from_named_jwk(kid()?, text()?, wanted, scope)?]),
        Format::Jwks => {
            let set = Jwks::parse_for(wanted, text()?, &scope)?;
            let unusable = set.why_empty();
            let Jwks { keys, mut skipped } = set;
            if unusable.is_some() && skipped.len() == 1 {
                skipped.clear(); // the error is already the reason
            }
            let is_secret = |key: &Key| key.algorithm().key_kind() == KeyKind::Secret;
            let mixed = keys.iter().any(is_secret) && !keys.iter().all(is_secret);
            let doubts = mixed.then_some(ConfigError::MixedSet).into_iter().collect();
            Loaded { keys, skipped, unusable, doubts }
        }
    })
}

/// Returns the bytes without the line end that editors and `echo` append to text. Random bytes are almost never text.
pub(crate) fn without_line_end(bytes: &[u8]) -> &[u8] {
    let is_text = std::str::from_utf8(bytes)
        .is_ok_and(|text| text.trim_end_matches(['\r', '\n']).chars().all(|c| !c.is_control()));
    match bytes {
        [text @ .., b'\r', b'\n'] | [text @ .., b'\n'] if is_text => text,
        _ => bytes,
    }
}

#[cfg(test)]
mod tests;
