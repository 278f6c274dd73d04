use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::guard::SiteGuard;
use crate::request::shown_path;
use crate::schemes::jws::Claims;
use crate::schemes::{Basis, Carrier, Facts, ResponseRules, Scheme};
use crate::scope::KeyScope;
use crate::site::{Granted, SiteView};
use crate::time::UnixSeconds;

/// A credential that was verified and covers the request: who signed it or whom it was issued to, what it covers, until
/// when.
///
/// Comes from [`Verifier::decide`](crate::Verifier::decide) alone. It borrows the credential from the request, and
/// shows nothing of it in `Debug`.
pub struct Grant<'r> {
    raw: &'r [u8],
    facts: Facts,
    guard: SiteGuard,
}

impl<'r> Grant<'r> {
    pub(crate) const fn new(raw: &'r [u8], facts: Facts, guard: SiteGuard) -> Self {
        Self { raw, facts, guard }
    }

    pub(crate) const fn guard(&self) -> &SiteGuard {
        &self.guard
    }

    /// The `kid` of the key that signed; `None` where none did. Several keys may have one: see [`key_scope`](Self::key_scope) and
    /// [`key_issuer`](Self::key_issuer).
    pub fn kid(&self) -> Option<&str> {
        self.key().map(|key| key.id().as_str())
    }

    /// What that key may sign for.
    pub fn key_scope(&self) -> Option<&KeyScope> {
        self.key().map(crate::Key::scope)
    }

    /// The one issuer whose tokens that key verifies; `None` for any.
    pub fn key_issuer(&self) -> Option<&str> {
        self.key().and_then(crate::Key::issuer)
    }

    fn key(&self) -> Option<&crate::Key> {
        self.facts.verified.key(&self.guard.state.keys)
    }

    /// The video that the credential opens, if the credential names a video.
    pub fn video(&self) -> Option<&str> {
        self.facts.verified.video()
    }

    /// The viewer that the credential was issued to, if the credential names a viewer.
    pub fn viewer(&self) -> Option<&str> {
        self.facts.verified.viewer()
    }

    /// Returns the credential's rules for the response.
    pub(crate) fn response(&self) -> ResponseRules {
        self.facts.verified.response(self.facts.carrier)
    }

    /// What forwarding depends on.
    pub(crate) const fn granted(&self) -> Granted<'_> {
        (self.facts.carrier, &self.facts.verified)
    }

    /// The kind of credential.
    pub fn scheme(&self) -> Scheme {
        self.facts.verified.scheme()
    }

    /// Where it sat in the request.
    pub const fn carrier(&self) -> Carrier {
        self.facts.carrier
    }

    /// When it expires; `None` for never.
    pub const fn expires_at(&self) -> Option<UnixSeconds> {
        self.facts.expires_at
    }

    /// The site that the request belongs to.
    pub fn site(&self) -> SiteView<'_> {
        SiteView(self.guard.site())
    }

    /// Returns the claims as the user's own type, read again from the credential. The module of its scheme lists them, such as
    /// [`schemes::embed`](crate::schemes::embed).
    ///
    /// # Errors
    ///
    /// [`ClaimsError`] when the claims do not fit `T`.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        self.payload().parse()
    }

    /// A copy that outlives request and snapshot.
    pub fn to_owned(&self) -> OwnedGrant {
        let payload = self.payload();
        OwnedGrant(Arc::new(Owned {
            kid: self.kid().map(Into::into),
            site: self.site().id().into(),
            live: self.site().is_live(),
            scope: self.scope(&payload),
            payload,
            facts: self.facts.clone(),
        }))
    }

    /// The scope of the credential, as [`OwnedGrant::scope`] returns it.
    pub(crate) fn scope(&self, payload: &Payload) -> Option<String> {
        let site = self.guard.site();
        let basis =
            Basis { carrier: self.facts.carrier, raw: self.raw, site: &site.facts, claims: &payload.0 };
        site.schemes.scope(&self.facts.verified, &basis)
    }

    /// The claims of the credential, read again.
    pub(crate) fn payload(&self) -> Payload {
        Payload(self.facts.verified.claims(self.facts.carrier, self.raw))
    }
}

/// The JSON of verified claims; shows nothing of itself.
pub(crate) struct Payload(String);

impl Payload {
    /// As the decision read them.
    pub(crate) fn claims(&self) -> Option<Claims<'_>> {
        Claims::parse(&self.0).ok()
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        serde_json::from_str(&self.0)
            .map_err(|error| ClaimsError { category: error.classify(), column: error.column() })
    }
}

impl std::fmt::Debug for Grant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Grant")
            .field("kid", &self.kid())
            .field("facts", &self.facts)
            .field("guard", &self.guard)
            .finish_non_exhaustive()
    }
}

/// A [`Grant`] that owns what it tells: for handlers, and for whatever outlives the request.
///
/// Cheap to clone. It does not hold the signature, so it cannot be replayed.
#[derive(Clone)]
pub struct OwnedGrant(Arc<Owned>);

struct Owned {
    kid: Option<Box<str>>,
    site: Box<str>,
    live: bool,
    scope: Option<String>,
    payload: Payload,
    facts: Facts,
}

impl OwnedGrant {
    /// The `kid` of the key that signed; `None` where none did.
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// The id of the site that granted.
    pub fn site(&self) -> &str {
        &self.0.site
    }

    /// Whether that site serves live streams, where a signed token's scope is a playback ID.
    pub fn is_live(&self) -> bool {
        self.0.live
    }

    /// The kind of credential.
    pub fn scheme(&self) -> Scheme {
        self.0.facts.verified.scheme()
    }

    /// Where it sat in the request.
    pub fn carrier(&self) -> Carrier {
        self.0.facts.carrier
    }

    /// The video that the credential opens, if the credential names a video.
    pub fn video(&self) -> Option<&str> {
        self.0.facts.verified.video()
    }

    /// The viewer that the credential was issued to, if the credential names a viewer.
    pub fn viewer(&self) -> Option<&str> {
        self.0.facts.verified.viewer()
    }

    /// Returns whether the credential opens this video, given that it covers the requested path.
    #[cfg(feature = "media-keys")]
    pub(crate) fn opens(&self, video: &str) -> bool {
        match self.video() {
            Some(named) => named == video,
            None => self.0.facts.verified.covers_path(self.is_live()) || self.scope() == Some(video),
        }
    }

    /// Returns what the credential covers, as object keys are written: a folder ends in a slash, and the whole bucket is empty. On
    /// a live site it is the playback ID. `None` if it is not one path or folder; the module of its scheme tells.
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// When it expires; `None` for never.
    pub fn expires_at(&self) -> Option<UnixSeconds> {
        self.0.facts.expires_at
    }

    /// The claims as the user's own type.
    ///
    /// # Errors
    ///
    /// [`ClaimsError`] when the claims do not fit `T`.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        self.0.payload.parse()
    }
}

impl std::fmt::Debug for OwnedGrant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OwnedGrant")
            .field("kid", &self.0.kid)
            .field("site", &self.0.site)
            .field("scope", &self.0.scope.as_ref().map(|scope| shown_path(scope.as_bytes(), &[])))
            .field("facts", &self.0.facts)
            .finish_non_exhaustive()
    }
}

/// The claims of a good token do not fit the type that was asked for.
///
/// It says where, and not what: a claim may be about a person.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error(
    "claims do not fit the type that was asked for: {category:?} error at column {column} of the payload"
)]
pub struct ClaimsError {
    category: serde_json::error::Category,
    column: usize,
}
