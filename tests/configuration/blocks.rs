//! Every configuration that the documentation shows can be loaded: the `toml` blocks, and the `json` blocks with a
//! version, of the README, of the guide and of doc comments.
//!
//! A block without a version is a part of a file: it gets a version, and a site where it has none. The keys that it
//! names are laid beside it.

#[allow(dead_code, reason = "the bytes of the keys alone are needed")]
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::TestKey;
use playgate::Verifier;
use tempfile::TempDir;
use toml::de::{DeTable, DeValue};

/// One block of a document.
#[derive(Debug)]
struct Block {
    /// The file and the line that it begins behind.
    place: String,
    notation: &'static str,
    text: String,
}

/// The documents: the README, the pages of `docs/`, and every source file, of which the doc comments count.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = vec![root.join("README.md")];
    let mut folders = vec![root.join("src"), root.join("docs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "md") {
                documents.push(path);
            }
        }
    }
    documents
}

/// The blocks of one document that hold a configuration.
fn blocks(path: &Path) -> Vec<Block> {
    let text = fs::read_to_string(path).unwrap();
    let source = path.extension().is_some_and(|extension| extension == "rs");
    let mut blocks = Vec::new();
    // A fence that is open, and the block behind it if it is one of ours.
    let mut open: Option<Option<Block>> = None;
    for (number, line) in text.lines().enumerate() {
        let comment = ["//!", "///"].iter().find_map(|mark| line.trim_start().strip_prefix(mark));
        // An example that needs a feature has a second opening fence, which ignores it without the feature.
        let fence = line.strip_prefix("#![cfg_attr(feature").and_then(|rest| rest.split('"').nth(3));
        let comment = comment.or(fence);
        let line = match (source, comment) {
            (false, _) => line,
            (true, Some(comment)) => comment.strip_prefix(' ').unwrap_or(comment),
            (true, None) => continue,
        };
        match (line.trim_start().strip_prefix("```"), &mut open) {
            (Some(info), None) => {
                let language = info.split([',', ' ']).next().unwrap();
                let notation = ["toml", "json"].into_iter().find(|known| *known == language);
                let place = format!("{}:{}", path.display(), number + 1);
                open = Some(notation.map(|notation| Block { place, notation, text: String::new() }));
            }
            (Some(_), Some(_)) => blocks.extend(open.take().flatten()),
            (None, Some(Some(block))) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, _) => {}
        }
    }
    assert!(open.is_none(), "{}: a fence is not closed", path.display());
    blocks.retain(|block| block.notation == "toml" || block.text.contains("\"version\""));
    blocks
}

impl Block {
    /// The whole files that it may be a part of; the first is the likeliest.
    fn files(&self) -> Vec<String> {
        let text = &self.text;
        if self.notation == "json" || text.lines().any(|line| line.trim_start().starts_with("version")) {
            return vec![text.clone()];
        }
        if text.contains("[[site]]") {
            return vec![format!("version = 1\n{text}")];
        }
        // The sites that keys are for, or any.
        let named = text.split("site = \"").skip(1).filter_map(|rest| rest.split('"').next());
        let hosts: Vec<&str> = named.chain(["cdn.example.com"]).collect();
        let missing = [("hosts", format!("{hosts:?}")), ("serves", "{ bucket = \"courses\" }".to_owned())]
            .into_iter()
            .filter(|(field, _)| text.lines().all(|line| !line.starts_with(field)));
        let fields: Vec<String> = missing.map(|(field, value)| format!("{field} = {value}\n")).collect();
        let site = format!("[[site]]\n{}", fields.concat());
        // Fields of a site, or sections behind one; or fields at the top of the file.
        vec![format!("version = 1\n{site}{text}"), format!("version = 1\n{text}{site}")]
    }

    /// Why none of the files can be loaded.
    fn errors(&self) -> Option<String> {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join(format!("block.{}", self.notation));
        let mut first = None;
        for text in self.files() {
            let text = lay_keys(folder.path(), &text);
            fs::write(&path, &text).unwrap();
            match Verifier::from_file(&path) {
                Ok(_) => return None,
                Err(errors) => drop(first.get_or_insert_with(|| format!("{}\n{errors}\n{text}", self.place))),
            }
        }
        first
    }
}

/// Lays every key that a file names beside it. An environment variable becomes one that is set.
fn lay_keys(folder: &Path, text: &str) -> String {
    let lay = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    };
    let mut text = text.to_owned();
    let fields: Vec<(String, String)> = named_places(&text);
    for (number, (field, place)) in fields.iter().enumerate() {
        let secret = r#""kty":"oct","alg":"HS256","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE""#;
        match field.as_str() {
            "dir" => lay(&format!("{place}/k{number}.pem"), TestKey::Rsa.public()),
            "file" if Path::new(place).extension().is_some_and(|ending| ending == "pem") => {
                lay(place, TestKey::Rsa.public());
            }
            "file" => lay(place, format!("{{{secret}}}").as_bytes()),
            "jwks" => lay(place, format!(r#"{{"keys":[{{{secret},"kid":"k{number}"}}]}}"#).as_bytes()),
            "secret_file" => {
                lay(place, format!("0123456789abcdef0123456789abcde{:x}", number % 16).as_bytes());
            }
            _ => text = text.replace(place.as_str(), "CARGO_PKG_DESCRIPTION"),
        }
    }
    text
}

/// The places of keys in a file, each with its field.
fn named_places(text: &str) -> Vec<(String, String)> {
    const FIELDS: [&str; 5] = ["dir", "file", "jwks", "secret_file", "secret_env"];
    let mut found = Vec::new();
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        for keys in json["keys"].as_array().into_iter().flatten() {
            let named = FIELDS.iter().filter_map(|field| Some((*field, keys.get(field)?.as_str()?)));
            found.extend(named.map(|(field, place)| (field.to_owned(), place.to_owned())));
        }
    } else if let Ok(toml) = DeTable::parse(text) {
        let keys = toml.get_ref().get("keys").and_then(|keys| keys.get_ref().as_array());
        for keys in keys.into_iter().flatten().filter_map(|keys| keys.get_ref().as_table()) {
            let named =
                FIELDS.iter().filter_map(|field| Some((*field, keys.get(*field)?.get_ref().as_str()?)));
            found.extend(named.map(|(field, place)| (field.to_owned(), place.to_owned())));
        }
        let sites = toml.get_ref().get("site").and_then(|sites| sites.get_ref().as_array());
        for site in sites.into_iter().flatten().filter_map(|site| site.get_ref().as_table()) {
            for section in site.values().filter_map(|section| section.get_ref().as_table()) {
                for field in ["secret_file", "secret_env"] {
                    let places = section.get(field).map(toml::Spanned::get_ref);
                    let one = places.and_then(DeValue::as_str).into_iter();
                    let several = places.and_then(DeValue::as_array).into_iter().flatten();
                    let all = one.chain(several.filter_map(|place| place.get_ref().as_str()));
                    found.extend(all.map(|place| (field.to_owned(), place.to_owned())));
                }
            }
        }
    }
    found
}

#[test]
fn every_configuration_that_is_shown_can_be_loaded() {
    let blocks: Vec<Block> = documents().iter().flat_map(|path| blocks(path)).collect();
    assert!(blocks.len() >= 2, "{blocks:?}");
    let wrong: Vec<String> = blocks.iter().filter_map(Block::errors).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_part_of_a_file_is_completed_and_a_mistake_in_it_is_told() {
    for (name, text, good) in [
        ("a whole file", "version = 1\n[[site]]\nhosts = [\"*\"]\nserves = { live = \"path\" }\n", true),
        ("a whole file without a site", "version = 1\n", false),
        ("a site", "[[site]]\nhosts = [\"*\"]\nserves = { live = \"path\" }\n", true),
        ("fields of a site", "serves = { live = \"path\" }\ncors = { origins = [\"*\"] }\n", true),
        ("fields at the top", "unknown_host = \"pass\" # others\n", true),
        (
            "keys",
            "[[keys]]\ndir = \"a\"\nscope = { site = \"x\" }\n[[keys]]\nfile = \"k.jwk\"\nscope.bucket = \"b\"\n",
            true,
        ),
        (
            "a secret of the environment",
            "[[keys]]\nsecret_env = \"S\"\nkid = \"s\"\nscope = { bucket = \"b\" }\n",
            true,
        ),
        ("keys without a scope", "[[keys]]\ndir = \"keys\"\n", false),
        ("an unknown field", "expires = true\n", false),
        ("no TOML", "[[keys]\n", false),
    ] {
        let block = Block { place: name.to_owned(), notation: "toml", text: text.to_owned() };
        let errors = block.errors();
        assert_eq!(errors.is_none(), good, "{name}: {errors:?}");
    }
}
