use std::sync::Arc;

use bytes::Bytes;

use super::forward::{Forwarding, ManifestHead};
use super::header::{Header, cors_fields};
use super::{cache, referrer};
use crate::cors::CorsHeaders;
use crate::decide::{Grant, OwnedGrant, Payload};
use crate::schemes::Referrers;
use crate::site::{GrantFact, IdentityNames, IdentityValue, SiteRules, Stripping};

/// The edits of a request before the inner service receives it. The `Debug` output shows names and no values.
#[derive(Clone, Default)]
pub(super) struct RequestEdits {
    remove: Option<IdentityNames>,
    set: Vec<(Box<str>, String)>,
    strip: Option<Arc<Stripping>>,
    /// The forwarding of the manifest that the request names, if it will be rewritten.
    manifest: Option<Arc<Forwarding>>,
    grant: Option<OwnedGrant>,
}

impl RequestEdits {
    pub(super) fn removing(remove: Option<IdentityNames>) -> Self {
        Self { remove, ..Self::default() }
    }

    /// Returns whether the request stays unchanged.
    pub(super) const fn is_empty(&self) -> bool {
        let Self { remove, set, strip, manifest, grant } = self;
        remove.is_none() && set.is_empty() && strip.is_none() && manifest.is_none() && grant.is_none()
    }

    /// Returns whether [`removes`](Self::removes) returns true for any name.
    pub(super) const fn removes_any(&self) -> bool {
        self.remove.is_some() || self.manifest.is_some() || self.strip.is_some()
    }

    /// Returns whether a header field of this name is removed.
    ///
    /// Only the verifier may set identity headers, so they are removed from every request, in every spelling that CGI, WSGI
    /// or PHP fold into the same name. A manifest that will be rewritten has no parts, so `Range` and `If-Range` are removed.
    /// If the site strips credentials, a field that carries one alone is removed.
    pub(super) fn removes(&self, name: &str) -> bool {
        let of_parts = |name: &str| ["range", "if-range"].iter().any(|part| name.eq_ignore_ascii_case(part));
        self.remove.as_ref().is_some_and(|names| names.hold(name))
            || (self.manifest.is_some() && of_parts(name))
            || self.strip.as_ref().is_some_and(|strip| strip.drops_field(name))
    }

    /// Returns the header fields to set: a lower-case name, and a value of visible ASCII and spaces.
    pub(super) fn set(&self) -> impl Iterator<Item = (&str, &str)> {
        let plain = self.manifest.as_ref().map(|_| ("accept-encoding", "identity"));
        self.set.iter().map(|(name, value)| (&**name, value.as_str())).chain(plain)
    }

    /// Returns whether the request is for a manifest that will be rewritten.
    pub(super) const fn rewrites_manifest(&self) -> bool {
        self.manifest.is_some()
    }

    /// Returns an `If-None-Match` field in the inner service's own entity tags, or `None` to leave the field. The result is
    /// empty if the field has none of them.
    pub(super) fn if_none_match(&self, field: &[u8]) -> Option<Vec<u8>> {
        self.manifest.as_ref().map(|manifest| manifest.inner_tags(field))
    }

    /// Returns whether the site strips credentials.
    pub(super) const fn strips(&self) -> bool {
        self.strip.is_some()
    }

    /// Returns the query without the credential if the site strips credentials, or `None` to leave the query. The result may
    /// be empty.
    pub(super) fn query(&self, query: &[u8]) -> Option<Vec<u8>> {
        self.strip.as_ref()?.query(query)
    }

    /// Returns a `Cookie` field without the credential if the site strips credentials, or `None` to leave the field. The
    /// result is empty if no other cookie is in the field.
    pub(super) fn cookie(&self, field: &[u8]) -> Option<Vec<u8>> {
        self.strip.as_ref()?.cookie(field)
    }

    /// Returns the only `Referer` field for the inner service, given all that were received, or `None` to leave them. If the
    /// result is empty, all of them are removed.
    ///
    /// If the site strips credentials, the query parameters of the site's credentials are removed from the field, and so is a
    /// path with a credential in it. A field that is not an absolute URI is removed. Several fields are removed too, because an
    /// inner service could read any of them.
    pub(super) fn referer<'f>(&self, fields: impl IntoIterator<Item = &'f [u8]>) -> Option<Vec<u8>> {
        let strip = self.strip.as_ref()?;
        let mut fields = fields.into_iter();
        match (fields.next(), fields.next()) {
            (None, _) => None,
            (Some(field), None) => strip.referer(field),
            (Some(_), Some(_)) => Some(Vec::new()),
        }
    }

    /// Returns whether an `Authorization` field is a credential that the site strips.
    pub(super) fn drops_authorization(&self, field: &[u8]) -> bool {
        self.strip.as_ref().is_some_and(|strip| strip.drops_authorization(field))
    }

    /// Returns the grant for handlers, if the site has `grant_extension`.
    pub(super) fn into_grant(self) -> Option<OwnedGrant> {
        self.grant
    }

    pub(super) fn strip(&mut self, site: &SiteRules) {
        self.strip.clone_from(&site.strip);
    }

    pub(super) fn rewrite_manifest(&mut self, forwarding: Option<&Arc<Forwarding>>) {
        self.manifest = forwarding.filter(|forwarding| forwarding.is_certain()).cloned();
    }

    pub(super) fn hand_over(&mut self, grant: &Grant<'_>, site: &SiteRules) {
        if site.settings.grant_extension {
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

/// Returns a fact of a grant as the text of a header field.
fn fact_of(grant: &Grant<'_>, fact: GrantFact, payload: &Payload) -> Option<String> {
    match fact {
        GrantFact::Kid => grant.kid().map(str::to_owned),
        GrantFact::Site => Some(grant.site().id().to_owned()),
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

/// Returns whether a text can be a header value: one visible line of ASCII.
fn is_header_text(text: &str) -> bool {
    !text.is_empty() && text.trim() == text && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// The edits to the inner service's response, whatever its status.
///
/// [`Reply::apply`](super::Reply::apply) returns them after it has edited the request. Apply them to every response that goes to
/// the client, including one that the server creates for an error of the inner service. Without the CORS header fields, a player
/// could not read the response.
#[derive(Clone, Debug)]
#[must_use = "a response that is not edited lacks its CORS fields, its cache scope and its manifest's credential"]
pub struct ResponseEdits {
    pub(super) cors: Option<CorsHeaders>,
    pub(super) private: bool,
    /// The value of a `Content-Security-Policy`, for a page.
    pub(super) frame_ancestors: Option<Bytes>,
    /// The referrer policies that may stay, if the request's path holds an embed token.
    pub(super) referrers: Option<Referrers>,
    pub(super) forwarding: Option<Arc<Forwarding>>,
    /// The field with the explanation of the decision. It is rare, so it adds little to the size of every reply.
    pub(super) explanation: Option<Box<Header>>,
}

impl ResponseEdits {
    /// No edits.
    pub(super) const NONE: Self = Self {
        cors: None,
        private: false,
        frame_ancestors: None,
        referrers: None,
        forwarding: None,
        explanation: None,
    };

    /// Returns whether the response stays unchanged.
    pub const fn is_empty(&self) -> bool {
        let Self { cors, private, frame_ancestors, referrers, forwarding, explanation } = self;
        cors.is_none()
            && !*private
            && frame_ancestors.is_none()
            && referrers.is_none()
            && forwarding.is_none()
            && explanation.is_none()
    }

    /// Returns the edits of a manifest's head, if the inner response is a manifest to be rewritten. `field` returns the value of
    /// a header field of the inner response. The results of the other methods depend on this one.
    pub(super) fn manifest<'h>(
        &mut self,
        status: u16,
        field: impl Fn(&'static str) -> Option<&'h [u8]>,
    ) -> Option<ManifestHead> {
        let head = self.forwarding.as_ref()?.head(status, field)?;
        self.private |= head.private; // it holds a credential, whatever the site's cache scope is
        Some(head)
    }

    /// Returns the header fields to remove first: the inner service's CORS fields, if the site has a policy, and the fields that
    /// override `Cache-Control` for shared caches (RFC 9213), if the response is private.
    pub(super) fn remove(&self) -> &'static [&'static str] {
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

    /// Returns the header fields to append last. The response may have a `vary` already, and a `content-security-policy`: several
    /// policies hold together (CSP Level 3 §8.1).
    pub(super) fn append(self) -> impl Iterator<Item = Header> {
        let page = self.frame_ancestors.map(|value| Header::new("content-security-policy", value));
        self.cors.into_iter().flat_map(cors_fields).chain(page)
    }

    /// Returns whether [`cache_control`](Self::cache_control) may change the response.
    pub(super) const fn is_private(&self) -> bool {
        self.private
    }

    /// Returns whether [`referrer_policy`](Self::referrer_policy) may change the response.
    pub(super) const fn hides_referrers(&self) -> bool {
        self.referrers.is_some()
    }

    /// Returns the `Referrer-Policy` to set, given the inner service's, or `None` to leave it. With this policy no `Referer`
    /// holds the token in the path.
    pub(super) fn referrer_policy<'v>(&self, inner: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
        self.referrers.and_then(|referrers| referrer::policy(referrers, inner))
    }

    /// Returns the `Cache-Control` to set, given the inner service's, or `None` to leave it.
    pub(super) fn cache_control<'v>(&self, inner: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
        if self.private { cache::private(inner) } else { None }
    }
}
