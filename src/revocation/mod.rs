//! Was this signed token taken back?
//!
//! A token is taken back by its own name (`jti`), with its subject (`sub`), or with the key that signed it (`kid`); the
//! last two for all tokens or for those that were issued before some second (`iat`). A token without a good `iat` counts as
//! issued before every second.
//!
//! Entries are found by exact bytes, and each is kept until the second that it names, when what it takes back has expired
//! anyway. This room sees no token and no key, only names.

mod entry;
mod list;

pub(crate) use entry::Kind;
pub use entry::{MAX_NAME_LEN, Revocation};
pub(crate) use list::Revocations;
