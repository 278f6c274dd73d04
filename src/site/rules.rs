use std::sync::Arc;

use serde::Deserialize;

use super::forward::ForwardRules;
use super::identity::IdentityValue;
use super::pattern::Captures;
use super::policy::Policy;
use super::settings::Hook;
use super::stripping::Stripping;
use crate::cors::CorsPolicy;
use crate::error::Code;
use crate::keys::Key;
use crate::request::SegmentPlace;
use crate::schemes::Carriers;
use crate::schemes::embed::EmbedRules;
use crate::schemes::jws::Claims;
use crate::schemes::link::LinkRules;
use crate::scope::{Coverage, KeyScope, LiveShape, Resource, playback_id_in};
use crate::time::{Leeway, UnixSeconds};

/// Who may have what a site serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "access"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Access {
    /// Whoever brings a good credential.
    Authenticated,
    /// Everybody; credentials are not looked at.
    Public,
}

/// How a site may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Transport {
    /// In the clear too.
    Any,
    /// Over TLS, or from this machine itself.
    Https,
}

/// Who says how the answers of a site may be cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "cache"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum CacheScope {
    /// Granted answers are `private`: in place of `public` and `s-maxage`, and where nothing stands.
    Private,
    /// The inner service; for those whose CDN checks tokens itself.
    Inner,
}

/// What a hook returns to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused;

/// A hook: the operator's own rule over verified claims.
pub type HookFn = dyn Fn(&Claims<'_>) -> Result<(), Refused> + Send + Sync;

/// A site as decisions read it: every setting checked and made ready.
#[derive(Debug)]
pub(crate) struct SiteRules {
    pub(crate) id: Box<str>,
    pub(crate) base_path: Box<str>,
    pub(crate) serves: Serving,
    pub(crate) access: Access,
    pub(crate) public_paths: Vec<Box<str>>,
    pub(crate) methods: Methods,
    pub(crate) transport: Transport,
    pub(crate) tokens: bool,
    pub(crate) link: Option<LinkRules>,
    pub(crate) embed: Option<EmbedRules>,
    pub(crate) forward: Option<ForwardRules>,
    pub(crate) carriers: Carriers,
    /// Where in paths credentials stand.
    pub(crate) credential_places: Arc<[SegmentPlace]>,
    pub(crate) max_token_bytes: usize,
    pub(crate) coverage: Coverage,
    pub(crate) times: TimeRules,
    pub(crate) issuer: Option<Box<str>>,
    pub(crate) audience: Option<Box<str>>,
    pub(crate) cache: CacheScope,
    /// Takes credentials out of requests, where the site asks for it.
    pub(crate) strip: Option<Arc<Stripping>>,
    pub(crate) grant_extension: bool,
    pub(crate) identity_headers: Vec<(Box<str>, IdentityValue)>,
    pub(crate) answers: Vec<(Code, u16)>,
    pub(crate) cors: Option<CorsPolicy>,
    pub(crate) hook: Option<Hook>,
}

/// What a site serves, its names resolved.
#[derive(Debug)]
pub(crate) enum Serving {
    Bucket(Box<str>),
    BucketInHost,
    Live(LiveShape),
}

/// What a site asks of a token's dates.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeRules {
    pub(crate) leeway: Leeway,
    pub(crate) require_exp: bool,
    pub(crate) max_lifetime: Option<u32>,
}

impl TimeRules {
    /// Whether a credential may be good until then; `None` is for ever.
    pub(crate) fn allow_until(&self, expires: Option<UnixSeconds>, now: UnixSeconds) -> bool {
        match expires {
            Some(expires) => !self.is_too_far(expires, now),
            None => !self.require_exp && self.max_lifetime.is_none(),
        }
    }

    /// Whether a credential lives longer than the site allows.
    pub(crate) fn is_too_far(&self, expires: UnixSeconds, now: UnixSeconds) -> bool {
        self.max_lifetime.is_some_and(|max| expires > now.saturating_add(i64::from(max)))
    }
}

/// The allowed methods, and the value of `Allow` that lists them.
#[derive(Debug)]
pub(crate) struct Methods {
    pub(crate) names: Vec<Box<str>>,
    pub(crate) allow: bytes::Bytes,
}

impl Methods {
    /// HEAD is GET.
    pub(crate) fn allow(&self, method: &str) -> bool {
        let method = if method == "HEAD" { "GET" } else { method };
        self.names.iter().any(|name| **name == *method)
    }
}

impl SiteRules {
    /// What a path under the base path names here. `None` where the host holds no playback ID or bucket.
    pub(crate) fn resource<'p>(&'p self, captures: &Captures<'p>, key: &'p [u8]) -> Option<Resource<'p>> {
        Some(match &self.serves {
            Serving::Bucket(name) => Resource::Object { bucket: name.as_bytes(), key },
            Serving::BucketInHost => Resource::Object { bucket: captures.bucket?, key },
            Serving::Live(LiveShape::Host) => {
                Resource::Live { playback_id: captures.playback_id?, file: key }
            }
            Serving::Live(LiveShape::Path) => Resource::Live { playback_id: playback_id_in(key), file: key },
        })
    }

    /// What is asked for below a token that stands in the path.
    pub(crate) fn resource_below<'p>(&self, whole: &Resource<'p>, key: &'p [u8]) -> Resource<'p> {
        match (whole, &self.serves) {
            (Resource::Object { bucket, .. }, _) => Resource::Object { bucket, key },
            (Resource::Live { .. }, Serving::Live(LiveShape::Path)) => {
                Resource::Live { playback_id: playback_id_in(key), file: key }
            }
            (Resource::Live { playback_id, .. }, _) => Resource::Live { playback_id, file: key },
        }
    }

    /// What an embed token for a video covers here: its folder, or the playback ID that it is.
    pub(crate) fn embedded_scope(&self, video: &str) -> String {
        match (&self.serves, &self.embed) {
            (Serving::Bucket(_) | Serving::BucketInHost, Some(embeds)) => embeds.folder(video),
            (Serving::Bucket(_) | Serving::BucketInHost, None) | (Serving::Live(_), _) => video.to_owned(),
        }
    }

    /// Whether it is opened by keys, and by nothing else.
    pub(crate) fn asks_for_tokens(&self) -> bool {
        self.access == Access::Authenticated && self.tokens && self.link.is_none() && self.embed.is_none()
    }

    /// Whether the key may be had without a credential.
    pub(crate) fn is_public(&self, key: &[u8]) -> bool {
        let listed = |path: &str| {
            let folder = path.ends_with('/');
            if folder { key.starts_with(path.as_bytes()) } else { key == path.as_bytes() }
        };
        self.access == Access::Public || self.public_paths.iter().any(|path| listed(path))
    }

    /// Whether the key's scope covers the resource on this site.
    pub(crate) fn admits(&self, key: &Key, resource: &Resource<'_>, policy: &Policy) -> bool {
        match (key.scope(), resource) {
            (KeyScope::Any(_), _) => true,
            (KeyScope::Site(id), _) => *id == self.id,
            (KeyScope::Bucket(name), Resource::Object { bucket, .. }) => name.as_bytes() == *bucket,
            (KeyScope::Stream(stream), Resource::Live { playback_id, .. }) => {
                policy.plays(stream, playback_id)
            }
            (KeyScope::Bucket(_), Resource::Live { .. }) | (KeyScope::Stream(_), Resource::Object { .. }) => {
                false
            }
        }
    }

    /// The status that answers a code here.
    pub(crate) fn status(&self, code: Code) -> u16 {
        let remapped = self.answers.iter().rev().find(|(listed, _)| *listed == code);
        match (remapped, code) {
            (Some((_, status)), _) => *status,
            // There is no challenge that a client could meet.
            (None, Code::CredentialMissing) if !self.tokens => 403,
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
        &self.0.id
    }

    /// Where it begins: a path that ends in a slash.
    pub fn base_path(self) -> &'s str {
        &self.0.base_path
    }

    /// Whether it serves live streams, by their playback IDs, and not the objects of a bucket.
    pub fn is_live(self) -> bool {
        matches!(self.0.serves, Serving::Live(_))
    }
}
