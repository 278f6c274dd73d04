//! Was this signed token taken back?
//!
//! A token is taken back by its own name (`jti`), with its subject (`sub`), or with the key that signed it (`kid`); the
//! last two for all tokens or for those that were issued before some second (`iat`). A token without a good `iat` counts as
//! issued before every second.
//!
//! Entries are found by exact bytes. Each is kept until the second that it names and for the longest leeway more, when every
//! site refuses the revoked tokens as expired. This room sees no token and no key, only names.

mod entry;
mod epoch;
mod list;

/// What epochs stand on. The model checker of the tests compiles them with its own in place of it.
mod sync {
    pub(super) use std::sync::atomic::AtomicU64;
}

pub(crate) use entry::Kind;
pub use entry::{MAX_NAME_LEN, Revocation};
pub(crate) use epoch::Checked;
pub(crate) use list::Revocations;
