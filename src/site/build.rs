//! Builds a policy: checks all settings together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::additions::Additions;
use super::builder::{MAX_TOKEN_CACHE, PolicyBuilder, site_id};
use super::check::check_site;
use super::explain_header::EXPLAIN_HEADER;
use super::hosts_builder::HostsBuilder;
use super::identity::IdentityNames;
use super::outside::check_outside;
use super::policy::{Origin, Policy};
use super::rules::SiteRules;
use super::settings::Site;
use super::shadow::check_shadowed_sites;
use super::sites::Sites;
use crate::error::{ConfigError, ConfigErrors, Faults, Part};
use crate::request::TrustedProxies;
use crate::scope::Streams;

impl PolicyBuilder {
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

    /// Builds the policy with additions. Sites that the previous policy has too share its checked rules.
    pub(super) fn build_with(
        self,
        additions: Arc<Additions>,
        previous: &Policy,
    ) -> Result<Policy, ConfigErrors> {
        let mut faults = Faults::default();
        let policy = self.check_with(additions, Some(previous), &mut faults);
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

impl Policy {
    /// Returns a policy with these sites and streams beside those of its own settings, in place of earlier additions.
    ///
    /// The checked rules of sites that have not changed are shared with this policy, so a large policy can change often. Reloading
    /// a configuration file keeps the additions; [`Verifier::swap`](crate::Verifier::swap) replaces the whole policy.
    ///
    /// # Errors
    ///
    /// Returns all faults at once. If two sites have the same host, the fault names both.
    pub fn with_additions(&self, additions: Additions) -> Result<Self, ConfigErrors> {
        PolicyBuilder::clone(&self.origin.settings).build_with(additions.into(), self)
    }

    /// Returns this policy with the additions of another one.
    #[cfg(feature = "config")]
    pub(crate) fn with_additions_of(self, other: &Self) -> Result<Self, ConfigErrors> {
        if Arc::ptr_eq(&self.origin.additions, &other.origin.additions) || other.origin.additions.is_empty() {
            return Ok(self);
        }
        PolicyBuilder::clone(&self.origin.settings).build_with(Arc::clone(&other.origin.additions), other)
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
