//! With which key is a batch of a video encrypted, and who is told?
//!
//! HLS media encrypted with AES-128 (RFC 8216 §4.3.2.4) may lie in any cache; what is guarded is its keys, which change
//! with every batch of segments. A viewer whose credential was revoked or has expired plays what it has a key for, and
//! stops at the next batch.
//!
//! No key is stored. [`MediaKeys`] derives each from a master secret, the video and the number of the batch, for the
//! packager that encrypts and for the [`KeyService`] that hands out. With HKDF-SHA-256 (RFC 5869), salt
//! `playgate media keys`:
//!
//! | output | info |
//! | --- | --- |
//! | the key, 16 bytes | `playgate media key v1`, the bytes of the video's id (2 bytes), the id, the batch (8 bytes); numbers are big-endian |
//! | the master's id, 4 bytes | `playgate media key master v1` |
//!
//! A key's file is called `<batch>-<master's id>.key`, such as `7-5c0de7e1.key`, so that content made with an older
//! master plays on after a change of masters. The id tells nothing of the master.
//!
//! A request for a key is answered by these rules, in this order:
//!
//! 1. The request was **granted**: the gate stands in front, and its site has `grant_extension`. Else 403, and a
//!    warning in the log, because that is a mistake in the wiring.
//! 2. The **method** is GET or HEAD, or else 405.
//! 3. The **path** is the folder of a video, with the name of a key in it, in that one spelling; or else 404.
//! 4. The **video** is the grant's, or else 403: that of an embed token, or the stream of a signed token on a live site.
//!    Every other grant covers the path, of which the video is a part.
//! 5. The **master** is one of ours, or else 404.
//!
//! Nothing may come between gate and service that rewrites the path. A key depends on nothing but its master, the video
//! and the batch: buckets with videos of the same ids need masters of their own.
//!
//! ```
//! use axum::Router;
//! use playgate::{Site, Verifier, schemes::embed::{Embed, EmbedDraft}, media_keys::MediaKeys};
//! # async fn get(app: Router, uri: String) -> axum::response::Response {
//! #     let request = axum::extract::Request::get(uri).header("host", "cdn.example.com");
//! #     tower::ServiceExt::oneshot(app, request.body(axum::body::Body::empty()).unwrap()).await.unwrap()
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let info_file = folder.path().join("video-1.keyinfo");
//!
//! let keys = MediaKeys::new(b"32 bytes of openssl rand 32 ....")?;
//!
//! // The packager encrypts: ffmpeg … -hls_key_info_file video-1.keyinfo -hls_flags periodic_rekey
//! keys.write_key_info("video-1", 0, "keys/", &info_file, None)?; // and batch 1 some time later
//!
//! // The origin hands out.
//! let verifier = Verifier::builder()
//!     .site(Site::bucket("courses").host("cdn.example.com").embed(Embed::new()).grant_extension())
//!     .build()?;
//! let app = Router::new()
//!     .route_service("/videos/{video}/keys/{key}", keys.service("/videos/{video}/keys/")?)
//!     .layer(verifier.layer());
//!
//! let embeds = verifier.embeds("cdn.example.com")?;
//! let token = embeds.issue(EmbedDraft::new("video-1")).await?;
//! let url = token.url(&format!("/videos/video-1/keys/{}?auth={{token}}", keys.key("video-1", 0)?.file_name()));
//! assert_eq!(get(app.clone(), url.clone()).await.status(), 200);
//! embeds.revoke(token).await?;
//! assert_eq!(get(app, url).await.status(), 403);
//! # Ok(()) }
//! ```

mod answer;
mod folder;
mod key;
mod name;
mod packager;
mod service;

pub use answer::{KeyAnswer, KeyService};
pub use key::{MIN_MASTER_LEN, MediaKey, MediaKeys};
pub use service::KeyBody;

/// The reason why media keys cannot be set up, derived or written.
///
/// The text names what was found, and never a secret. `Debug` is the same text.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message is its documentation")]
pub enum MediaKeyError {
    #[error("master of media keys has {bytes} bytes: give {MIN_MASTER_LEN} or more, as of openssl rand 32")]
    MasterTooShort { bytes: usize },
    #[error("master of media keys is the text of a PEM: give 32 random bytes, as of openssl rand 32")]
    MasterIsPem,
    #[error("two masters of media keys have the id {id}: give each once")]
    MasterTwice { id: String },
    #[error("video {video:?} is no id: write one segment of a path, 1 to 256 bytes, without % and controls")]
    Video { video: String },
    #[error("folder of media keys {folder:?} {found}: write one such as \"/videos/{{video}}/keys/\"")]
    Folder { folder: String, found: &'static str },
    #[error("URI prefix of media keys {found}: write {write}")]
    UriPrefix { found: &'static str, write: &'static str }, // without its text: a credential may stand in it
    #[error("path {path:?} {found}, and the packager reads it from a line of text: choose another")]
    KeyFile { path: String, found: &'static str },
    #[error("{path:?} cannot be written: {found}; name a file in a folder that may be written to")]
    Unwritable { path: String, found: String },
    #[error("media key cannot be derived: the cryptographic library failed")]
    Derivation,
}

impl std::fmt::Debug for MediaKeyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
