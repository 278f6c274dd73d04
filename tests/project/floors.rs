//! A room imports from the floors below it, never from its own: read off the sources.

mod circles;

use std::path::{Path, PathBuf};

use circles::Modules;

const FLOORS: &[(&str, u8)] = &[
    ("time", 0),
    ("error", 0),
    ("map", 0),
    ("request", 1),
    ("crypto", 1),
    ("rate", 1),
    ("scope", 1),
    ("keys", 2),
    ("records", 2),
    ("manifest", 2),
    ("cors", 2),
    ("revocation", 2),
    ("stats", 2),
    ("store", 3),
    ("schemes", 4),
    ("site", 5),
    ("decide", 6),
    ("config", 6),
    ("explain", 7),
    ("verifier", 8),
    ("mint", 8),
    ("answer", 9),
    ("adapters", 10),
    ("media_keys", 10),
];

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

/// What the crate root re-exports comes from these rooms.
fn home_of(name: &str) -> &str {
    match name {
        "Key" | "KeySet" => "keys",
        "Scope" | "KeyScope" => "scope",
        "ConfigError" | "ConfigErrors" | "Denial" => "error",
        other => other,
    }
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn rooms_import_lower_floors_only() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut seen = 0;
    let mut wrong = Vec::new();
    for file in &files {
        let within = file.strip_prefix(&root).unwrap();
        let first = within.components().next().unwrap().as_os_str().to_str().unwrap();
        let room = first.trim_end_matches(".rs");
        let Some(own) = floor(room) else { continue }; // lib.rs, log.rs, internals.rs
        let text = std::fs::read_to_string(file).unwrap();
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for (at, _) in line.match_indices("crate::") {
                let path = &line[at + "crate::".len()..];
                let name = path.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                let Some(other) = floor(home_of(name)) else { continue };
                seen += 1;
                let same_room = home_of(name) == room;
                if !(same_room || other < own || (own == 0 && other == 0)) {
                    wrong.push(format!("{}: {}", within.display(), line.trim()));
                }
            }
        }
    }
    assert!(seen > 100, "the sources were read: {seen} imports");
    assert!(wrong.is_empty(), "imports from the same floor or above:\n{}", wrong.join("\n"));
}

#[test]
fn the_files_of_a_room_form_no_circle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let circles = Modules::read(&root, &files).circles();
    let rooms = circles.iter().map(|files| files.first().unwrap().split('/').next().unwrap());
    assert_eq!(rooms.collect::<Vec<_>>(), STILL_CIRCULAR, "{circles:#?}");
}

/// The rooms with a circle, once for each. To be emptied.
const STILL_CIRCULAR: &[&str] = &[];

#[test]
fn every_room_has_a_floor() {
    let lib = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let homeless: Vec<&str> = rooms
        .filter(|room| {
            !["_documentation", "internals", "log", "work"].contains(room) && floor(room).is_none()
        })
        .collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

/// What a scheme is called in code, beside the files outside of `src/schemes` that may name it. Each has a reason.
const NAMED_ELSEWHERE: &[(&str, &str)] = &[
    ("documentation.rs", "the names of pages"),
    ("internals.rs", "benches and fuzz targets reach into one scheme"),
    ("work/tests.rs", "a site with every scheme"),
    ("records/", "the records of embed tokens"),
    ("store/", "keeps these records, for one process or a fleet"),
    ("verifier/embeds.rs", "issues and revokes embed tokens"),
    ("verifier/mod.rs", "exports that handle"),
    ("media_keys/folder", "a folder's path may contain an embed token"),
    ("mint/", "signs tokens and links"),
    ("site/settings.rs", "the builder methods of the settings"),
    ("site/policy.rs", "lists the sites with embed tokens for that handle"),
    ("site/rules.rs", "the challenge and the warning about keys are for signed tokens"),
    ("decide/grant.rs", "claims as identity headers read them"),
    ("decide/snapshot.rs", "holds the cache of verified tokens"),
    ("config/build.rs", "the settings of signed tokens are fields of the site"),
    ("config/document", "these fields, as the file has them"),
    ("crypto/", "the signature algorithms of each scheme"),
    ("error/", "the denials of each scheme, and their codes"),
    ("answer/problem.rs", "a sentence for each code"),
    ("explain/remedy.rs", "a remedy for each denial"),
    ("explain/access.rs", "debug tokens are verified as signed tokens are"),
    ("site/check.rs", "the error of a site that accepts nothing"),
];

/// Kinds of credential are known to `src/schemes`, and by name elsewhere only where the list above says so.
#[test]
fn names_of_schemes_occur_only_in_their_room_and_where_a_list_says_why() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    let (mut wrong, mut used) = (Vec::new(), std::collections::BTreeSet::new());
    for file in &files {
        let within = file.strip_prefix(&root).unwrap().to_str().unwrap();
        if within.starts_with("schemes/") {
            continue;
        }
        let text = std::fs::read_to_string(file).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let named: Vec<&str> = code.filter(|line| names_a_scheme(line)).collect();
        if named.is_empty() {
            continue;
        }
        match NAMED_ELSEWHERE.iter().find(|(place, _)| within.starts_with(place)) {
            Some((place, _)) => drop(used.insert(*place)),
            None => wrong.push(format!("{within}: {}", named.join("\n    "))),
        }
    }
    assert!(wrong.is_empty(), "schemes are named in:\n{}", wrong.join("\n"));
    let idle = NAMED_ELSEWHERE.iter().map(|(place, _)| *place).filter(|place| !used.contains(place));
    assert_eq!(idle.collect::<Vec<_>>(), Vec::<&str>::new(), "places that name no scheme any more");
}

/// Returns whether a line of code has a scheme's module, variant, or one of its types.
fn names_a_scheme(line: &str) -> bool {
    let words = line.split(|c: char| !c.is_alphanumeric() && c != '_');
    let is_name = |word: &str| {
        matches!(
            word,
            "jws" | "embed" | "embeds" | "SignedToken" | "SecureLink" | "EmbedToken" | "Jws" | "Embed"
        ) || word.starts_with("Embed")
            || (word.starts_with("Link") && word != "LinkHash")
            || word.contains("akamai")
            || word.contains("Akamai")
            || word.to_ascii_lowercase().contains("cloudfront")
    };
    words.into_iter().any(is_name) || line.contains("schemes::link")
}

/// `SECURITY.md` names the test that shows each claim as `` `module: function` ``; `lib` is a test inside `src`.
#[test]
fn every_test_that_security_md_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(": "));
    let named: Vec<(&str, &str)> = named.filter(|(_, name)| name.contains('_')).collect();
    assert!(named.len() > 50, "{}", named.len());
    let mut tests = Vec::new();
    sources(&root.join("tests"), &mut tests);
    for (module, name) in named {
        let mut found = Vec::new();
        if module == "lib" {
            sources(&root.join("src"), &mut found);
        } else {
            let is_of_module =
                |path: &&PathBuf| path.with_extension("").iter().any(|part| part.to_str() == Some(module));
            found.extend(tests.iter().filter(is_of_module).cloned());
        }
        let defines = |path: &PathBuf| {
            std::fs::read_to_string(path).is_ok_and(|source| source.contains(&format!("fn {name}(")))
        };
        assert!(found.iter().any(defines), "SECURITY.md names {module}: {name}, which is not there");
    }
}
