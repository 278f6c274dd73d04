//! Which site does a request belong to, and what are its rules?
//!
//! A [`Site`] is what an operator says of a set of hosts, or of a base path on them: what it serves, who may have
//! it, how answers look. A [`Policy`] is the checked form of all sites together:
//!
//! 1. Every setting is checked, and all errors are reported at once; a policy that exists is sound.
//! 2. A host finds its sites: exact host over pattern over `*`; on one host the longest base path wins, and where
//!    none of its base paths holds the path, the next less exact host is asked.
//! 3. If some reading of a path is inside a base path and the path itself is outside, the request is refused with 400.
//! 4. A host that no site claims: [`UnknownHost`] decides. A path outside of every base path, on a host that a site claims:
//!    [`Outside`] decides, and a policy with base paths below `/` has to set it, since such requests pass without a
//!    credential. A site for any host (`"*"`) claims every host: beside it only [`Outside`] decides, and beside named hosts
//!    the hosts that pass are listed.
//!
//! Exact hosts and base paths are found by hash: a hundred thousand of them cost what ten cost. Patterns are asked
//! one after the other, so keep them few, and write exact hosts where the names are known.

mod check;
mod forward;
mod hosts;
mod hosts_builder;
mod identity;
mod mounts;
mod outside;
mod pattern;
mod policy;
mod rules;
mod settings;
mod sites;
mod stripping;

pub use forward::Forward;
pub(crate) use forward::{ForwardRules, Granted, PathFormat};
pub(crate) use hosts::{Exact, Place};
pub(crate) use identity::IdentityNames;
pub use identity::{GrantFact, IdentityValue};
pub(crate) use mounts::SiteIndex;
pub use outside::Outside;
pub use policy::{DEFAULT_TOKEN_CACHE, MAX_TOKEN_CACHE, Policy, PolicyBuilder, UnknownHost};
pub(crate) use rules::SiteRules;
pub use rules::SiteView;
#[cfg(feature = "config")]
pub(crate) use settings::{Admitted, Location, Serves, SiteSettings};
pub use settings::{CacheScope, Site};
pub(crate) use stripping::Stripping;
