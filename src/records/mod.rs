//! Records of opaque tokens: what a token opens, for whom and until when, its rate and its counts.
//!
//! A token is looked up by its own bytes under a seeded hash. Whatever leaves the process is stored under the token's SHA-256, so
//! that a store that leaks opens nothing. Nothing here waits, and nothing knows of a store.

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

pub(crate) use allowed::{AllowedOrigins, Asker};
pub use counts::EmbedCounts;
pub use draft::EmbedDraft;
pub(crate) use known::{Known, KnownTokens};
pub use lifetime::Lifetime;
pub(crate) use record::Record;
pub use stored::{MAX_ID_LEN, MAX_METADATA};
pub(crate) use stored::{Stored, check_id};
pub use token::{EmbedToken, MAX_EMBED_TOKEN_LEN, MIN_EMBED_TOKEN_LEN};
