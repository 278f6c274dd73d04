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
            if home != file && home.first() == file.first() && !(*is_reexport && !module.mentions(name)) {
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
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        let (mut items, mut code, mut item) = (Vec::new(), String::new(), String::new());
        for line in lines {
            let is_use = |line: &str| {
                let line = line.trim_start();
                ["use ", "pub use ", "pub(crate) use ", "pub(super) use "]
                    .iter()
                    .any(|start| line.starts_with(start))
            };
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
        for start in ["crate::", "super::", "self::"] {
            for (at, _) in code.match_indices(start) {
                let path = code[at..].split(|c: char| !c.is_alphanumeric() && c != '_' && c != ':').next();
                let parts = path.unwrap().trim_end_matches(':').split("::").map(str::to_owned);
                paths.push((parts.collect(), false));
            }
        }
        Self { code, paths }
    }

    fn mentions(&self, name: &str) -> bool {
        self.code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
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
