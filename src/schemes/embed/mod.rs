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

mod guarded;
mod origins_on;
mod rules;
#[cfg(feature = "config")]
mod section;
mod settings;
mod verify;

pub use origins_on::OriginsOn;
pub(crate) use rules::EmbedRules;
#[cfg(feature = "config")]
pub(crate) use section::EmbedSection;
pub use settings::Embed;

pub use crate::records::{
    EmbedCounts, EmbedDraft, EmbedToken, Lifetime, MAX_EMBED_TOKEN_LEN, MAX_ID_LEN, MAX_METADATA,
    MIN_EMBED_TOKEN_LEN,
};
