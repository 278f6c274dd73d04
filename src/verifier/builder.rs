use std::collections::HashSet;
use std::sync::Arc;

use super::Setup;
use super::handle::Verifier;
use super::idle::{idle, warn_of_idle};
use crate::decide::Snapshot;
use crate::error::{ConfigError, ConfigErrors};
use crate::keys::{Key, KeySet};
use crate::rate::FailedSignatures;
use crate::schemes::Failures;
use crate::schemes::jws::SeenTokens;
use crate::scope::KeyScope;
use crate::site::{Outside, Policy, PolicyBuilder, Site, SiteView, UnknownHost};
use crate::store::Store;
use crate::time::{Clock, SystemClock};

/// Collects what a [`Verifier`] is made of.
#[must_use]
pub struct VerifierBuilder {
    policy: PolicyBuilder,
    keys: Vec<Key>,
    store: Store,
    clock: Box<dyn Clock>,
    pub(super) setup: Setup,
}

impl VerifierBuilder {
    pub(super) fn new() -> Self {
        Self {
            policy: Policy::builder(),
            keys: Vec::new(),
            store: Store::in_memory(),
            clock: Box::new(SystemClock),
            setup: Setup::default(),
        }
    }

    /// One site more.
    pub fn site(mut self, site: Site) -> Self {
        self.policy = self.policy.site(site);
        self
    }

    /// See [`PolicyBuilder::stream`].
    pub fn stream(mut self, id: impl Into<String>, playback_id: impl Into<String>) -> Self {
        self.policy = self.policy.stream(id, playback_id);
        self
    }

    /// See [`PolicyBuilder::unknown_host`].
    pub fn unknown_host(mut self, unknown: UnknownHost) -> Self {
        self.policy = self.policy.unknown_host(unknown);
        self
    }

    /// See [`PolicyBuilder::outside`].
    pub fn outside(mut self, outside: Outside) -> Self {
        self.policy = self.policy.outside(outside);
        self
    }

    /// See [`PolicyBuilder::expose_reason`].
    pub fn expose_reason(mut self, expose: bool) -> Self {
        self.policy = self.policy.expose_reason(expose);
        self
    }

    /// See [`PolicyBuilder::token_cache`].
    pub fn token_cache(mut self, tokens: usize) -> Self {
        self.policy = self.policy.token_cache(tokens);
        self
    }

    /// See [`PolicyBuilder::failed_signatures`].
    pub fn failed_signatures(mut self, limits: FailedSignatures) -> Self {
        self.policy = self.policy.failed_signatures(limits);
        self
    }

    /// See [`PolicyBuilder::trusted_proxies`].
    pub fn trusted_proxies<I: IntoIterator<Item: Into<String>>>(mut self, networks: I) -> Self {
        self.policy = self.policy.trusted_proxies(networks);
        self
    }

    /// One key more. None at all is fine: keys may come later.
    pub fn key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// Several keys more.
    pub fn keys(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// Where embed tokens and revocations live. Default in memory, for this verifier alone.
    pub fn store(mut self, store: &Store) -> Self {
        self.store = store.clone();
        self
    }

    /// Where adapters read the time. Default the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Checks everything and puts it in force.
    ///
    /// # Errors
    ///
    /// Every fault of the policy and the keys, at once. A key for a site that is none is one of them.
    pub fn build(mut self) -> Result<Verifier, ConfigErrors> {
        let mut errors = Vec::new();
        let read = self.read().map_err(|found| errors.extend(found)).ok();
        let (policy, sourced) = read.map_or((None, Vec::new()), |(policy, keys)| (Some(policy), keys));
        let ids: Option<HashSet<&str>> =
            policy.as_ref().map(|policy| policy.sites().map(SiteView::id).collect());
        let mut kids = HashSet::new();
        for key in &self.keys {
            if !kids.insert(key.id()) {
                errors.push(ConfigError::DuplicateKey { kid: key.id().to_string() });
            }
            let named = || format!("key {:?}", key.id().as_str());
            errors.extend(ids.as_ref().and_then(|ids| no_such_site(key.scope(), ids, named)));
        }
        errors.extend(sourced.iter().filter(|key| kids.contains(key.id())).map(doubled));
        drop((ids, kids));
        ConfigErrors::check(errors)?;
        tell_dangers(&self.keys);
        let keys = KeySet::from_keys(self.keys.into_iter().chain(sourced))?;
        let policy = policy.ok_or(ConfigError::NoSites)?;
        let access = Arc::clone(self.store.access());
        let seen = Arc::new(SeenTokens::new(policy.token_cache));
        let failures = Failures::default().under(policy.failed_signatures);
        let (policy, tally) = (Arc::new(policy), Arc::default());
        let snapshot = Snapshot { policy, keys, seen, failures, tally, access };
        warn_of_idle(&idle(&snapshot), &[]);
        Ok(Verifier::start(snapshot, self.store, self.clock, self.setup))
    }

    /// The policy, and the keys of the sources.
    #[cfg(feature = "config")]
    fn read(&mut self) -> Result<(Policy, Vec<Key>), ConfigErrors> {
        self.setup.start(std::mem::take(&mut self.policy))
    }

    #[cfg(not(feature = "config"))]
    fn read(&mut self) -> Result<(Policy, Vec<Key>), ConfigErrors> {
        Ok((std::mem::take(&mut self.policy).build()?, Vec::new()))
    }
}

/// How many of the known names an error lists.
const NAMES_SHOWN: usize = 10;

/// Why a key's scope names nothing here, if it does.
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

/// A key from a source whose `kid` a key of code has.
pub(super) fn doubled(key: &Key) -> ConfigError {
    ConfigError::DoubledKey {
        kid: key.id().to_string(),
        file: key.source().unwrap_or_default().into_owned(),
        first: "code".to_owned(),
    }
}

/// Checks that are taken away are said aloud.
pub(super) fn tell_dangers(keys: &[Key]) {
    for key in keys {
        let any = matches!(key.scope(), KeyScope::Any(_)).then_some("scope any");
        for name in key.dangers().names().chain(any) {
            crate::log::event!(
                WARN,
                kid = key.id().as_str(),
                danger = name,
                "a check is taken away from this key's tokens"
            );
        }
    }
}

impl std::fmt::Debug for VerifierBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerifierBuilder")
            .field("policy", &self.policy)
            .field("keys", &self.keys)
            .finish_non_exhaustive()
    }
}
