//! The keys: derived from a master secret, the video and the batch.

use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk, Salt};

use super::error::{MIN_MASTER_LEN, MediaKeyError};
use super::name::{KeyName, MasterId};
use crate::records::check_id;

/// The keys of all videos and batches, derived from a master secret.
///
/// It is cheap to clone. The `Debug` output shows only the ids of the masters.
///
/// ```
/// use playgate::media_keys::MediaKeys;
///
/// let (of_2026, of_2025) = (b"32 bytes of openssl rand 32 ....", b"as many bytes, of the last year.");
/// let keys = MediaKeys::new(of_2026)?.also(of_2025)?;
/// let key = keys.key("video-1", 7)?;
/// assert_eq!(key.bytes().len(), 16);
/// assert_eq!(key.file_name(), MediaKeys::new(of_2026)?.key("video-1", 7)?.file_name());
/// # Ok::<(), playgate::media_keys::MediaKeyError>(())
/// ```
#[derive(Clone)]
pub struct MediaKeys {
    /// The master secret for new content.
    newest: Master,
    older: Vec<Master>,
}

#[derive(Clone)]
struct Master {
    id: MasterId,
    prk: Prk,
}

impl MediaKeys {
    /// Creates the keys of a master secret: at least [`MIN_MASTER_LEN`] random bytes, which the packager and every origin
    /// share.
    ///
    /// # Errors
    ///
    /// Returns [`MediaKeyError::MasterTooShort`] for fewer bytes, [`MediaKeyError::MasterIsPem`] for PEM text, which may be a
    /// public key, and [`MediaKeyError::Derivation`] if AWS-LC fails.
    pub fn new(master: impl AsRef<[u8]>) -> Result<Self, MediaKeyError> {
        Ok(Self { newest: Master::new(master.as_ref())?, older: Vec::new() })
    }

    /// Adds an older master, whose keys are also served. New content is encrypted with the keys of the first master.
    ///
    /// To change masters, make the new master the first and add the current one here, on every origin and then at the
    /// packager. Remove the older master when content that was encrypted with its keys is no longer served.
    ///
    /// # Errors
    ///
    /// Returns the errors of [`new`](Self::new), and [`MediaKeyError::MasterTwice`] for a master that was added before.
    pub fn also(mut self, older: impl AsRef<[u8]>) -> Result<Self, MediaKeyError> {
        let master = Master::new(older.as_ref())?;
        if self.master(master.id).is_some() {
            return Err(MediaKeyError::MasterTwice { id: master.id.to_string() });
        }
        self.older.push(master);
        Ok(self)
    }

    /// Returns the key of a batch, derived from the first master. New content is encrypted with this key.
    ///
    /// # Errors
    ///
    /// Returns [`MediaKeyError::Video`] if the id of the video is not a single path segment of 1 to 256 bytes, as for embed
    /// tokens, and [`MediaKeyError::Derivation`] if AWS-LC fails.
    pub fn key(&self, video: &str, batch: u64) -> Result<MediaKey, MediaKeyError> {
        self.newest.key(video, batch)
    }

    /// Returns the key with this name, or `None` if no master has the id in the name.
    pub(super) fn named(&self, video: &str, name: KeyName) -> Option<Result<MediaKey, MediaKeyError>> {
        self.master(name.master).map(|master| master.key(video, name.batch))
    }

    fn master(&self, id: MasterId) -> Option<&Master> {
        self.masters().find(|master| master.id == id)
    }

    /// Returns the public ids of all masters, in their order.
    pub(super) fn ids(&self) -> Vec<String> {
        self.masters().map(|master| master.id.to_string()).collect()
    }

    fn masters(&self) -> impl Iterator<Item = &Master> {
        std::iter::once(&self.newest).chain(&self.older)
    }
}

impl Master {
    fn new(secret: &[u8]) -> Result<Self, MediaKeyError> {
        if memchr::memmem::find(secret, b"-----BEGIN").is_some() {
            return Err(MediaKeyError::MasterIsPem);
        }
        if secret.len() < MIN_MASTER_LEN {
            return Err(MediaKeyError::MasterTooShort { bytes: secret.len() });
        }
        let prk = Salt::new(HKDF_SHA256, SALT).extract(secret);
        let id = MasterId::new(derive(&prk, &[MASTER_LABEL])?);
        Ok(Self { id, prk })
    }

    fn key(&self, video: &str, batch: u64) -> Result<MediaKey, MediaKeyError> {
        let wrong = || MediaKeyError::Video { video: video.to_owned() };
        check_id("video", video, true).map_err(|_| wrong())?;
        let length = u16::try_from(video.len()).map_err(|_| wrong())?.to_be_bytes();
        let bytes = derive(&self.prk, &[KEY_LABEL, &length, video.as_bytes(), &batch.to_be_bytes()])?;
        Ok(MediaKey { bytes, name: KeyName { batch, master: self.id } })
    }
}

impl std::fmt::Debug for MediaKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaKeys").field("masters", &self.ids()).finish_non_exhaustive()
    }
}

/// The key of one batch of one video. The `Debug` output shows only its name.
#[derive(Clone)]
pub struct MediaKey {
    bytes: [u8; 16],
    name: KeyName,
}

impl MediaKey {
    /// Returns the key itself, for AES-128. It must not be logged.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.bytes
    }

    /// Returns the name of the key's file: `7-5c0de7e1.key`.
    pub fn file_name(&self) -> String {
        self.name.to_string()
    }
}

impl std::fmt::Debug for MediaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MediaKey").field("name", &self.file_name()).finish_non_exhaustive()
    }
}

const SALT: &[u8] = b"playgate media keys";
/// The label of keys. No label is the beginning of another one, so no two derivations have the same info.
const KEY_LABEL: &[u8] = b"playgate media key v1";
const MASTER_LABEL: &[u8] = b"playgate media key master v1";

/// Computes HKDF-Expand (RFC 5869 §2.3).
fn derive<const N: usize>(prk: &Prk, info: &[&[u8]]) -> Result<[u8; N], MediaKeyError> {
    let mut output = [0; N];
    let expanded = prk.expand(info, Length(N)).and_then(|okm| okm.fill(&mut output));
    expanded.map(|()| output).map_err(|_| MediaKeyError::Derivation)
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests;
