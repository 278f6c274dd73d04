//! Creates tokens, signed URLs, cookies and secure links that a verifier accepts.
//!
//! A [`Signer`] holds a private key or a shared secret and its `kid`. It makes a [`SignedToken`] for a [`Scope`](crate::Scope),
//! which becomes a URL or a `Set-Cookie` value:
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
#[cfg(feature = "keygen")]
mod keygen;
mod link;
mod signer;
mod token;

pub use cookie::{SameSite, TokenCookie};
#[cfg(feature = "keygen")]
pub use keygen::NewKey;
pub use link::{LinkDraft, LinkSigner};
pub use signer::Signer;
pub use token::{SignedToken, TokenDraft};

use crate::error::{ConfigError, TokenFault};

/// The reason why a token, cookie, link or key could not be created.
///
/// `Debug` prints the same text, as for [`ConfigError`].
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message is its documentation")]
pub enum MintError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("claim {name:?} has its own method: use expires_in, expires_at, not_before, or the scope")]
    ReservedClaim { name: String },
    #[error("claim {name:?} cannot be written as JSON: {reason}")]
    Claim { name: String, reason: String },
    #[error("claim {name:?} looks like milliseconds: write seconds since 1970")]
    Milliseconds { name: String },
    #[error("cookie {found}: write {write}")]
    Cookie { found: String, write: &'static str },
    #[error("secure link: {found}: write {write}")]
    Link { found: String, write: &'static str },
    #[error("every verifier would refuse the token: {fault}")]
    Refused { fault: TokenFault },
    #[error("the key could not sign: the system's random generator failed")]
    Signing,
    #[error("no key of {bits} bits can be made: ask for 2048 to 8192")]
    KeySize { bits: usize },
    #[error("no key could be made: the system's random generator failed")]
    Random,
}

impl std::fmt::Debug for MintError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
