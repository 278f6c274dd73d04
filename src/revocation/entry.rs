use serde::{Deserialize, Serialize};

use crate::error::ConfigError;
use crate::time::UnixSeconds;

/// The maximum length of a name that can be revoked, in bytes: a `jti`, a `sub`, a `kid`, or the identity of a key.
pub const MAX_NAME_LEN: usize = 256;

/// A revocation of signed tokens, by one of their names.
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

/// The kind of name that a revocation refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Jti,
    Sub,
    Kid,
    /// The identity of one key, which is not a claim.
    Key,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Jti, Self::Sub, Self::Kid, Self::Key];
}

impl Revocation {
    /// Creates a revocation of the token with this `jti`.
    pub fn token(jti: impl Into<String>) -> Self {
        Self::new(Kind::Jti, jti.into())
    }

    /// Creates a revocation of every token with this `sub`.
    pub fn subject(sub: impl Into<String>) -> Self {
        Self::new(Kind::Sub, sub.into())
    }

    /// Creates a revocation of every token that a key with this `kid` signed, whatever the key's scope. To revoke one of several
    /// keys with the `kid`, use [`Revocation::one_key`].
    pub fn key(kid: impl Into<String>) -> Self {
        Self::new(Kind::Kid, kid.into())
    }

    pub(crate) const fn new(kind: Kind, name: String) -> Self {
        Self { kind, name, issued_before: None, until: None }
    }

    /// Limits the revocation to tokens whose `iat` is before this second, and tokens without `iat`.
    pub fn issued_before(mut self, second: UnixSeconds) -> Self {
        self.issued_before = Some(second.get());
        self
    }

    /// Sets the second after which the revocation is no longer needed: the last `exp` of the revoked tokens. It is kept for
    /// another [`Leeway::MAX`](crate::time::Leeway::MAX) seconds. By default, it is kept forever.
    pub fn until(mut self, second: UnixSeconds) -> Self {
        self.until = Some(second.get());
        self
    }

    /// Checks the name.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Revocation`] for a name that is empty or too long.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        match self.name.len() {
            1..=MAX_NAME_LEN => Ok(()),
            bytes => Err(ConfigError::Revocation { bytes }),
        }
    }
}
