use std::collections::HashSet;
use std::sync::Arc;

use super::additions::Additions;
use super::builder::{DEFAULT_TOKEN_CACHE, PolicyBuilder, UnknownHost};
use super::explain_header::ExplainRules;
use super::hosts::{Exact, HostMatch, HostTable, Place};
use super::identity::IdentityNames;
use super::log::LogRules;
use super::mounts::SiteIndex;
use super::outside::OutsideRule;
use super::rules::{SiteRules, SiteView};
use super::settings::Site;
use super::sites::Sites;
use crate::error::PathFault;
use crate::rate::FailedSignatures;
use crate::request::{Host, RequestPath, TrustedProxies};
use crate::schemes::Scheme;
use crate::scope::{KeyScope, Serving, Streams};

/// All sites of a verifier, checked together. It is immutable.
///
/// ```
/// use playgate::{Policy, Site};
/// let policy = Policy::builder().site(Site::bucket("courses").host("cdn.example.com")).build()?;
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Debug)]
pub struct Policy {
    pub(super) sites: Sites,
    pub(super) origin: Origin,
    pub(super) has_base_paths: bool,
    pub(super) hosts: HostTable,
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
pub(super) struct Origin {
    pub(super) settings: Arc<PolicyBuilder>,
    pub(super) additions: Arc<Additions>,
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

    /// Returns the settings of each site with the position of its rules.
    pub(super) fn settings_of_sites(&self) -> impl Iterator<Item = (&Arc<Site>, SiteIndex)> {
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

    /// Returns whether a request with a [debug token](super::ExplainHeader::tokens) receives its explanation.
    pub fn accepts_debug_tokens(&self) -> bool {
        self.explain.as_ref().is_some_and(|explain| explain.tokens)
    }

    /// Returns whether some site needs keys.
    pub(crate) fn requires_tokens(&self) -> bool {
        self.sites.iter().any(SiteRules::requires_tokens)
    }
}
