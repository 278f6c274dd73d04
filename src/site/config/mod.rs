//! A configuration file, TOML or JSON, to the settings that code makes with builders.
//!
//! 1. The text becomes one tree, whichever notation it is in, every node with its line.
//! 2. The tree is read into the document's types; each unknown field and wrong type is an error, and all are found.
//! 3. The document becomes the same [`Site`]s, streams and key sources that code would make. What is missing or
//!    contradicts itself is an error, and so is everything that the checks of the policy find.
//! 4. Each error gets the file and the line of the setting that it is about; all are reported at once.
//!
//! Nothing here opens a key file or checks a key.

mod build;
mod document;
mod json;
mod read;
mod stumble;
#[cfg(test)]
mod tests;
mod toml;
mod tree;

use std::path::{Path, PathBuf};

pub(super) use build::Sections;
use build::build;
use document::Document;
use read::LeftOut;
use tree::Node;

use super::PolicyBuilder;
use crate::error::{ConfigError, Fault, Faults, Part};
use crate::keys::KeySource;

/// The JSON Schema of a configuration file, for editors and for those who generate configurations.
pub const SCHEMA: &str = include_str!("schema.json");

/// What a file says, not yet checked as a whole.
#[derive(Debug)]
pub(crate) struct ConfigFile {
    path: PathBuf,
    root: Node,
    left_out: LeftOut,
    errors: Vec<(u32, ConfigError)>,
    sections: Sections,
}

/// How the text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Toml,
    Json,
}

impl Notation {
    /// By the ending of the file's name.
    pub(crate) fn of(path: &Path) -> Result<Self, ConfigError> {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("toml") => Ok(Self::Toml),
            Some("json") => Ok(Self::Json),
            _ => Err(in_file(path, None, ConfigError::UnknownNotation)),
        }
    }
}

impl ConfigFile {
    /// Reads a text that came from `path`, which relative paths in it start at.
    ///
    /// # Errors
    ///
    /// Text that is no TOML or JSON. All other errors wait for [`errors`](Self::errors).
    pub(crate) fn parse(text: &str, notation: Notation, path: &Path) -> Result<Self, Vec<ConfigError>> {
        let parsed = match notation {
            Notation::Toml => toml::parse(text),
            Notation::Json => json::parse(text),
        };
        let root = parsed.map_err(|errors| located(path, errors))?;
        let reading = read::read::<Document>(&root);
        let mut faults = Faults::default();
        let sections = build(reading.document, path.parent().unwrap_or(Path::new("")), &mut faults);
        let mut file = Self {
            path: path.to_owned(),
            root,
            left_out: reading.left_out,
            errors: reading.errors,
            sections,
        };
        file.place(faults.into_list());
        Ok(file)
    }

    /// Adds the file's settings to a policy, its sites and streams before those that are there.
    pub(crate) fn add_to(&self, policy: PolicyBuilder) -> PolicyBuilder {
        policy.with_sections(&self.sections)
    }

    /// Whether the sites have the ids that the file means them to have.
    pub(crate) fn knows_its_sites(&self) -> bool {
        let Some(sites) = self.root.field("site") else {
            return !self.left_out.was_meant(&self.root, "site");
        };
        let named = |site: &Node| {
            !self.left_out.left_out(site)
                && ["hosts", "id"].iter().all(|field| {
                    let wrong = site.field(field).is_some_and(|node| self.left_out.touches(node));
                    !wrong && !self.left_out.was_meant(site, field)
                })
        };
        named(sites) && (0..).map_while(|number| sites.element(number)).all(named)
    }

    /// The file's sources of keys, each with the number of its section.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (usize, &KeySource)> {
        let numbered = self.sections.sources.iter().enumerate();
        numbered.filter_map(|(number, source)| Some((number, source.as_ref()?)))
    }

    /// Gives faults of the policy and the keys their lines. What follows from an error that is known is dropped, and
    /// what the file does not speak of is handed back.
    pub(crate) fn place(&mut self, faults: Vec<Fault>) -> Vec<ConfigError> {
        let mut elsewhere = Vec::new();
        for fault in faults {
            match self.line_of(&fault) {
                Line::At(line) => self.errors.push((line, fault.error)),
                Line::Known => {}
                Line::Elsewhere => elsewhere.push(fault.error),
            }
        }
        elsewhere
    }

    /// Everything that is wrong, by line.
    pub(crate) fn into_errors(mut self) -> Vec<ConfigError> {
        self.errors.sort_by_key(|(line, _)| *line);
        self.errors.dedup();
        located(&self.path, self.errors)
    }

    /// The line of the setting that a fault is about; that of its section where the setting is not written.
    fn line_of(&self, fault: &Fault) -> Line {
        let section = |name: &str, number: usize| self.left_out.element(self.root.field(name)?, number);
        let part = match fault.part {
            // Code may have set these instead of the file.
            Part::Whole if fault.setting == "trusted_proxies" || fault.setting.starts_with("outside") => {
                let field = fault.setting.split('.').next().unwrap_or_default();
                self.root.field(field).map(|_| &self.root)
            }
            Part::Whole => Some(&self.root),
            Part::Site(number) => section("site", number),
            Part::Stream(number) => section("stream", number),
            Part::Keys(number) => section("keys", number),
        };
        let Some(part) = part else { return Line::Elsewhere };
        // What is wrong with `outside` is reported already.
        let outside = self.root.field("outside");
        let is_reported = match fault.error {
            ConfigError::OutsideUnset { .. } => {
                outside.is_some() || self.left_out.was_meant(&self.root, "outside")
            }
            ConfigError::OutsideNoHosts => outside.is_some_and(|node| self.left_out.touches(node)),
            _ => false,
        };
        if self.left_out.left_out(&self.root) || is_reported {
            return Line::Known;
        }
        let Some(setting) = part.at(fault.setting) else {
            let (table, field) = match fault.setting.rsplit_once('.') {
                Some((table, field)) => (part.at(table).unwrap_or(part), field),
                None => (part, fault.setting),
            };
            // Of several fields that would do, one may be there and be wrong.
            let known = field.split('|').any(|field| {
                let wrong = table.at(field).is_some_and(|node| self.left_out.touches(node));
                wrong || self.left_out.was_meant(table, field)
            });
            return if known { Line::Known } else { Line::At(table.line) };
        };
        let found = match fault.element {
            Some(index) => self.left_out.element(setting, index).unwrap_or(setting),
            None => setting,
        };
        // What is wrong elsewhere in a part is no excuse for a fault of the part as a whole.
        let known = !fault.setting.is_empty() && self.left_out.touches(found);
        if known { Line::Known } else { Line::At(found.line) }
    }
}

/// Where a fault is.
enum Line {
    At(u32),
    /// It follows from another error.
    Known,
    /// In code.
    Elsewhere,
}

fn located(path: &Path, errors: Vec<(u32, ConfigError)>) -> Vec<ConfigError> {
    errors.into_iter().map(|(line, error)| in_file(path, Some(line), error)).collect()
}

/// An error with the file, and where it is known the line, that it is about.
pub(crate) fn in_file(path: &Path, line: Option<u32>, error: ConfigError) -> ConfigError {
    ConfigError::InFile { file: path.display().to_string(), line, error: Box::new(error) }
}
