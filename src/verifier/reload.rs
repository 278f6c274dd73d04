//! Reads the setup again, on request or when the watcher finds a change.

use std::sync::Arc;
#[cfg(feature = "watch")]
use std::time::Instant;

use super::faults::{doubled, list_names};
use super::handle::Verifier;
use super::health::KeptSource;
use super::idle::{idle, warn_of_idle};
use super::reloaded::{Difference, Reloaded};
use super::setup::{State, log_dangers, log_errors};
#[cfg(feature = "watch")]
use super::watch::SETTLING;
use crate::error::{ConfigError, ConfigErrors};
use crate::keys::{Changes, Key};
use crate::site::Policy;

impl Verifier {
    /// Creates a verifier from a configuration file, `.toml` or `.json`, and the keys that it names.
    ///
    /// This is the same as `Verifier::builder().file(path).build()`.
    ///
    /// # Errors
    ///
    /// Returns all errors of the file and its keys at once, each with the file, the line, the text found and the remedy.
    pub fn from_file(path: impl Into<std::path::PathBuf>) -> Result<Self, ConfigErrors> {
        Self::builder().file(path).build()
    }

    /// Reads the configuration file and every key source again, and puts the results in force together.
    ///
    /// If a file or folder of keys is missing, empty or broken, its last valid keys stay in force, and the report lists it in
    /// [`kept`](Reloaded::kept). If a document can be read and holds no usable key, its keys are removed; see
    /// [`KeySource`](crate::keys::KeySource).
    ///
    /// If there is a configuration file, a policy that was set with [`swap`](Self::swap) is replaced. Keys that were inserted in
    /// code stay. Do not call this while serving a request, because it reads files.
    ///
    /// # Errors
    ///
    /// Returns all errors at once; nothing changes in that case.
    pub fn reload(&self) -> Result<Reloaded, ConfigErrors> {
        let reloaded = self.read_again(&mut self.setup().lock());
        match &reloaded {
            Ok(_) => self.counters().reloads.applied(self.now()),
            Err(_) => self.counters().reloads.rejected(),
        }
        reloaded
    }

    fn read_again(&self, state: &mut State) -> Result<Reloaded, ConfigErrors> {
        let setup = self.setup();
        state.settling = None;
        if !setup.policy_is_read {
            return Ok(self.look_at_sources(state));
        }
        let plan = setup.plan(state).inspect_err(|errors| state.refused = Some(errors.clone()))?;
        let sites = Difference::between(&state.sites, &plan.sites);
        let documents = std::mem::replace(&mut state.documents, plan.documents);
        if let Err(errors) = self.put(state, Some(plan.policy), &plan.changes) {
            state.documents = documents;
            state.refused = Some(errors.clone());
            return Err(errors);
        }
        log_errors(&plan.notices);
        log_dangers(state.documents.sources().filter(|source| documents.sources().all(|old| old != *source)));
        state.sites = plan.sites;
        state.secrets = plan.secrets;
        state.refused = None;
        Ok(Reloaded::of(sites, &plan.changes, state))
    }

    /// Applies the changes since the last check, and the configuration file once it has stopped changing. Errors are logged, once
    /// for each change. Returns whether the file may still be being written.
    #[cfg(feature = "watch")]
    pub(super) fn refresh(&self, now: Instant) -> bool {
        let setup = self.setup();
        let mut state = setup.lock();
        let refused_before = state.refused.clone();
        let fault = match setup.file_changed(&mut state) {
            Ok(true) => {
                state.settling = Some(now);
                None
            }
            Ok(false) if state.settling.is_some_and(|since| now.duration_since(since) < SETTLING) => None,
            Ok(false) if state.settling.is_none() && refused_before.is_none() => None,
            // The file has settled. Or its last error may be gone, for example a missing folder.
            Ok(false) => match self.read_again(&mut state) {
                Ok(_) => {
                    self.counters().reloads.applied(self.now());
                    return false;
                }
                Err(errors) => Some(errors),
            },
            Err(error) => {
                state.settling = None;
                Some(error.into())
            }
        };
        if let Some(errors) = fault {
            if refused_before.as_ref() != Some(&errors) {
                self.counters().reloads.rejected();
                log_errors(errors.iter());
                crate::log::event!(
                    WARN,
                    errors = errors.iter().count(),
                    "configuration rejected, the previous one stays in force"
                );
            }
            state.refused = Some(errors);
        }
        let _ = self.look_at_sources(&mut state); // the kept sources were logged
        state.settling.is_some()
    }

    fn look_at_sources(&self, state: &mut State) -> Reloaded {
        let mut notices = Vec::new();
        let changes = state.documents.look(&mut notices);
        log_errors(&notices);
        if let Err(errors) = self.put(state, None, &changes) {
            log_errors(errors.iter()); // only a new policy can conflict
        }
        Reloaded::of(Difference::default(), &changes, state)
    }

    /// Puts a policy and changed keys in force together. A key with the same identity as a key of code waits until that one is
    /// removed. The sites that were added to the policy in force are added to the new one.
    ///
    /// If the added sites conflict with the policy, nothing changes.
    fn put(&self, state: &mut State, policy: Option<Policy>, changes: &Changes) -> Result<(), ConfigErrors> {
        let in_force = self.keys().snapshot();
        let (free, mut waiting): (Vec<_>, Vec<_>) = state
            .waiting
            .iter()
            .filter(|key| state.documents.has_in_force(key))
            .cloned()
            .partition(|key| in_force.get(&key.identity()).is_none());
        if policy.is_none() && changes.is_empty() && free.is_empty() {
            state.waiting = waiting;
            return Ok(());
        }
        let out = changes.removed.iter().chain(changes.changed.iter().map(|(old, _)| old));
        let new = changes.added.iter().chain(changes.changed.iter().map(|(_, new)| new));
        let (out, into): (Vec<_>, Vec<_>) = (out.cloned().collect(), new.cloned().chain(free).collect());
        let mut refused = Vec::new();
        self.update(|snapshot| {
            let policy = match policy {
                Some(policy) => Arc::new(policy.with_additions_of(&snapshot.policy)?),
                None => Arc::clone(&snapshot.policy),
            };
            let (keys, taken) = snapshot.keys.exchange(&out, into);
            refused = taken;
            Ok::<_, ConfigErrors>(snapshot.with(policy, keys))
        })?;
        log_errors(&refused.iter().map(doubled).collect::<Vec<_>>());
        waiting.extend(refused);
        state.waiting = waiting;
        log_keys(changes);
        let idle = idle(&self.snapshot());
        warn_of_idle(&idle, &state.idle);
        state.idle = idle;
        Ok(())
    }
}

/// Logs the added and removed keys. The preceding log line has the counts.
fn log_keys(changes: &Changes) {
    let Difference { added, removed, changed } = Difference::from(changes);
    for (what, keys) in [("added", added), ("removed", removed), ("changed", changed)] {
        if !keys.is_empty() {
            let keys = list_names(keys.into_iter());
            crate::log::event!(INFO, what = what, keys = %keys, "keys changed");
        }
    }
}

impl Reloaded {
    fn of(sites: Difference, changes: &Changes, state: &State) -> Self {
        let kept = state.documents.kept().map(KeptSource::from).collect();
        Self { sites, keys: changes.into(), skipped: state.skipped(), kept }
    }
}

impl State {
    /// Returns the errors of content that is not in force.
    pub(super) fn skipped(&self) -> Vec<ConfigError> {
        let waiting = self.waiting.iter().map(doubled);
        self.documents.faults().chain(self.secrets.faults()).cloned().chain(waiting).collect()
    }
}

impl From<&Changes> for Difference {
    fn from(changes: &Changes) -> Self {
        fn names<'k>(keys: impl Iterator<Item = &'k Key>) -> Vec<String> {
            let mut names: Vec<String> = keys.map(|key| key.identity().to_string()).collect();
            names.sort_unstable();
            names
        }
        Self {
            added: names(changes.added.iter()),
            removed: names(changes.removed.iter()),
            changed: names(changes.changed.iter().map(|(_, new)| new)),
        }
    }
}

#[cfg(all(test, feature = "watch"))]
mod tests;
