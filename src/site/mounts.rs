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

    /// Returns whether another site begins below `/`.
    #[cfg(feature = "tower")]
    pub(super) fn has_others_below(&self, site: SiteIndex) -> bool {
        self.folders.sites.values().any(|other| *other != site)
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
mod tests {
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    use super::*;

    fn mounts(base_paths: &[&str]) -> Mounts {
        Mounts::new(&base_paths.iter().copied().zip(0..).collect())
    }

    /// Returns the base path that contains `path`, and the rest of `path`.
    fn find<'t>(base_paths: &[&'t str], path: &'t str) -> Option<(&'t str, &'t str)> {
        let (site, key) = mounts(base_paths).find(path.as_bytes())?;
        Some((base_paths[site], std::str::from_utf8(key).unwrap()))
    }

    #[test]
    fn the_longest_base_path_that_holds_a_path_is_found() {
        let nested = ["/", "/a/", "/a/b/", "/a/b/c/d/", "/ab/", "/b/a/", "/media/"];
        for (path, found) in [
            ("/", ("/", "")),
            ("/x", ("/", "x")),
            ("/a/x", ("/a/", "x")),
            ("/ab/x", ("/ab/", "x")),
            ("/aa/x", ("/", "aa/x")),
            ("/a/bb/x", ("/a/", "bb/x")),
            ("/a/b/c/x", ("/a/b/", "c/x")),
            ("/a/b/c/d/x", ("/a/b/c/d/", "x")),
            ("/a/b/c/e", ("/a/b/", "c/e")),
            ("/b/x", ("/", "b/x")),
            ("/b/a/x", ("/b/a/", "x")),
            ("/media/\u{e9}", ("/media/", "\u{e9}")),
            ("/zzz", ("/", "zzz")),
        ] {
            assert_eq!(find(&nested, path), Some(found), "{path}");
        }
        for path in ["/", "/x", "/b", "/aa", "/a-/x", "/mediA/", "media/a", ""] {
            assert_eq!(find(&nested[1..], path), None, "{path}");
        }
    }

    #[test]
    fn a_base_path_without_its_slash_is_inside_it() {
        let base_paths = ["/a/", "/a/b/", "/ab/", "/a-b/"];
        for (path, found) in [
            ("/a", Some(("/a/", ""))),
            ("/a/b", Some(("/a/b/", ""))),
            ("/ab", Some(("/ab/", ""))),
            ("/a-b", Some(("/a-b/", ""))),
            ("/a-", None),
            ("/abc", None),
            ("/a/bc", Some(("/a/", "bc"))),
        ] {
            assert_eq!(find(&base_paths, path), found, "{path}");
        }
    }

    #[test]
    fn what_is_no_path_reads_as_inside_the_root_alone() {
        let reading = |base_paths: &[&str], text: &str| mounts(base_paths).find_reading(text.as_bytes());
        for text in ["", "*", "media/a", "zz", "\u{7f}"] {
            assert_eq!(reading(&["/", "/media/"], text), Some(0), "{text}");
            assert_eq!(reading(&["/media/"], text), None, "{text}");
        }
        assert_eq!(reading(&["/", "/media/"], "/media"), Some(1));
        assert_eq!(reading(&[], "/media"), None);
    }

    /// Tries every base path in turn, longest first: the plain version.
    fn plainly<'k>(base_paths: &[String], path: &'k [u8]) -> Option<(SiteIndex, &'k [u8])> {
        let mut longest_first: Vec<_> = base_paths.iter().enumerate().collect();
        longest_first.sort_by_key(|(_, base_path)| std::cmp::Reverse(base_path.len()));
        longest_first.into_iter().find_map(|(site, base_path)| {
            let base_path = base_path.as_bytes();
            let unslashed = base_path.strip_suffix(b"/") == Some(path);
            Some((site, if unslashed { &[] } else { path.strip_prefix(base_path)? }))
        })
    }

    /// Returns a folder made of few names, so that one folder is often inside another.
    fn folder(depth: usize) -> impl Strategy<Value = String> {
        vec("[ab]{1,2}/", 0..depth).prop_map(|names| format!("/{}", names.concat()))
    }

    proptest! {
        #[test]
        fn whatever_the_base_paths_lookup_finds_what_asking_each_in_turn_finds(
            base_paths in btree_set(folder(4), 0..24),
            paths in vec(folder(6), 0..24),
            rest in "[ab/]{0,6}",
        ) {
            let base_paths: Vec<String> = base_paths.into_iter().collect();
            let mounts = Mounts::new(&base_paths.iter().map(String::as_str).zip(0..).collect());
            for folder in paths.iter().chain(&base_paths) {
                let unslashed = folder.trim_end_matches('/').to_owned();
                for path in [folder.clone(), unslashed, format!("{folder}{rest}"), rest.clone()] {
                    let found = mounts.find(path.as_bytes());
                    prop_assert_eq!(found, plainly(&base_paths, path.as_bytes()), "{}", path);
                }
            }
        }
    }
}
