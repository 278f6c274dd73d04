//! The sections of schemes in a configuration file.

use std::path::Path;

use serde::de::DeserializeOwned;

use super::settings::SchemeSettings;
use crate::error::{ConfigError, Faults};

/// Settings that have a section of their own in a configuration file.
pub(crate) trait ConfigSection: SchemeSettings {
    /// The section as parsed: all of its fields are optional.
    type Section: DeserializeOwned + Default;

    /// Builds the settings. Missing and contradictory fields are pushed to `faults`. Relative paths start at `folder`.
    fn from_section(section: Self::Section, folder: &Path, faults: &mut Faults) -> Option<Self>;
}

/// Replaces a default with the value in the file, if there is one.
pub(crate) fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

/// Returns the error of a section: the text found in this part of the file, and the text to write instead.
pub(crate) fn section(part: &str, found: &str, write: &str) -> ConfigError {
    ConfigError::Section { part: part.to_owned(), found: found.to_owned(), write: write.to_owned() }
}
