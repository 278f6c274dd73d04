//! Verifies an embed token. The rules, in the order they are tried:
//!
//! 1. The token is **known** to this node or to the shared store, and was not revoked.
//! 2. It has not **expired**.
//! 3. It belongs to the site's **realm**, and its **video** covers the resource.
//! 4. The requesting page has one of its **origins**, if the site checks them.
//!
//! After the site's hook and the method, the token's **rate** is applied. Every outcome is counted with the token.

use std::sync::Arc;

use super::guarded::may_be_manifest_or_key;
use super::rules::EmbedRules;
use crate::error::Denial;
use crate::error::refuse::Refuse;
use crate::keys::KeySet;
use crate::records::{AllowedOrigins, EmbedToken, MAX_EMBED_TOKEN_LEN, Record, Requester};
use crate::request::{Client, SEC_FETCH_DEST, only_line};
use crate::schemes::carriers::{Carrier, CarrierSet, Decoded, Text, token_text};
use crate::schemes::claim::{ClaimSource, ClaimValue};
use crate::schemes::context::{Accepted, Context, SiteFacts};
use crate::schemes::jws::{JsonStr, is_readable, member};
use crate::schemes::kind::Scheme;
use crate::schemes::places::Places;
use crate::schemes::recorder::{Field, Recorder};
use crate::schemes::rule::Rule;
use crate::schemes::scheme::{Basis, CredentialScheme, FoundIn, Referrers, ResponseRules, SchemeFacts};
use crate::schemes::verified::Verified;
use crate::scope::Resource;
use crate::store::{Access, Answer, Found, Need, Standing, Subject};
use crate::time::UnixSeconds;

/// An embed token in a request, or other text in the place of one.
pub(crate) struct Presented<'s> {
    token: Option<EmbedToken>,
    below: Below<'s>,
}

/// The part of the path that names the resource.
#[derive(Clone, Copy)]
enum Below<'s> {
    /// The whole path: the token is in another carrier.
    Whole,
    /// The rest of the path after the token.
    Rest(&'s [u8]),
    /// Nothing: the path is that of the token's own page.
    Page,
}

/// The resource that is requested with an embed token.
#[derive(Clone, Copy)]
enum Requested<'s> {
    Page,
    Resource(Resource<'s>),
}

/// The length of the longest embed token with each of its characters percent-encoded.
const MAX_ENCODED_LEN: usize = 3 * MAX_EMBED_TOKEN_LEN;

impl CredentialScheme for EmbedRules {
    type Credential<'s> = Presented<'s>;
    type Facts = Embedded;

    fn places(&self) -> &Places {
        &self.places
    }

    /// Reads a text without dots. A signed token has two dots, an embed token none.
    #[inline]
    fn read<'s>(&'s self, text: Text<'s>) -> Option<Presented<'s>> {
        let token = if text.raw.len() <= MAX_ENCODED_LEN { read_token(text) } else { None };
        (token.is_some() || self.reads_every_text).then_some(Presented { token, below: Below::Whole })
    }

    fn own_carriers(&self) -> CarrierSet {
        CarrierSet::NONE.with(Carrier::Path, !self.paths.is_empty())
    }

    #[inline]
    fn find<'s, 'r>(
        &'s self,
        (carrier, _): (Carrier, usize),
        context: &'s Context<'_, 'r, impl Recorder>,
    ) -> Result<FoundIn<'r, Presented<'s>>, Denial> {
        if carrier != Carrier::Path {
            return Ok(None);
        }
        let Some(place) = self.in_path(context.requested.path) else { return Ok(None) };
        let below = place.below.map_or(Below::Page, Below::Rest);
        let presented = Presented { token: EmbedToken::read(place.text), below };
        Ok(Some((presented, context.target.path.into())))
    }

    fn verify(
        &self,
        carrier: Carrier,
        presented: &Presented<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<Embedded>, Denial> {
        let token = context.check(Rule::Form, || presented.token.ok_or(Denial::EmbedUnknown))?;
        let requested = match presented.below {
            Below::Whole => Requested::Resource(context.resource),
            Below::Rest(key) => {
                Requested::Resource(context.site.serves.resource_below(&context.resource, key))
            }
            Below::Page => Requested::Page,
        };
        let record = find_record(token, context).map_err(|denial| {
            let rule = if denial == Denial::Revoked { Rule::Revocation } else { Rule::Record };
            context.recorder.failed(rule, denial)
        })?;
        context.recorder.passed(Rule::Record);
        context.recorder.passed(Rule::Revocation);
        // The origins of pages matter if they are framed.
        let is_page =
            record.origins().is_some() && (matches!(requested, Requested::Page) || is_page_request(context));
        let checked = self
            .check_record(&record, requested, is_page, context)
            .and_then(|()| accept(carrier, &record, requested, context));
        match checked {
            Ok(accepted) => {
                let expires_at = record.expires_at();
                let facts = Embedded { record, is_page, is_rated: is_guarded(requested) };
                Ok(Verified::new(accepted, expires_at, facts))
            }
            Err(denial) => {
                if context.counts() {
                    record.denied(denial.code(), context.now);
                }
                Err(denial)
            }
        }
    }

    fn rules(&self, site: &SiteFacts) -> Vec<Rule> {
        let mut rules =
            vec![Rule::Form, Rule::Record, Rule::Revocation, Rule::Expiry, Rule::Scope, Rule::Origin];
        rules.extend(site.hook.is_some().then_some(Rule::Hook));
        rules
    }

    /// Returns the record of the token, if the token is known. The metadata is left out, because it may contain anything.
    fn fields(
        &self,
        _: Carrier,
        presented: &Presented<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Vec<Field> {
        let Some(record) = presented.token.and_then(|token| known_record(token, context)) else {
            return Vec::new();
        };
        let mut fields = vec![
            Field::text("video", record.video()).read_by(Rule::Scope),
            Field::text("realm", record.realm()).read_by(Rule::Scope),
        ];
        fields.extend(record.viewer().map(|viewer| Field::text("viewer", viewer)));
        fields
            .extend(record.expires_at().map(|expires| Field::date("expires", expires).read_by(Rule::Expiry)));
        fields.extend(
            record
                .origins()
                .map(|origins| Field::text("origins", origins.texts().join(", ")).read_by(Rule::Origin)),
        );
        fields
    }

    fn claims(embedded: &Embedded, _: Carrier, _: &[u8]) -> String {
        let mut json = Vec::new();
        let written = embedded.record.write_claims(&mut json);
        written.ok().and_then(|()| String::from_utf8(json).ok()).unwrap_or_default()
    }

    /// Returns the folder of the video, or the playback ID that the video names.
    fn scope(&self, embedded: &Embedded, basis: &Basis<'_>) -> Option<String> {
        let video = embedded.record.video();
        Some(if basis.site.serves.is_live() { video.to_owned() } else { self.folder(video) })
    }
}

#[inline(never)] // its buffer is large, and signed tokens are longer
fn read_token(text: Text<'_>) -> Option<EmbedToken> {
    let mut decoded = Decoded::new();
    token_text(text.carrier, text.raw, &mut decoded).ok().and_then(EmbedToken::read)
}

/// Runs the site's hook over a record. Metadata that cannot be parsed is refused, because a hook would treat its members as
/// absent.
fn accept(
    carrier: Carrier,
    record: &Record,
    requested: Requested<'_>,
    context: &Context<'_, '_, impl Recorder>,
) -> Result<Accepted, Denial> {
    let unreadable = || record.metadata().is_some_and(|metadata| !is_readable(metadata.as_bytes()));
    if context.site.hook.is_some() && unreadable() {
        return context.check(Rule::Hook, || Err(Denial::RefusedByHook(Refuse::default())));
    }
    let resource = match &requested {
        Requested::Page => None,
        Requested::Resource(resource) => Some(resource),
    };
    context.accept((Scheme::EmbedToken, carrier), resource, &RecordClaims(record))
}

/// Finds the record of a token: in memory, or among the results from the store.
fn find_record(token: EmbedToken, context: &Context<'_, '_, impl Recorder>) -> Result<Arc<Record>, Denial> {
    let access = context.access;
    let found = context.found;
    match access.look(&token) {
        Standing::Good(record) => Ok(record),
        Standing::Unknown => Err(Denial::EmbedUnknown),
        Standing::Revoked(record) => {
            if let Some(record) = record.filter(|_| context.counts()) {
                record.denied(Denial::Revoked.code(), context.now);
            }
            Err(Denial::Revoked)
        }
        Standing::Elsewhere => match found.and_then(|found| found.about(Subject::Embed(token))) {
            None if found.is_none_or(Found::may_need_more) => {
                Err(context.look_up(Need::new(Subject::Embed(token), context.client().map(Client::address))))
            }
            Some(Answer::Record(record)) if access.embeds.is_revoked(record) => Err(Denial::Revoked),
            Some(Answer::Record(record)) => Ok(Arc::clone(record)),
            Some(Answer::Absent) => Err(Denial::EmbedUnknown),
            Some(Answer::Revoked) => Err(Denial::Revoked),
            Some(Answer::Unavailable) | None => Err(Denial::StoreUnavailable),
        },
    }
}

/// Returns the record of a token in any state, if the record is in memory or among the results from the store.
fn known_record(token: EmbedToken, context: &Context<'_, '_, impl Recorder>) -> Option<Arc<Record>> {
    match (context.access.look(&token), context.found.and_then(|found| found.about(Subject::Embed(token)))) {
        (Standing::Good(record) | Standing::Revoked(Some(record)), _) => Some(record),
        (_, Some(Answer::Record(record))) => Some(Arc::clone(record)),
        (Standing::Unknown | Standing::Elsewhere | Standing::Revoked(None), _) => None,
    }
}

impl EmbedRules {
    /// Checks expiry, realm, video and origin.
    fn check_record(
        &self,
        record: &Record,
        requested: Requested<'_>,
        is_page: bool,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<(), Denial> {
        context.check(Rule::Expiry, || match record.expires_at() {
            Some(expires) if expires <= context.now => {
                Err(Denial::EmbedExpired { expires, now: context.now })
            }
            Some(_) | None => Ok(()),
        })?;
        let covers = record.realm() == self.realm()
            && match requested {
                Requested::Page => true,
                Requested::Resource(Resource::Object { key, .. }) => self.covers(record.video(), key),
                Requested::Resource(Resource::Live { playback_id, .. }) => {
                    record.video().as_bytes() == playback_id
                }
            };
        context.check(Rule::Scope, || if covers { Ok(()) } else { Err(Denial::OutOfScope) })?;
        if let Some(origins) = record.origins()
            && (is_page || self.requires_origin(is_guarded(requested)))
        {
            context.check(Rule::Origin, || {
                let requester = Requester::of(context.request);
                let may = origins.admit(&requester, self.allows_missing_origin());
                if may { Ok(()) } else { Err(Denial::OriginNotAllowed) }
            })?;
        }
        Ok(())
    }
}

/// The record of an embed token, and how it was used.
#[derive(Clone, Debug)]
pub(crate) struct Embedded {
    record: Arc<Record>,
    /// True if the request is for a page, whose response lists the pages that may frame it.
    is_page: bool,
    /// True if the request is for a manifest or a key, which counts against the rate.
    is_rated: bool,
}

impl SchemeFacts for Embedded {
    #[cfg(feature = "media-keys")]
    fn covers_path(&self, _: bool) -> bool {
        false // a token names its video
    }

    fn opens_more_than_the_manifest(&self) -> bool {
        true
    }

    fn video(&self) -> Option<&str> {
        Some(self.record.video())
    }

    fn viewer(&self) -> Option<&str> {
        self.record.viewer()
    }

    fn response(&self, carrier: Carrier) -> ResponseRules {
        let origins = self.record.origins();
        ResponseRules {
            frame_ancestors: origins.filter(|_| self.is_page).map(AllowedOrigins::frame_ancestors),
            referrers: (carrier == Carrier::Path)
                .then(|| if origins.is_some() { Referrers::AreChecked } else { Referrers::AreNotChecked }),
        }
    }

    fn check_rate(&self) -> Result<(), Denial> {
        let result = if self.is_rated { self.record.check_rate() } else { Ok(()) };
        result.map_err(|retry_after| Denial::RateLimited { retry_after })
    }

    fn apply_rate_and_record(
        &self,
        outcome: Result<(), Denial>,
        _: &Access,
        _: &KeySet,
        now: UnixSeconds,
    ) -> Result<(), Denial> {
        let rate = |()| {
            if self.is_rated {
                let counted = self.record.count_against_rate();
                counted.map_err(|retry_after| Denial::RateLimited { retry_after })
            } else {
                Ok(())
            }
        };
        let outcome = outcome.and_then(rate);
        match outcome {
            Ok(()) => self.record.granted(now),
            Err(denial) => self.record.denied(denial.code(), now),
        }
        outcome
    }
}

/// The claims of a record: `video`, `sub` (the viewer), `exp`, and the members of its metadata.
struct RecordClaims<'c>(&'c Record);

impl ClaimSource for RecordClaims<'_> {
    fn claim<'c>(&'c self, name: &str) -> Option<ClaimValue<'c>> {
        let Self(record) = self;
        match name {
            "video" => Some(ClaimValue::Text(JsonStr::of(record.video()))),
            "sub" => record.viewer().map(|viewer| ClaimValue::Text(JsonStr::of(viewer))),
            "exp" => record.expires_at().map(|second| ClaimValue::Integer(second.get())),
            other => member(record.metadata()?.as_bytes(), other),
        }
    }
}

/// Returns whether a browser requests a page, and not something that a page loads (Fetch Metadata, `Sec-Fetch-Dest`).
fn is_page_request(context: &Context<'_, '_, impl Recorder>) -> bool {
    let dest = only_line(context.request, SEC_FETCH_DEST);
    matches!(dest, Some(b"document" | b"iframe" | b"frame" | b"embed" | b"object"))
}

/// Returns whether the request may be for a manifest or a key, without which nothing plays. Origins and rates are checked for
/// these.
fn is_guarded(requested: Requested<'_>) -> bool {
    match requested {
        Requested::Page => false,
        Requested::Resource(Resource::Object { key, .. }) => may_be_manifest_or_key(key),
        Requested::Resource(Resource::Live { file, .. }) => may_be_manifest_or_key(file),
    }
}
