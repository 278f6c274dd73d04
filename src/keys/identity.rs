use smol_str::SmolStr;

use crate::crypto::Algorithm;
use crate::error::ConfigError;
use crate::scope::{KeyScope, ScopeName};

/// The maximum length of a `kid`, in bytes.
pub const MAX_KEY_ID_LEN: usize = 256;

/// The maximum length of a key's issuer, in bytes.
pub const MAX_ISSUER_LEN: usize = 512;

/// The name of a key, as in a token's `kid` header (RFC 7515 §4.1.4).
///
/// 1 to [`MAX_KEY_ID_LEN`] bytes without control characters, compared byte for byte. Several keys may have the same name: see
/// [`KeyIdentity`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(SmolStr); // a name of 23 bytes or fewer needs no allocation

impl KeyId {
    /// Checks a name.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::KeyId`] if the name is empty, too long, or contains control characters.
    pub fn new(kid: &str) -> Result<Self, ConfigError> {
        let fault = if kid.is_empty() {
            "is empty"
        } else if kid.len() > MAX_KEY_ID_LEN {
            "is longer than 256 bytes"
        } else if kid.chars().any(char::is_control) {
            "contains control characters"
        } else {
            return Ok(Self(SmolStr::new(kid)));
        };
        Err(ConfigError::KeyId { kid: kid.chars().take(64).collect(), found: fault })
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// The identity of a verification key: its `kid`, its scope, and its issuer if it has one.
///
/// No two keys of a set have the same identity. Tenants may use the same key names: the key `1` of one bucket and the key `1` of
/// another are two keys. The algorithm is not part of the identity. Two keys that agree in all three parts are refused, even if
/// they verify credentials of different schemes.
///
/// ```
/// use playgate::{KeyScope, keys::KeyIdentity};
/// let key = KeyIdentity::new("1", KeyScope::bucket("courses"))?;
/// assert_eq!(key.to_string(), "\"1\" of bucket courses");
/// assert_eq!(key.issued_by("https://id.example")?.to_string(), "\"1\" of bucket courses by \"https://id.example\"");
/// # Ok::<(), playgate::ConfigError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyIdentity {
    kid: KeyId,
    scope: KeyScope,
    issuer: Option<Box<str>>,
}

impl KeyIdentity {
    /// Creates the identity of a key without an issuer.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::KeyId`] for an invalid `kid`, and [`ConfigError::KeyWithoutScope`] for a scope without a name.
    pub fn new(kid: &str, scope: KeyScope) -> Result<Self, ConfigError> {
        Ok(Self::of(KeyId::new(kid)?, scope.checked(kid)?, None))
    }

    /// Sets the issuer.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::KeyIssuer`] for an empty issuer, or one of more than [`MAX_ISSUER_LEN`] bytes.
    pub fn issued_by(mut self, issuer: impl Into<Box<str>>) -> Result<Self, ConfigError> {
        self.issuer = Some(checked_issuer(issuer.into(), None)?);
        Ok(self)
    }

    pub(super) const fn of(kid: KeyId, scope: KeyScope, issuer: Option<Box<str>>) -> Self {
        Self { kid, scope, issuer }
    }

    /// Returns the `kid`.
    pub const fn kid(&self) -> &KeyId {
        &self.kid
    }

    /// Returns the scope that the key may sign for.
    pub const fn scope(&self) -> &KeyScope {
        &self.scope
    }

    /// Returns the one issuer whose tokens the key verifies, or `None` if it verifies tokens of any issuer.
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Returns the identity in the form that decisions compare.
    pub(crate) fn name(&self) -> KeyName<'_> {
        KeyName::new(&self.kid, &self.scope, self.issuer())
    }
}

impl std::fmt::Display for KeyIdentity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} of {}", self.kid.as_str(), self.scope)?;
        self.issuer().map_or(Ok(()), |issuer| write!(f, " by {issuer:?}"))
    }
}

/// An identity that is borrowed from a key, or from a token and the resource that it is checked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyName<'k> {
    pub(crate) kid: &'k [u8],
    pub(crate) scope: ScopeName<'k>,
    pub(crate) issuer: Option<&'k [u8]>,
}

impl<'k> KeyName<'k> {
    pub(super) fn new(kid: &'k KeyId, scope: &'k KeyScope, issuer: Option<&'k str>) -> Self {
        Self { kid: kid.as_str().as_bytes(), scope: scope.name(), issuer: issuer.map(str::as_bytes) }
    }
}

/// Rejects an issuer that no credential of this algorithm can name.
pub(crate) fn checked_issuer(
    issuer: Box<str>,
    algorithm: Option<Algorithm>,
) -> Result<Box<str>, ConfigError> {
    if let Some(algorithm) = algorithm.filter(|algorithm| !Algorithm::JWS.contains(algorithm)) {
        return Err(ConfigError::KeyWithoutIssuer { algorithm: algorithm.name() });
    }
    match issuer.len() {
        1..=MAX_ISSUER_LEN => Ok(issuer),
        bytes => Err(ConfigError::KeyIssuer { bytes }),
    }
}
