use std::sync::Arc;

use super::forward::{ForwardRules, Granted, may_end_a_manifest};
use super::identity::IdentityValue;
use super::settings::{Access, SiteSettings};
use super::stripping::Stripping;
use crate::cors::CorsPolicy;
use crate::error::{Code, Denial};
use crate::request::SegmentPlace;
use crate::schemes::{Carriers, Scheme, SchemeRules, SiteFacts};

/// A site as decisions read it: every setting checked and made ready.
#[derive(Debug)]
pub(crate) struct SiteRules {
    /// The settings that every scheme reads.
    pub(crate) facts: SiteFacts,
    /// The settings as they were given.
    pub(crate) settings: SiteSettings,
    pub(crate) methods: Methods,
    pub(crate) schemes: SchemeRules,
    /// The carriers that the schemes share; none of them is listed if no scheme reads texts.
    pub(crate) carriers: Carriers,
    /// Where in paths credentials stand.
    pub(crate) credential_places: Arc<[SegmentPlace]>,
    pub(crate) forward: Option<ForwardRules>,
    /// Takes credentials out of requests, if the site has `strip_credentials`.
    pub(crate) strip: Option<Arc<Stripping>>,
    pub(crate) identity_headers: Vec<(Box<str>, IdentityValue)>,
    pub(crate) answers: Vec<(Code, u16)>,
    pub(crate) cors: Option<CorsPolicy>,
}

/// The allowed methods, and the value of `Allow` that lists them.
#[derive(Debug)]
pub(crate) struct Methods {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) allow: bytes::Bytes,
    /// GET, and with it HEAD.
    pub(crate) has_get: bool,
}

impl Methods {
    /// HEAD is GET.
    pub(crate) fn allow(&self, method: &str) -> bool {
        match method {
            "GET" | "HEAD" => self.has_get,
            other => self.names.iter().any(|name| **name == *other),
        }
    }
}

impl SiteRules {
    /// Whether it is opened by keys, and by nothing else.
    pub(crate) fn asks_for_tokens(&self) -> bool {
        self.settings.access == Access::Authenticated && self.schemes.accepts_only(Scheme::SignedToken)
    }

    /// Whether the key may be had without a credential.
    pub(crate) fn is_public(&self, key: &[u8]) -> bool {
        let listed = |path: &str| {
            let folder = path.ends_with('/');
            if folder { key.starts_with(path.as_bytes()) } else { key == path.as_bytes() }
        };
        self.settings.access == Access::Public || self.settings.public_paths.iter().any(|path| listed(path))
    }

    /// Refuses a manifest's request if the parameters that would be carried into the manifest are too long.
    pub(crate) fn refuse_long_query(
        &self,
        method: &str,
        path: &[u8],
        query: Option<&[u8]>,
        granted: Option<Granted<'_>>,
    ) -> Result<(), Denial> {
        if !path.last().copied().is_some_and(may_end_a_manifest) {
            return Ok(()); // nearly every request
        }
        match (&self.forward, query, method) {
            (Some(rules), Some(query), "GET" | "HEAD") => {
                rules.refuse_long_query(&self.schemes, path, query, granted)
            }
            _ => Ok(()),
        }
    }

    /// The status that answers a code here.
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

/// What a decision tells of its site.
#[derive(Clone, Copy, Debug)]
pub struct SiteView<'s>(pub(crate) &'s SiteRules);

impl<'s> SiteView<'s> {
    /// The site's id.
    pub fn id(self) -> &'s str {
        &self.0.facts.id
    }

    /// Where it begins: a path that ends in a slash.
    pub fn base_path(self) -> &'s str {
        &self.0.facts.base_path
    }

    /// Whether it serves live streams, by their playback IDs, and not the objects of a bucket.
    pub fn is_live(self) -> bool {
        self.0.facts.serves.is_live()
    }
}
