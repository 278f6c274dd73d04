//! Secure links: checks the proof and the expiry of a signed URL.
//!
//! A secure link is a URL with an expiry and a proof: the hash of a text that contains the path, the expiry and a secret. nginx's
//! `secure_link` and many CDNs use such links. A link is checked in this order:
//!
//! 1. The **link** is read from the path, for formats that place it there, and then from the query. A parameter that occurs twice
//!    is refused.
//! 2. The **expiry** is decimal digits, positive, without overflow. An expiry of 10^12 or more is a distant date, as for nginx.
//!    It is not rejected as milliseconds, because these formats are published contracts of their signers. A site's `max_lifetime`
//!    rejects it.
//! 3. The **proof** is compared, in constant time, with the hash of the expression: for each active secret, and for the file and
//!    the directory if a site accepts either.
//! 4. The **expiry** is compared with the current time only after the proof was found valid: a forged link gets 403, an expired
//!    link 410.
//!
//! `{path}` is the one normal form of the path, decoded, with its leading slash. Query values are hashed as received, without
//! decoding. A link that is bound to a client's address proves nothing about its holder beyond that address.
//!
//! Limits: adjacent pieces of an expression without a separator are ambiguous. In most formats in use, this applies to the path
//! and the address. A site that binds addresses therefore accepts either file links or directory links, but not both.
//!
//! # Claims and scope
//!
//! Hooks can read one claim, `exp`. Identity headers and [`Grant::claims`](crate::Grant::claims) receive no claims. The scope is
//! the path of the link, or its directory.

mod check;
mod expression;
#[cfg(feature = "mint")]
mod making;
mod rules;
#[cfg(feature = "config")]
mod section;
mod settings;
mod verify;

pub use super::binding::IpBinding;
#[cfg(feature = "config")]
pub(crate) use section::SecureLinkSection;
pub use settings::{Covers, LinkEncoding, SecureLink};

#[cfg(feature = "mint")]
pub(crate) use making::{NoLink, Parts};
pub(crate) use rules::LinkRules;

/// The minimum length of a secret, in bytes, as required by the CDNs that use these formats.
pub const MIN_SECRET_LEN: usize = 6;
