//! Revocation of signed tokens: checks that a token was not revoked.
//!
//! A token is revoked by its own id (`jti`), with its subject (`sub`), with every key of a `kid`, or with one key by its
//! identity. All but the first revoke all tokens with the name, or those that were issued before some second (`iat`). A token
//! without a valid `iat` counts as issued before every second.
//!
//! Entries are found by exact bytes. Each entry is kept until the second that it names, and for the longest leeway after it. From
//! then on every site rejects the revoked tokens as expired. This module receives no tokens and no keys, only names.

mod entry;
mod epoch;
mod list;

/// The atomics that epochs use. The model checker of the tests compiles epochs with its own.
mod sync {
    pub(super) use std::sync::atomic::AtomicU64;
}

pub(crate) use entry::Kind;
pub use entry::{MAX_NAME_LEN, Revocation};
pub(crate) use epoch::Checked;
pub(crate) use list::Revocations;
