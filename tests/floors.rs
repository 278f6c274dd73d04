//! A room imports from the floors below it, never from its own: read off the sources.

#[path = "floors/circles.rs"]
mod circles;

use std::path::{Path, PathBuf};

use circles::Modules;

const FLOORS: &[(&str, u8)] = &[
    ("time", 0),
    ("error", 0),
    ("request", 1),
    ("crypto", 1),
    ("rate", 1),
    ("scope", 1),
    ("keys", 2),
    ("records", 2),
    ("manifest", 2),
    ("cors", 2),
    ("revocation", 2),
    ("store", 3),
    ("schemes", 4),
    ("site", 5),
    ("decide", 6),
    ("config", 6),
    ("verifier", 7),
    ("answer", 7),
    ("mint", 7),
    ("adapters", 8),
    ("media_keys", 8),
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
const STILL_CIRCULAR: &[&str] = &["answer", "records"];

#[test]
fn every_room_has_a_floor() {
    let lib = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let rooms = lib
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let homeless: Vec<&str> =
        rooms.filter(|room| !["internals", "log", "work"].contains(room) && floor(room).is_none()).collect();
    assert!(homeless.is_empty(), "{homeless:?}");
}

/// `SECURITY.md` names the test that shows each claim as `` `program: function` ``; `lib` is a test inside `src`.
#[test]
fn every_test_that_security_md_names_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("SECURITY.md")).unwrap();
    let named = text.split('`').skip(1).step_by(2).filter_map(|code| code.split_once(": "));
    let named: Vec<(&str, &str)> = named.filter(|(_, name)| name.contains('_')).collect();
    assert!(named.len() > 50, "{}", named.len());
    for (program, name) in named {
        let mut found = Vec::new();
        if program == "lib" {
            sources(&root.join("src"), &mut found);
        } else {
            found.push(root.join("tests").join(program).with_extension("rs"));
            let folder = root.join("tests").join(program);
            if folder.is_dir() {
                sources(&folder, &mut found);
            }
        }
        let defines = |path: &PathBuf| {
            std::fs::read_to_string(path).is_ok_and(|source| source.contains(&format!("fn {name}(")))
        };
        assert!(found.iter().any(defines), "SECURITY.md names {program}: {name}, which is not there");
    }
}
