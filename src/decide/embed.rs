//! Embed tokens, and what was taken back: the part of the decision that reads a store's memory.

use arrayvec::ArrayVec;

use super::decision::Need;
use super::grant::{Embedded, Facts, Proof};
use super::guarded::may_be_manifest_or_key;
use super::{Case, Evidence, Verdict};
use crate::error::Denial;
use crate::records::{Asker, EmbedToken, MAX_CLAIMS, Record};
use crate::request::{Client, RequestView, SEC_FETCH_DEST, only_line};
use crate::schemes::embed::{EmbedRules, InPath};
use crate::schemes::jws::Claims;
use crate::schemes::{Carrier, Scheme};
use crate::scope::Resource;
use crate::store::{Answer, Found, Standing};

/// What is asked for with an embed token.
#[derive(Clone, Copy)]
pub(crate) enum Wanted<'s> {
    /// The page of the token itself.
    Page,
    Resource(&'s Resource<'s>),
}

impl Case<'_> {
    /// Tries the embed token in the path.
    pub(crate) fn try_embed_in_path<'r>(
        &self,
        request: &'r (impl RequestView + ?Sized),
        path: &'r [u8],
        embeds: &EmbedRules,
        place: InPath<'_>,
    ) -> Verdict<'r> {
        let token = EmbedToken::read(place.text);
        let below = place.below.map(|key| self.site.resource_below(&self.resource, key));
        let wanted = below.as_ref().map_or(Wanted::Page, Wanted::Resource);
        self.try_embed(request, Carrier::Path, path, embeds, token, wanted)
    }

    /// Tries one embed token, or text that is none: whether it is known, and then its record.
    pub(crate) fn try_embed<'r>(
        &self,
        request: &'r (impl RequestView + ?Sized),
        carrier: Carrier,
        raw: &'r [u8],
        embeds: &EmbedRules,
        token: Option<EmbedToken>,
        wanted: Wanted<'_>,
    ) -> Verdict<'r> {
        let denied = |denial: Denial| Verdict::Denied(denial, Some(Evidence { carrier, raw }));
        let Some(token) = token else { return denied(Denial::EmbedUnknown) };
        let access = &self.state.access;
        let record = match access.look(&token) {
            Standing::Good(record) => record,
            Standing::Unknown => return denied(Denial::EmbedUnknown),
            Standing::Revoked(record) => {
                if let Some(record) = record {
                    record.denied(Denial::Revoked.code(), self.now);
                }
                return denied(Denial::Revoked);
            }
            Standing::Elsewhere => match self.found.and_then(|found| found.about(&token)) {
                None if self.found.is_none_or(Found::may_need_more) => {
                    return Verdict::Needs(Need::embed(token, (self.client)().map(Client::address)));
                }
                Some(Answer::Record(record)) if access.embeds.is_revoked(record) => {
                    return denied(Denial::Revoked);
                }
                Some(Answer::Record(record)) => record.clone(),
                Some(Answer::Absent) => return denied(Denial::EmbedUnknown),
                Some(Answer::Revoked) => return denied(Denial::Revoked),
                Some(Answer::Unavailable) | None => return denied(Denial::StoreUnavailable),
            },
        };
        // Pages matter where their frames do.
        let is_page =
            record.origins().is_some() && (matches!(wanted, Wanted::Page) || asks_for_page(request));
        match self.check_record(request, embeds, &record, wanted, is_page) {
            Ok(()) => {
                let expires_at = record.expires_at();
                let rated = is_guarded(wanted);
                let proof = Proof::Embed(Embedded { record, is_page, rated });
                Verdict::Granted(raw, Facts { scheme: Scheme::EmbedToken, carrier, expires_at, proof })
            }
            Err(denial) => {
                record.denied(denial.code(), self.now);
                denied(denial)
            }
        }
    }

    /// The rules of [`embed`](crate::schemes::embed), and the site's own.
    fn check_record(
        &self,
        request: &(impl RequestView + ?Sized),
        embeds: &EmbedRules,
        record: &Record,
        wanted: Wanted<'_>,
        is_page: bool,
    ) -> Result<(), Denial> {
        if let Some(expires) = record.expires_at()
            && expires <= self.now
        {
            return Err(Denial::EmbedExpired { expires, now: self.now });
        }
        let covered = record.realm() == embeds.realm()
            && match wanted {
                Wanted::Page => true,
                Wanted::Resource(Resource::Object { key, .. }) => embeds.covers(record.video(), key),
                Wanted::Resource(Resource::Live { playback_id, .. }) => {
                    record.video().as_bytes() == *playback_id
                }
            };
        if !covered {
            return Err(Denial::OutOfScope);
        }
        if let Some(origins) = record.origins()
            && (is_page || embeds.asks_for_origin(is_guarded(wanted)))
            && !origins.admit(&Asker::of(request), embeds.allows_missing_origin())
        {
            return Err(Denial::OriginNotAllowed);
        }
        match &self.site.hook {
            None => Ok(()),
            Some(hook) => {
                let mut json = ArrayVec::<u8, MAX_CLAIMS>::new();
                let written = record.write_claims(&mut json).is_ok();
                let claims =
                    str::from_utf8(&json).ok().filter(|_| written).and_then(|json| Claims::parse(json).ok());
                let allowed = claims.is_some_and(|claims| hook.0(&claims).is_ok());
                if allowed { Ok(()) } else { Err(Denial::RefusedByHook) }
            }
        }
    }

    /// After every other rule: the rate; and what is counted.
    pub(crate) fn close_embed(&self, embedded: &Embedded, method: Result<(), Denial>) -> Result<(), Denial> {
        let Embedded { record, rated, .. } = embedded;
        let rate = |()| match rated {
            true => record.count_against_rate().map_err(|retry_after| Denial::RateLimited { retry_after }),
            false => Ok(()),
        };
        let verdict = method.and_then(rate);
        match verdict {
            Ok(()) => record.granted(self.now),
            Err(denial) => record.denied(denial.code(), self.now),
        }
        verdict
    }
}

/// Whether a browser says that it wants a page, and not what a page shows (Fetch Metadata, `Sec-Fetch-Dest`).
fn asks_for_page(request: &(impl RequestView + ?Sized)) -> bool {
    matches!(
        only_line(request, SEC_FETCH_DEST),
        Some(b"document" | b"iframe" | b"frame" | b"embed" | b"object")
    )
}

/// Returns whether the request may be for a manifest or a key, without which nothing plays. Origins and rates are checked for these.
fn is_guarded(wanted: Wanted<'_>) -> bool {
    let path = match wanted {
        Wanted::Page => return false,
        Wanted::Resource(Resource::Object { key, .. }) => key,
        Wanted::Resource(Resource::Live { file, .. }) => file,
    };
    may_be_manifest_or_key(path)
}
