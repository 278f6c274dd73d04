//! The key files of a folder.

use std::ffi::OsString;
use std::path::Path;

use super::file::{Format, describe};
use crate::error::ConfigError;
use crate::keys::read::MAX_KEYS;

/// A folder's entries, by name.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) files: Vec<KeyFile>,
    /// Entries that are not hidden, and whose names are not those of key files.
    pub(super) passed_over: Vec<OsString>,
}

#[derive(Debug)]
pub(super) struct KeyFile {
    pub(super) name: String,
    pub(super) format: Format,
}

/// Lists a folder, sorted by name, so that every node of a fleet sees the same order.
pub(super) fn list(folder: &Path) -> Result<Listing, ConfigError> {
    let unreadable = |error: std::io::Error| {
        let found = match error.kind() {
            std::io::ErrorKind::NotADirectory => "is not a folder".to_owned(),
            _ => describe(&error),
        };
        ConfigError::Unreadable { found }
    };
    let mut listing = Listing::default();
    for (number, entry) in std::fs::read_dir(folder).map_err(unreadable)?.enumerate() {
        if number >= MAX_KEYS {
            let found = format!("has more than {MAX_KEYS} entries: split it into several folders");
            return Err(ConfigError::Unreadable { found });
        }
        match entry.map_err(unreadable)?.file_name().into_string() {
            Ok(name) if name.starts_with('.') => {}
            Ok(name) => match Format::of_name(&name) {
                Some((format, _)) => listing.files.push(KeyFile { name, format }),
                None => listing.passed_over.push(name.into()),
            },
            Err(name) => listing.passed_over.push(name),
        }
    }
    listing.files.sort_unstable_by(|one, another| one.name.cmp(&another.name));
    listing.passed_over.sort();
    Ok(listing)
}
