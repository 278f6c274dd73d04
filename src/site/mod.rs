//! Which site does a request belong to, and what are its rules?
//!
//! A [`Site`] is what an operator says of a set of hosts, or of a base path on them: what it serves, who may have
//! it, how answers look. A [`Policy`] is the checked form of all sites together:
//!
//! 1. Every setting is checked, and all errors are reported at once; a policy that exists is sound.
//! 2. A host finds its sites: exact host over pattern over `*`; on one host the longest base path wins, and where
//!    none of its base paths holds the path, the next less exact host is asked.
//! 3. Outside every base path a request is none of our business, unless some reading of its path is inside.

mod check;
#[cfg(feature = "config")]
mod config;
mod hosts;
mod hosts_builder;
mod pattern;
mod policy;
mod rules;
mod settings;

#[cfg(feature = "config")]
pub use config::SCHEMA;
#[cfg(feature = "config")]
pub(crate) use config::{ConfigFile, Notation, in_file};
pub(crate) use hosts::Place;
pub use policy::{Policy, PolicyBuilder, UnknownHost};
pub use rules::{Access, CacheScope, HookFn, Refused, SiteView};
pub(crate) use rules::{SiteRules, TimeRules, Transport};
#[cfg(feature = "config")]
pub(crate) use settings::Hook;
pub use settings::Site;
