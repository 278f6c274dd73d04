//! Checks of the pages in `docs/`: links, and tables that follow the code.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::Code;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns every page with its name, which is that of its file without `.md`.
fn pages() -> Vec<(String, String)> {
    let entries = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let entries = entries.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let mut pages: Vec<_> = entries.map(|path| (name(&path), fs::read_to_string(&path).unwrap())).collect();
    pages.sort();
    pages
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name).with_extension("md")).unwrap()
}

/// Returns the text outside of code blocks.
fn prose(page: &str) -> String {
    page.split("\n```").step_by(2).collect()
}

/// Returns each text between two marks.
fn between<'t>(text: &'t str, start: &'t str, end: char) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).filter_map(move |rest| Some(rest.split_once(end)?.0))
}

#[test]
fn every_denial_code_has_a_row_with_its_status_a_cause_and_a_cure() {
    let page = page("denial-codes");
    let (_, table) = page.split_once("\n## All codes\n").unwrap();
    let (table, _) = table.split_once("\n## ").unwrap();
    let rows: Vec<Vec<&str>> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    for row in &rows {
        assert!(row.len() == 4 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
    let documented: BTreeSet<(String, String)> =
        rows.iter().map(|row| (row[0].trim_matches('`').to_owned(), row[1].to_owned())).collect();
    let defined: BTreeSet<(String, String)> =
        Code::ALL.iter().map(|code| (code.to_string(), code.default_status().to_string())).collect();
    assert_eq!(documented, defined);
    assert_eq!(rows.len(), Code::ALL.len(), "a code has two rows");
}

#[test]
fn every_page_is_rendered_and_in_the_index() {
    let (module, links, index) =
        (include_str!("../documentation.rs"), include_str!("links.md"), page("README"));
    for (name, _) in pages().iter().filter(|(name, _)| name != "README") {
        let ident = name.replace('-', "_");
        assert!(module.contains(&format!("\"{name}.md\" => {ident},")), "{name} is no module");
        assert!(
            links.contains(&format!("[{name}]: crate::_documentation::{ident}\n")),
            "links.md lacks {name}"
        );
        assert!(index.contains(&format!("][{name}]")), "the index lacks {name}");
    }
}

#[test]
fn links_lead_somewhere() {
    let pages = pages();
    let names: BTreeSet<&str> = pages.iter().map(|(name, _)| name.as_str()).collect();
    for (name, text) in &pages {
        let prose = prose(text);
        for link in between(&prose, "][", ']') {
            assert!(names.contains(link), "{name}: no page {link}");
            assert!(text.contains(&format!("\n[{link}]: {link}.md\n")), "{name} does not define {link}");
        }
        let anchors: BTreeSet<String> = prose
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .map(|line| line.trim_start_matches('#').trim().to_lowercase())
            .map(|heading| {
                let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
                kept.collect::<String>().replace(' ', "-")
            })
            .collect();
        for anchor in between(&prose, "](#", ')') {
            assert!(anchors.contains(anchor), "{name}: no heading #{anchor} in {anchors:?}");
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// A packaged crate may lack `tests`: there is nothing to compare then.
#[test]
fn every_decision_names_tests_that_exist() {
    let folders = [root().join("tests"), root().join("src")];
    if !folders[0].exists() {
        return;
    }
    let mut sources = Vec::new();
    for folder in &folders {
        files(folder, &mut sources);
    }
    let sources: String = sources.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let decisions = page("decisions");
    let rows: Vec<&str> = decisions
        .lines()
        .filter(|line| {
            line.starts_with("| ") && !line.starts_with("| decision") && !line.starts_with("| ---")
        })
        .collect();
    assert!(rows.len() > 60, "{} decisions", rows.len());
    for row in rows {
        let tests = row.trim_matches(['|', ' ']).rsplit_once(" | ").unwrap().1;
        let mut named = 0;
        for test in tests.split('`').skip(1).step_by(2) {
            assert!(sources.contains(&format!("fn {test}(")), "no test is called {test}: {row}");
            named += 1;
        }
        assert!(named > 0, "no test: {row}");
    }
}
