use std::sync::Arc;

use bytes::Bytes;

use super::{Header, cache, push_cors};
use crate::cors::CorsHeaders;
use crate::request::{without_cookie, without_parameter};
use crate::scheme::{Carriers, bearer_token};
use crate::site::SiteRules;
use crate::verify::{Grant, OwnedGrant};

/// What changes on a request before the inner service sees it. `Debug` shows names, no values.
#[derive(Clone, Default)]
pub struct RequestEdits {
    remove: Option<Arc<[Box<str>]>>,
    set: Vec<(Box<str>, String)>,
    /// The carriers to be emptied: every one that the site listens to, not only the one that decided.
    strip: Option<Carriers>,
    grant: Option<OwnedGrant>,
}

impl RequestEdits {
    pub(super) fn removing(remove: Option<Arc<[Box<str>]>>) -> Self {
        Self { remove, ..Self::default() }
    }

    /// The header fields to remove first: identity headers are the verifier's to set, on every request.
    pub fn remove(&self) -> impl Iterator<Item = &str> {
        self.remove.iter().flat_map(|names| names.iter().map(AsRef::as_ref))
    }

    /// The header fields to set then: lower-case name, and a value of visible ASCII and spaces.
    pub fn set(&self) -> impl Iterator<Item = (&str, &str)> {
        self.set.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// The query less the credential, where the site strips it; empty when nothing is left. `None` to leave it.
    pub fn query(&self, query: &[u8]) -> Option<Vec<u8>> {
        let carriers = self.strip.as_ref().filter(|carriers| carriers.query)?;
        Some(without_parameter(query, &carriers.query_name)).filter(|rest| rest != query)
    }

    /// A `Cookie` field less the credential, where the site strips it; drop it when it is empty. `None` to leave it.
    pub fn cookie(&self, field: &[u8]) -> Option<Vec<u8>> {
        let carriers = self.strip.as_ref().filter(|carriers| carriers.cookie)?;
        Some(without_cookie(field, &carriers.cookie_name)).filter(|rest| rest != field)
    }

    /// Whether an `Authorization` field is a credential that the site strips.
    pub fn drops_authorization(&self, field: &[u8]) -> bool {
        self.strip.as_ref().is_some_and(|carriers| carriers.bearer) && bearer_token(field).is_some()
    }

    /// The grant for handlers, where the site asks for it.
    pub const fn grant(&self) -> Option<&OwnedGrant> {
        self.grant.as_ref()
    }

    pub(super) fn strip(&mut self, site: &SiteRules) {
        if site.strip_credentials {
            self.strip = Some(site.carriers.clone());
        }
    }

    pub(super) fn hand_over(&mut self, grant: &Grant<'_>, site: &SiteRules) {
        if site.grant_extension {
            self.grant = Some(grant.to_owned());
        }
        if !site.identity_headers.is_empty() {
            let payload = grant.payload();
            self.set.extend(site.identity_headers.iter().filter_map(|(header, claim)| {
                let text = payload.claims()?.scalar(claim).filter(|text| is_header_text(text))?;
                Some((header.clone(), text))
            }));
        }
    }
}

impl std::fmt::Debug for RequestEdits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestEdits")
            .field("remove", &self.remove)
            .field("set", &self.set.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("strip", &self.strip.is_some())
            .field("grant", &self.grant)
            .finish()
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
}

impl ResponseEdits {
    /// Whether the answer goes through untouched.
    pub const fn is_empty(&self) -> bool {
        self.cors.is_none() && !self.private
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

    /// The header fields to append then; none but `vary` can be there already.
    pub fn append(&self) -> Vec<Header> {
        let mut headers = Vec::new(); // allocates nothing where there is no CORS policy
        push_cors(&mut headers, self.cors.clone());
        headers
    }

    /// The `Cache-Control` to set, given what the inner service said; `None` to leave that as it is.
    pub fn cache_control<'v>(&self, inner: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
        if self.private { cache::private(inner) } else { None }
    }
}
