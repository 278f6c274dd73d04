//! Revocation of signed tokens: checks that a token was not revoked.
//!
//! A token is revoked by its own id (`jti`), by its subject (`sub`), by the `kid` of its key, or by the identity of its key.
//! Each kind but the first revokes all tokens with the name, or only those that were issued before a given second (`iat`). A
//! token without a valid `iat` counts as issued before every second.
//!
//! Entries are found by exact bytes. Each entry is kept until the second that it names, plus the longest leeway. From then on,
//! every site rejects the revoked tokens as expired. This module receives no tokens and no keys, only names.

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
