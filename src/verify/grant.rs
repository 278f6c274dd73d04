use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::decision::Context;
use crate::keys::KeyRef;
use crate::scheme::{Carrier, Decoded, Scheme, token_text};
use crate::scope::KeyScope;
use crate::site::SiteView;
use crate::time::UnixSeconds;
use crate::token::{Claims, payload_of};

/// What was found out about a good credential; it holds no text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) scheme: Scheme,
    pub(crate) carrier: Carrier,
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) key: KeyRef,
}

/// A credential that was verified and covers the request: who signed it, what it covers, until when.
///
/// Comes from [`Verifier::decide`](super::Verifier::decide) alone. It borrows the credential from the request, and
/// shows nothing of it in `Debug`.
pub struct Grant<'r> {
    raw: &'r [u8],
    facts: Facts,
    context: Context,
}

impl<'r> Grant<'r> {
    pub(super) const fn new(raw: &'r [u8], facts: Facts, context: Context) -> Self {
        Self { raw, facts, context }
    }

    pub(crate) const fn context(&self) -> &Context {
        &self.context
    }

    /// The `kid` of the key that signed.
    pub fn kid(&self) -> &str {
        // The snapshot that found the key still holds it.
        self.context.state.keys.at(self.facts.key).map_or("", |key| key.id().as_str())
    }

    /// What that key may sign for.
    pub fn key_scope(&self) -> Option<&KeyScope> {
        self.context.state.keys.at(self.facts.key).map(crate::Key::scope)
    }

    /// The kind of credential.
    pub const fn scheme(&self) -> Scheme {
        self.facts.scheme
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
    pub fn site(&self) -> Option<SiteView<'_>> {
        self.context.site().map(SiteView)
    }

    /// The claims as the user's own type; decodes the token's payload again.
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
            kid: self.kid().into(),
            site: self.site().map(|site| site.id().into()),
            scope: payload.claims().and_then(|claims| claims.scalar("uri")),
            payload,
            facts: self.facts,
        }))
    }

    /// The token's payload, decoded again.
    pub(crate) fn payload(&self) -> Payload {
        let mut decoded = Decoded::new();
        let text = token_text(self.facts.carrier, self.raw, &mut decoded);
        let bytes = text.ok().and_then(payload_of);
        Payload(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default())
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
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}

/// A [`Grant`] that owns what it tells: for handlers, and for whatever outlives the request.
///
/// Cheap to clone. It does not hold the signature, so it cannot be replayed.
#[derive(Clone)]
pub struct OwnedGrant(Arc<Owned>);

struct Owned {
    kid: Box<str>,
    site: Option<Box<str>>,
    scope: Option<String>,
    payload: Payload,
    facts: Facts,
}

impl OwnedGrant {
    /// The `kid` of the key that signed.
    pub fn kid(&self) -> &str {
        &self.0.kid
    }

    /// The id of the site that granted.
    pub fn site(&self) -> Option<&str> {
        self.0.site.as_deref()
    }

    /// The kind of credential.
    pub fn scheme(&self) -> Scheme {
        self.0.facts.scheme
    }

    /// Where it sat in the request.
    pub fn carrier(&self) -> Carrier {
        self.0.facts.carrier
    }

    /// What the token covers: its `uri` claim, which is empty for a whole bucket.
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
            .field("scope", &self.0.scope)
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
