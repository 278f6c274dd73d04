//! Signed URLs, signed cookies, secure links and revocable embed tokens for a media origin, checked inside its own process.
//!
//! A [`Verifier`] decides whether a request may have the bytes it asks for. It is put in front of an existing axum,
//! hyper or other tower server as a layer, of an actix-web application as a middleware; it allocates nothing and waits for
//! nothing while deciding; its keys and policy change while it serves.
//!
//! ```
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
//! - what a request needs in order to be let in: the numbered list of [`decide`];
//! - the one function that decides it: `decide` in `src/decide/mod.rs`, which [`Verifier::decide`] calls;
//! - why a request was refused: [`Denial`], and the table of [`error::Code`].
//!
//! # Rooms
//!
//! A room imports from the floors below it only.
//!
//! | floor | rooms |
//! | --- | --- |
//! | 9 | [`adapters`]: the types of `http`, the tower layer, axum extractors, the actix-web middleware · `media_keys`: AES-128 keys for HLS under a grant |
//! | 8 | [`answer`]: decisions to statuses, headers and bodies |
//! | 7 | [`verifier`]: the handle, and what changes while it decides · `mint`: tokens, URLs, cookies |
//! | 6 | [`decide`]: the decision · `config`: configuration files to settings |
//! | 5 | [`site`]: settings to checked rules, hosts and base paths |
//! | 4 | [`schemes`]: one folder for each kind of credential |
//! | 3 | [`store`]: embed tokens and revocations, in memory or shared |
//! | 2 | [`keys`]: key documents and sources to keys, key sets, the live cell · `records`: what opaque tokens open · [`revocation`] · [`cors`] · [`manifest`]: credentials into HLS and DASH |
//! | 1 | [`request`]: the normal form of path and host · [`crypto`]: signature checks · [`scope`]: who covers what · [`rate`]: how often something may happen |
//! | 0 | [`time`] · [`error`] |
//!
//! # Features
//!
//! | feature | what it adds |
//! | --- | --- |
//! | `aws-lc` (default) | signature checks by AWS-LC, and every way to load a key |
//! | `http` | the types of `http`, for servers by hand: [`adapters::http`] |
//! | `tower` (default) | the layer |
//! | `tracing` (default) | one log line per refusal |
//! | `axum` | `Verifier::around`; extractors; the path that the client sent behind `nest`; `ConnectInfo` as client address |
//! | `actix` | the middleware for actix-web, [`ActixGate`](adapters::actix::ActixGate), and an extractor |
//! | `mint` | [`mint`]: signing |
//! | `secure-link-md5` | [links](schemes::link) made with MD5, as nginx and many CDNs sign them |
//! | `redis` | [`Store::redis`](store::Store::redis): embed tokens and revocations in Redis or Valkey, for a fleet |
//! | `config` | [`Verifier::from_file`]: sites and key sources from TOML or JSON, see [`config`] |
//! | `watch` | [`Verifier::watch`]: takes up changes of that file and of key folders |
//! | `keygen` | new signing keys: P-256 and Ed25519 by AWS-LC, RSA by the crate `rsa` |
//! | `media-keys` | [`media_keys`]: AES-128 keys for HLS, handed out under a grant and told to a packager |
//!
//! The core has no framework, runtime or I/O dependency: `--no-default-features --features aws-lc`.
//!
//! # Dependencies
//!
//! | crate | its use |
//! | --- | --- |
//! | `arc-swap` | replaces keys and policies under running decisions; holds the prepared keys and the remembered tokens |
//! | `base64-simd` | decodes tokens in fewer instructions than `base64`, which decodes the hashes of links |
//! | `cookie` (`mint`) | writes `Set-Cookie` lines: [`TokenCookie`](mint::TokenCookie) |
//! | `dashmap` | holds embed tokens and revocations |
//! | `jsonwebtoken` (`aws-lc`) | reads JWKs and JWK Sets; it verifies no token |
//! | `rsa` (`keygen`) | generates RSA keys |

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

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
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
