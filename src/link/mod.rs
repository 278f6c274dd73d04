//! Does this secure link's proof fit what is asked for, and until when?
//!
//! A secure link is a URL with an expiry and a proof: the hash of a text that names path and expiry and holds a secret.
//! nginx's `secure_link` and many CDNs sign this way. How a link is checked:
//!
//! 1. The path is looked at for formats whose links stand there, then the query; a parameter that occurs twice is refused.
//! 2. The **expiry** is decimal digits, positive, without overflow. One of 10^12 or more is a far date, as nginx reads it, and is
//!    not taken for milliseconds: what such links open is their signers' published contract. A site's `max_lifetime` refuses it.
//! 3. The **proof** is compared, in constant time, with the hash of the expression: for each secret that is live, and for
//!    the file and the directory where a site takes either.
//! 4. Only a good link can be **expired**: that order tells a forged link (403) from an old one (410).
//!
//! `{path}` is the one normal form of the path, decoded, with its leading slash. What stands in the query is hashed as it
//! stands, without decoding. Bound to a client's address, a link proves nothing about who holds it beyond that address.
//!
//! What is blind: pieces of an expression with nothing between them may run into each other. Path and address do in most
//! formats in use, which is why a site that binds addresses takes file links or directory links, and not both.

mod binding;
mod check;
mod expression;
#[cfg(feature = "mint")]
mod making;
mod rules;
mod settings;

pub use binding::IpBinding;
pub use settings::{Covers, LinkEncoding, LinkSecret, SecureLink};

#[cfg(feature = "mint")]
pub(crate) use making::{NoLink, Parts};
pub(crate) use rules::{Asked, Link, LinkRules, Linked};
#[cfg(feature = "config")]
pub(crate) use settings::SecretPlace;

/// The shortest secret, in bytes: what the CDNs whose links these are ask for.
pub const MIN_SECRET_LEN: usize = 6;
