use std::sync::Arc;

use super::forward::{ForwardRules, Granted, may_end_a_manifest};
use super::identity::IdentityValue;
use super::settings::{Access, SiteSettings};
use super::shadow::ShadowRules;
use super::stripping::Stripping;
use crate::cors::CorsPolicy;
use crate::error::{Code, Denial};
use crate::request::SegmentPlace;
use crate::schemes::{Carriers, Scheme, SchemeRules, SiteFacts};

/// The checked form of a site, which decisions read.
#[derive(Debug)]
pub(crate) struct SiteRules {
    /// The settings that every scheme reads.
    pub(crate) facts: SiteFacts,
    /// The settings as configured.
    pub(crate) settings: SiteSettings,
    pub(crate) methods: Methods,
    pub(crate) schemes: SchemeRules,
    /// The carriers that the schemes share. It is empty if no scheme reads from them.
    pub(crate) carriers: Carriers,
    /// The places of credentials in paths.
    pub(crate) credential_places: Arc<[SegmentPlace]>,
    pub(crate) forward: Option<ForwardRules>,
    /// Removes credentials from requests, if the site has `strip_credentials`.
    pub(crate) strip: Option<Arc<Stripping>>,
    pub(crate) identity_headers: Vec<(Box<str>, IdentityValue)>,
    pub(crate) answers: Vec<(Code, u16)>,
    pub(crate) cors: Option<CorsPolicy>,
    /// The rules of shadow mode, if the site does not enforce.
    pub(crate) shadow: Option<ShadowRules>,
}

/// The allowed methods, and the value of `Allow` that lists them.
#[derive(Debug)]
pub(crate) struct Methods {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) allow: bytes::Bytes,
    /// True for GET, which includes HEAD.
    pub(crate) has_get: bool,
}

impl Methods {
    /// Returns whether the method is allowed. HEAD is treated as GET.
    pub(crate) fn allow(&self, method: &str) -> bool {
        match method {
            "GET" | "HEAD" => self.has_get,
            other => self.names.iter().any(|name| **name == *other),
        }
    }
}

impl SiteRules {
    /// Returns whether the site requires a credential and accepts only those that keys verify.
    pub(crate) fn requires_tokens(&self) -> bool {
        self.settings.access == Access::Authenticated && self.schemes.accepts_only(Scheme::SignedToken)
    }

    /// Returns true if the site requires credentials, apart from its public paths.
    pub(crate) fn requires_credentials(&self) -> bool {
        self.settings.access == Access::Authenticated
    }

    /// Returns whether the object key needs no credential.
    pub(crate) fn is_public(&self, key: &[u8]) -> bool {
        let listed = |path: &str| {
            let folder = path.ends_with('/');
            if folder { key.starts_with(path.as_bytes()) } else { key == path.as_bytes() }
        };
        self.settings.access == Access::Public || self.settings.public_paths.iter().any(|path| listed(path))
    }

    /// Refuses a manifest's request if the parameters that the manifest would carry are too long.
    pub(crate) fn refuse_long_query(
        &self,
        method: &str,
        path: &[u8],
        query: Option<&[u8]>,
        granted: Option<Granted<'_>>,
    ) -> Result<(), Denial> {
        if !path.last().copied().is_some_and(may_end_a_manifest) {
            return Ok(()); // almost every request
        }
        match (&self.forward, query, method) {
            (Some(rules), Some(query), "GET" | "HEAD") => {
                rules.refuse_long_query(&self.schemes, path, query, granted)
            }
            _ => Ok(()),
        }
    }

    /// Returns the site's status for a code.
    pub(crate) fn status(&self, code: Code) -> u16 {
        let remapped = self.answers.iter().rev().find(|(listed, _)| *listed == code);
        match (remapped, code) {
            (Some((_, status)), _) => *status,
            // There is no challenge that a client could meet.
            (None, Code::CredentialMissing) if !self.schemes.accepts(Scheme::SignedToken) => 403,
            (None, _) => code.default_status(),
        }
    }
}

/// Returns the status of a refusal: the status of a hook, the status of the site, or the default of the code.
pub(crate) fn status_of(denial: Denial, site: Option<&SiteRules>) -> u16 {
    let code = denial.code();
    let of_site = || site.map_or(code.default_status(), |site| site.status(code));
    denial.own_status().unwrap_or_else(of_site)
}

/// The public facts of a decision's site.
#[derive(Clone, Copy, Debug)]
pub struct SiteView<'s>(pub(crate) &'s SiteRules);

impl<'s> SiteView<'s> {
    /// Returns the site's id.
    pub fn id(self) -> &'s str {
        &self.0.facts.id
    }

    /// Returns the path at which the site begins. It ends in a slash.
    pub fn base_path(self) -> &'s str {
        &self.0.facts.base_path
    }

    /// Returns true if the site refuses requests whose credential is refused. If false, the site is in
    /// [shadow mode](super::danger).
    pub fn enforces(self) -> bool {
        self.0.shadow.is_none()
    }

    /// Returns whether the site accepts a kind of credential.
    pub fn accepts(self, scheme: Scheme) -> bool {
        self.0.schemes.accepts(scheme)
    }

    /// Returns the names of the query parameters that carry credentials of a scheme.
    pub fn query_names(self, scheme: Scheme) -> impl Iterator<Item = &'s str> {
        self.0.schemes.places_of(scheme).into_iter().flat_map(|places| &places.query).map(|name| &**name)
    }

    /// Returns the names of the cookies that carry credentials of a scheme.
    pub fn cookie_names(self, scheme: Scheme) -> impl Iterator<Item = &'s str> {
        self.0.schemes.places_of(scheme).into_iter().flat_map(|places| &places.cookies).map(|name| &**name)
    }

    /// Returns whether the site serves live streams by their playback IDs, rather than the objects of a bucket.
    pub fn is_live(self) -> bool {
        self.0.facts.serves.is_live()
    }
}
