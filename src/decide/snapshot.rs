use std::sync::Arc;

use super::comparison::Comparisons;
use super::notices::Notices;
use crate::keys::KeySet;
use crate::log::RefusalLimiter;
use crate::schemes::Failures;
use crate::schemes::jws::SeenTokens;
use crate::site::{Policy, SiteView};
use crate::stats::{CountedSite, Counters};
use crate::store::Access;
use crate::time::Clock;

/// The policy and keys that a decision reads. [`Verifier::update`](crate::Verifier::update) replaces both at once.
///
/// A clone shares both parts.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) policy: Arc<Policy>,
    pub(crate) keys: KeySet,
    /// The remembered tokens, shared by all snapshots whose policies set the same cache size.
    pub(crate) seen: Arc<SeenTokens>,
    /// The counters of failed signatures, shared by all snapshots whose policies set the same limits.
    pub(crate) failures: Failures,
    /// The counters, shared by all snapshots.
    pub(crate) counters: Arc<Counters>,
    /// The counters of each site of the policy, by index.
    pub(super) site_counters: Arc<[CountedSite]>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) refusals: Arc<RefusalLimiter>,
    /// The comparisons with other gates. The counters are shared by all snapshots.
    pub(crate) comparisons: Comparisons,
    /// Embed tokens and revocations, which change one at a time. Shared by all snapshots.
    pub(crate) access: Arc<Access>,
}

impl Snapshot {
    /// Creates the first snapshot of a verifier.
    pub(crate) fn new(policy: Policy, keys: KeySet, access: Arc<Access>, clock: &Arc<dyn Clock>) -> Self {
        let seen = Arc::new(SeenTokens::new(policy.token_cache));
        let failures = Failures::default().under(policy.failed_signatures);
        let counters = Arc::<Counters>::default();
        let site_counters = counters.of_sites(policy.sites().map(SiteView::id));
        let comparisons = Comparisons::new(Arc::clone(clock), &policy);
        let refusals = RefusalLimiter::new(Arc::clone(clock));
        let (policy, notices) = (Arc::new(policy), Arc::default());
        Self { policy, keys, seen, failures, counters, site_counters, notices, refusals, comparisons, access }
    }

    /// Returns the keys in force.
    pub const fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// Returns the policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns a snapshot of the same policy with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: KeySet) -> Self {
        self.with(Arc::clone(&self.policy), keys)
    }

    /// Returns a snapshot of the same keys with another policy.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        self.with(Arc::new(policy), self.keys.clone())
    }

    pub(crate) fn with(&self, policy: Arc<Policy>, keys: KeySet) -> Self {
        let seen = if self.seen.has_room_for(policy.token_cache) {
            Arc::clone(&self.seen)
        } else {
            Arc::new(SeenTokens::new(policy.token_cache))
        };
        let failures = self.failures.under(policy.failed_signatures);
        let (counters, notices) = (Arc::clone(&self.counters), Arc::clone(&self.notices));
        let (site_counters, comparisons) = if Arc::ptr_eq(&policy, &self.policy) {
            (Arc::clone(&self.site_counters), self.comparisons.clone())
        } else {
            (counters.of_sites(policy.sites().map(SiteView::id)), self.comparisons.under(&policy))
        };
        let (refusals, access) = (Arc::clone(&self.refusals), Arc::clone(&self.access));
        Self { policy, keys, seen, failures, counters, site_counters, notices, refusals, comparisons, access }
    }
}
