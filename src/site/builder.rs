use std::sync::Arc;

use serde::Deserialize;

use super::explain_header::ExplainHeader;
use super::log::LogRules;
use super::outside::Outside;
use super::settings::{Serves, Site};
use crate::rate::FailedSignatures;
#[cfg(feature = "config")]
use crate::schemes::{Hook, SecretSlots};

/// The treatment of requests for a host that no site claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "unknown_host"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum UnknownHost {
    /// The request is refused with 421 (RFC 9110 §15.5.20).
    #[default]
    Refuse,
    /// The request goes to the inner service unchanged. The client chooses `Host`, so the inner service must serve nothing
    /// protected under any such name.
    Pass,
}

/// A builder for a [`Policy`](super::Policy).
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PolicyBuilder {
    pub(crate) sites: Vec<Arc<Site>>,
    pub(crate) may_be_empty: bool,
    pub(crate) streams: Vec<(String, String)>,
    pub(crate) unknown_host: UnknownHost,
    pub(crate) outside: Option<Outside>,
    pub(crate) expose_reason: bool,
    pub(crate) token_cache: usize,
    pub(crate) failed_signatures: FailedSignatures,
    pub(crate) trusted_proxies: Vec<String>,
    pub(crate) log: LogRules,
    pub(crate) explain: Option<ExplainHeader>,
}

/// The default number of verified tokens that are remembered.
pub const DEFAULT_TOKEN_CACHE: usize = 65_536;

/// The largest number of verified tokens that can be remembered. Their slots alone take 256 MiB.
pub const MAX_TOKEN_CACHE: usize = 16_777_216;

impl PolicyBuilder {
    /// Adds a site.
    pub fn site(mut self, site: Site) -> Self {
        self.sites.push(Arc::new(site));
        self
    }

    /// Sets whether a policy without sites is permitted, for a verifier whose sites are [added](super::Policy::with_additions) later. The
    /// default is false. Without sites, every host is unknown.
    pub fn may_be_empty(mut self, may: bool) -> Self {
        self.may_be_empty = may;
        self
    }

    /// Maps a stream id to a playback ID. Key scopes name stream ids; tokens and URLs name playback IDs. Without an entry, the
    /// playback ID is the stream id.
    pub fn stream(mut self, id: impl Into<String>, playback_id: impl Into<String>) -> Self {
        self.streams.push((id.into(), playback_id.into()));
        self
    }

    /// Sets the treatment of hosts that no site claims. The default is [`UnknownHost::Refuse`].
    pub fn unknown_host(mut self, unknown: UnknownHost) -> Self {
        self.unknown_host = unknown;
        self
    }

    /// Sets the treatment of paths outside every base path, on hosts that a site claims. The setting is required if some site
    /// has a [base path](Site::base_path) below `/`, unless a site at `/` serves the other paths of each host.
    ///
    /// ```
    /// use playgate::site::Outside;
    /// use playgate::{Policy, Site};
    ///
    /// let media = Site::bucket("courses").host("app.example.com").base_path("/media/");
    /// let policy = Policy::builder().site(media.clone()).outside(Outside::pass_hosts(["app.example.com"])).build();
    /// assert!(policy.is_ok());
    /// assert!(Policy::builder().site(media).build().is_err());
    /// ```
    pub fn outside(mut self, outside: Outside) -> Self {
        self.outside = Some(outside);
        self
    }

    /// Sets whether the body of a refusal contains its code. The default is true. Values are never included.
    pub fn expose_reason(mut self, expose: bool) -> Self {
        self.expose_reason = expose;
        self
    }

    /// Sets how many verified tokens are remembered, so that a viewer's next request needs no cryptography. 0 disables this; the
    /// maximum is [`MAX_TOKEN_CACHE`] and the default [`DEFAULT_TOKEN_CACHE`].
    ///
    /// The memory is allocated with the first token: 16 bytes for each slot. Each remembered token takes its own length, the
    /// length of its payload and some 200 bytes more. Only facts about the token are remembered. Rules, keys, times and
    /// revocations are checked again on every request.
    pub fn token_cache(mut self, tokens: usize) -> Self {
        self.token_cache = tokens;
        self
    }

    /// Sets the limits on failed signatures. The default is 60,000 a minute for a client, and no limit for a key.
    pub fn failed_signatures(mut self, limits: FailedSignatures) -> Self {
        self.failed_signatures = limits;
        self
    }

    /// Sets the proxies that are trusted for the client's address and for HTTPS, as addresses and CIDR networks. The default is
    /// none.
    pub fn trusted_proxies<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.trusted_proxies = networks.into_iter().map(Into::into).collect();
        self
    }

    /// Sets how many refusals are logged in one second for each site and code. The default is [`DEFAULT_DENIALS_PER_SECOND`].
    ///
    /// Further refusals are counted, and one line a second records the count for each site and code. With 0, only the counts are
    /// logged. If more than 4,096 pairs of site and code occur in one second, the further pairs share one limit and one count.
    /// Seconds are those of the verifier's [clock](crate::verifier::VerifierBuilder::clock).
    ///
    /// [`DEFAULT_DENIALS_PER_SECOND`]: super::DEFAULT_DENIALS_PER_SECOND
    pub fn denials_per_second(mut self, lines: u32) -> Self {
        self.log.denials_per_second = lines;
        self
    }

    /// Sets whether a refusal has its code in the response header `x-playgate-code`, for the access log of a proxy. The default is
    /// false.
    ///
    /// Unless the proxy removes the header, clients receive it too, also with `expose_reason(false)`. Pages of other origins cannot
    /// read the header, unless the site's CORS policy exposes it.
    pub fn code_header(mut self, add: bool) -> Self {
        self.log.code_header = add;
        self
    }

    /// Sets the requests whose responses carry their explanation in the header [`EXPLAIN_HEADER`](super::EXPLAIN_HEADER). By default, no response does.
    ///
    /// An explanation contains claims and the names of keys, so it is for operators only. A response with an explanation is
    /// private. The header is removed from every request before the inner service receives the request.
    pub fn explain_header(mut self, readers: ExplainHeader) -> Self {
        self.explain = Some(readers);
        self
    }

    /// Returns the secrets that have to be loaded, each with the index of its site.
    #[cfg(feature = "config")]
    pub(crate) fn secrets(&mut self) -> impl Iterator<Item = (usize, SecretSlots<'_>)> {
        let sites = self.sites.iter_mut().enumerate();
        sites.flat_map(|(number, site)| {
            Arc::make_mut(site).schemes.secrets().map(move |slots| (number, slots))
        })
    }

    /// Returns the sites with their ids.
    #[cfg(feature = "config")]
    pub(crate) fn named_sites(&self) -> impl Iterator<Item = (String, &Site)> {
        self.sites.iter().map(|site| (site_id(site), &**site))
    }

    /// Sets the hook of the site with this id. Returns false if there is no such site.
    #[cfg(feature = "config")]
    pub(crate) fn set_hook(&mut self, id: &str, hook: &Hook) -> bool {
        let site = self.sites.iter_mut().find(|site| site_id(site) == id);
        site.map(|site| Arc::make_mut(site).hook = Some(hook.clone())).is_some()
    }
}

/// Returns the configured id, or else the first host. The errors of a site without either name its bucket.
pub(super) fn site_id(site: &Site) -> String {
    match (&site.location.id, site.location.hosts.first(), &site.serves) {
        (Some(id), _, _) => id.clone(),
        (None, Some(host), _) => host.to_ascii_lowercase(),
        (None, None, Serves::Bucket(name)) => name.clone(),
        (None, None, Serves::Live(_)) => "live".to_owned(),
    }
}
