//! Verifies signed URLs, signed cookies, secure links and revocable embed tokens inside a media origin's own process.
//!
//! A [`Verifier`] decides whether a request may read the resource that it names. It runs in front of an existing server: as a layer of
//! axum, hyper or another tower server, or as a middleware of actix-web. A decision neither allocates nor blocks. Keys and policy can
//! be replaced while the verifier serves requests.
//!
#![cfg_attr(feature = "mint", doc = "```")]
#![cfg_attr(not(feature = "mint"), doc = "```ignore")]
//! use playgate::{Key, KeyScope, Scope, Site, Verifier, adapters::tower::GateLayer, mint::Signer};
//! # async fn bytes() -> &'static str { "the bytes" }
//! # async fn get(app: axum::Router, uri: &str) -> u16 {
//! #     let request = axum::extract::Request::get(uri).header("host", "cdn.example.com");
//! #     let request = request.body(axum::body::Body::empty()).unwrap();
//! #     tower::ServiceExt::oneshot(app, request).await.unwrap().status().as_u16()
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!
//! let secret = b"0123456789abcdef0123456789abcdef"; // or a public key: Key::from_pem
//! let verifier = Verifier::builder()
//!     .site(Site::bucket("courses").host("cdn.example.com"))
//!     .key(Key::from_secret("2026-11", secret, KeyScope::bucket("courses"))?)
//!     .build()?;
//! let app = axum::Router::new()
//!     .route("/videos/{*key}", axum::routing::get(bytes))
//!     .layer(GateLayer::new(verifier));
//!
//! let token = Signer::from_secret("2026-11", secret)?.token(Scope::folder("videos/1")?).sign()?;
//! assert_eq!(get(app.clone(), &token.url("/videos/1/master.m3u8")).await, 200);
//! assert_eq!(get(app.clone(), &token.url("/videos/2/master.m3u8")).await, 403);
//! assert_eq!(get(app, "/videos/1/master.m3u8").await, 401);
//! # Ok(()) }
//! ```
//!
//! Where to look:
//!
//! - The rules that a request must meet are the numbered list in [`decide`].
//! - The function that applies them is `decide` in `src/decide/mod.rs`, called by [`Verifier::decide`].
//! - The reasons for a refusal are the variants of [`Denial`]; the table of [`error::Code`] lists their stable codes.
//!
//! # Rooms
//!
//! Each room (a top-level module) imports only from the floors below its own.
//!
//! | floor | rooms |
//! | --- | --- |
//! | 9 | [`adapters`]: the types of `http`, the tower layer, axum extractors, the actix-web middleware · `media_keys`: AES-128 keys for HLS under a grant |
//! | 8 | [`answer`]: turns decisions into statuses, headers and bodies |
//! | 7 | [`verifier`]: the public handle, and changes while it serves · `mint`: signs tokens, URLs and cookies |
//! | 6 | [`decide`]: the decision · `config`: reads configuration files |
//! | 5 | [`site`]: checks settings; finds sites by host and base path |
//! | 4 | [`schemes`]: one folder for each kind of credential |
//! | 3 | [`store`]: embed tokens and revocations, in memory or shared |
//! | 2 | [`keys`]: reads keys from documents and sources; key sets · `records`: the records of opaque tokens · [`revocation`] · [`cors`] · [`manifest`]: carries credentials into HLS and DASH manifests · [`stats`]: counters |
//! | 1 | [`request`]: the normal form of path and host · [`crypto`]: verifies signatures · [`scope`]: the scopes of keys and tokens · [`rate`]: rate limits |
//! | 0 | [`time`] · [`error`] |
//!
//! # Features
//!
//! | feature | adds |
//! | --- | --- |
//! | `aws-lc` (default) | signature verification by AWS-LC, and all functions that load keys |
//! | `http` | support for the types of the crate `http`, for use without a framework: [`adapters::http`] |
//! | `tower` (default) | the tower layer, [`GateLayer`](adapters::tower::GateLayer) |
//! | `tracing` (default) | a log line for each refusal |
//! | `axum` | `Verifier::around`; extractors; the original path behind `nest`; `ConnectInfo` as the client's address |
//! | `actix` | the middleware for actix-web, [`ActixGate`](adapters::actix::ActixGate), and an extractor |
//! | `mint` | [`mint`]: signs credentials |
//! | `secure-link-md5` | [secure links](schemes::link) with MD5, as signed for nginx and many CDNs |
//! | `redis` | [`Store::redis`](store::Store::redis): embed tokens and revocations in Redis or Valkey, for a fleet |
//! | `config` | [`Verifier::from_file`]: sites and key sources from TOML or JSON, see [`config`] |
//! | `watch` | [`Verifier::watch`]: reloads that file and key folders when they change |
//! | `keygen` | generates signing keys: P-256 and Ed25519 by AWS-LC, RSA by the crate `rsa` |
//! | `metrics` | `Verifier::publish_metrics`: publishes the counters to the recorder of the crate `metrics` |
//! | `media-keys` | [`media_keys`]: AES-128 keys for HLS, served under a grant and passed to a packager |
//!
//! The core has no framework, runtime or I/O dependency: `--no-default-features --features aws-lc`.
//!
//! # Dependencies
//!
//! | crate | use |
//! | --- | --- |
//! | `arc-swap` | replaces keys and policies while decisions run; holds prepared keys and remembered tokens |
//! | `base64-simd` | decodes tokens in fewer instructions than `base64`, which decodes the hashes of links |
//! | `cookie` (`mint`) | writes `Set-Cookie` lines: [`TokenCookie`](mint::TokenCookie) |
//! | `dashmap` | holds embed tokens and revocations |
//! | `jsonwebtoken` (`aws-lc`) | parses JWKs and JWK Sets; it does not verify tokens |
//! | `rsa` (`keygen`) | generates RSA keys |

#![cfg_attr(docsrs, feature(doc_cfg))]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

#[cfg(any(doc, doctest, test))]
#[path = "documentation.rs"]
pub mod _documentation;
mod log;
mod map;
mod work;

#[cfg(any(feature = "http", feature = "actix"))]
pub mod adapters;
pub mod answer;
#[cfg(feature = "config")]
pub mod config;
pub mod cors;
pub mod crypto;
pub mod decide;
pub mod error;
pub mod explain;
#[cfg(feature = "__internals")]
pub mod internals;
pub mod keys;
pub mod manifest;
#[cfg(feature = "media-keys")]
pub mod media_keys;
#[cfg(feature = "mint")]
pub mod mint;
pub mod rate;
mod records;
pub mod request;
pub mod revocation;
pub mod schemes;
pub mod scope;
pub mod site;
pub mod stats;
pub mod store;
pub mod time;
pub mod verifier;

pub use decide::{Decision, Grant, OwnedGrant};
pub use error::{ConfigError, ConfigErrors, Denial};
pub use keys::{Key, KeySet};
pub use scope::{KeyScope, Scope};
pub use site::{Policy, Site};
pub use verifier::Verifier;

/// The README's code, compiled and run.
#[cfg(all(doctest, feature = "axum", feature = "watch"))]
#[doc = include_str!("../README.md")]
struct Readme;
