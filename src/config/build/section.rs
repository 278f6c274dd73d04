//! The defaults and the errors that all sections of a file share.

use crate::error::ConfigError;

/// Replaces a default by the value in the file, if there is one.
pub(super) fn set<T>(setting: &mut T, said: Option<T>) {
    if let Some(said) = said {
        *setting = said;
    }
}

/// Returns the error of a section: what was found in this part of the file, and what to write instead.
pub(super) fn section(part: &str, found: &str, write: &str) -> ConfigError {
    ConfigError::Section { part: part.to_owned(), found: found.to_owned(), write: write.to_owned() }
}
