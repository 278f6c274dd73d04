use std::sync::Arc;

use super::comparison::Comparisons;
use super::notices::Notices;
use super::tally::Tally;
use crate::keys::KeySet;
use crate::log::RefusalLimiter;
use crate::schemes::Failures;
use crate::schemes::jws::SeenTokens;
use crate::site::Policy;
use crate::store::Access;

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
    pub(crate) tally: Arc<Tally>,
    pub(crate) notices: Arc<Notices>,
    pub(crate) refusals: Arc<RefusalLimiter>,
    /// The comparisons with other gates. The counters are shared by all snapshots.
    pub(crate) comparisons: Comparisons,
    /// Embed tokens and revocations, which change one at a time. Shared by all snapshots.
    pub(crate) access: Arc<Access>,
}

impl Snapshot {
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
        let (tally, notices) = (Arc::clone(&self.tally), Arc::clone(&self.notices));
        let comparisons = if Arc::ptr_eq(&self.policy, &policy) {
            self.comparisons.clone()
        } else {
            self.comparisons.under(&policy)
        };
        let (refusals, access) = (Arc::clone(&self.refusals), Arc::clone(&self.access));
        Self { policy, keys, seen, failures, tally, notices, refusals, comparisons, access }
    }
}
