//! The store of embed tokens and revocations: the memory of this process, or a store that a fleet shares.
//!
//! Decisions read only memory and never wait. The operations that wait are in this module:
//!
//! 1. Tokens are issued and revoked. The change applies to the next decision of the same node.
//! 2. A token that is not in memory is **looked up** by the adapter that needs it. Requests for the same token share one lookup.
//! 3. Revocations by other nodes are applied within a second. After a lost connection, the node catches up with them.
//!
//! Without a shared store, a token that is not in memory is unknown, and everything is lost when the process ends. `RedisStore`
//! (feature `redis`) describes the data of a shared store and the setup of its server.
//!
//! While a shared store is down, [issuing](crate::verifier::Embeds::issue) and [revoking](crate::verifier::Embeds::revoke) fail.
//! A revocation nevertheless applies to this node, and is sent to the store when the store is reachable again, unless this
//! process ends first. If a store loses a revocation that it had acknowledged, every node that knows the revocation sends it
//! again.

mod access;
mod error;
mod found;
mod home;
mod need;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "redis")]
pub use self::redis::{RedisStore, Staleness};
pub(crate) use access::{Access, Reach, Standing};
pub use error::StoreError;
pub(crate) use found::Answer;
pub use found::{Found, LookUp};
pub use home::Store;
pub use need::Need;
pub(crate) use need::Subject;
