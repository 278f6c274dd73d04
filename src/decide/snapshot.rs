use std::sync::Arc;

use super::tally::Tally;
use crate::keys::KeySet;
use crate::schemes::Failures;
use crate::schemes::jws::SeenTokens;
use crate::site::Policy;
use crate::store::Access;

/// Everything that decisions read, as one: what [`Verifier::update`](crate::Verifier::update) replaces.
///
/// Cloning shares both parts.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) policy: Arc<Policy>,
    pub(crate) keys: KeySet,
    /// Shared by all snapshots whose policy gives it the same room.
    pub(crate) seen: Arc<SeenTokens>,
    /// Shared as far as the policy sets the same limits.
    pub(crate) failures: Failures,
    pub(crate) tally: Arc<Tally>,
    /// Shared by all snapshots: embed tokens and revocations change one by one.
    pub(crate) access: Arc<Access>,
}

impl Snapshot {
    /// The keys in force.
    pub const fn keys(&self) -> &KeySet {
        &self.keys
    }

    /// The policy in force.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The same policy with other keys.
    #[must_use]
    pub fn with_keys(&self, keys: KeySet) -> Self {
        self.with(Arc::clone(&self.policy), keys)
    }

    /// The same keys under another policy.
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
        let (tally, access) = (Arc::clone(&self.tally), Arc::clone(&self.access));
        Self { policy, keys, seen, failures, tally, access }
    }
}
