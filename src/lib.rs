//! Signed URLs and signed cookies for a media origin, checked inside its own process.

#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing))]

mod log;

#[cfg(any(feature = "tower", feature = "axum"))]
pub mod adapters;
pub mod answer;
pub mod cors;
pub mod crypto;
pub mod error;
pub mod keys;
#[cfg(feature = "mint")]
pub mod mint;
pub mod request;
pub mod scheme;
pub mod scope;
pub mod site;
pub mod time;
pub mod token;
pub mod verify;

pub use error::{ConfigError, ConfigErrors, Denial};
pub use keys::{Key, KeySet};
pub use scope::{KeyScope, Scope};
pub use site::{Policy, Site};
pub use verify::{Decision, Grant, OwnedGrant, Verifier};
