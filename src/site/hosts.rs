use hashbrown::HashMap;

use super::mounts::Mounts;
use super::pattern::{Captures, HostPattern};
use crate::error::PathFault;
use crate::request::{Host, Reading, RequestPath, some_reading};

/// Where a site stands in its policy.
pub(super) type SiteIndex = usize;

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
            && let Some((site, key)) = mounts.find(path.as_bytes())
        {
            return Place::Inside(site, Captures::default(), key);
        }
        let mut first = None;
        for (captures, mounts) in self.mounts(host) {
            if let Ok(path) = path
                && let Some((site, key)) = mounts.find(path.as_bytes())
            {
                return Place::Inside(site, captures, key);
            }
            first = first.or(mounts.first());
        }
        match first {
            // In its normal form without a `%` it has no other reading.
            Some(_) if path.is_ok() && !raw_path.contains(&b'%') => Place::Outside,
            Some(first) => self.place_by_readings(host, raw_path, path.err(), first),
            None => Place::UnknownHost,
        }
    }

    /// The slow way for paths that are outside as they stand, or have no normal form. `first` is some site of the
    /// host.
    fn place_by_readings<'p>(
        &'p self,
        host: Host<'p>,
        raw_path: &[u8],
        fault: Option<PathFault>,
        first: SiteIndex,
    ) -> Place<'p> {
        let holds = |reading: &[u8]| self.mounts(host).find_map(|(_, mounts)| mounts.find_reading(reading));
        let fault = fault.unwrap_or(PathFault::ReadsInside);
        match some_reading(raw_path, holds) {
            Reading::Inside(site) => Place::Ambiguous(site, fault),
            // Refused whatever it reads as; by the site that it stands in, if there is one.
            Reading::TooLong => Place::Ambiguous(holds(raw_path).unwrap_or(first), fault),
            Reading::Outside => Place::Outside,
        }
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
