//! Errors and warnings about keys, shared by building and reloading.

use std::collections::HashSet;

use crate::error::ConfigError;
use crate::keys::Key;
use crate::scope::KeyScope;
use crate::site::Policy;

/// The maximum number of known names in an error message.
const NAMES_SHOWN: usize = 10;

/// Returns the fault of a key whose scope names nothing in the policy, if it has one.
pub(super) fn no_such_site(
    scope: &KeyScope,
    ids: &HashSet<&str>,
    key: impl FnOnce() -> String,
) -> Option<ConfigError> {
    match scope {
        KeyScope::Site(id) if !ids.contains(&**id) => {
            let mut known: Vec<&str> = ids.iter().copied().collect();
            known.sort_unstable();
            let known = list_names(known.into_iter().map(|id| id.escape_debug().to_string()));
            Some(ConfigError::KeyForNoSite { key: key(), site: id.to_string(), known })
        }
        KeyScope::Site(_) | KeyScope::Bucket(_) | KeyScope::Stream(_) | KeyScope::Any(_) => None,
    }
}

pub(super) fn list_names(mut names: impl Iterator<Item = String>) -> String {
    let shown = names.by_ref().take(NAMES_SHOWN).collect::<Vec<_>>().join(", ");
    match names.count() {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Returns the error for a key of a source that has the same identity as a key of code.
pub(super) fn doubled(key: &Key) -> ConfigError {
    ConfigError::DoubledKey {
        key: key.identity().to_string(),
        file: key.source().unwrap_or_default().into_owned(),
        first: "code".to_owned(),
    }
}

/// Returns the fault of a key's issuer if every site that the key's scope names rejects that issuer's tokens.
pub(super) fn refused_issuer(
    policy: &Policy,
    scope: &KeyScope,
    issuer: Option<&str>,
    key: impl FnOnce() -> String,
) -> Option<ConfigError> {
    let issuer = issuer?;
    let (site, takes) = policy.refuses_issuer(scope, issuer)?;
    let (site, takes) = (site.to_owned(), takes.to_owned());
    Some(ConfigError::KeyIssuerRefused { key: key(), issuer: issuer.to_owned(), site, takes })
}

/// Logs a warning for each key with disabled checks.
pub(super) fn log_dangers(keys: &[Key]) {
    for key in keys {
        let any = matches!(key.scope(), KeyScope::Any(_)).then_some("scope any");
        for name in key.dangers().names().chain(any) {
            crate::log::event!(
                WARN,
                key = %key.identity(),
                danger = name,
                "key has a disabled check"
            );
        }
    }
}
