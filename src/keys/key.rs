use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use super::danger::Danger;
use crate::crypto::{Algorithm, VerifyingKey};
use crate::error::{ConfigError, Denial};
use crate::scope::KeyScope;
use crate::time::UnixSeconds;
use crate::token::{Signed, Token};

/// The longest `kid`, in bytes.
pub const MAX_KEY_ID_LEN: usize = 256;

/// The name of a key: what a token's `kid` header says (RFC 7515 §4.1.4).
///
/// 1 to [`MAX_KEY_ID_LEN`] bytes without control characters, compared byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(Arc<str>);

impl KeyId {
    /// # Errors
    ///
    /// [`ConfigError::KeyId`] for an empty or overlong name, or one with control characters.
    pub fn new(kid: &str) -> Result<Self, ConfigError> {
        let fault = if kid.is_empty() {
            "is empty"
        } else if kid.len() > MAX_KEY_ID_LEN {
            "is longer than 256 bytes"
        } else if kid.chars().any(char::is_control) {
            "has control characters"
        } else {
            return Ok(Self(kid.into()));
        };
        Err(ConfigError::KeyId { kid: kid.chars().take(64).collect(), found: fault })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for KeyId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which key it is: no two that this process makes are the same one, whatever their `kid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl Generation {
    fn next() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        Self(LAST.fetch_add(1, Ordering::Relaxed))
    }
}

/// A verification key: its `kid`, one algorithm, what it may sign for, and the prepared key itself.
///
/// `Debug` shows all but the key material.
///
/// ```
/// # use playgate::{Key, scope::KeyScope};
/// let secret = b"0123456789abcdef0123456789abcdef";
/// let key = Key::from_secret("2026-11", secret, KeyScope::bucket("courses"))?;
/// let shown = format!("{key:?}");
/// assert!(shown.contains("2026-11") && !shown.contains("abcdef") && !shown.contains("97, 98, 99"));
/// # Ok::<(), playgate::ConfigError>(())
/// ```
#[derive(Debug)]
pub struct Key {
    id: KeyId,
    generation: Generation,
    scope: KeyScope,
    not_after: Option<UnixSeconds>,
    danger: Danger,
    verifying: VerifyingKey,
    source: Option<Arc<str>>,
    loaded_at: UnixSeconds,
    last_used: LastUse,
}

/// The second of the last grant; written at most once a second, so that readers hardly ever share a written line.
#[derive(Debug)]
struct LastUse(AtomicI64);

impl LastUse {
    const NEVER: i64 = i64::MIN;

    fn at(&self, now: UnixSeconds) {
        if self.0.load(Ordering::Relaxed) < now.get() {
            self.0.store(now.get(), Ordering::Relaxed);
        }
    }

    fn get(&self) -> Option<UnixSeconds> {
        let seconds = self.0.load(Ordering::Relaxed);
        (seconds != Self::NEVER).then(|| UnixSeconds::new(seconds))
    }
}

impl Key {
    #[cfg_attr(
        not(any(feature = "aws-lc", feature = "__internals", test)),
        expect(dead_code, reason = "each back-end makes keys")
    )]
    pub(crate) fn new(kid: &str, scope: KeyScope, verifying: VerifyingKey) -> Result<Self, ConfigError> {
        let id = KeyId::new(kid)?;
        Ok(Self {
            scope: scope.checked(kid)?,
            id,
            generation: Generation::next(),
            not_after: None,
            danger: Danger::default(),
            verifying,
            source: None,
            loaded_at: UnixSeconds::now(),
            last_used: LastUse(AtomicI64::new(LastUse::NEVER)),
        })
    }

    /// The last second in which the key is good; from the next on its tokens are refused as `unknown_key`.
    #[must_use]
    pub fn not_after(mut self, last: UnixSeconds) -> Self {
        self.not_after = Some(last);
        self
    }

    /// Takes checks away from the key's tokens; see [`danger`](super::danger).
    #[must_use]
    pub fn danger(mut self, danger: Danger) -> Self {
        self.danger = danger;
        self
    }

    /// Says where the key came from.
    #[cfg(feature = "config")]
    pub(super) fn loaded_from(mut self, source: Arc<str>) -> Self {
        self.source = Some(source);
        self
    }

    /// Notes that it let a request in.
    pub(crate) fn used(&self, now: UnixSeconds) {
        self.last_used.at(now);
    }

    /// The `kid`.
    pub const fn id(&self) -> &KeyId {
        &self.id
    }

    pub(crate) const fn generation(&self) -> Generation {
        self.generation
    }

    /// What it may sign for.
    pub const fn scope(&self) -> &KeyScope {
        &self.scope
    }

    /// The one algorithm that it is good for.
    pub const fn algorithm(&self) -> Algorithm {
        self.verifying.algorithm()
    }

    /// When it stops being good, if ever.
    pub const fn retires(&self) -> Option<UnixSeconds> {
        self.not_after
    }

    /// The checks that were taken away.
    pub const fn dangers(&self) -> Danger {
        self.danger
    }

    /// The file or environment variable that it came from; `None` for one that was made in code.
    pub fn source(&self) -> Option<&str> {
        self.source.as_deref()
    }

    /// When it was loaded, by the system's clock.
    pub const fn loaded_at(&self) -> UnixSeconds {
        self.loaded_at
    }

    /// The second of the last grant by it, by the clock of the decision; `None` for never. Another instance of the same
    /// key, loaded later, begins anew.
    pub fn last_used(&self) -> Option<UnixSeconds> {
        self.last_used.get()
    }

    /// The prepared key, for what is no token: the published vectors.
    #[cfg(feature = "__internals")]
    pub(crate) const fn verifying(&self) -> &VerifyingKey {
        &self.verifying
    }

    /// Checks a token's signature; `kid`, scope and dates are not looked at.
    ///
    /// # Errors
    ///
    /// [`Denial::WrongAlgorithm`] when the header names another algorithm than the key's own, and
    /// [`Denial::BadSignature`].
    pub fn check<'t>(&self, token: &Token<'t>) -> Result<Signed<'t>, Denial> {
        token.check(&self.verifying)
    }
}
