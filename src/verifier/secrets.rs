//! The shared secrets of schemes that are stored in files and environment variables.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::config::in_file;
use crate::error::{ConfigError, Faults, Part};
use crate::keys::{FileSight, without_line_end};
use crate::schemes::{SecretPlace, SecretSlots, SharedSecret};
use crate::site::PolicyBuilder;

/// The maximum size of a file that is read as a secret.
const MAX_SECRET_FILE: u64 = 4096;

/// The content of each secret file.
#[derive(Clone, Default)]
pub(super) struct Secrets {
    /// The files, by path and required length of the secret.
    files: HashMap<(PathBuf, usize), Known>,
}

/// The state of one file.
#[derive(Clone, Default)]
struct Known {
    /// The state of the file at the last check.
    sight: FileSight,
    /// The reason why the file could not be checked.
    unreadable: Option<ConfigError>,
    /// Its last valid content.
    secret: Option<Box<[u8]>>,
    /// The reason why the present content is not in force.
    fault: Option<ConfigError>,
}

impl Secrets {
    /// Replaces the places of secrets with the secrets. A file that is invalid at the first reading is a fault. Later its last
    /// valid content stays in force, and a notice reports the fault once.
    pub(super) fn read(
        policy: &mut PolicyBuilder,
        before: &Self,
        faults: &mut Faults,
        notices: &mut Vec<ConfigError>,
    ) -> Self {
        let mut now = Self::default();
        for (site, slots) in policy.secrets() {
            faults.enter(Part::Site(site));
            let SecretSlots { file_setting, env_setting, least, secrets } = slots;
            let two_places = match &**secrets {
                [SharedSecret(SecretPlace::Here(_)), _] | [_, SharedSecret(SecretPlace::Here(_))] => false,
                [one, other] => one != other,
                _ => false,
            };
            for (element, SharedSecret(place)) in secrets.iter_mut().enumerate() {
                let (setting, read) = match &*place {
                    SecretPlace::Here(_) | SecretPlace::Unread => continue,
                    SecretPlace::Env(variable) => (env_setting, read_variable(variable, least)),
                    SecretPlace::File(path) => (file_setting, now.read_file(path, least, before, notices)),
                };
                *place = match read {
                    Ok(secret) => SecretPlace::Here(secret),
                    Err(error) => {
                        faults.push_element(setting, element, error);
                        SecretPlace::Unread
                    }
                };
            }
            if let [SharedSecret(SecretPlace::Here(one)), SharedSecret(SecretPlace::Here(other))] = &**secrets
                && two_places
                && one == other
            {
                secrets.truncate(1); // halfway through a rotation: the new secret has become the old one, and there is no newer one
            }
        }
        now
    }

    fn read_file(
        &mut self,
        path: &Path,
        least: usize,
        before: &Self,
        notices: &mut Vec<ConfigError>,
    ) -> Result<Box<[u8]>, ConfigError> {
        let place = (path.to_owned(), least);
        let before = before.files.get(&place);
        let known = self.files.entry(place).or_insert_with(|| {
            let mut known = before.cloned().unwrap_or_default();
            known.look(path); // later changes are found by the next check
            known.read(path, least);
            let known_fault = before.and_then(|before| before.fault.as_ref());
            notices.extend(
                known.fault.clone().filter(|fault| known.secret.is_some() && Some(fault) != known_fault),
            );
            known
        });
        match (&known.secret, &known.fault) {
            (Some(secret), _) => Ok(secret.clone()),
            (None, Some(fault)) => Err(fault.clone()),
            (None, None) => Err(ConfigError::NoSites), // it was read
        }
    }

    /// Returns whether there is no file.
    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// Returns whether a file changed since the last check.
    #[cfg(feature = "watch")]
    pub(super) fn changed(&mut self) -> bool {
        // Every file is checked.
        self.files.iter_mut().fold(false, |changed, ((path, _), known)| known.look(path) || changed)
    }

    /// Returns the folders of the files.
    #[cfg(feature = "watch")]
    pub(super) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.files.keys().map(|(path, _)| crate::keys::folder_of(path))
    }

    /// Returns the present faults.
    pub(super) fn faults(&self) -> impl Iterator<Item = &ConfigError> {
        self.files.values().filter_map(|known| known.fault.as_ref())
    }
}

impl Known {
    /// Checks the file. Returns whether it changed.
    fn look(&mut self, path: &Path) -> bool {
        let (changed, unreadable) = match self.sight.look(path, MAX_SECRET_FILE) {
            Ok(look) => (look.is_change(), None),
            Err(error) => (false, Some(error)),
        };
        let before = std::mem::replace(&mut self.unreadable, unreadable);
        changed || self.unreadable != before
    }

    fn read(&mut self, path: &Path, least: usize) {
        let read =
            FileSight::read(path, MAX_SECRET_FILE).and_then(|bytes| checked(without_line_end(&bytes), least));
        match read {
            Ok(secret) => (self.secret, self.fault) = (Some(secret), None),
            Err(error) => {
                // If nothing was ever read, the path may be the secret itself.
                let hidden = self.secret.is_none() && !path.exists();
                let error = match self.secret {
                    Some(_) => ConfigError::LastGoodSecret { error: Box::new(error) },
                    None => error,
                };
                self.fault = Some(in_file(if hidden { Path::new("secret_file") } else { path }, None, error));
            }
        }
    }
}

fn read_variable(variable: &str, least: usize) -> Result<Box<[u8]>, ConfigError> {
    let unreadable = |found: String| ConfigError::Unreadable { found };
    // Text that names no variable may be the secret itself, so it is not repeated.
    let text = std::env::var_os(variable).ok_or_else(|| {
        unreadable(
            "secret_env does not name an environment variable that is set: set it, and write its name here"
                .to_owned(),
        )
    })?;
    checked(text.as_encoded_bytes(), least)
        .map_err(|error| unreadable(format!("environment variable {variable} {error}")))
}

fn checked(secret: &[u8], least: usize) -> Result<Box<[u8]>, ConfigError> {
    if secret.len() < least {
        let found = format!("has a secret of {} bytes: use {least} or more", secret.len());
        return Err(ConfigError::Unreadable { found });
    }
    if has_lines(secret) {
        let found = "has several lines: write only one secret in each file or variable".to_owned();
        return Err(ConfigError::Unreadable { found });
    }
    Ok(secret.into())
}

/// Returns whether the secret is text of more than one line. Random bytes are almost never text.
fn has_lines(secret: &[u8]) -> bool {
    let mut controls = secret.iter().filter(|byte| byte.is_ascii_control()).peekable();
    controls.peek().is_some()
        && controls.all(|byte| matches!(byte, b'\r' | b'\n'))
        && str::from_utf8(secret).is_ok()
}
