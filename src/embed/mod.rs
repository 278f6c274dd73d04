//! What does an embed token open, and for whom?
//!
//! An embed token means nothing by itself: 32 to 64 hexadecimal characters, behind which stands a record of this process
//! or of a shared store. Rules, in the order they are tried once a token was found:
//!
//! 1. It was not **revoked**: neither itself, nor with its video, nor with its viewer.
//! 2. It has not **expired**.
//! 3. It is of the site's **realm**, and the folder of its **video** holds what is asked for.
//! 4. The page that asks is of one of its **origins**, where the site asks for that.
//!
//! The site's hook, the method and last the token's **rate** follow, in [`decide`](crate::decide).
//!
//! A token is looked up by its own bytes under a seeded hash; whatever leaves the process is stored under its SHA-256, so
//! that a store that leaks opens nothing. This room waits for nothing and knows of no store.

mod allowed;
mod counts;
mod draft;
mod known;
mod lifetime;
mod limiter;
mod record;
mod rules;
mod settings;
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
pub(crate) use record::{MAX_CLAIMS, Record};
pub(crate) use rules::{EmbedRules, InPath};
pub use settings::{Embed, OriginsOn};
pub use stored::{MAX_ID_LEN, MAX_METADATA};
pub(crate) use stored::{Stored, check_id};
pub use token::{EmbedToken, MAX_EMBED_TOKEN_LEN, MIN_EMBED_TOKEN_LEN};
