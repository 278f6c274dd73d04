use hashbrown::HashMap;

use super::mounts::{Mounts, SiteIndex};
use super::pattern::HostPattern;
use crate::error::PathFault;
use crate::request::{Host, Reading, RequestPath, some_reading};
use crate::scope::Captures;

/// Hosts to sites: exact names by hash, then patterns, most literal first, then any.
#[derive(Debug, Default)]
pub(super) struct HostTable {
    pub(super) exact: HashMap<Box<[u8]>, Mounts>,
    pub(super) patterns: Vec<(HostPattern, Mounts)>,
    pub(super) any: Mounts,
}

/// What is under the exact name of a host.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exact<'p>(&'p Mounts);

/// Where a request belongs.
#[derive(Debug)]
pub(crate) enum Place<'p> {
    /// No site answers to the host.
    UnknownHost,
    /// Outside every base path of the host.
    Outside,
    /// In a site: its index, what its pattern captured, and the path under its base path.
    Inside(SiteIndex, Captures<'p>, &'p [u8]),
    /// The path has no normal form, or lies outside and can be read as lying inside.
    Ambiguous(SiteIndex, PathFault),
}

impl Place<'_> {
    /// The site that a request belongs to, if any.
    pub(crate) const fn site(&self) -> Option<SiteIndex> {
        match self {
            Self::Inside(site, ..) | Self::Ambiguous(site, _) => Some(*site),
            Self::UnknownHost | Self::Outside => None,
        }
    }
}

impl HostTable {
    /// What is under this very name; a pattern may speak for it all the same.
    pub(super) fn exact(&self, name: &[u8]) -> Option<Exact<'_>> {
        self.exact.get(name).map(Exact)
    }

    /// Finds the place of a path that has been brought to its normal form, or could not be. `exact` is what is under the
    /// name of the host, where that was looked up.
    pub(super) fn place<'p>(
        &'p self,
        host: Host<'p>,
        exact: Option<Exact<'p>>,
        raw_path: &[u8],
        path: Result<RequestPath<'p>, PathFault>,
    ) -> Place<'p> {
        // Most are here.
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

    /// Returns another site than the one that holds a path in its normal form, if a reading of that path leads there.
    fn leads_elsewhere(
        &self,
        host: Host<'_>,
        path: &[u8],
        site: SiteIndex,
    ) -> Option<(SiteIndex, PathFault)> {
        let other = |found: Option<SiteIndex>, fault| found.filter(|found| *found != site).zip(Some(fault));
        let folded = |reading: &[u8]| other(self.find_folded(host, reading), PathFault::FoldsInside);
        // Without a `%` it decodes to nothing else, and in its normal form there is nothing to merge or resolve.
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

    /// The slow way for paths that are outside as they stand, or have no normal form. `first` is some site of the
    /// host.
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
        // In its normal form without a `%` it has no other reading than on a file system that folds.
        let reading = match path {
            Ok(path) if !raw_path.contains(&b'%') => {
                holds(path.as_bytes()).map_or(Reading::Outside, Reading::Inside)
            }
            Ok(_) | Err(_) => some_reading(raw_path, holds),
        };
        match reading {
            Reading::Inside((site, fault)) => Place::Ambiguous(site, path.err().unwrap_or(fault)),
            // Refused whatever it reads as; by the site that it stands in, if there is one.
            Reading::TooLong => {
                let site = holds(raw_path).map_or(first, |(site, _)| site);
                Place::Ambiguous(site, path.err().unwrap_or(PathFault::ReadsInside))
            }
            Reading::Outside => Place::Outside,
        }
    }

    /// Returns the site that holds a reading of a path.
    fn find_reading(&self, host: Host<'_>, reading: &[u8]) -> Option<SiteIndex> {
        self.mounts(host).find_map(|(_, mounts)| mounts.find_reading(reading))
    }

    /// Returns the site that holds a reading of a path on a file system that folds case or trims names.
    fn find_folded(&self, host: Host<'_>, reading: &[u8]) -> Option<SiteIndex> {
        self.mounts(host).find_map(|(_, mounts)| mounts.find_folded(reading))
    }

    /// Returns whether another site of the host than this one begins below `/`.
    #[cfg(feature = "tower")]
    pub(super) fn has_others_below(&self, host: Host<'_>, site: SiteIndex) -> bool {
        self.mounts(host).any(|(_, mounts)| mounts.has_others_below(site))
    }

    /// The base paths under every name that speaks for a host, the most exact first.
    fn mounts<'p>(&'p self, host: Host<'p>) -> impl Iterator<Item = (Captures<'p>, &'p Mounts)> {
        let exact = self.exact.get(host.as_bytes()).map(|mounts| (Captures::default(), mounts));
        let matching = self
            .patterns
            .iter()
            .filter_map(move |(pattern, mounts)| Some((pattern.captures(host.as_bytes())?, mounts)));
        exact.into_iter().chain(matching).chain(std::iter::once((Captures::default(), &self.any)))
    }
}
