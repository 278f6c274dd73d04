//! The records of opaque tokens: a token's scope, viewer and expiry, its rate and its counts.
//!
//! A token is looked up by its own bytes under a seeded hash. Data that leaves the process is stored under the token's SHA-256,
//! so that a leaked store grants no access. This module never waits, and does not depend on a store.

mod allowed;
mod counts;
mod draft;
mod known;
mod lifetime;
mod record;
mod stored;
mod sync;
mod table;
#[cfg(test)]
mod table_tests;
mod token;

pub(crate) use allowed::{AllowedOrigins, Requester};
pub use counts::EmbedCounts;
pub use draft::EmbedDraft;
pub(crate) use known::{Known, KnownTokens};
pub use lifetime::Lifetime;
pub(crate) use record::Record;
pub use stored::{MAX_ID_LEN, MAX_METADATA};
pub(crate) use stored::{Stored, check_id};
pub use token::{EmbedToken, MAX_EMBED_TOKEN_LEN, MIN_EMBED_TOKEN_LEN};
