use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::decision::Context;
use crate::keys::KeyRef;
use crate::records::Record;
use crate::request::{PathBuffer, RequestPath, shown_path};
use crate::schemes::jws::{Claims, payload_of};
use crate::schemes::link::Covers;
use crate::schemes::{Carrier, Decoded, Scheme, token_text};
use crate::scope::KeyScope;
use crate::site::{Granted, SiteView};
use crate::time::UnixSeconds;

/// What was found out about a good credential; it holds no text.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub(crate) scheme: Scheme,
    pub(crate) carrier: Carrier,
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) proof: Proof,
}

impl Facts {
    /// Returns what forwarding depends on.
    pub(crate) const fn granted(&self) -> Granted {
        let covers = match self.proof {
            Proof::Link(covers) => Some(covers),
            Proof::Key(_) | Proof::Embed(_) => None,
        };
        Granted { scheme: self.scheme, carrier: self.carrier, covers }
    }
}

/// What showed that it is good.
#[derive(Clone, Debug)]
pub(crate) enum Proof {
    /// A signature by this key.
    Key(KeyRef),
    /// A secure link that opens so much.
    Link(Covers),
    /// An embed token.
    Embed(Embedded),
}

/// The record of an embed token, and what it was brought for.
#[derive(Clone, Debug)]
pub(crate) struct Embedded {
    pub(crate) record: Arc<Record>,
    /// A page, which is told who may frame it.
    pub(crate) is_page: bool,
    /// A manifest or a key, which counts against the rate.
    pub(crate) rated: bool,
}

/// A credential that was verified and covers the request: who signed it or whom it was issued to, what it covers, until
/// when.
///
/// Comes from [`Verifier::decide`](crate::Verifier::decide) alone. It borrows the credential from the request, and
/// shows nothing of it in `Debug`.
pub struct Grant<'r> {
    raw: &'r [u8],
    facts: Facts,
    context: Context,
}

impl<'r> Grant<'r> {
    pub(crate) const fn new(raw: &'r [u8], facts: Facts, context: Context) -> Self {
        Self { raw, facts, context }
    }

    pub(crate) const fn context(&self) -> &Context {
        &self.context
    }

    /// The `kid` of the key that signed; `None` where none did.
    pub fn kid(&self) -> Option<&str> {
        self.key().map(|key| key.id().as_str())
    }

    /// What that key may sign for.
    pub fn key_scope(&self) -> Option<&KeyScope> {
        self.key().map(crate::Key::scope)
    }

    fn key(&self) -> Option<&crate::Key> {
        match self.facts.proof {
            Proof::Key(key) => self.context.state.keys.at(key), // the snapshot that found it still holds it
            Proof::Link(_) | Proof::Embed(_) => None,
        }
    }

    /// The video that an embed token opens.
    pub fn video(&self) -> Option<&str> {
        self.embedded().map(|embedded| embedded.record.video())
    }

    /// The viewer that an embed token was issued to.
    pub fn viewer(&self) -> Option<&str> {
        self.embedded().and_then(|embedded| embedded.record.viewer())
    }

    pub(crate) const fn embedded(&self) -> Option<&Embedded> {
        match &self.facts.proof {
            Proof::Embed(embedded) => Some(embedded),
            Proof::Key(_) | Proof::Link(_) => None,
        }
    }

    /// What forwarding depends on.
    pub(crate) const fn granted(&self) -> Granted {
        self.facts.granted()
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

    /// The claims as the user's own type; decodes the token's payload again. An embed token has `video`, `sub` (its viewer),
    /// `exp` and its metadata; a secure link has none.
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
            site: self.site().map(|site| site.id().into()),
            live: self.site().is_some_and(SiteView::is_live),
            scope: self.scope(&payload),
            payload,
            facts: self.facts.clone(),
        }))
    }

    /// What the credential covers, as [`OwnedGrant::scope`] has it.
    pub(crate) fn scope(&self, payload: &Payload) -> Option<String> {
        match &self.facts.proof {
            Proof::Key(_) => payload.claims().and_then(|claims| claims.scalar("uri")),
            Proof::Link(covers) => self.covered_by_link(*covers),
            Proof::Embed(embedded) => {
                self.context.site().map(|site| site.embedded_scope(embedded.record.video()))
            }
        }
    }

    /// What a secure link covers, as object keys are written.
    fn covered_by_link(&self, covers: Covers) -> Option<String> {
        let mut buffer = PathBuffer::new();
        let path = RequestPath::parse(self.raw, &mut buffer).ok()?;
        let path = str::from_utf8(path.as_bytes()).ok()?;
        let key = path.strip_prefix(self.site()?.base_path())?;
        let upto = |slashes: usize| key.match_indices('/').nth(slashes).map_or(key.len(), |(at, _)| at);
        let folder = match (self.facts.carrier, covers) {
            (Carrier::Path, _) => key.get(..upto(1))?, // kind and video, before proof and expiry
            (_, Covers::Directory) => key.rsplit_once('/').map_or("", |(folder, _)| folder),
            (_, Covers::File | Covers::Either) => return Some(key.to_owned()),
        };
        Some(if folder.is_empty() { String::new() } else { format!("{folder}/") })
    }

    /// The token's payload, decoded again; that of a secure link is empty.
    pub(crate) fn payload(&self) -> Payload {
        match &self.facts.proof {
            Proof::Link(_) => return Payload("{}".to_owned()),
            Proof::Embed(embedded) => {
                let mut json = Vec::new();
                let written = embedded.record.write_claims(&mut json);
                return Payload(written.ok().and_then(|()| String::from_utf8(json).ok()).unwrap_or_default());
            }
            Proof::Key(_) => {}
        }
        let mut decoded = Decoded::new();
        let text = token_text(self.facts.carrier, self.raw, &mut decoded);
        crate::work::visited(self.raw.len());
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
    kid: Option<Box<str>>,
    site: Option<Box<str>>,
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
    pub fn site(&self) -> Option<&str> {
        self.0.site.as_deref()
    }

    /// Whether that site serves live streams, where a signed token's scope is a playback ID.
    pub fn is_live(&self) -> bool {
        self.0.live
    }

    /// The kind of credential.
    pub fn scheme(&self) -> Scheme {
        self.0.facts.scheme
    }

    /// Where it sat in the request.
    pub fn carrier(&self) -> Carrier {
        self.0.facts.carrier
    }

    /// The video that an embed token opens.
    pub fn video(&self) -> Option<&str> {
        self.record().map(Record::video)
    }

    /// The viewer that an embed token was issued to.
    pub fn viewer(&self) -> Option<&str> {
        self.record().and_then(Record::viewer)
    }

    fn record(&self) -> Option<&Record> {
        match &self.0.facts.proof {
            Proof::Embed(embedded) => Some(&embedded.record),
            Proof::Key(_) | Proof::Link(_) => None,
        }
    }

    /// What the credential covers: a token's `uri` claim, which is empty for a whole bucket; a secure link's path or
    /// directory, without its leading slash; the folder of an embed token's video.
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
