use std::io::Write as _;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::MediaKeyError;
use super::key::{MediaKey, MediaKeys};

impl MediaKeys {
    /// Returns the text of the file that ffmpeg reads with `-hls_key_info_file`.
    ///
    /// Its lines are the key's URI, the file in which the packager finds the key, and the initialization vector if there is one.
    ///
    /// The URI is the prefix followed by the key's name, and is written into the playlist unchanged. The prefix `keys/` is a
    /// folder beside the media playlist, and `/videos/video-1/keys/` a folder from the root. The URI must lead to the
    /// [service](Self::service). Forwarding adds the viewer's credential to the URI.
    ///
    /// Without an initialization vector, a segment's vector is its media sequence number (RFC 8216 §4.3.2.4), which ffmpeg also
    /// writes into the playlist. With a vector, all segments of the batch have the same one, and an observer can see which
    /// segments begin alike. Set a vector only if sequence numbers repeat for a key, and set a different one each time.
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
    /// Returns [`MediaKeyError::UriPrefix`] and [`MediaKeyError::KeyFile`] for text that cannot be part of the file, and the
    /// errors of [`key`](Self::key).
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

    /// Writes the key of a batch, and then the [text](Self::key_info) that names it, which replaces the previous text. Returns
    /// the path of the key's file: the path of the info file with the key's name appended.
    ///
    /// With `-hls_flags periodic_rekey`, ffmpeg reads the info file before each segment, so the next segment to begin is the
    /// first of the new batch. Whenever ffmpeg reads, it finds a complete text and the matching key: each file is put in place
    /// atomically, and no two batches share a key file. On Unix, only the owner can read the files. An earlier batch's key file
    /// may be deleted after a segment of the new batch has begun.
    ///
    /// A revoked credential plays only as long as its last key: with a batch each minute, for at most a minute. Number the
    /// batches so that no number repeats for a video, for instance by the number of minutes since 1970. A viewer who once had a batch's
    /// key has it forever.
    ///
    /// # Errors
    ///
    /// Returns [`MediaKeyError::Unwritable`], after which the info file is unchanged, and the errors of
    /// [`key_info`](Self::key_info).
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
    let path = key_file.to_str().ok_or_else(|| wrong("is not UTF-8"))?;
    if path.contains(['\n', '\r', '\0']) {
        return Err(wrong("contains a line break"));
    }
    let iv = iv.map(|iv| format!("{:032x}\n", u128::from_be_bytes(iv))).unwrap_or_default();
    Ok(format!("{uri_prefix}{}\n{path}\n{iv}", key.file_name()))
}

/// Checks the prefix, which is written into a quoted attribute (RFC 8216 §4.2), followed by the name.
fn check_prefix(prefix: &str) -> Result<(), MediaKeyError> {
    let wrong = |found, write| Err(MediaKeyError::UriPrefix { found, write });
    if !prefix.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'~')) {
        return wrong("has a character that a URI cannot contain", "the character percent-encoded");
    }
    if prefix.contains(['?', '#']) {
        return wrong("has a query or a fragment", "only the folder; forwarding adds the credential");
    }
    if !(prefix.is_empty() || prefix.ends_with('/')) {
        return wrong("does not end in a slash", "the folder of the keys, such as \"keys/\"");
    }
    Ok(())
}

/// Puts a new file in place in one step. Only its owner can read it.
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
