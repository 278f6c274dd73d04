use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use triomphe::ThinArc;

use super::danger::Danger;
#[cfg(feature = "config")]
use super::freshness::Freshness;
use super::identity::{KeyId, KeyIdentity, KeyName, checked_issuer};
#[cfg(feature = "config")]
use super::shared::Origin;
use super::shared::Shared;
#[cfg(feature = "aws-lc")]
use crate::crypto::HOT_KEYS;
use crate::crypto::{Algorithm, BadSignature, Material, MessageDigest, VerifyingKey};
use crate::error::ConfigError;
use crate::scope::KeyScope;
use crate::time::UnixSeconds;

/// The number of a loaded key in this process. No two keys have the same number, not even with the same [`KeyIdentity`]. Never
/// zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Generation(u64);

impl Generation {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// A verification key: its `kid`, its only algorithm, its scope, and the key material.
///
/// It is cheap to clone, and clones are the same key. In memory, a key is one allocation, of 323 bytes for RSA with 2048 bits and
/// a `kid` of up to 23 bytes. Keys from the same source share their common data. A public key is prepared when its first token
/// arrives, and stays prepared while it is among the 65,536 keys that are in use.
///
/// The `Debug` output shows everything but the key material.
///
/// ```
/// # use playgate::{Key, scope::KeyScope};
/// let secret = b"0123456789abcdef0123456789abcdef";
/// let key = Key::from_secret("2026-11", secret, KeyScope::bucket("courses"))?;
/// let shown = format!("{key:?}");
/// assert!(shown.contains("2026-11") && !shown.contains("abcdef") && !shown.contains("97, 98, 99"));
/// # Ok::<(), playgate::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct Key(ThinArc<Head, u8>); // the bytes are those of a public key

struct Head {
    id: KeyId,
    generation: Generation,
    last_used: LastUse,
    shared: Arc<Shared>,
}

/// The second of the last grant. It is written at most once a second, so that readers rarely share a written cache line.
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
        let (id, scope) = (KeyId::new(kid)?, scope.checked(kid)?);
        let shared = Shared::new(verifying.algorithm, scope);
        Ok(match verifying.material {
            Material::Prepared(check) => Self::of(id, Shared { check: Some(check), ..shared }, &[]),
            #[cfg(feature = "aws-lc")]
            Material::Public(key) => Self::of(id, shared, key.as_bytes()),
        })
    }

    fn of(id: KeyId, shared: Shared, public: &[u8]) -> Self {
        let last_used = LastUse(AtomicI64::new(LastUse::NEVER));
        let head = Head { id, generation: Generation::next(), last_used, shared: shared.share() };
        Self(ThinArc::from_header_and_slice(head, public))
    }

    /// Returns a key with changed shared data.
    fn with(&self, change: impl FnOnce(&mut Shared)) -> Self {
        let mut shared = Shared::clone(self.shared());
        change(&mut shared);
        Self::of(self.id().clone(), shared, &self.0.slice)
    }

    /// Sets the last second in which the key is valid. After that, its tokens are rejected as `unknown_key`.
    #[must_use]
    pub fn not_after(self, last: UnixSeconds) -> Self {
        self.with(|shared| shared.not_after = Some(last))
    }

    /// Sets the one issuer whose tokens the key verifies: their `iss` is exactly this text. By default, the key does not check
    /// `iss`.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::KeyIssuer`] for an empty issuer, or one of more than [`MAX_ISSUER_LEN`](super::MAX_ISSUER_LEN)
    /// bytes, and [`ConfigError::KeyWithoutIssuer`] for a key that verifies no tokens.
    pub fn issued_by(self, issuer: impl Into<Box<str>>) -> Result<Self, ConfigError> {
        let issuer = checked_issuer(issuer.into(), Some(self.algorithm()))?;
        Ok(self.with(|shared| shared.issuer = Some(issuer)))
    }

    /// Disables checks for the key's tokens; see [`danger`](super::danger).
    #[must_use]
    pub fn danger(self, danger: Danger) -> Self {
        if danger == self.dangers() { self } else { self.with(|shared| shared.danger = danger) }
    }

    /// Returns the key with its origin and with the settings of its source.
    #[cfg(feature = "config")]
    pub(super) fn loaded_from(
        &self,
        origin: Origin,
        issuer: Option<Box<str>>,
        danger: Danger,
        not_after: Option<UnixSeconds>,
        freshness: Option<Arc<Freshness>>,
    ) -> Self {
        self.with(|shared| {
            shared.origin = Some(origin);
            shared.issuer = issuer;
            shared.danger = danger;
            shared.not_after = not_after;
            shared.freshness = freshness;
        })
    }

    /// Returns whether both keys came from the same source. The source stays the same if a key's content changes.
    #[cfg(feature = "config")]
    pub(super) fn is_from_where(&self, other: &Self) -> bool {
        self.name() == other.name() && self.shared().origin == other.shared().origin
    }

    /// Records a grant with this key.
    pub(crate) fn used(&self, now: UnixSeconds) {
        self.head().last_used.at(now);
    }

    /// Returns the `kid`.
    pub fn id(&self) -> &KeyId {
        &self.head().id
    }

    /// Returns the one issuer whose tokens the key verifies, or `None` if it verifies tokens of any issuer.
    pub fn issuer(&self) -> Option<&str> {
        self.shared().issuer.as_deref()
    }

    /// Returns the identity of the key within a set: `kid`, scope and issuer.
    pub fn identity(&self) -> KeyIdentity {
        KeyIdentity::of(self.id().clone(), self.scope().clone(), self.shared().issuer.clone())
    }

    /// Returns the identity in the form that decisions compare.
    pub(crate) fn name(&self) -> KeyName<'_> {
        KeyName::new(self.id(), self.scope(), self.issuer())
    }

    pub(crate) fn generation(&self) -> Generation {
        self.head().generation
    }

    /// Returns whether both are the same key, and not only keys with the same name.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.generation() == other.generation()
    }

    /// Returns the scope that the key may sign for.
    pub fn scope(&self) -> &KeyScope {
        &self.shared().scope
    }

    /// Returns the algorithm of the key.
    pub fn algorithm(&self) -> Algorithm {
        self.shared().algorithm
    }

    /// Returns the last second in which the key is valid, if there is one.
    pub fn retires(&self) -> Option<UnixSeconds> {
        self.shared().not_after
    }

    /// Returns the last second in which the key is in force, unless its file is read or found unchanged again before then.
    /// Returns `None` if its source sets no `max_staleness`.
    pub fn fresh_until(&self) -> Option<UnixSeconds> {
        self.shared().freshness.as_ref().map(|freshness| freshness.until())
    }

    /// Returns the disabled checks.
    pub fn dangers(&self) -> Danger {
        self.shared().danger
    }

    /// Returns the file or environment variable from which the key was loaded, or `None` for a key that was created in code.
    pub fn source(&self) -> Option<Cow<'_, str>> {
        let origin = self.shared().origin.as_ref()?;
        Some(origin.of(self.id().as_str()))
    }

    /// Returns when the key was loaded, by the system's clock.
    pub fn loaded_at(&self) -> UnixSeconds {
        self.shared().loaded_at
    }

    /// Returns the second of the last grant with this key, by the clock of the decision, or `None` if there was none. Reloading
    /// the key resets it to `None`.
    pub fn last_used(&self) -> Option<UnixSeconds> {
        self.head().last_used.get()
    }

    /// Verifies a signature over a message. Allocates if a public key has to be prepared, and never waits.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        match &self.shared().check {
            Some(check) => check.check(message, signature),
            None => self.verify_as_public(message, signature),
        }
    }

    /// Verifies a signature over a digest. Only algorithms that leave the choice of the hash to the signer have such signatures.
    #[cfg(feature = "aws-lc")]
    pub(crate) fn verify_digest(&self, digest: &MessageDigest, signature: &[u8]) -> Result<(), BadSignature> {
        if let Some(check) = &self.shared().check {
            return check.check(digest.as_bytes(), signature);
        }
        let Generation(name) = self.generation();
        let public = (self.algorithm(), &self.0.slice);
        // The key was valid when it was loaded, so a failure to prepare it means that the machine is out of memory.
        HOT_KEYS.check_digest(name, public, digest, signature).unwrap_or(Err(BadSignature))
    }

    #[cfg(not(feature = "aws-lc"))]
    #[expect(clippy::unused_self, reason = "no back-end makes such keys")]
    pub(crate) const fn verify_digest(&self, _: &MessageDigest, _: &[u8]) -> Result<(), BadSignature> {
        Err(BadSignature)
    }

    #[cfg(feature = "aws-lc")]
    fn verify_as_public(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        let Generation(name) = self.generation();
        let public = (self.algorithm(), &self.0.slice);
        HOT_KEYS.check(name, public, message, signature).unwrap_or_else(|_| {
            // The key was valid when it was loaded, so the machine is out of memory.
            crate::log::event!(
                WARN,
                kid = self.id().as_str(),
                "key cannot be prepared: its token is rejected"
            );
            Err(BadSignature)
        })
    }

    #[cfg(not(feature = "aws-lc"))]
    #[expect(clippy::unused_self, reason = "no back-end makes such keys")]
    const fn verify_as_public(&self, _: &[u8], _: &[u8]) -> Result<(), BadSignature> {
        Err(BadSignature) // no back-end makes public keys
    }

    fn head(&self) -> &Head {
        &self.0.header.header
    }

    fn shared(&self) -> &Shared {
        &self.head().shared
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key")
            .field("id", self.id())
            .field("generation", &self.generation())
            .field("shared", self.shared())
            .field("last_used", &self.last_used())
            .finish()
    }
}
