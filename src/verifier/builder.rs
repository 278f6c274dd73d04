use std::collections::HashSet;
#[cfg(feature = "config")]
use std::path::PathBuf;
use std::sync::Arc;

use super::faults::{doubled, log_dangers, no_such_site, refused_issuer};
use super::handle::Verifier;
use super::idle::{idle, warn_of_idle};
use super::setup::Setup;
use super::unenforced::warn_of_shadowed;
use crate::decide::Snapshot;
use crate::error::{ConfigError, ConfigErrors};
#[cfg(feature = "config")]
use crate::keys::KeySource;
use crate::keys::{Key, KeySet};
use crate::rate::FailedSignatures;
#[cfg(feature = "config")]
use crate::schemes::{Hook, HookRequest, Refuse};
use crate::site::{ExplainHeader, Outside, Policy, PolicyBuilder, Site, SiteView, UnknownHost};
use crate::store::Store;
use crate::time::{Clock, SystemClock};

/// A builder for a [`Verifier`].
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

    /// Adds a site.
    pub fn site(mut self, site: Site) -> Self {
        self.policy = self.policy.site(site);
        self
    }

    /// See [`PolicyBuilder::may_be_empty`].
    pub fn may_be_empty(mut self, may: bool) -> Self {
        self.policy = self.policy.may_be_empty(may);
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

    /// See [`PolicyBuilder::denials_per_second`].
    pub fn denials_per_second(mut self, lines: u32) -> Self {
        self.policy = self.policy.denials_per_second(lines);
        self
    }

    /// See [`PolicyBuilder::code_header`].
    pub fn code_header(mut self, add: bool) -> Self {
        self.policy = self.policy.code_header(add);
        self
    }

    /// See [`PolicyBuilder::explain_header`].
    pub fn explain_header(mut self, readers: ExplainHeader) -> Self {
        self.policy = self.policy.explain_header(readers);
        self
    }

    /// Adds a key. A verifier can start without keys, which can be added later.
    pub fn key(mut self, key: Key) -> Self {
        self.keys.push(key);
        self
    }

    /// Adds several keys.
    pub fn keys(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// Sets the store of embed tokens and revocations. The default is in memory, for this verifier alone.
    pub fn store(mut self, store: &Store) -> Self {
        self.store = store.clone();
        self
    }

    /// Sets the clock that adapters read. The default is the system's clock.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Checks all settings and keys, and builds the verifier.
    ///
    /// # Errors
    ///
    /// Returns every fault of the policy and the keys at once. A key whose scope names an unknown site is also a fault.
    pub fn build(mut self) -> Result<Verifier, ConfigErrors> {
        let mut errors = Vec::new();
        let read = self.read().map_err(|found| errors.extend(found)).ok();
        let (policy, sourced) = read.map_or((None, Vec::new()), |(policy, keys)| (Some(policy), keys));
        let ids: Option<HashSet<&str>> =
            policy.as_ref().map(|policy| policy.sites().map(SiteView::id).collect());
        let mut names = HashSet::new();
        for key in &self.keys {
            if !names.insert(key.name()) {
                errors.push(ConfigError::DuplicateKey { key: key.identity().to_string() });
            }
            let named = || format!("key {:?}", key.id().as_str());
            errors.extend(ids.as_ref().and_then(|ids| no_such_site(key.scope(), ids, named)));
            let named = || format!("key {:?}", key.id().as_str());
            let refused =
                policy.as_ref().and_then(|policy| refused_issuer(policy, key.scope(), key.issuer(), named));
            errors.extend(refused);
        }
        errors.extend(sourced.iter().filter(|key| names.contains(&key.name())).map(doubled));
        drop((ids, names));
        ConfigErrors::check(errors)?;
        log_dangers(&self.keys);
        let keys = KeySet::from_keys(self.keys.into_iter().chain(sourced))?;
        let policy = policy.ok_or(ConfigError::NoSites)?;
        let access = Arc::clone(self.store.access());
        let clock: Arc<dyn Clock> = self.clock.into();
        let snapshot = Snapshot::new(policy, keys, access, &clock);
        warn_of_idle(&idle(&snapshot), &[]);
        warn_of_shadowed(None, &snapshot.policy);
        Ok(Verifier::start(snapshot, self.store, clock, self.setup))
    }

    /// Returns the policy, and the keys of the sources.
    #[cfg(feature = "config")]
    fn read(&mut self) -> Result<(Policy, Vec<Key>), ConfigErrors> {
        self.setup.start(std::mem::take(&mut self.policy))
    }

    #[cfg(not(feature = "config"))]
    fn read(&mut self) -> Result<(Policy, Vec<Key>), ConfigErrors> {
        Ok((std::mem::take(&mut self.policy).build()?, Vec::new()))
    }
}

#[cfg(feature = "config")]
impl VerifierBuilder {
    /// Sets the configuration file, `.toml` or `.json`. Its sites, settings and key sources are added to those set in
    /// code. If both set `unknown_host`, `outside`, `expose_reason`, `trusted_proxies` or `explain`, the file takes precedence.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.setup.file = Some(path.into());
        self
    }

    /// Adds a source of keys.
    pub fn key_source(mut self, source: KeySource) -> Self {
        self.setup.sources.push(source);
        self
    }

    /// Sets a [`hook`](Site::hook) for the file's site with this id. A reload keeps the hook.
    pub fn hook(
        mut self,
        site: impl Into<String>,
        rule: impl Fn(&HookRequest<'_>) -> Result<(), Refuse> + Send + Sync + 'static,
    ) -> Self {
        self.setup.hooks.push((site.into(), Hook::new(rule)));
        self
    }
}

impl Verifier {
    /// Returns a builder for a verifier.
    pub fn builder() -> VerifierBuilder {
        VerifierBuilder::new()
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
