use crate::error::ConfigErrors;

/// The reason why a token was not issued, or why a revocation did not reach every node.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The token or revocation breaks a rule. Each line of the message names one fault and its remedy.
    #[error("{0}")]
    Refused(ConfigErrors),
    /// The given token exists already.
    #[error(
        "embed token was already issued or revoked: use another one, or leave it out to create a new one"
    )]
    Taken,
    /// The shared store did not answer. A revocation is nevertheless in force on this node, and reaches the others as soon as the
    /// store answers. If this process ends before then, the revocation is lost, so repeat it.
    #[error("shared store is unavailable: {found}")]
    Unavailable {
        /// The error, without addresses and passwords.
        found: String,
    },
    /// Fewer replicas than [requested](super::RedisStore::wait_for_replicas) acknowledged a change in time. A revocation is in
    /// force on this node and in the shared store, and reaches the other nodes. If the store now fails over, it could lose the
    /// change. In that case, the nodes that know the change send it again. To wait for the replicas again, repeat the change.
    #[error("only {acknowledged} of {wanted} replicas acknowledged the change: repeat it to wait again")]
    NotReplicated {
        /// The number of replicas that acknowledged it.
        acknowledged: u32,
        /// The number that was requested.
        wanted: u32,
    },
}

impl From<crate::error::ConfigError> for StoreError {
    fn from(error: crate::error::ConfigError) -> Self {
        Self::Refused(error.into())
    }
}
