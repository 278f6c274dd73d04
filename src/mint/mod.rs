//! Creates tokens, signed URLs, cookies and secure links that a verifier accepts.
//!
//! A [`Signer`] holds a private key or a shared secret, and its `kid`. It creates a [`SignedToken`] for a
//! [`Scope`](crate::Scope). The token can be written as a URL or a `Set-Cookie` value:
//!
//! ```
//! use std::time::Duration;
//! use playgate::{Scope, mint::Signer};
//!
//! let signer = Signer::from_secret("2026-11", b"0123456789abcdef0123456789abcdef")?;
//! let token = signer.token(Scope::folder("videos/1")?).expires_in(Duration::from_secs(3600)).sign()?;
//! let url = token.url("https://cdn.example.com/videos/1/master.m3u8");
//! assert!(url.starts_with("https://cdn.example.com/videos/1/master.m3u8?auth=ey"));
//! let cookie = token.cookie("example.com")?.to_string();
//! assert!(cookie.contains("Domain=example.com") && cookie.contains("Path=/videos/1/"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cookie;
mod debug;
mod error;
#[cfg(feature = "keygen")]
mod keygen;
mod link;
mod signed;
mod signer;
mod site;
mod token;

pub use cookie::{SameSite, TokenCookie};
pub use error::MintError;
#[cfg(feature = "keygen")]
pub use keygen::NewKey;
pub use link::{LinkDraft, LinkSigner};
pub use signed::SignedToken;
pub use signer::Signer;
pub use token::TokenDraft;
