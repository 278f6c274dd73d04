use std::collections::{BTreeMap, BTreeSet};

use hashbrown::HashMap;

use crate::request::{fold, fold_base_path, is_folded};

/// The position of a site in its policy.
pub(crate) type SiteIndex = usize;

/// The base paths of one host, and the site that begins at each.
#[derive(Debug, Default)]
pub(super) struct Mounts {
    /// The base paths below `/`.
    folders: Folders,
    /// The base paths below `/`, [folded](fold). `None` if each one is its own folded form.
    folded: Option<Folders>,
    /// The site at `/`.
    root: Option<SiteIndex>,
    /// The site that was given first.
    first: Option<SiteIndex>,
}

/// Base paths below `/`, without their last slash, because a path may lack it.
///
/// If several base paths contain a path, the longest one counts. Base paths are looked up by hash, once for each of their
/// lengths, the longest first, and only where a segment of the path ends. The cost for a path is bounded by its segments and by
/// the number of lengths, regardless of the number of base paths.
#[derive(Debug, Default)]
struct Folders {
    sites: HashMap<Box<[u8]>, SiteIndex>,
    /// The distinct lengths of the base paths, longest first.
    lengths: Vec<usize>,
}

impl Mounts {
    pub(super) fn new(sites: &BTreeMap<&str, SiteIndex>) -> Self {
        let folders = || {
            let below = sites.iter().filter(|(base_path, _)| **base_path != "/");
            below.map(|(base_path, site)| (folder(base_path), *site))
        };
        let is_folded = |folder: &[u8]| fold_base_path(folder).is_some_and(|folded| *folded == *folder);
        let folded = folders().filter_map(|(folder, site)| Some((fold_base_path(folder)?, site)));
        Self {
            folded: (!folders().all(|(folder, _)| is_folded(folder))).then(|| folded.collect()),
            folders: folders().collect(),
            root: sites.get("/").copied(),
            first: sites.values().min().copied(),
        }
    }

    /// Returns the site that contains a path, and the rest of the path after the site's base path.
    pub(super) fn find<'k>(&self, path: &'k [u8]) -> Option<(SiteIndex, &'k [u8])> {
        self.folders.find(path).or_else(|| Some((self.root?, split(path, 0)?.1)))
    }

    /// Returns the site that contains a path on a file system that folds case or trims names.
    pub(super) fn find_folded(&self, path: &[u8]) -> Option<SiteIndex> {
        let folders = self.folded.as_ref().unwrap_or(&self.folders);
        let found = match folders.lengths.first() {
            None => None,
            Some(_) if is_folded(path) => folders.find(path).map(|(site, _)| site),
            Some(longest) => folders.find(&fold(path, *longest)).map(|(site, _)| site),
        };
        found.or(self.root)
    }

    /// Returns whether there is only one base path, so that every reading of a path inside it stays inside.
    pub(super) fn has_one(&self) -> bool {
        self.folders.sites.len().saturating_add(usize::from(self.root.is_some())) == 1
    }

    /// Returns the site that contains a reading of a path. The site at `/` also contains text that is not a path, such as `*`.
    pub(super) fn find_reading(&self, reading: &[u8]) -> Option<SiteIndex> {
        self.find(reading).map(|(site, _)| site).or(self.root)
    }

    /// Returns whether another site has a base path here.
    pub(super) fn has_others(&self, site: SiteIndex) -> bool {
        self.sites().any(|other| other != site)
    }

    /// Returns the sites, in no particular order.
    pub(super) fn sites(&self) -> impl Iterator<Item = SiteIndex> {
        self.root.into_iter().chain(self.folders.sites.values().copied())
    }

    /// Returns the site that was given first, or `None` if there is no base path.
    pub(super) const fn first(&self) -> Option<SiteIndex> {
        self.first
    }
}

impl Folders {
    /// Returns the site with the longest base path that contains a path, and the rest of the path.
    fn find<'k>(&self, path: &'k [u8]) -> Option<(SiteIndex, &'k [u8])> {
        self.lengths.iter().find_map(|length| {
            let (folder, key) = split(path, *length)?;
            crate::work::visited(folder.len());
            Some((*self.sites.get(folder)?, key))
        })
    }
}

impl<F: AsRef<[u8]>> FromIterator<(F, SiteIndex)> for Folders {
    fn from_iter<I: IntoIterator<Item = (F, SiteIndex)>>(folders: I) -> Self {
        let sites: HashMap<Box<[u8]>, SiteIndex> =
            folders.into_iter().map(|(folder, site)| (folder.as_ref().into(), site)).collect();
        let lengths: BTreeSet<usize> = sites.keys().map(|folder| folder.len()).collect();
        Self { sites, lengths: lengths.into_iter().rev().collect() }
    }
}

fn folder(base_path: &str) -> &[u8] {
    base_path.strip_suffix('/').unwrap_or(base_path).as_bytes()
}

/// Returns the folder of this length that contains a path, and the rest after its slash. The path of the folder itself may lack
/// the slash.
fn split(path: &[u8], length: usize) -> Option<(&[u8], &[u8])> {
    let (folder, rest) = path.split_at_checked(length)?;
    match rest.split_first() {
        Some((b'/', key)) => Some((folder, key)),
        None => Some((folder, &[])),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
