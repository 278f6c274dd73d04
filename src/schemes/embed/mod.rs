//! Embed tokens: verifies opaque tokens, each by its stored record.
//!
//! An embed token is 32 to 64 random hexadecimal characters that carry no information. Its record is in this process or in a
//! shared store. After a token was found, these rules are checked in order:
//!
//! 1. The token was not **revoked**, by itself, by its video or by its viewer.
//! 2. The token has not **expired**.
//! 3. The token belongs to the site's **realm**, and the folder of its **video** contains the resource.
//! 4. The embedding page has one of the token's **origins**, if the site requires one.
//!
//! The site's hook, the method and the token's **rate** follow, in [`decide`](crate::decide).
//!
//! A token is looked up by its bytes under a seeded hash. A store outside the process holds SHA-256 digests, so a leaked store
//! grants no access. This module never waits, and does not depend on a store.
//!
//! # Claims and scope
//!
//! The claims are `video`, `sub` (the viewer), `exp`, and the members of the record's metadata. The scope is the folder of the
//! video.

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
