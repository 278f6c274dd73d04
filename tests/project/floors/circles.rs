//! Which file of a room uses which other file of it, read off their `use` items and paths.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The files of `src` by their module path: `["site", "policy"]`.
pub(super) struct Modules(BTreeMap<Vec<String>, Module>);

struct Module {
    code: String,
    /// The paths of `use` items, and of the code below them, each beside whether it is a re-export.
    paths: Vec<(Vec<String>, bool)>,
}

impl Modules {
    pub(super) fn read(root: &Path, files: &[std::path::PathBuf]) -> Self {
        let mut modules = BTreeMap::new();
        for file in files {
            let within = file.strip_prefix(root).unwrap().with_extension("");
            let mut path: Vec<String> =
                within.components().map(|part| part.as_os_str().to_str().unwrap().to_owned()).collect();
            if path.last().is_some_and(|last| last == "mod") {
                path.pop();
            }
            if path.iter().any(|part| part == "tests" || part.ends_with("_tests")) {
                continue; // a file of tests sees everything, and nothing sees it
            }
            modules.insert(path, Module::read(&std::fs::read_to_string(file).unwrap()));
        }
        Self(modules)
    }

    /// Groups of files of one room that use each other, directly or through others.
    pub(super) fn circles(&self) -> Vec<BTreeSet<String>> {
        let edges: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> =
            self.0.keys().map(|path| (path, self.used_by(path))).collect();
        let reach = |start| {
            let (mut seen, mut open) = (BTreeSet::new(), vec![start]);
            while let Some(next) = open.pop() {
                open.extend(edges[next].iter().copied().filter(|file| seen.insert(*file)));
            }
            seen
        };
        let reached: BTreeMap<_, _> = self.0.keys().map(|path| (path, reach(path))).collect();
        let mut circles = BTreeSet::new();
        for (path, from_here) in &reached {
            if from_here.contains(path) {
                let both_ways = from_here.iter().filter(|other| reached[**other].contains(path));
                circles.insert(both_ways.map(|other| other.join("/")).collect::<BTreeSet<_>>());
            }
        }
        circles.into_iter().collect()
    }

    /// The other files of its room that a file uses.
    fn used_by<'m>(&'m self, file: &'m Vec<String>) -> BTreeSet<&'m Vec<String>> {
        let module = &self.0[file];
        let mut used = BTreeSet::new();
        for (path, is_reexport) in &module.paths {
            let Some(home) = self.home_of(file, path, 0) else { continue };
            let name = path.last().unwrap();
            // What a file hands on and does not use itself is no dependency of its own.
            let is_used = !*is_reexport || module.mentions(name);
            if is_used && home != file && home.first() == file.first() {
                used.insert(home);
            }
        }
        used
    }

    /// The file in which a path's item is defined, by way of the re-exports of the modules on the path.
    fn home_of<'m>(&'m self, file: &[String], path: &[String], depth: usize) -> Option<&'m Vec<String>> {
        let mut at: Vec<String> = file.to_vec();
        let mut rest = path;
        match rest.first().map(String::as_str) {
            Some("crate") => (at, rest) = (Vec::new(), &rest[1..]),
            Some("self") => rest = &rest[1..],
            Some("super") => {
                while rest.first().is_some_and(|part| part == "super") {
                    at.pop()?;
                    rest = &rest[1..];
                }
            }
            Some(child) if self.0.contains_key(&[file, &[child.to_owned()]].concat()) => {}
            _ => return None, // another crate, or a name in scope
        }
        while let Some(next) = rest.first() {
            let child = [at.as_slice(), std::slice::from_ref(next)].concat();
            if !self.0.contains_key(&child) {
                break;
            }
            (at, rest) = (child, &rest[1..]);
        }
        let (home, module) = self.0.get_key_value(&at)?;
        let Some(name) = rest.first() else { return Some(home) };
        let handed_on = module.paths.iter().find(|(other, again)| *again && other.last() == Some(name));
        match handed_on {
            Some((other, _)) if depth < 8 => self.home_of(home, other, depth + 1).or(Some(home)),
            _ => Some(home),
        }
    }
}

impl Module {
    fn read(text: &str) -> Self {
        // Tests inside a file may use what they like.
        let text = text.split("\nmod tests {").next().unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let (mut items, mut code, mut item) = (Vec::new(), String::new(), String::new());
        for line in lines {
            if item.is_empty() && !is_use(line) {
                code.push_str(line.split(" // ").next().unwrap());
                code.push('\n');
                continue;
            }
            item.push_str(line.trim());
            if line.trim_end().ends_with(';') {
                items.push(std::mem::take(&mut item));
            }
        }
        let mut paths = Vec::new();
        for item in items {
            let (visibility, tree) = item.trim_end_matches(';').split_once("use ").unwrap();
            let mut leaves = Vec::new();
            spread(&[], tree, &mut leaves);
            paths.extend(leaves.into_iter().map(|leaf| (leaf, visibility.starts_with("pub"))));
        }
        let in_code: Vec<_> = paths_in(&code).map(|path| by_its_import(path, &paths)).collect();
        paths.extend(in_code.into_iter().map(|path| (path, false)));
        Self { code, paths }
    }

    fn mentions(&self, name: &str) -> bool {
        self.code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
    }
}

/// Whether a line begins a `use` item, a re-export or not.
fn is_use(line: &str) -> bool {
    let line = line.trim_start();
    let item = match line.strip_prefix("pub(") {
        Some(scope) => scope.split_once(") ").map_or("", |(_, item)| item),
        None => line.strip_prefix("pub ").unwrap_or(line),
    };
    item.starts_with("use ")
}

/// The paths of two segments or more. That of `pub(in path)` names a scope, and uses nothing of it.
fn paths_in(code: &str) -> impl Iterator<Item = Vec<String>> {
    let words = code.split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let is_scope = |at: usize| at >= 2 && words[at - 2..at] == ["pub", "in"];
    let used = (0..words.len()).filter(|&at| !is_scope(at)).map(|at| words[at].trim_end_matches(':'));
    let paths = used.map(|path| path.split("::").map(str::to_owned).collect::<Vec<_>>());
    paths.filter(|path| path.len() > 1).collect::<Vec<_>>().into_iter()
}

/// A path whose first segment a `use` item brings into scope, from where that item finds it: `value::text` is
/// `super::value::text` after `use super::value`.
fn by_its_import(path: Vec<String>, imports: &[(Vec<String>, bool)]) -> Vec<String> {
    match imports.iter().find(|(import, _)| import.len() > 1 && import.last() == path.first()) {
        Some((import, _)) => [import.as_slice(), &path[1..]].concat(),
        None => path,
    }
}

/// Appends the paths of a use tree: `a::{b, c::D}` is `a::b` and `a::c::D`.
fn spread(before: &[String], tree: &str, leaves: &mut Vec<Vec<String>>) {
    let tree = tree.trim();
    match tree.split_once('{') {
        Some((stem, inner)) if !stem.contains(',') => {
            let parts = stem.split("::").map(str::trim).filter(|part| !part.is_empty());
            let stem = [before, &parts.map(str::to_owned).collect::<Vec<_>>()].concat();
            let inner = inner.strip_suffix('}').unwrap();
            let (mut depth, mut start) = (0, 0);
            for (at, byte) in inner.bytes().enumerate() {
                match byte {
                    b'{' => depth += 1,
                    b'}' => depth -= 1,
                    b',' if depth == 0 => {
                        spread(&stem, &inner[start..at], leaves);
                        start = at + 1;
                    }
                    _ => {}
                }
            }
            spread(&stem, &inner[start..], leaves);
        }
        _ if tree.is_empty() => {}
        _ => {
            let path = tree.split(" as ").next().unwrap().split("::").map(|part| part.trim().to_owned());
            let path: Vec<String> = path.filter(|part| part != "self" && part != "*").collect();
            leaves.push([before, &path].concat());
        }
    }
}

#[test]
fn every_path_of_a_file_is_seen() {
    let text = "\
        use super::value;\n\
        use std::{fmt, sync::Arc};\n\
        pub(in crate::site) use rules::{Access as Rule, Hook};\n\
        pub(in crate::site) struct Site(Vec<crate::time::Leeway>);\n\
        // super::comment::Text\n\
        fn of(text: &str) -> fmt::Result { check::site(value::text(text).collect::<u8>()) } // super::other\n\
        #[cfg(all(test, feature = \"aws-lc\"))]\nmod tests {\n    use super::*;\n}\n";
    let seen: Vec<_> =
        Module::read(text).paths.into_iter().map(|(path, again)| (path.join("::"), again)).collect();
    let seen: Vec<_> = seen.iter().map(|(path, again)| (path.as_str(), *again)).collect();
    assert_eq!(
        seen,
        [
            ("super::value", false),
            ("std::fmt", false),
            ("std::sync::Arc", false),
            ("rules::Access", true),
            ("rules::Hook", true),
            ("crate::time::Leeway", false),
            ("std::fmt::Result", false),
            ("check::site", false),
            ("super::value::text", false),
        ]
    );
}
