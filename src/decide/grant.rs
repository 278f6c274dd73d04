use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::guard::SiteGuard;
use crate::request::shown_path;
use crate::schemes::jws::Claims;
use crate::schemes::{Basis, Carrier, Facts, ResponseRules, Scheme};
use crate::scope::KeyScope;
use crate::site::{Granted, SiteView};
use crate::time::UnixSeconds;

/// A verified credential that covers the request: its issuer or viewer, its scope and its expiry.
///
/// Only [`Verifier::decide`](crate::Verifier::decide) creates it. It borrows the credential from the request. Its `Debug` output
/// shows none of the credential.
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

    /// Returns the `kid` of the key that signed the credential, or `None` if no key did. Several keys may have the same `kid`:
    /// see [`key_scope`](Self::key_scope) and [`key_issuer`](Self::key_issuer).
    pub fn kid(&self) -> Option<&str> {
        self.key().map(|key| key.id().as_str())
    }

    /// Returns the scope of that key.
    pub fn key_scope(&self) -> Option<&KeyScope> {
        self.key().map(crate::Key::scope)
    }

    /// Returns the one issuer whose tokens that key verifies, or `None` if it verifies tokens of any issuer.
    pub fn key_issuer(&self) -> Option<&str> {
        self.key().and_then(crate::Key::issuer)
    }

    fn key(&self) -> Option<&crate::Key> {
        self.facts.verified.key(&self.guard.state.keys)
    }

    /// Returns the video that the credential covers, if it names a video.
    pub fn video(&self) -> Option<&str> {
        self.facts.verified.video()
    }

    /// Returns the viewer that the credential was issued to, if it names a viewer.
    pub fn viewer(&self) -> Option<&str> {
        self.facts.verified.viewer()
    }

    /// Returns the credential's rules for the response.
    pub(crate) fn response(&self) -> ResponseRules {
        self.facts.verified.response(self.facts.carrier)
    }

    /// Returns the facts that forwarding depends on.
    pub(crate) const fn granted(&self) -> Granted<'_> {
        (self.facts.carrier, &self.facts.verified)
    }

    /// Returns the kind of credential.
    pub fn scheme(&self) -> Scheme {
        self.facts.verified.scheme()
    }

    /// Returns the carrier in which the credential was found.
    pub const fn carrier(&self) -> Carrier {
        self.facts.carrier
    }

    /// Returns when the credential expires, or `None` if it never does.
    pub const fn expires_at(&self) -> Option<UnixSeconds> {
        self.facts.expires_at
    }

    /// Returns the site that the request belongs to.
    pub fn site(&self) -> SiteView<'_> {
        SiteView(self.guard.site())
    }

    /// Returns the claims, deserialized from the credential into the caller's own type. The module of each scheme lists its
    /// claims, for example [`schemes::embed`](crate::schemes::embed).
    ///
    /// # Errors
    ///
    /// Returns [`ClaimsError`] if the claims cannot be deserialized into `T`.
    pub fn claims<T: DeserializeOwned>(&self) -> Result<T, ClaimsError> {
        self.payload().parse()
    }

    /// Returns a copy that outlives the request and the snapshot.
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

    /// Returns the scope of the credential, as [`OwnedGrant::scope`] returns it.
    pub(crate) fn scope(&self, payload: &Payload) -> Option<String> {
        let site = self.guard.site();
        let basis =
            Basis { carrier: self.facts.carrier, raw: self.raw, site: &site.facts, claims: &payload.0 };
        site.schemes.scope(&self.facts.verified, &basis)
    }

    /// Returns the claims of the credential, read again.
    pub(crate) fn payload(&self) -> Payload {
        Payload(self.facts.verified.claims(self.facts.carrier, self.raw))
    }
}

/// The JSON of verified claims. Its `Debug` output shows nothing of it.
pub(crate) struct Payload(String);

impl Payload {
    /// Returns the claims as the decision read them.
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

/// A [`Grant`] that owns its data, for handlers and for code that outlives the request.
///
/// It is cheap to clone. It does not hold the signature, so it cannot be replayed.
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
    /// Returns the `kid` of the key that signed the credential, or `None` if no key did.
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// Returns the id of the site that granted the request.
    pub fn site(&self) -> &str {
        &self.0.site
    }

    /// Returns whether that site serves live streams. On such a site the scope of a signed token is a playback ID.
    pub fn is_live(&self) -> bool {
        self.0.live
    }

    /// Returns the kind of credential.
    pub fn scheme(&self) -> Scheme {
        self.0.facts.verified.scheme()
    }

    /// Returns the carrier in which the credential was found.
    pub fn carrier(&self) -> Carrier {
        self.0.facts.carrier
    }

    /// Returns the video that the credential covers, if it names a video.
    pub fn video(&self) -> Option<&str> {
        self.0.facts.verified.video()
    }

    /// Returns the viewer that the credential was issued to, if it names a viewer.
    pub fn viewer(&self) -> Option<&str> {
        self.0.facts.verified.viewer()
    }

    /// Returns whether the credential covers this video, given that it covers the requested path.
    #[cfg(feature = "media-keys")]
    pub(crate) fn opens(&self, video: &str) -> bool {
        match self.video() {
            Some(named) => named == video,
            None => self.0.facts.verified.covers_path(self.is_live()) || self.scope() == Some(video),
        }
    }

    /// Returns the credential's scope, written like an object key: a folder ends in a slash, and the whole bucket is the empty
    /// string. On a live site the scope is the playback ID. Returns `None` if the scope is not a single path or folder; the
    /// module of each scheme documents when this is the case.
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }

    /// Returns when the credential expires, or `None` if it never does.
    pub fn expires_at(&self) -> Option<UnixSeconds> {
        self.0.facts.expires_at
    }

    /// Returns the claims, deserialized into the caller's own type.
    ///
    /// # Errors
    ///
    /// Returns [`ClaimsError`] if the claims cannot be deserialized into `T`.
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

/// The error for claims of a valid token that do not match the requested type.
///
/// It gives the position but not the value, because a claim may contain personal data.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("claims do not match the requested type: {category:?} error at column {column} of the payload")]
pub struct ClaimsError {
    category: serde_json::error::Category,
    column: usize,
}
