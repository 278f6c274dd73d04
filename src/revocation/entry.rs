use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::time::UnixSeconds;

/// The longest `jti`, `sub` or `kid` that can be revoked, in bytes.
pub const MAX_NAME_LEN: usize = 256;

/// Signed tokens to be taken back.
///
/// ```
/// use playgate::revocation::Revocation;
/// use playgate::time::UnixSeconds;
///
/// let one = Revocation::token("4fd1…").until(UnixSeconds::new(1_800_000_000)); // its exp
/// let logged_out = Revocation::subject("u42").issued_before(UnixSeconds::new(1_790_000_000));
/// let stolen = Revocation::key("2026-11");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[must_use]
pub struct Revocation {
    pub(crate) kind: Kind,
    pub(crate) name: String,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issued_before: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<i64>,
}

/// By what tokens are taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Jti,
    Sub,
    Kid,
}

impl Revocation {
    /// The token whose `jti` this is.
    pub fn token(jti: impl Into<String>) -> Self {
        Self::new(Kind::Jti, jti.into())
    }

    /// Every token whose `sub` this is.
    pub fn subject(sub: impl Into<String>) -> Self {
        Self::new(Kind::Sub, sub.into())
    }

    /// Every token that the key of this `kid` signed.
    pub fn key(kid: impl Into<String>) -> Self {
        Self::new(Kind::Kid, kid.into())
    }

    const fn new(kind: Kind, name: String) -> Self {
        Self { kind, name, issued_before: None, until: None }
    }

    /// Only those whose `iat` is before this second, or that have none.
    pub fn issued_before(mut self, second: UnixSeconds) -> Self {
        self.issued_before = Some(second.get());
        self
    }

    /// Kept until this second, the last `exp` of the revoked tokens, and for [`Leeway::MAX`](crate::time::Leeway::MAX)
    /// seconds more. Default for good.
    pub fn until(mut self, second: UnixSeconds) -> Self {
        self.until = Some(second.get());
        self
    }

    /// Whether it can be put in force.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Revocation`] for a name that is empty or too long.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self.name.len() {
            1..=MAX_NAME_LEN => Ok(()),
            bytes => Err(ConfigError::Revocation { bytes }),
        }
    }
}
