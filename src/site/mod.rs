//! Sites: selects the site of a request, and holds its rules.
//!
//! A [`Site`] describes a set of hosts, or a base path on them: the resources that the site serves, the clients that may read
//! them, and the headers of its responses. A [`Policy`] is the checked form of all sites together:
//!
//! 1. Every setting is checked, and all errors are reported at once. A policy that exists is valid.
//! 2. The host selects the candidate sites: an exact host takes precedence over a pattern, and a pattern over `*`. On one host,
//!    the longest base path wins. If no base path of the host contains the path, the next less specific host is tried.
//! 3. If the path is outside every base path but another reading of the path is inside one, the request is refused with 400.
//! 4. [`UnknownHost`] decides about a host that no site claims. [`Outside`] decides about a path outside every base path on a
//!    host that a site claims. A policy with base paths below `/` must set `Outside`, because these requests pass without a
//!    credential. A site for any host (`"*"`) claims every host, so only [`Outside`] decides. If there are named hosts too, the
//!    hosts that pass must be listed.
//!
//! Exact hosts and base paths are found by hash, so their number does not affect the cost of a request. Patterns are tried one
//! by one: keep their number low, and use exact hosts if the names are known.

mod additions;
mod build;
mod builder;
mod check;
pub mod danger;
mod explain_header;
mod forward;
mod hosts;
mod hosts_builder;
mod identity;
mod log;
mod mounts;
mod outside;
mod pattern;
mod policy;
mod rules;
mod settings;
mod shadow;
mod sites;
mod stripping;

pub use additions::Additions;
pub use builder::{DEFAULT_TOKEN_CACHE, MAX_TOKEN_CACHE, PolicyBuilder, UnknownHost};
pub use explain_header::{EXPLAIN_HEADER, ExplainHeader};
pub use forward::Forward;
pub(crate) use forward::{ForwardRules, Granted, PathFormat};
pub(crate) use hosts::{Exact, HostMatch, Place};
pub(crate) use identity::IdentityNames;
pub use identity::{GrantFact, IdentityValue};
pub use log::DEFAULT_DENIALS_PER_SECOND;
pub(crate) use mounts::SiteIndex;
pub use outside::Outside;
pub use policy::Policy;
pub use rules::SiteView;
pub(crate) use rules::{SiteRules, status_of};
#[cfg(feature = "config")]
pub(crate) use settings::{Admitted, Location, Serves, SiteSettings};
pub use settings::{CacheScope, Site};
pub(crate) use shadow::ShadowRules;
pub(crate) use stripping::Stripping;
