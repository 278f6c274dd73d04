//! The errors of media keys.

/// The reason why media keys cannot be set up, derived or written.
///
/// The text quotes the offending input, but never a secret. The `Debug` output is the same text.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message is its documentation")]
pub enum MediaKeyError {
    #[error(
        "master of media keys has {bytes} bytes: use {MIN_MASTER_LEN} or more, such as the output of openssl rand 32"
    )]
    MasterTooShort { bytes: usize },
    #[error("master of media keys is PEM text: use 32 random bytes, such as the output of openssl rand 32")]
    MasterIsPem,
    #[error("two masters of media keys have the id {id}: list each once")]
    MasterTwice { id: String },
    #[error(
        "video {video:?} is not an id: use one segment of a path, 1 to 256 bytes, without % and control characters"
    )]
    Video { video: String },
    #[error("folder of media keys {folder:?} {found}: write one such as \"/videos/{{video}}/keys/\"")]
    Folder { folder: String, found: &'static str },
    #[error("URI prefix of media keys {found}: write {write}")]
    UriPrefix { found: &'static str, write: &'static str }, // without its text, which may contain a credential
    #[error("path {path:?} {found}, but the packager reads it from a line of text: use another path")]
    KeyFile { path: String, found: &'static str },
    #[error("{path:?} cannot be written: {found}; use a file in a writable folder")]
    Unwritable { path: String, found: String },
    #[error("media key cannot be derived: the cryptographic library failed")]
    Derivation,
}

impl std::fmt::Debug for MediaKeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}

/// The minimum length of a master secret, in bytes: the length of the hash.
pub const MIN_MASTER_LEN: usize = 32;
