//! Errors of signing.

use crate::error::{ConfigError, TokenFault};

/// The reason why a token, cookie, link or key could not be created.
///
/// The `Debug` output is the same text, as for [`ConfigError`].
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each variant's message is its documentation")]
pub enum MintError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("claim {name:?} has its own method: use expires_in, expires_at, not_before or the scope")]
    ReservedClaim { name: String },
    #[error("claim {name:?} cannot be written as JSON: {reason}")]
    Claim { name: String, reason: String },
    #[error("claim {name:?} looks like milliseconds: use seconds since 1970")]
    Milliseconds { name: String },
    #[error("cookie {found}: write {write}")]
    Cookie { found: String, write: &'static str },
    #[error("secure link: {found}: write {write}")]
    Link { found: String, write: &'static str },
    #[error("every verifier would reject the token: {fault}")]
    Refused { fault: TokenFault },
    #[error("debug token would be valid for {seconds} s: use 1 second to 1 hour")]
    DebugLifetime { seconds: u64 },
    #[error("the key could not sign: the system's random generator failed")]
    Signing,
    #[error("RSA key of {bits} bits cannot be generated: use 2048 to 8192 bits")]
    KeySize { bits: usize },
    #[error("the key could not be generated: the system's random generator failed")]
    Random,
}

impl std::fmt::Debug for MintError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, f)
    }
}
