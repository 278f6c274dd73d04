//! Media keys: derives the AES-128 keys of encrypted HLS media, and serves them to granted requests.
//!
//! HLS media encrypted with AES-128 (RFC 8216 §4.3.2.4) can be stored in any cache. Access is controlled by its keys, which
//! change with every batch of segments. After a credential was revoked or has expired, a player can play the batches whose keys
//! it already has, and stops at the next batch.
//!
//! No key is stored. [`MediaKeys`] derives each key from a master secret, the video and the number of the batch: for the
//! packager, which encrypts, and for the [`KeyService`], which serves keys to players. The derivation is HKDF-SHA-256 (RFC 5869)
//! with the salt `playgate media keys`:
//!
//! | output | info |
//! | --- | --- |
//! | the key, 16 bytes | `playgate media key v1`, the length of the video's id (2 bytes), the id, the batch (8 bytes); numbers are big-endian |
//! | the master's id, 4 bytes | `playgate media key master v1` |
//!
//! A key's file is named `<batch>-<master's id>.key`, such as `7-5c0de7e1.key`. Content made with an older master therefore
//! remains playable after a change of masters. The id reveals nothing about the master.
//!
//! A request for a key is checked by these rules, in this order:
//!
//! 1. The request was **granted**: the verifier's layer is in front of the service, and its site has `grant_extension`. Otherwise
//!    the status is 403, and a warning is logged, because the service is set up incorrectly. A request that passes only because its
//!    site does not [enforce](crate::site::danger) has no grant, and receives no key.
//! 2. The **method** is GET or HEAD. Otherwise the status is 405.
//! 3. The **path** is the folder of a video and the name of a key, both in their normal form. Otherwise the status is 404.
//! 4. The **video** is the one that the grant names: the video of an embed token, or the stream of a signed token on a live site.
//!    Otherwise the status is 403. Any other grant covers the path, which includes the video.
//! 5. The **master** is one of the [`MediaKeys`]. Otherwise the status is 404.
//!
//! Nothing between the verifier's layer and the service may rewrite the path. A key depends only on its master, the video and the
//! batch, so two buckets with the same video ids need different masters.
//!
//! ```
//! use axum::Router;
//! use playgate::{Site, Verifier, adapters::tower::GateLayer, schemes::embed::{Embed, EmbedDraft}, media_keys::MediaKeys};
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
//! // The origin serves the keys.
//! let verifier = Verifier::builder()
//!     .site(Site::bucket("courses").host("cdn.example.com").embed(Embed::new()).grant_extension(true))
//!     .build()?;
//! let app = Router::new()
//!     .route_service("/videos/{video}/keys/{key}", keys.service("/videos/{video}/keys/")?)
//!     .layer(GateLayer::new(verifier.clone()));
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
mod error;
mod folder;
mod key;
mod name;
mod packager;
mod service;

pub use answer::{KeyAnswer, KeyService};
pub use error::{MIN_MASTER_LEN, MediaKeyError};
pub use key::{MediaKey, MediaKeys};
pub use service::KeyBody;
