//! Signature algorithms: verifies and creates signatures. Each key has one algorithm.
//!
//! The trait [`SignatureCheck`] is the interface between the crate and the cryptographic library. Each key has one [`Algorithm`],
//! so nothing in a token selects an algorithm (RFC 8725 §3.1). A secret is prepared when it is loaded. A public key is checked
//! when it is loaded, kept in a few bytes, and prepared when its tokens arrive: of a million keys, few are in use at any time.
//! With the feature `aws-lc`, the back-end is AWS-LC, through `aws-lc-rs`.
//!
//! This module works on bytes and does not depend on tokens: the signed message is passed in.

mod algorithm;
#[cfg(feature = "aws-lc")]
mod aws_lc;
mod check;
#[cfg(feature = "aws-lc")]
mod compact;
mod digest;
#[cfg(feature = "aws-lc")]
mod hot;
#[cfg(feature = "aws-lc")]
mod kind;
mod link_hash;
mod mac;
#[cfg(feature = "mint")]
mod sign;
mod verifying;

pub use algorithm::Algorithm;
pub use check::{BadSignature, MAX_SIGNATURE_LEN, SignatureCheck};
pub(crate) use digest::MessageDigest;
pub use digest::SignatureHash;
#[cfg(feature = "aws-lc")]
pub(crate) use hot::HOT_KEYS;
#[cfg(feature = "aws-lc")]
pub(crate) use kind::KeyKind;
pub use link_hash::LinkHash;
pub(crate) use link_hash::{HashOutput, MAX_HASH_LEN, same_secret};
pub use mac::MacHash;
pub(crate) use mac::MacKey;
#[cfg(feature = "mint")]
pub(crate) use sign::SigningKey;
pub(crate) use verifying::{Material, VerifyingKey};
#[cfg(feature = "aws-lc")]
pub(crate) use verifying::{public_key, rsa_components, shared_secret};
