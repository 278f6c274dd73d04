//! What key files a folder holds.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::file::{Format, said};
use crate::error::ConfigError;

/// A folder's entries, by name.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<KeyFile>,
    /// What is neither hidden nor a key file by its name.
    pub(super) passed_over: Vec<OsString>,
}

#[derive(Debug)]
pub(super) struct KeyFile {
    pub(super) path: PathBuf,
    pub(super) format: Format,
    pub(super) kid: Option<String>,
}

/// Lists a folder; sorted, so that every node of a fleet sees the same order.
pub(super) fn list(folder: &Path) -> Result<Listing, ConfigError> {
    let unreadable = |error: std::io::Error| {
        let found = match error.kind() {
            std::io::ErrorKind::NotADirectory => "is no folder".to_owned(),
            _ => said(&error),
        };
        ConfigError::Unreadable { found }
    };
    let mut listing = Listing::default();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        let known = name.to_str().filter(|name| !name.starts_with('.')).map(Format::of_name);
        match known {
            Some(Some((format, kid))) => {
                let kid = kid.map(str::to_owned);
                listing.files.push(KeyFile { path: folder.join(&name), format, kid });
            }
            Some(None) => listing.passed_over.push(name),
            None if name.to_str().is_none() => listing.passed_over.push(name),
            None => {}
        }
    }
    listing.files.sort_by(|one, another| one.path.cmp(&another.path));
    listing.passed_over.sort();
    Ok(listing)
}
