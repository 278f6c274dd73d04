use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use super::{Header, cache, push_cors};
use crate::cors::CorsHeaders;
use crate::site::SiteRules;
use crate::verify::{Grant, OwnedGrant};

/// What changes on a request before the inner service sees it.
#[derive(Clone, Debug, Default)]
pub struct RequestEdits {
    pub(super) remove: Option<Arc<[Box<str>]>>,
    pub(super) set: Vec<(Box<str>, String)>,
    pub(super) strip: Vec<Strip>,
    pub(super) grant: Option<OwnedGrant>,
}

/// Where credentials have to be taken out: every place that the site listens to, not only the one that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Strip {
    /// Every query parameter of this name.
    Query(Box<str>),
    /// `Authorization` fields of the scheme `Bearer`.
    Bearer,
    /// Every cookie of this name.
    Cookie(Box<str>),
}

impl RequestEdits {
    /// The header fields to remove first: identity headers are the verifier's to set, on every request.
    pub fn remove(&self) -> impl Iterator<Item = &str> {
        self.remove.iter().flat_map(|names| names.iter().map(AsRef::as_ref))
    }

    /// The header fields to set then: lower-case name, and a value of visible ASCII and spaces.
    pub fn set(&self) -> impl Iterator<Item = (&str, &str)> {
        self.set.iter().map(|(name, value)| (&**name, value.as_str()))
    }

    /// The credentials to take out, where the site asks for it.
    pub fn strip(&self) -> &[Strip] {
        &self.strip
    }

    /// The grant for handlers, where the site asks for it.
    pub const fn grant(&self) -> Option<&OwnedGrant> {
        self.grant.as_ref()
    }

    #[cfg(feature = "tower")]
    pub(crate) fn into_grant(self) -> Option<OwnedGrant> {
        self.grant
    }

    pub(super) fn hand_over(&mut self, grant: &Grant<'_>, site: &SiteRules) {
        if site.strip_credentials {
            let carriers = &site.carriers;
            self.strip.extend(carriers.query.then(|| Strip::Query(carriers.query_name.clone())));
            self.strip.extend(carriers.bearer.then_some(Strip::Bearer));
            self.strip.extend(carriers.cookie.then(|| Strip::Cookie(carriers.cookie_name.clone())));
        }
        if site.grant_extension {
            self.grant = Some(grant.to_owned());
        }
        if !site.identity_headers.is_empty() {
            let claims: Map<String, Value> = grant.claims().unwrap_or_default();
            self.set.extend(
                site.identity_headers.iter().filter_map(|(header, claim)| {
                    Some((header.clone(), header_text(claims.get(&**claim)?)?))
                }),
            );
        }
    }
}

/// A claim as a header value; what is no scalar, or would not be one visible line of ASCII, is left out.
fn header_text(claim: &Value) -> Option<String> {
    let text = match claim {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    let sound = text.trim() == text && text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    (sound && !text.is_empty()).then_some(text)
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
        const CACHES: &[&str] = &["cdn-cache-control", "surrogate-control"];
        const BOTH: &[&str] = &[
            "access-control-allow-origin",
            "access-control-allow-credentials",
            "access-control-expose-headers",
            "cdn-cache-control",
            "surrogate-control",
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
        let mut headers = Vec::with_capacity(4);
        push_cors(&mut headers, self.cors.clone());
        headers
    }

    /// The `Cache-Control` to set, given what the inner service said; `None` to leave that as it is.
    pub fn cache_control<'v>(&self, inner: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
        if self.private { cache::private(inner) } else { None }
    }
}
