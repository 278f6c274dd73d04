use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::MediaKeyError;
use super::key::{MediaKey, MediaKeys};

impl MediaKeys {
    /// Returns the text that ffmpeg reads by `-hls_key_info_file`: three lines with the key's URI, where the packager finds the
    /// key, and the initialisation vector if there is one.
    ///
    /// The URI is the prefix and the key's name. It stands in the playlist as it is, so that `keys/` is the folder
    /// beside a media playlist and `/videos/video-1/keys/` one from the root; what it leads to is where the
    /// [service](Self::service) listens. Forwarding adds the viewer's credential.
    ///
    /// Without a vector, that of a segment is its media sequence number (RFC 8216 §4.3.2.4), which ffmpeg writes into
    /// the playlist too. With one, all segments of the batch have it, and those that begin alike are seen to: give one
    /// only where sequence numbers come again for one key, and another one each time.
    ///
    /// ```
    /// # use playgate::media_keys::MediaKeys;
    /// let keys = MediaKeys::new(b"32 bytes of openssl rand 32 ....")?;
    /// let name = keys.key("video-1", 7)?.file_name();
    /// let info = keys.key_info("video-1", 7, "keys/", "/run/packager/batch.key", None)?;
    /// assert_eq!(info, format!("keys/{name}\n/run/packager/batch.key\n"));
    /// # Ok::<(), playgate::media_keys::MediaKeyError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`MediaKeyError::UriPrefix`] and [`MediaKeyError::KeyFile`] for what cannot stand there, and as
    /// [`key`](Self::key).
    pub fn key_info(
        &self,
        video: &str,
        batch: u64,
        uri_prefix: &str,
        key_file: impl AsRef<Path>,
        iv: Option<[u8; 16]>,
    ) -> Result<String, MediaKeyError> {
        info(&self.key(video, batch)?, uri_prefix, key_file.as_ref(), iv)
    }

    /// Writes the key of a batch, and then the [text](Self::key_info) that names it in place of the last one. Gives the
    /// path of the key's file: that of the info file with the key's name added.
    ///
    /// With `-hls_flags periodic_rekey` ffmpeg reads the info file before each segment, so the next segment to begin is
    /// the first of the new batch. It finds a whole text and the key that belongs to it at whatever moment it looks:
    /// each file is put in place in one step, and no two batches share one. On Unix only the owner can read them. An
    /// earlier batch's key file may go once a segment of the new one has begun.
    ///
    /// A revoked credential plays as long as its last key: with a batch a minute, a minute at most. Number batches so
    /// that none comes again for a video, by the minutes of the clock for instance: who had its key once has it for
    /// ever.
    ///
    /// # Errors
    ///
    /// [`MediaKeyError::Unwritable`], when the info file is still the last one; and as [`key_info`](Self::key_info).
    pub fn write_key_info(
        &self,
        video: &str,
        batch: u64,
        uri_prefix: &str,
        info_file: impl AsRef<Path>,
        iv: Option<[u8; 16]>,
    ) -> Result<PathBuf, MediaKeyError> {
        let key = self.key(video, batch)?;
        // The packager may work in another folder.
        let info_file =
            std::path::absolute(&info_file).map_err(|error| unwritable(info_file.as_ref(), &error))?;
        let mut key_file = info_file.clone().into_os_string();
        key_file.push(format!(".{}", key.file_name()));
        let key_file = PathBuf::from(key_file);
        let info = info(&key, uri_prefix, &key_file, iv)?;
        write(&key_file, key.bytes())?;
        write(&info_file, info.as_bytes())?;
        Ok(key_file)
    }
}

fn info(
    key: &MediaKey,
    uri_prefix: &str,
    key_file: &Path,
    iv: Option<[u8; 16]>,
) -> Result<String, MediaKeyError> {
    check_prefix(uri_prefix)?;
    let wrong = |found| MediaKeyError::KeyFile { path: key_file.display().to_string(), found };
    let path = key_file.to_str().ok_or_else(|| wrong("is no UTF-8"))?;
    if path.contains(['\n', '\r', '\0']) {
        return Err(wrong("has a line end"));
    }
    let iv = iv.map(|iv| format!("{:032x}\n", u128::from_be_bytes(iv))).unwrap_or_default();
    Ok(format!("{uri_prefix}{}\n{path}\n{iv}", key.file_name()))
}

/// It goes into a quoted attribute (RFC 8216 §4.2), and the name after it.
fn check_prefix(prefix: &str) -> Result<(), MediaKeyError> {
    let wrong = |found, write| Err(MediaKeyError::UriPrefix { found, write });
    if !prefix.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'~')) {
        return wrong("has a character that no URI has", "it percent-encoded");
    }
    if prefix.contains(['?', '#']) {
        return wrong("has a query or a fragment", "the folder alone; forwarding adds the credential");
    }
    if !(prefix.is_empty() || prefix.ends_with('/')) {
        return wrong("does not end in a slash", "the folder of the keys, such as \"keys/\"");
    }
    Ok(())
}

/// Puts a file in place in one step. It is new, and its owner's alone.
fn write(path: &Path, bytes: &[u8]) -> Result<(), MediaKeyError> {
    let folder = path.parent().unwrap_or(path);
    let put = || {
        let mut file = NamedTempFile::new_in(folder)?;
        file.write_all(bytes)?;
        file.persist(path).map_err(|error| error.error)
    };
    put().map(drop).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &std::io::Error) -> MediaKeyError {
    MediaKeyError::Unwritable { path: path.display().to_string(), found: error.to_string() }
}

#[cfg(test)]
mod tests;
