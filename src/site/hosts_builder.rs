use std::collections::{BTreeMap, BTreeSet};

use super::check::is_normal_base_path;
use super::hosts::HostTable;
use super::mounts::Mounts;
use super::mounts::SiteIndex;
use super::pattern::HostPattern;
use super::settings::{Serves, Site};
use crate::error::{ConfigError, Faults};
use crate::request::{Host, HostBuffer, fold_base_path};
use crate::scope::LiveShape;

/// Collects base paths by host, and refuses two sites in the same place.
pub(super) struct HostsBuilder<'p> {
    ids: &'p [String],
    exact: BTreeMap<String, Bases<'p>>,
    patterns: Vec<(HostPattern, Bases<'p>)>,
    any: Bases<'p>,
}

/// The base paths of one host.
#[derive(Default)]
struct Bases<'p> {
    /// The site that begins at each base path.
    sites: BTreeMap<&'p str, SiteIndex>,
    /// The base paths below `/` as they are found by a file system that folds case or trims names.
    folded: BTreeSet<Vec<u8>>,
}

impl<'p> Bases<'p> {
    const fn new() -> Self {
        Self { sites: BTreeMap::new(), folded: BTreeSet::new() }
    }

    /// Adds a new base path. Returns whether some file system treats it as one that was added before.
    fn add(&mut self, base_path: &'p str, index: SiteIndex) -> bool {
        self.sites.insert(base_path, index);
        let folder = base_path.strip_suffix('/').filter(|folder| !folder.is_empty());
        let folded = folder.and_then(|folder| fold_base_path(folder.as_bytes()));
        folded.is_some_and(|folded| !self.folded.insert(folded.to_vec()))
    }
}

/// A fault of a host: the invalid text, and the remedy.
type HostFault = (&'static str, String);

impl<'p> HostsBuilder<'p> {
    /// Creates a builder for the sites with these ids, in their order.
    pub(super) const fn new(ids: &'p [String]) -> Self {
        Self { ids, exact: BTreeMap::new(), patterns: Vec::new(), any: Bases::new() }
    }

    /// Adds the hosts of the site at `index`.
    pub(super) fn add(&mut self, site: &'p Site, id: &str, index: SiteIndex, faults: &mut Faults) {
        if site.location.hosts.is_empty() {
            faults.push("hosts", ConfigError::NoHosts { site: id.to_owned() });
        }
        let ids = self.ids;
        for (place, host) in site.location.hosts.iter().enumerate() {
            let bases = match self.bases(host, &site.serves) {
                Ok(bases) => bases,
                Err((found, write)) => {
                    let (site, host) = (id.to_owned(), host.clone());
                    faults.push_element("hosts", place, ConfigError::Host { site, host, found, write });
                    continue;
                }
            };
            match bases.sites.get(&*site.location.base_path).copied() {
                Some(twin) => {
                    let first = ids.get(twin).cloned().unwrap_or_default();
                    // Two sites with one id have been reported.
                    if twin == index || first != id {
                        let (host, base_path) = (host.clone(), site.location.base_path.clone());
                        let error = ConfigError::HostTwice { host, base_path, first, second: id.to_owned() };
                        faults.push_element("hosts", place, error);
                    }
                }
                None if bases.add(&site.location.base_path, index) => {
                    let error = ConfigError::BasePath {
                        site: id.to_owned(),
                        base_path: site.location.base_path.clone(),
                        found: "differs from that of another site only in case, or in dots and spaces at the end of a name, which some file systems ignore",
                        write: "another base path".to_owned(),
                    };
                    faults.push("base_path", error);
                }
                None => {}
            }
        }
    }

    /// Returns the collected base paths of one host.
    fn bases(&mut self, host: &str, serves: &Serves) -> Result<&mut Bases<'p>, HostFault> {
        let live_pattern = || "play-{playback_id}.example.com".to_owned();
        let pattern = if host.contains('{') {
            let pattern = HostPattern::parse(&host.to_ascii_lowercase());
            Some(pattern.map_err(|found| (found, live_pattern()))?)
        } else {
            None
        };
        let names = |wanted: fn(&HostPattern) -> bool| pattern.as_ref().is_some_and(wanted);
        match serves {
            Serves::Bucket(bucket) if bucket == "{bucket}" && !names(HostPattern::names_bucket) => {
                Err(("has no {bucket}, which the site serves", "{bucket}.media.example.com".to_owned()))
            }
            Serves::Live(LiveShape::Host) if !names(HostPattern::names_playback_id) => {
                Err(("has no {playback_id}", live_pattern()))
            }
            Serves::Bucket(_) | Serves::Live(_) => match pattern {
                Some(pattern) => self.pattern_bases(&pattern),
                None if host == "*" => Ok(&mut self.any),
                None => Ok(self.exact.entry(exact_host(host)?).or_default()),
            },
        }
    }

    /// Returns the collected base paths of a pattern. If two patterns match one host, the more literal one is tried first. If
    /// neither is more literal, they must be the same.
    ///
    /// Compares the pattern with every other pattern. Their number also affects the cost of requests.
    fn pattern_bases(&mut self, pattern: &HostPattern) -> Result<&mut Bases<'p>, HostFault> {
        let tie =
            |other: &HostPattern| other.literal_bytes() == pattern.literal_bytes() && other.overlaps(pattern);
        let known = self.patterns.iter().position(|(other, _)| tie(other));
        let index = known.unwrap_or(self.patterns.len());
        if known.is_none() {
            self.patterns.push((pattern.clone(), Bases::new()));
        }
        match self.patterns.get_mut(index) {
            Some((same, bases)) if *same == *pattern => Ok(bases),
            _ => Err((
                "matches hosts of another pattern that is equally specific",
                "patterns of which one is more specific, or one pattern for both".to_owned(),
            )),
        }
    }

    /// Returns the first site with a base path below `/` on a host whose other paths belong to no site.
    pub(super) fn first_with_outside(&self) -> Option<SiteIndex> {
        if has_root(&self.any) {
            return None;
        }
        let patterns = self.patterns.iter().map(|(_, bases)| bases);
        let all = self.exact.values().chain(patterns).chain(std::iter::once(&self.any));
        let partly_served = all.filter(|bases| !has_root(bases));
        partly_served
            .flat_map(|bases| &bases.sites)
            .filter(|(base_path, _)| is_normal_base_path(base_path))
            .map(|(_, site)| *site)
            .min()
    }

    /// Returns the first site that claims any host below a base path, if no site serves the other paths and other hosts are
    /// named.
    pub(super) fn any_beside_named(&self) -> Option<SiteIndex> {
        let named = !self.exact.is_empty() || !self.patterns.is_empty();
        if named && !has_root(&self.any) { self.any.sites.values().min().copied() } else { None }
    }

    /// Returns whether some site claims the host with this exact name.
    pub(super) fn claim(&self, name: &str) -> bool {
        let matches = |pattern: &HostPattern| pattern.captures(name.as_bytes()).is_some();
        !self.any.sites.is_empty()
            || self.exact.contains_key(name)
            || self.patterns.iter().any(|(pattern, _)| matches(pattern))
    }

    pub(super) fn finish(self) -> HostTable {
        let mut patterns: Vec<_> =
            self.patterns.into_iter().map(|(pattern, bases)| (pattern, Mounts::new(&bases.sites))).collect();
        patterns.sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.literal_bytes()));
        HostTable {
            exact: self
                .exact
                .into_iter()
                .map(|(name, bases)| (name.into_bytes().into(), Mounts::new(&bases.sites)))
                .collect(),
            patterns,
            any: Mounts::new(&self.any.sites),
        }
    }
}

/// Returns whether a site at `/` serves the other paths of a host.
fn has_root(bases: &Bases<'_>) -> bool {
    bases.sites.contains_key("/")
}

/// Returns the normal form of an exact host, or its fault and the remedy.
pub(super) fn exact_host(host: &str) -> Result<String, HostFault> {
    if let Some((_, rest)) = host.split_once("://") {
        return Err(("has a scheme", name_or_example(rest.split(['/', ':']).next().unwrap_or(rest))));
    }
    if let Some((name, _)) = host.split_once('/') {
        let name = name_or_example(name);
        return Err(("has a path", format!("{name}, and the path as the site's base path")));
    }
    if let Some((name, _)) = host.rsplit_once(':')
        && !host.ends_with(']')
    {
        return Err(("has a port: hosts are compared without one", name_or_example(name)));
    }
    if host.contains('*') {
        return Err(("has a star", "\"*\" for any host, or a pattern with {bucket} or {region}".to_owned()));
    }
    host_name(host).ok_or_else(|| ("is not a host name", name_or_example("")))
}

/// Returns the name for use in a remedy, or an example if the text is not a valid name.
fn name_or_example(name: &str) -> String {
    host_name(name).unwrap_or_else(|| "cdn.example.com".to_owned())
}

fn host_name(text: &str) -> Option<String> {
    let mut buffer = HostBuffer::new();
    let host = Host::parse(text.as_bytes(), &mut buffer).ok()?;
    Some(String::from_utf8_lossy(host.as_bytes()).into_owned())
}
