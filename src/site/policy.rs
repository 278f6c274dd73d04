use std::sync::Arc;

use hashbrown::HashMap;

use super::check::check_site;
use super::hosts::{HostTable, Place, SiteIndex};
use super::hosts_builder::HostsBuilder;
use super::rules::SiteRules;
use super::settings::{Serves, Site};
use crate::error::{ConfigError, ConfigErrors, PathFault};
use crate::request::{Host, RequestPath};

/// What happens to a request for a host that no site claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownHost {
    /// 421 (RFC 9110 §15.5.20).
    #[default]
    Refuse,
    /// It goes to the inner service untouched.
    Pass,
}

/// Every site of a verifier, checked together; immutable.
///
/// ```
/// use playgate::{Policy, Site};
/// let policy = Policy::builder().site(Site::bucket("courses").host("cdn.example.com")).build()?;
/// # Ok::<(), playgate::ConfigErrors>(())
/// ```
#[derive(Debug)]
pub struct Policy {
    sites: Vec<SiteRules>,
    hosts: HostTable,
    streams: HashMap<Box<str>, Arc<str>>,
    pub(crate) unknown_host: UnknownHost,
    pub(crate) expose_reason: bool,
    /// Every site's identity headers: a client may bring none of them.
    pub(crate) identity_headers: Option<Arc<[Box<str>]>>,
}

impl Policy {
    /// A policy to add sites to.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder { expose_reason: true, ..PolicyBuilder::default() }
    }

    pub(crate) fn site(&self, index: SiteIndex) -> Option<&SiteRules> {
        self.sites.get(index)
    }

    /// The ids of all sites.
    pub fn site_ids(&self) -> impl Iterator<Item = &str> {
        self.sites.iter().map(|site| &*site.id)
    }

    pub(crate) fn place<'p>(
        &'p self,
        host: Host<'p>,
        raw_path: &[u8],
        path: Result<RequestPath<'p>, PathFault>,
    ) -> Place<'p> {
        self.hosts.place(host, raw_path, path)
    }

    /// The playback ID that a stream was mapped to.
    pub(crate) fn playback_id_of(&self, stream: &str) -> Option<Arc<str>> {
        self.streams.get(stream).cloned()
    }
}

/// Collects what a [`Policy`] is made of.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PolicyBuilder {
    sites: Vec<Site>,
    streams: Vec<(String, String)>,
    unknown_host: UnknownHost,
    expose_reason: bool,
}

impl PolicyBuilder {
    /// One site more.
    pub fn site(mut self, site: Site) -> Self {
        self.sites.push(site);
        self
    }

    /// Maps a stream id, which key scopes name, to a playback ID, which tokens and URLs name. Without an entry
    /// they are the same.
    pub fn stream(mut self, id: impl Into<String>, playback_id: impl Into<String>) -> Self {
        self.streams.push((id.into(), playback_id.into()));
        self
    }

    /// What happens to hosts that no site claims. Default [`UnknownHost::Refuse`].
    pub fn unknown_host(mut self, unknown: UnknownHost) -> Self {
        self.unknown_host = unknown;
        self
    }

    /// Whether the body of a refusal carries its code. Default true; values never stand in it.
    pub fn expose_reason(mut self, expose: bool) -> Self {
        self.expose_reason = expose;
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    ///
    /// All faults at once; nothing is applied by halves.
    pub fn build(self) -> Result<Policy, ConfigErrors> {
        let mut errors = Vec::new();
        if self.sites.is_empty() {
            errors.push(ConfigError::NoSites);
        }
        let ids: Vec<String> = self.sites.iter().map(site_id).collect();
        let mut sites: Vec<SiteRules> = Vec::new();
        let mut hosts = HostsBuilder::new(&ids);
        for (index, (site, id)) in self.sites.iter().zip(&ids).enumerate() {
            if ids.iter().take(index).any(|earlier| earlier == id) {
                errors.push(ConfigError::DuplicateSite { id: id.clone() });
            }
            sites.extend(check_site(site, id, &mut errors));
            hosts.add(site, id, index, &mut errors);
        }
        let streams = check_streams(self.streams, &mut errors);
        ConfigErrors::check(errors)?;
        let mut names: Vec<Box<str>> = sites
            .iter()
            .flat_map(|site| site.identity_headers.iter().map(|(header, _)| header.clone()))
            .collect();
        names.sort_unstable();
        names.dedup();
        Ok(Policy {
            sites,
            hosts: hosts.finish(),
            streams,
            unknown_host: self.unknown_host,
            expose_reason: self.expose_reason,
            identity_headers: (!names.is_empty()).then(|| names.into()),
        })
    }
}

/// The given id, or the first host; the errors of a site without either name its bucket.
fn site_id(site: &Site) -> String {
    match (&site.id, site.hosts.first(), &site.serves) {
        (Some(id), _, _) => id.clone(),
        (None, Some(host), _) => host.clone(),
        (None, None, Serves::Bucket(name)) => name.clone(),
        (None, None, Serves::Live(_)) => "live".to_owned(),
    }
}

fn check_streams(
    streams: Vec<(String, String)>,
    errors: &mut Vec<ConfigError>,
) -> HashMap<Box<str>, Arc<str>> {
    let mut known = HashMap::new();
    for (stream, playback_id) in streams {
        if playback_id.is_empty() || playback_id.contains('/') {
            errors
                .push(ConfigError::Stream { stream, found: "has an empty playback ID, or one with a slash" });
        } else if known.insert(stream.clone().into(), playback_id.into()).is_some() {
            errors.push(ConfigError::Stream { stream, found: "is listed twice" });
        }
    }
    known
}
