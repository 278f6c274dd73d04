use hashbrown::HashMap;

use super::mounts::{Mounts, SiteIndex};
use super::pattern::HostPattern;
use crate::error::PathFault;
use crate::request::{Host, Reading, RequestPath, some_reading};
use crate::scope::Captures;

/// A map from hosts to sites. Exact names are found by hash. Patterns follow, the most literal first, and `*` comes last.
#[derive(Debug, Default)]
pub(super) struct HostTable {
    pub(super) exact: HashMap<Box<[u8]>, Mounts>,
    pub(super) patterns: Vec<(HostPattern, Mounts)>,
    pub(super) any: Mounts,
}

/// The base paths under the exact name of a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact<'p>(&'p Mounts);

/// The kind of host name that selects a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HostMatch {
    Exact,
    Pattern,
    Any,
}

/// The place of a request among the sites.
#[derive(Debug)]
pub(crate) enum Place<'p> {
    /// No site claims the host.
    UnknownHost,
    /// The path is outside every base path of the host.
    Outside,
    /// The request belongs to a site: the site's index, the captures of its pattern, and the path below its base path.
    Inside(SiteIndex, Captures<'p>, &'p [u8]),
    /// The path has no normal form, or is outside but has a reading that is inside.
    Ambiguous(SiteIndex, PathFault),
}

impl Place<'_> {
    /// Returns the site that a request belongs to, if any.
    pub(crate) const fn site(&self) -> Option<SiteIndex> {
        match self {
            Self::Inside(site, ..) | Self::Ambiguous(site, _) => Some(*site),
            Self::UnknownHost | Self::Outside => None,
        }
    }
}

impl HostTable {
    /// Returns the base paths under this exact name. A pattern may match the name as well.
    pub(super) fn exact(&self, name: &[u8]) -> Option<Exact<'_>> {
        self.exact.get(name).map(Exact)
    }

    /// Finds the place of a path that has a normal form, or has none. `exact` holds the base paths under the host's name, if
    /// those were looked up.
    pub(super) fn place<'p>(
        &'p self,
        host: Host<'p>,
        exact: Option<Exact<'p>>,
        raw_path: &[u8],
        path: Result<RequestPath<'p>, PathFault>,
    ) -> Place<'p> {
        // Most requests end here.
        if let (Some(Exact(mounts)), Ok(path)) = (exact, path)
            && mounts.has_one()
            && let Some((site, key)) = mounts.find(path.as_bytes())
        {
            return Place::Inside(site, Captures::default(), key);
        }
        let mut first = None;
        for (captures, mounts) in self.mounts(host) {
            if let Ok(path) = path
                && let Some((site, key)) = mounts.find(path.as_bytes())
            {
                return match self.leads_elsewhere(host, path.as_bytes(), site) {
                    None => Place::Inside(site, captures, key),
                    Some((other, fault)) => Place::Ambiguous(other, fault),
                };
            }
            first = first.or(mounts.first());
        }
        match first {
            Some(first) => self.place_by_readings(host, raw_path, path, first),
            None => Place::UnknownHost,
        }
    }

    /// Returns the site that a reading of a normal path leads to, if that is another site than the path's own.
    fn leads_elsewhere(
        &self,
        host: Host<'_>,
        path: &[u8],
        site: SiteIndex,
    ) -> Option<(SiteIndex, PathFault)> {
        let other = |found: Option<SiteIndex>, fault| found.filter(|found| *found != site).zip(Some(fault));
        let folded = |reading: &[u8]| other(self.find_folded(host, reading), PathFault::FoldsInside);
        // A path without `%` decodes to itself, and a path in its normal form has nothing to merge or resolve.
        if memchr::memchr(b'%', path).is_none() {
            return folded(path);
        }
        let read = |reading: &[u8]| other(self.find_reading(host, reading), PathFault::ReadsInside);
        match some_reading(path, |reading| read(reading).or_else(|| folded(reading))) {
            Reading::Inside(found) => Some(found),
            Reading::TooLong => Some((site, PathFault::DecodesAgain)),
            Reading::Outside => None,
        }
    }

    /// Finds the place of a path that is outside as received, or has no normal form. This is the slow way. `first` is some site
    /// of the host.
    fn place_by_readings<'p>(
        &'p self,
        host: Host<'p>,
        raw_path: &[u8],
        path: Result<RequestPath<'p>, PathFault>,
        first: SiteIndex,
    ) -> Place<'p> {
        let holds = |reading: &[u8]| {
            let found = self.find_reading(host, reading).map(|site| (site, PathFault::ReadsInside));
            found.or_else(|| self.find_folded(host, reading).map(|site| (site, PathFault::FoldsInside)))
        };
        // A path in its normal form without `%` has another reading only on a file system that folds.
        let reading = match path {
            Ok(path) if !raw_path.contains(&b'%') => {
                holds(path.as_bytes()).map_or(Reading::Outside, Reading::Inside)
            }
            Ok(_) | Err(_) => some_reading(raw_path, holds),
        };
        match reading {
            Reading::Inside((site, fault)) => Place::Ambiguous(site, path.err().unwrap_or(fault)),
            // Refused in any reading, by the site that contains the path, if there is one.
            Reading::TooLong => {
                let site = holds(raw_path).map_or(first, |(site, _)| site);
                Place::Ambiguous(site, path.err().unwrap_or(PathFault::ReadsInside))
            }
            Reading::Outside => Place::Outside,
        }
    }

    /// Returns the site that contains a reading of a path.
    fn find_reading(&self, host: Host<'_>, reading: &[u8]) -> Option<SiteIndex> {
        self.mounts(host).find_map(|(_, mounts)| mounts.find_reading(reading))
    }

    /// Returns the site that contains a reading of a path on a file system that folds case or trims names.
    fn find_folded(&self, host: Host<'_>, reading: &[u8]) -> Option<SiteIndex> {
        self.mounts(host).find_map(|(_, mounts)| mounts.find_folded(reading))
    }

    /// Returns whether another site of the host begins below `/`.
    pub(super) fn has_others_below(&self, host: Host<'_>, site: SiteIndex) -> bool {
        self.mounts(host).any(|(_, mounts)| mounts.has_others_below(site))
    }

    /// Returns sites of a host, at most `count`.
    pub(super) fn some_sites<'p>(&'p self, host: Host<'p>, count: usize) -> impl Iterator<Item = SiteIndex> {
        self.mounts(host).flat_map(|(_, mounts)| mounts.sites()).take(count)
    }

    /// Returns the kind of host name by which a host selects a site.
    pub(super) fn match_of(&self, host: Host<'_>, site: SiteIndex) -> HostMatch {
        let leads = |mounts: &Mounts| mounts.sites().any(|found| found == site);
        if self.exact.get(host.as_bytes()).is_some_and(leads) {
            HostMatch::Exact
        } else if leads(&self.any) {
            HostMatch::Any
        } else {
            HostMatch::Pattern
        }
    }

    /// Returns the exact names of all hosts, in no particular order.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.exact.keys().filter_map(|name| str::from_utf8(name).ok())
    }

    /// Returns the base paths under every name that matches a host, the most exact first.
    fn mounts<'p>(&'p self, host: Host<'p>) -> impl Iterator<Item = (Captures<'p>, &'p Mounts)> {
        let exact = self.exact.get(host.as_bytes()).map(|mounts| (Captures::default(), mounts));
        let matching = self
            .patterns
            .iter()
            .filter_map(move |(pattern, mounts)| Some((pattern.captures(host.as_bytes())?, mounts)));
        exact.into_iter().chain(matching).chain(std::iter::once((Captures::default(), &self.any)))
    }
}
