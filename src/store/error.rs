use crate::error::ConfigErrors;

/// Why a token was not issued, or a revocation did not reach everybody.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// What was asked for breaks a rule; each line says which, and what to write.
    #[error("{0}")]
    Refused(ConfigErrors),
    /// The token that was given is known already.
    #[error("embed token is issued already, or was revoked: give another one, or none for a new one")]
    Taken,
    /// The shared store did not answer. A revocation is in force on this node all the same, and the others are told as soon
    /// as it answers; unless this process ends before, so say it again.
    #[error("shared store does not answer: {found}")]
    Unavailable {
        /// What went wrong, without addresses and passwords.
        found: String,
    },
    /// Fewer replicas than [demanded](super::RedisStore::wait_for_replicas) have acknowledged a revocation in time. It is in
    /// force on this node and in the shared store, and the other nodes are told; a failover now could lose it in the store,
    /// and then the nodes that know of it tell it again. To wait once more, revoke once more.
    #[error(
        "{acknowledged} of {wanted} replicas have acknowledged the revocation: revoke again to wait again"
    )]
    NotReplicated {
        /// How many have.
        acknowledged: u32,
        /// How many should.
        wanted: u32,
    },
}

impl From<crate::error::ConfigError> for StoreError {
    fn from(error: crate::error::ConfigError) -> Self {
        Self::Refused(error.into())
    }
}
