use std::collections::BTreeSet;
use std::sync::Arc;

use super::snapshot::Snapshot;
use super::verifier::Verifier;
use crate::error::{ConfigError, ConfigErrors};
use crate::keys::{Key, KeySet};
use crate::scope::KeyScope;
use crate::site::{Policy, PolicyBuilder, Site, SiteView, UnknownHost};
use crate::time::{Clock, SystemClock};

/// Collects what a [`Verifier`] is made of.
#[must_use]
pub struct VerifierBuilder {
    policy: PolicyBuilder,
    keys: Vec<Key>,
    clock: Box<dyn Clock>,
}

impl VerifierBuilder {
    pub(super) fn new() -> Self {
        Self { policy: Policy::builder(), keys: Vec::new(), clock: Box::new(SystemClock) }
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

    /// See [`PolicyBuilder::expose_reason`].
    pub fn expose_reason(mut self, expose: bool) -> Self {
        self.policy = self.policy.expose_reason(expose);
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
    pub fn build(self) -> Result<Verifier, ConfigErrors> {
        let mut faults = Vec::new();
        let policy = self.policy.build().map_err(|errors| faults.extend(errors)).ok();
        let mut kids = BTreeSet::new();
        for key in &self.keys {
            if !kids.insert(key.id().clone()) {
                faults.push(ConfigError::DuplicateKey { kid: key.id().to_string() });
            }
            if let (KeyScope::Site(id), Some(policy)) = (key.scope(), &policy)
                && !policy.sites().any(|site| site.id() == &**id)
            {
                let (kid, site) = (key.id().to_string(), id.to_string());
                let known = policy.sites().map(SiteView::id).collect::<Vec<_>>().join(", ");
                faults.push(ConfigError::KeyForNoSite { kid, site, known });
            }
        }
        let keys = KeySet::from_keys(self.keys);
        ConfigErrors::check(faults)?;
        match (policy, keys) {
            (Some(policy), Ok(keys)) => {
                warn_of_idle(&policy, &keys);
                Ok(Verifier::start(Snapshot { policy: Arc::new(policy), keys }, self.clock))
            }
            (_, Err(error)) => Err(error.into()),
            (None, Ok(_)) => Err(ConfigError::NoSites.into()),
        }
    }
}

/// Says what is sound and still opens nothing: it may come later, or be a slip.
fn warn_of_idle(policy: &Policy, keys: &KeySet) {
    if keys.is_empty() {
        crate::log::event!(WARN, keys = 0, "no key is loaded: every credential is refused until one is");
    }
    for key in keys.iter() {
        if let KeyScope::Bucket(name) = key.scope()
            && !policy.serves_bucket(name)
        {
            crate::log::event!(
                WARN,
                kid = key.id().as_str(),
                bucket = %name,
                "no site serves the bucket of this key: what it signs is refused as wrong_key"
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
