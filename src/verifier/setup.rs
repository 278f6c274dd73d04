//! The setup of a verifier, kept so that it can be read again at run time.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::faults::{list_names, no_such_site, refused_issuer};
use super::secrets::Secrets;
use crate::config::{ConfigFile, Notation, in_file};
use crate::error::{ConfigError, ConfigErrors, Faults, Part};
use crate::keys::{Changes, Documents, FileSight, Key, KeySource};
use crate::schemes::Hook;
use crate::site::{Policy, PolicyBuilder, Site};

/// The maximum size of a configuration file.
const MAX_CONFIG_FILE: u64 = 256 * 1024 * 1024;

/// A configuration file and key sources, and the settings of code.
#[derive(Default)]
pub(super) struct Setup {
    pub(super) file: Option<PathBuf>,
    pub(super) sources: Vec<KeySource>,
    pub(super) hooks: Vec<(String, Hook)>,
    /// The sites and settings of code.
    policy: PolicyBuilder,
    /// True if the policy is read from files, wholly or in part.
    pub(super) policy_is_read: bool,
    state: Mutex<State>,
}

/// The state of the last reading.
#[derive(Default)]
pub(super) struct State {
    pub(super) sites: Vec<(String, Site)>,
    pub(super) documents: Documents,
    /// The secrets of schemes.
    pub(super) secrets: Secrets,
    pub(super) file: FileSight,
    /// The time at which the file last changed. It is reloaded once it has been stable for `SETTLING`, because it may still be
    /// being written.
    pub(super) settling: Option<Instant>,
    /// The reason why the present content of the file is not in force.
    pub(super) refused: Option<ConfigErrors>,
    /// The keys and sites that granted nothing at the last check.
    pub(super) idle: Vec<String>,
    /// Keys of sources that wait until a key of code with the same identity is removed.
    pub(super) waiting: Vec<Key>,
}

/// The settings and keys that were read and checked, ready to be put in force.
pub(super) struct Plan {
    pub(super) policy: Policy,
    pub(super) sites: Vec<(String, Site)>,
    pub(super) documents: Documents,
    pub(super) secrets: Secrets,
    pub(super) changes: Changes,
    pub(super) notices: Vec<ConfigError>,
}

impl Setup {
    /// Reads everything for the first time: the policy, and the keys of the sources.
    pub(super) fn start(&mut self, policy: PolicyBuilder) -> Result<(Policy, Vec<Key>), ConfigErrors> {
        self.policy = policy;
        let mut state = State::default();
        if let Some(path) = &self.file {
            // The present state of the file. The plan reads it again, so a change in between is found by the next check.
            let _ = state.file.look(path, MAX_CONFIG_FILE);
        }
        let plan = self.plan(&state)?;
        log_errors(&plan.notices);
        log_dangers(plan.documents.sources());
        self.policy_is_read = self.file.is_some() || !plan.secrets.is_empty();
        if self.policy_is_read {
            state.sites = plan.sites;
        } else {
            self.policy = PolicyBuilder::default(); // must not be read again
        }
        state.documents = plan.documents;
        state.secrets = plan.secrets;
        self.state = Mutex::new(state);
        Ok((plan.policy, plan.changes.added))
    }

    /// Returns whether the file, or a file with a secret, changed since the last check.
    #[cfg(feature = "watch")]
    pub(super) fn file_changed(&self, state: &mut State) -> Result<bool, ConfigError> {
        let secrets_changed = state.secrets.changed();
        match &self.file {
            _ if secrets_changed => Ok(true),
            None => Ok(false),
            Some(path) => match state.file.look(path, MAX_CONFIG_FILE) {
                Ok(look) => Ok(look.is_change()),
                Err(error) => Err(in_file(path, None, error)),
            },
        }
    }

    /// Returns the folders that are checked for changes.
    #[cfg(feature = "watch")]
    pub(super) fn folders(&self) -> HashSet<PathBuf> {
        let state = self.lock();
        let file = self.file.as_deref().map(crate::keys::folder_of);
        let sources = state.documents.sources().filter_map(KeySource::watched_folder);
        file.into_iter().chain(sources).chain(state.secrets.folders()).map(Path::to_owned).collect()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // After a panic the state of the last reading is still in place.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads and checks the file and the sources. Nothing is changed.
    pub(super) fn plan(&self, before: &State) -> Result<Plan, ConfigErrors> {
        let (mut errors, mut notices) = (Vec::new(), Vec::new());
        let mut file = match &self.file {
            Some(path) => Some(read_file(path)?),
            None => None,
        };
        let mut policy = match &file {
            Some(file) => file.add_to(self.policy.clone()),
            None => self.policy.clone(),
        };
        for (id, hook) in &self.hooks {
            if !policy.set_hook(id, hook) {
                let known = list_names(policy.named_sites().map(|(id, _)| id.escape_debug().to_string()));
                errors.push(ConfigError::HookForNoSite { site: id.clone(), known });
            }
        }
        let mut faults = Faults::default();
        let secrets = Secrets::read(&mut policy, &before.secrets, &mut faults, &mut notices);
        let sites: Vec<(String, Site)> = policy.named_sites().map(|(id, site)| (id, site.clone())).collect();
        let policy = policy.check(&mut faults);

        // The file's sources first, each with its section; then those of code.
        let mut sources: Vec<(Part, KeySource)> = Vec::new();
        if let Some(file) = &file {
            sources.extend(file.sources().map(|(number, source)| (Part::Keys(number), source.clone())));
        }
        sources.extend(self.sources.iter().map(|source| (Part::Keys(usize::MAX), source.clone())));
        let ids: HashSet<&str> = sites.iter().map(|(id, _)| id.as_str()).collect();
        // If a site's name may be wrong, references to it may be wrong too.
        let named_well =
            !faults.has(&["hosts", "id", "site"]) && file.as_ref().is_none_or(ConfigFile::knows_its_sites);
        for (part, source) in sources.iter().filter(|_| named_well) {
            if let Some(error) = no_such_site(source.scope(), &ids, || source.shown()) {
                faults.enter(*part);
                faults.push("scope", error);
            }
        }
        if let Some(policy) = &policy {
            for (part, source) in &sources {
                let (scope, issuer) = (source.scope(), source.issuer_of_tokens());
                if let Some(error) = refused_issuer(policy, scope, issuer, || source.shown()) {
                    faults.enter(*part);
                    faults.push("issuer", error);
                }
            }
        }
        let (parts, sources): (Vec<Part>, Vec<KeySource>) = sources.into_iter().unzip();
        let fields: Vec<&'static str> = sources.iter().map(KeySource::field).collect();
        let mut broken = Vec::new();
        let (documents, changes) = Documents::read(sources, &before.documents, &mut broken, &mut notices);
        for fault in broken {
            if let (Some(part), Some(field)) = (parts.get(fault.source), fields.get(fault.source)) {
                faults.enter(*part);
                faults.push(fault.setting.unwrap_or(field), fault.error);
            }
        }
        let unplaced = match &mut file {
            Some(file) => file.place(faults.into_list()),
            None => faults.into_list().into_iter().map(|fault| fault.error).collect(),
        };
        errors.splice(0..0, file.map(ConfigFile::into_errors).into_iter().flatten().chain(unplaced));
        ConfigErrors::check(errors)?;
        let policy = policy.ok_or(ConfigError::NoSites)?;
        Ok(Plan { policy, sites, documents, secrets, changes, notices })
    }
}

/// Reads a configuration file. Fails only if the text cannot be parsed.
fn read_file(path: &Path) -> Result<ConfigFile, ConfigErrors> {
    let notation = Notation::of(path)?;
    let bytes = FileSight::read(path, MAX_CONFIG_FILE).map_err(|error| in_file(path, None, error))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = memchr::memchr_iter(b'\n', valid).count().saturating_add(1);
        let notation = if notation == Notation::Toml { "TOML" } else { "JSON" };
        let found = "it is not UTF-8".to_owned();
        in_file(path, u32::try_from(line).ok(), ConfigError::Syntax { notation, found })
    })?;
    ConfigFile::parse(&text, notation, path).map_err(ConfigErrors::several)
}

/// Logs errors.
pub(super) fn log_errors<'e>(notices: impl IntoIterator<Item = &'e ConfigError>) {
    for notice in notices {
        crate::log::event!(WARN, problem = %notice, "configuration problem");
    }
}

/// Logs a warning for each source with disabled checks, whenever the source is loaded.
pub(super) fn log_dangers<'s>(sources: impl Iterator<Item = &'s KeySource>) {
    for source in sources {
        for name in source.dangers() {
            crate::log::event!(WARN, source = %source, danger = name, "keys have a disabled check");
        }
    }
}
