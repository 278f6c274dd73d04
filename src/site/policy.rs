use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::Deserialize;

use super::additions::Additions;
use super::check::check_site;
use super::explain_header::{EXPLAIN_HEADER, ExplainHeader, ExplainRules};
use super::hosts::{Exact, HostMatch, HostTable, Place};
use super::hosts_builder::HostsBuilder;
use super::identity::IdentityNames;
use super::log::LogRules;
use super::mounts::SiteIndex;
use super::outside::{Outside, OutsideRule, check_outside};
use super::rules::{SiteRules, SiteView};
use super::settings::{Serves, Site};
use super::shadow::check_shadowed_sites;
use super::sites::Sites;
use crate::error::{ConfigError, ConfigErrors, Faults, Part, PathFault};
use crate::rate::FailedSignatures;
use crate::request::{Host, RequestPath, TrustedProxies};
use crate::schemes::Scheme;
#[cfg(feature = "config")]
use crate::schemes::{Hook, SecretSlots};
use crate::scope::{KeyScope, Serving, Streams};

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

/// All sites of a verifier, checked together. It is immutable.
///
/// ```
/// use playgate::{Policy, Site};
/// let policy = Policy::builder().site(Site::bucket("courses").host("cdn.example.com")).build()?;
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Debug)]
pub struct Policy {
    sites: Sites,
    origin: Origin,
    has_base_paths: bool,
    hosts: HostTable,
    pub(crate) streams: Streams,
    pub(crate) unknown_host: UnknownHost,
    pub(crate) outside: OutsideRule,
    pub(crate) expose_reason: bool,
    /// The number of verified tokens that are remembered.
    pub(crate) token_cache: usize,
    pub(crate) failed_signatures: FailedSignatures,
    pub(crate) trusted_proxies: TrustedProxies,
    pub(crate) log: LogRules,
    /// The requests whose responses carry their explanation, if there are any.
    pub(crate) explain: Option<ExplainRules>,
    /// The identity headers of all sites, the headers with verdicts of other gates, and the header that asks for an explanation. They
    /// are removed from every request.
    pub(crate) identity_headers: Option<IdentityNames>,
}

/// The settings from which a policy was built. Its `Debug` output leaves them out, because the checked rules say the same.
struct Origin {
    settings: Arc<PolicyBuilder>,
    additions: Arc<Additions>,
}

impl std::fmt::Debug for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Origin")
    }
}

impl Policy {
    /// Returns a builder for a policy.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder { expose_reason: true, token_cache: DEFAULT_TOKEN_CACHE, ..PolicyBuilder::default() }
    }

    /// Returns a policy with these sites and streams beside those of its own settings, in place of earlier additions.
    ///
    /// The checked rules of sites that have not changed are shared with this policy, so a large policy can change often. Reloading
    /// a configuration file keeps the additions; [`Verifier::swap`](crate::Verifier::swap) replaces the whole policy.
    ///
    /// # Errors
    ///
    /// Returns all faults at once. If two sites have the same host, the fault names both.
    pub fn with_additions(&self, additions: Additions) -> Result<Self, ConfigErrors> {
        let mut faults = Faults::default();
        let policy =
            PolicyBuilder::clone(&self.origin.settings).check_with(additions.into(), Some(self), &mut faults);
        faults.check()?;
        policy.ok_or_else(|| ConfigError::NoSites.into())
    }

    /// Returns this policy with the additions of another one.
    #[cfg(feature = "config")]
    pub(crate) fn with_additions_of(self, other: &Self) -> Result<Self, ConfigErrors> {
        if Arc::ptr_eq(&self.origin.additions, &other.origin.additions) || other.origin.additions.is_empty() {
            return Ok(self);
        }
        let mut faults = Faults::default();
        let settings = PolicyBuilder::clone(&self.origin.settings);
        let policy = settings.check_with(Arc::clone(&other.origin.additions), Some(other), &mut faults);
        faults.check()?;
        policy.ok_or_else(|| ConfigError::NoSites.into())
    }

    /// Returns the settings of each site with the position of its rules.
    fn settings_of_sites(&self) -> impl Iterator<Item = (&Arc<Site>, SiteIndex)> {
        self.origin.settings.sites.iter().chain(&self.origin.additions.sites).zip(0..)
    }

    pub(crate) fn site(&self, index: SiteIndex) -> &SiteRules {
        self.sites.get(index)
    }

    /// Returns all sites, in the order in which they were added.
    pub fn sites(&self) -> impl Iterator<Item = SiteView<'_>> {
        self.sites.iter().map(SiteView)
    }

    /// Returns the base paths under this exact name, if it is a host of some site.
    pub(crate) fn exact(&self, name: &[u8]) -> Option<Exact<'_>> {
        self.hosts.exact(name)
    }

    /// Returns the kind of host name by which a host selects a site.
    pub(crate) fn match_of(&self, host: Host<'_>, site: SiteIndex) -> HostMatch {
        self.hosts.match_of(host, site)
    }

    /// Returns the exact names of all hosts, in no particular order.
    pub(crate) fn host_names(&self) -> impl Iterator<Item = &str> {
        self.hosts.names()
    }

    /// Returns whether some site begins below `/`.
    pub(crate) const fn has_base_paths(&self) -> bool {
        self.has_base_paths
    }

    /// Returns whether the host has another site, at any base path.
    pub(crate) fn has_others(&self, host: Host<'_>, site: SiteIndex) -> bool {
        self.hosts.has_others(host, site)
    }

    pub(crate) fn place<'p>(
        &'p self,
        host: Host<'p>,
        exact: Option<Exact<'p>>,
        raw_path: &[u8],
        path: Result<RequestPath<'p>, PathFault>,
    ) -> Place<'p> {
        self.hosts.place(host, exact, raw_path, path)
    }

    /// Returns sites of a host, at most `count`.
    pub(crate) fn some_sites_of<'p>(
        &'p self,
        host: Host<'p>,
        count: usize,
    ) -> impl Iterator<Item = &'p SiteRules> {
        self.hosts.some_sites(host, count).map(|index| self.site(index))
    }

    /// Returns every bucket that a site serves, or `None` if hosts name the buckets.
    pub(crate) fn buckets(&self) -> Option<HashSet<&str>> {
        let named = self.sites.iter().filter_map(|site| match &site.facts.serves {
            Serving::Bucket(name) => Some(Some(&**name)),
            Serving::BucketInHost => Some(None),
            Serving::Live(_) => None,
        });
        named.collect()
    }

    /// Returns the sites that require a credential and for which none of these scopes may sign, each with a scope that would.
    pub(crate) fn sites_without<'p>(
        &'p self,
        scopes: &'p HashSet<&KeyScope>,
    ) -> impl Iterator<Item = (&'p str, KeyScope)> {
        let any_bucket = scopes.iter().any(|scope| matches!(scope, KeyScope::Bucket(_)));
        let any_stream = scopes.iter().any(|scope| matches!(scope, KeyScope::Stream(_)));
        let everything = scopes.iter().any(|scope| matches!(scope, KeyScope::Any(_)));
        let requiring = self.sites.iter().filter(move |site| !everything && site.requires_tokens());
        requiring.filter_map(move |site| {
            let own = KeyScope::site(site.facts.id.clone());
            let (opened, wanted) = match &site.facts.serves {
                Serving::Bucket(name) => {
                    let bucket = KeyScope::bucket(name.clone());
                    (scopes.contains(&bucket), bucket)
                }
                Serving::BucketInHost => (any_bucket, own.clone()),
                Serving::Live(_) => (any_stream, own.clone()),
            };
            (!opened && !scopes.contains(&own)).then_some((&*site.facts.id, wanted))
        })
    }

    /// Returns a site and the one issuer that it accepts, if every site that accepts tokens of keys of this scope accepts only
    /// another issuer than this one.
    pub(crate) fn refuses_issuer(&self, scope: &KeyScope, issuer: &str) -> Option<(&str, &str)> {
        let is_meant = |site: &&SiteRules| match (scope, &site.facts.serves) {
            (KeyScope::Any(_), _)
            | (KeyScope::Bucket(_), Serving::BucketInHost)
            | (KeyScope::Stream(_), Serving::Live(_)) => true,
            (KeyScope::Site(id), _) => *id == site.facts.id,
            (KeyScope::Bucket(name), Serving::Bucket(bucket)) => name == bucket,
            (KeyScope::Bucket(_), Serving::Live(_))
            | (KeyScope::Stream(_), Serving::Bucket(_) | Serving::BucketInHost) => false,
        };
        let mut first = None;
        for site in self.sites.iter().filter(is_meant) {
            let Some(jws) = &site.schemes.jws else { continue };
            match jws.issuer() {
                Some(takes) if takes != issuer => first = first.or(Some((&*site.facts.id, takes))),
                Some(_) | None => return None,
            }
        }
        first
    }

    /// Returns the site with this id.
    pub(crate) fn site_of_id(&self, id: &str) -> Option<&SiteRules> {
        self.sites.iter().find(|site| *site.facts.id == *id)
    }

    /// Returns the sites that do not enforce, in the order of their indices.
    pub(crate) fn shadowed(&self) -> impl Iterator<Item = (SiteIndex, &SiteRules)> {
        self.sites.iter().enumerate().filter(|(_, site)| site.shadow.is_some())
    }

    /// Returns the sites that accept embed tokens.
    pub(crate) fn embed_sites(&self) -> impl Iterator<Item = &str> {
        self.sites.iter().filter(|site| site.schemes.accepts(Scheme::EmbedToken)).map(|site| &*site.facts.id)
    }

    /// Returns whether a request with a [debug token](ExplainHeader::tokens) receives its explanation.
    pub fn accepts_debug_tokens(&self) -> bool {
        self.explain.as_ref().is_some_and(|explain| explain.tokens)
    }

    /// Returns whether some site needs keys.
    pub(crate) fn requires_tokens(&self) -> bool {
        self.sites.iter().any(SiteRules::requires_tokens)
    }
}

/// A builder for a [`Policy`].
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

    /// Sets whether a policy without sites is permitted, for a verifier whose sites are [added](Policy::with_additions) later. The
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

    /// Sets the requests whose responses carry their explanation in the header [`EXPLAIN_HEADER`]. By default, no response does.
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

    /// Checks all settings and builds the policy.
    ///
    /// # Errors
    ///
    /// Returns all faults at once. A policy is never built in part.
    pub fn build(self) -> Result<Policy, ConfigErrors> {
        let mut faults = Faults::default();
        let policy = self.check(&mut faults);
        faults.check()?;
        policy.ok_or_else(|| ConfigError::NoSites.into())
    }

    /// Checks all settings and returns the policy, or `None` if there is a fault. Every fault is pushed to `faults`.
    pub(crate) fn check(self, faults: &mut Faults) -> Option<Policy> {
        self.check_with(Arc::default(), None, faults)
    }

    /// Checks the settings together with additions. Sites that a previous policy has too share its checked rules.
    fn check_with(
        self,
        additions: Arc<Additions>,
        previous: Option<&Policy>,
        faults: &mut Faults,
    ) -> Option<Policy> {
        let before = faults.len();
        faults.enter(Part::Whole);
        let all: Vec<Arc<Site>> = self.sites.iter().chain(&additions.sites).cloned().collect();
        if all.is_empty() && !self.may_be_empty {
            faults.push("site", ConfigError::NoSites);
        }
        if self.token_cache > MAX_TOKEN_CACHE {
            faults.push("token_cache", ConfigError::TokenCache { tokens: self.token_cache });
        }
        let trusted_proxies = TrustedProxies::check(&self.trusted_proxies, faults);
        let explain = self.explain.as_ref().map(|explain| explain.check(faults));
        let ids: Vec<String> = all.iter().map(|site| site_id(site)).collect();
        let mut shared: HashMap<&str, (&Arc<Site>, &Arc<SiteRules>)> = HashMap::new();
        for (site, index) in previous.into_iter().flat_map(Policy::settings_of_sites) {
            let rules = previous.and_then(|policy| policy.sites.shared(index));
            shared.extend(rules.map(|rules| (&*rules.facts.id, (site, rules))));
        }
        let mut known: HashSet<&str> = HashSet::new();
        let mut sites: Vec<Arc<SiteRules>> = Vec::new();
        let mut hosts = HostsBuilder::new(&ids);
        for (index, (site, id)) in all.iter().zip(&ids).enumerate() {
            faults.enter(Part::Site(index));
            // A site without id and hosts is reported for its hosts.
            let named = site.location.id.is_some() || !site.location.hosts.is_empty();
            if named && !known.insert(id) {
                faults.push("id", ConfigError::DuplicateSite { id: id.clone() });
            }
            match shared.get(id.as_str()) {
                Some((same, rules)) if Arc::ptr_eq(same, site) || *same == site => {
                    sites.push(Arc::clone(rules));
                }
                Some(_) | None => sites.extend(check_site(site, id, faults).map(Arc::new)),
            }
            hosts.add(site, id, index, faults);
        }
        let outside = check_outside(self.outside.as_ref(), &all, &ids, &hosts, faults);
        check_shadowed_sites(&all, &ids, !self.trusted_proxies.is_empty(), faults);
        let streams = check_streams(self.streams.iter().chain(&additions.streams), faults);
        // Nothing is found there, and a request for it would be refused.
        let fallback = check_site(&Site::bucket("none").any_host(), "none", faults)?;
        if faults.len() > before {
            return None;
        }
        let names = sites.iter().flat_map(|site| &site.identity_headers).map(|(header, _)| &**header);
        let verdicts = sites.iter().filter_map(|site| site.settings.shadow_header.as_deref());
        let of_explanations = explain.as_ref().map(|_| EXPLAIN_HEADER);
        let identity_headers = IdentityNames::new(names.chain(verdicts).chain(of_explanations));
        Some(Policy {
            has_base_paths: sites.iter().any(|site| &*site.facts.base_path != "/"),
            sites: Sites::new(sites, fallback.into()),
            hosts: hosts.finish(),
            streams,
            unknown_host: self.unknown_host,
            outside,
            expose_reason: self.expose_reason,
            token_cache: self.token_cache,
            failed_signatures: self.failed_signatures,
            trusted_proxies,
            log: self.log,
            explain,
            identity_headers,
            origin: Origin { settings: Arc::new(self), additions },
        })
    }
}

/// Returns the configured id, or else the first host. The errors of a site without either name its bucket.
fn site_id(site: &Site) -> String {
    match (&site.location.id, site.location.hosts.first(), &site.serves) {
        (Some(id), _, _) => id.clone(),
        (None, Some(host), _) => host.to_ascii_lowercase(),
        (None, None, Serves::Bucket(name)) => name.clone(),
        (None, None, Serves::Live(_)) => "live".to_owned(),
    }
}

fn check_streams<'s>(streams: impl Iterator<Item = &'s (String, String)>, faults: &mut Faults) -> Streams {
    let mut known = Streams::default();
    for (index, (stream, playback_id)) in streams.enumerate() {
        let (setting, found) = if stream.is_empty() {
            ("id", "has an empty id")
        } else if playback_id.is_empty() || playback_id.contains('/') {
            ("playback_id", "has an empty playback ID, or one with a slash")
        } else if known.playback_ids.contains_key(stream.as_str()) {
            ("id", "is listed twice")
        } else if known.given.contains_key(playback_id.as_str()) {
            ("playback_id", "has the playback ID of another stream")
        } else {
            known.given.insert(playback_id.as_str().into(), stream.as_str().into());
            known.playback_ids.insert(stream.as_str().into(), playback_id.as_str().into());
            continue;
        };
        faults.enter(Part::Stream(index));
        faults.push(setting, ConfigError::Stream { stream: stream.clone(), found });
    }
    known
}
