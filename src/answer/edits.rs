use std::sync::Arc;

use bytes::Bytes;

use super::forward::{Forwarding, ManifestHead};
use super::referrer::Referrers;
use super::{Header, cache, cors_fields};
use crate::cors::CorsHeaders;
use crate::site::{GrantFact, IdentityNames, IdentityValue, SiteRules, Stripping};
use crate::verify::{Grant, OwnedGrant, Payload};

/// What changes on a request before the inner service sees it. `Debug` shows names, no values.
#[derive(Clone, Default)]
pub struct RequestEdits {
    remove: Option<IdentityNames>,
    set: Vec<(Box<str>, String)>,
    strip: Option<Arc<Stripping>>,
    /// A manifest is asked for, and will be rewritten.
    manifest: Option<Arc<Forwarding>>,
    grant: Option<OwnedGrant>,
}

impl RequestEdits {
    pub(super) fn removing(remove: Option<IdentityNames>) -> Self {
        Self { remove, ..Self::default() }
    }

    /// Whether the request goes through untouched.
    pub const fn is_empty(&self) -> bool {
        let Self { remove, set, strip, manifest, grant } = self;
        remove.is_none() && set.is_empty() && strip.is_none() && manifest.is_none() && grant.is_none()
    }

    /// Whether some header field is removed: whether [`removes`](Self::removes) can return true at all.
    pub const fn removes_any(&self) -> bool {
        self.remove.is_some() || self.manifest.is_some()
    }

    /// Whether a header field of this name is removed. To be asked of every field of the request, before others are set.
    ///
    /// Identity headers are the verifier's to set, on every request: they go in every spelling that CGI, WSGI or PHP fold
    /// into the same name. Of a manifest that will be rewritten there are no parts, so `Range` and `If-Range` go.
    pub fn removes(&self, name: &str) -> bool {
        let of_parts = |name: &str| ["range", "if-range"].iter().any(|part| name.eq_ignore_ascii_case(part));
        self.remove.as_ref().is_some_and(|names| names.hold(name))
            || (self.manifest.is_some() && of_parts(name))
    }

    /// The header fields to set then: lower-case name, and a value of visible ASCII and spaces.
    pub fn set(&self) -> impl Iterator<Item = (&str, &str)> {
        let plain = self.manifest.as_ref().map(|_| ("accept-encoding", "identity"));
        self.set.iter().map(|(name, value)| (&**name, value.as_str())).chain(plain)
    }

    /// An `If-None-Match` field in the inner service's own entity tags; empty where it speaks of none of them, and is to
    /// be dropped together with `If-Modified-Since` (RFC 9110 §13.1.3). `None` to leave it.
    pub fn if_none_match(&self, field: &[u8]) -> Option<Vec<u8>> {
        self.manifest.as_ref().map(|manifest| manifest.inner_tags(field))
    }

    /// The query less the credential, where the site strips it; empty when nothing is left. `None` to leave it.
    pub fn query(&self, query: &[u8]) -> Option<Vec<u8>> {
        self.strip.as_ref()?.query(query)
    }

    /// A `Cookie` field less the credential, where the site strips it; drop it when it is empty. `None` to leave it.
    pub fn cookie(&self, field: &[u8]) -> Option<Vec<u8>> {
        self.strip.as_ref()?.cookie(field)
    }

    /// The one `Referer` field to send on, given all that came, where the site strips credentials; empty to drop them all.
    /// `None` to leave them.
    ///
    /// It loses the query parameters of the site's credentials, and its path where that has a credential in it. A field that
    /// is no absolute URI is dropped; so are several, of which an inner service could read either.
    pub fn referer<'f>(&self, fields: impl IntoIterator<Item = &'f [u8]>) -> Option<Vec<u8>> {
        let strip = self.strip.as_ref()?;
        let mut fields = fields.into_iter();
        match (fields.next(), fields.next()) {
            (None, _) => None,
            (Some(field), None) => strip.referer(field),
            (Some(_), Some(_)) => Some(Vec::new()),
        }
    }

    /// Whether an `Authorization` field is a credential that the site strips.
    pub fn drops_authorization(&self, field: &[u8]) -> bool {
        self.strip.as_ref().is_some_and(|strip| strip.drops_authorization(field))
    }

    /// The grant for handlers, where the site asks for it.
    pub const fn grant(&self) -> Option<&OwnedGrant> {
        self.grant.as_ref()
    }

    pub(super) fn strip(&mut self, site: &SiteRules) {
        self.strip.clone_from(&site.strip);
    }

    pub(super) fn ask_for_manifest(&mut self, forwarding: Option<&Arc<Forwarding>>) {
        self.manifest = forwarding.filter(|forwarding| forwarding.is_certain()).cloned();
    }

    pub(super) fn hand_over(&mut self, grant: &Grant<'_>, site: &SiteRules) {
        if site.grant_extension {
            self.grant = Some(grant.to_owned());
        }
        if !site.identity_headers.is_empty() {
            let payload = grant.payload();
            self.set.extend(site.identity_headers.iter().filter_map(|(header, value)| {
                let text = match value {
                    IdentityValue::Claim(claim) => payload.claims()?.scalar(claim),
                    IdentityValue::Grant(fact) => fact_of(grant, *fact, &payload),
                    IdentityValue::Removed => None,
                };
                Some((header.clone(), text.filter(|text| is_header_text(text))?))
            }));
        }
    }
}

/// A fact of a grant as a header carries it.
fn fact_of(grant: &Grant<'_>, fact: GrantFact, payload: &Payload) -> Option<String> {
    match fact {
        GrantFact::Kid => grant.kid().map(str::to_owned),
        GrantFact::Site => grant.site().map(|site| site.id().to_owned()),
        GrantFact::Scheme => Some(grant.scheme().as_str().to_owned()),
        GrantFact::Scope => grant.scope(payload),
        GrantFact::ExpiresAt => grant.expires_at().map(|second| second.get().to_string()),
    }
}

impl std::fmt::Debug for RequestEdits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestEdits")
            .field("remove", &self.remove)
            .field("set", &self.set.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("strip", &self.strip.is_some())
            .field("grant", &self.grant)
            .finish_non_exhaustive()
    }
}

/// Whether a claim can stand in a header: one visible line of ASCII. One that cannot is left out.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// What changes on the inner service's answer, whatever its status.
#[derive(Clone, Debug, Default)]
pub struct ResponseEdits {
    pub(super) cors: Option<CorsHeaders>,
    pub(super) private: bool,
    /// The value of a `Content-Security-Policy`, for a page.
    pub(super) frame_ancestors: Option<Bytes>,
    /// Whether the request's path holds an embed token, and which policy of referrers may stay then.
    pub(super) referrers: Option<Referrers>,
    pub(super) forwarding: Option<Arc<Forwarding>>,
}

impl ResponseEdits {
    /// Whether the answer goes through untouched.
    pub const fn is_empty(&self) -> bool {
        let Self { cors, private, frame_ancestors, referrers, forwarding } = self;
        cors.is_none()
            && !*private
            && frame_ancestors.is_none()
            && referrers.is_none()
            && forwarding.is_none()
    }

    /// What changes where a manifest is answered with that has to be rewritten; `field` gives the value of a header field
    /// of the inner answer. To be asked before the other methods, which answer by what it finds.
    pub fn manifest<'h>(
        &mut self,
        status: u16,
        field: impl Fn(&'static str) -> Option<&'h [u8]>,
    ) -> Option<ManifestHead> {
        let head = self.forwarding.as_ref()?.head(status, field)?;
        self.private |= head.private; // it holds somebody's credential, whatever the site says of caches
        Some(head)
    }

    /// The header fields to remove first: what the inner service said of CORS, where the site has a policy; and
    /// what tells shared caches more than `Cache-Control` (RFC 9213), where the answer is private.
    pub fn remove(&self) -> &'static [&'static str] {
        const CORS: &[&str] = &[
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-expose-headers",
        ];
        const CACHES: &[&str] = &["cdn-cache-control", "surrogate-control", "x-accel-expires"];
        const BOTH: &[&str] = &[
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-expose-headers",
            "cdn-cache-control",
            "surrogate-control",
            "x-accel-expires",
        ];
        match (self.cors.is_some(), self.private) {
            (true, true) => BOTH,
            (true, false) => CORS,
            (false, true) => CACHES,
            (false, false) => &[],
        }
    }

    /// The header fields to append last. `vary` can be there already; so can a `content-security-policy`, beside which
    /// another one holds too (CSP Level 3 §8.1).
    pub fn append(self) -> impl Iterator<Item = Header> {
        let page = self.frame_ancestors.map(|value| Header::new("content-security-policy", value));
        self.cors.into_iter().flat_map(cors_fields).chain(page)
    }

    /// Whether `Cache-Control` is to be asked about.
    #[cfg(any(feature = "tower", feature = "actix"))]
    pub(crate) const fn is_private(&self) -> bool {
        self.private
    }

    /// Whether `Referrer-Policy` is to be asked about.
    #[cfg(any(feature = "tower", feature = "actix"))]
    pub(crate) const fn hides_referrers(&self) -> bool {
        self.referrers.is_some()
    }

    /// The `Referrer-Policy` to set, given what the inner service said, so that no `Referer` holds the token in the path;
    /// `None` to leave that as it is.
    pub fn referrer_policy<'v>(&self, inner: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
        self.referrers.and_then(|referrers| referrers.policy(inner))
    }

    /// The `Cache-Control` to set, given what the inner service said; `None` to leave that as it is.
    pub fn cache_control<'v>(&self, inner: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
        if self.private { cache::private(inner) } else { None }
    }
}
