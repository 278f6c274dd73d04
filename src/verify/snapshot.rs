use std::sync::Arc;

use super::tally::Tally;
use crate::keys::KeySet;
use crate::site::Policy;
use crate::store::Access;

/// Everything that decisions read, as one: what [`Verifier::update`](super::Verifier::update) replaces.
///
/// Cloning shares both parts.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub(crate) policy: Arc<Policy>,
    pub(crate) keys: KeySet,
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
        Self { keys, ..self.clone() }
    }

    /// The same keys under another policy.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        Self { policy: Arc::new(policy), ..self.clone() }
    }
}
