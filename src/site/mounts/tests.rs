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
