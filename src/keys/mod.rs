//! Verification keys: loads, checks and finds them.
//!
//! A [`Key`] is a public key or a shared secret with its `kid`, its only algorithm and its scope, checked when it is loaded. A
//! key is refused, with a specific message for each case, if it is
//!
//! 1. without `kid` or scope,
//! 2. a private key (the message names the command that derives the public half),
//! 3. not a key for which the crate has an algorithm,
//! 4. weak: RSA below 2048 or above 8192 bits, a bad exponent, the fingerprint of ROCA, a secret shorter than its hash,
//! 5. a PEM text given as a secret.
//!
//! A [`KeySet`] holds many keys, each with its own [`KeyIdentity`]: `kid`, scope, and the issuer if it has one. A duplicate
//! identity is refused. Sets share their parts, so a set with one more key costs little. The keys in force are replaced as a
//! whole, through one `Live` cell.
//!
//! A token's key is found by its `kid`:
//!
//! 1. If only one key has the `kid`, that key is used. Its scope and its issuer are checked as separate rules.
//! 2. If several keys have it, the candidates are those that may sign for the resource and whose issuer, if they have one, is the
//!    token's `iss`. They are tried in order, the narrowest scope first (bucket or stream, site, any), and within one scope the
//!    issuer's key first. There are at most six candidates, regardless of the number of keys with the `kid`.

pub mod danger;
mod freshness;
mod identity;
mod key;
mod live;
#[cfg(feature = "aws-lc")]
mod read;
mod set;
mod shared;
#[cfg(feature = "config")]
mod source;
mod table;

pub(crate) use identity::KeyName;
#[cfg(feature = "config")]
pub(crate) use identity::checked_issuer;
pub use identity::{KeyId, KeyIdentity, MAX_ISSUER_LEN, MAX_KEY_ID_LEN};
pub(crate) use key::Generation;
pub use key::Key;
pub(crate) use live::Live;
#[cfg(feature = "aws-lc")]
pub use read::{Jwks, MIN_SECRET_LEN, RSA_BITS};
#[cfg(feature = "mint")]
pub(crate) use read::{algorithm_for, private_key_der};
pub use set::KeySet;
pub(crate) use set::{KeyRef, MAX_CANDIDATES, Named};
#[cfg(feature = "watch")]
pub(crate) use source::folder_of;
#[cfg(feature = "config")]
pub use source::{BrokenFiles, KeySource};
#[cfg(feature = "config")]
pub(crate) use source::{Changes, Documents, FileSight, KeptKeys, without_line_end};
