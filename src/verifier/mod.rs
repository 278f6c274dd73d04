//! The verifier: a handle that decides requests, and whose keys, policy and revocations can change at run time.
//!
//! 1. [`Verifier::builder`] collects sites, keys and a store, or `Verifier::from_file` reads them (feature `config`).
//! 2. [`Verifier::decide`] decides a request by the rules of [`decide`](crate::decide).
//! 3. [`Verifier::keys`], [`swap`](Verifier::swap) and [`update`](Verifier::update) replace keys and policies.
//!    [`Verifier::revoke`] and [`embeds`](Verifier::embeds) change single tokens.
//! 4. With the feature `config`, `Verifier::reload` reads the file and the key sources again. With the feature `watch`,
//!    `Verifier::watch` does so whenever a file changes.
//! 5. [`Verifier::health`] reports each key's source, age and faults. [`Verifier::stats`] returns counts of decisions and related work.
//!    [`Verifier::explain`] explains a decision. [`Verifier::shadow`] reports the outcomes on sites that do not
//!    [enforce](crate::site::danger).
//!
//! A change applies to every decision that starts after the call that made the change has returned.

mod builder;
mod embeds;
mod faults;
mod handle;
mod health;
mod idle;
#[cfg(feature = "config")]
mod reload;
#[cfg(feature = "config")]
mod reloaded;
#[cfg(feature = "config")]
mod secrets;
#[cfg_attr(not(feature = "config"), path = "no_setup.rs")]
mod setup;
mod shadow;
mod span;
mod stats;
mod sweeper;
mod unenforced;
#[cfg(feature = "watch")]
mod watch;

pub use builder::VerifierBuilder;
pub use embeds::Embeds;
pub use handle::{Keys, Verifier};
pub use health::{Health, KeptSource, KeyHealth, ManifestHealth};
#[cfg(feature = "config")]
pub use reloaded::{Difference, Reloaded};
pub use shadow::ShadowReport;
pub use stats::{
    AgeCount, CacheStats, DecisionCount, KeyStats, LatencyBucket, LatencyStats, LookupStats, ManifestStats,
    OTHER_SITES, PROMETHEUS_CONTENT_TYPE, ReloadStats, SignatureCount, Stats,
};
#[cfg(feature = "watch")]
pub use watch::Watch;
