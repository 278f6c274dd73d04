//! Switches that weaken the checks of a site.
//!
//! A site that does not enforce is in **shadow mode**. Every request is decided as usual, but a request whose credential is refused
//! passes to the inner service. The log line of such a request is "would be refused", with the field `enforced = false`.
//!
//! 1. A request passes in spite of a denial that concerns its credential: the credential is missing, malformed, expired, revoked,
//!    outside its scope, refused by the site's hook or over its rate, or its verification is suspended.
//! 2. Every other denial is enforced: an ambiguous path, host or credential (400), an unknown host (421), a path outside every base
//!    path (404), plain HTTP if the site requires HTTPS, a method (405), a query that is too long (414), and a lookup in a store
//!    that does not answer (503).
//! 3. A request that passes gets no grant for handlers, no identity headers and no parameters in manifests. Identity headers from
//!    the client are removed, and the site's `strip_credentials` applies.
//! 4. The response gets the headers of a public resource. If the site's `cache` is `private`, the response is private too, so no
//!    cache serves it after the site enforces again.
//! 5. A public site cannot be in shadow mode. Neither can a site whose bucket or live streams an enforcing site serves too.
//!
//! A warning is logged for each site in shadow mode, when the verifier is built and when a reload adds the site.
//! [`Health::shadowed`] lists these sites. [`Verifier::shadow`] returns the number of requests by outcome, and compares each outcome
//! with the verdict of another gate.
//!
//! ```
//! use playgate::{Site, Verifier, site::danger::Danger};
//!
//! let site = Site::bucket("courses").host("cdn.example.com").danger(Danger { enforce: false });
//! let verifier = Verifier::builder().site(site).build()?;
//! assert_eq!(verifier.health().shadowed, ["cdn.example.com"]);
//! # Ok::<(), playgate::ConfigErrors>(())
//! ```
//!
//! [`Health::shadowed`]: crate::verifier::Health::shadowed
//! [`Verifier::shadow`]: crate::Verifier::shadow

use serde::Deserialize;

/// The checks of a site that are disabled. The default is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "site_danger"))]
#[serde(deny_unknown_fields, default)]
pub struct Danger {
    /// Refuses requests whose credential is refused. If false, these requests pass, and are logged and counted. Default true.
    pub enforce: bool,
}

impl Danger {
    /// No check is disabled.
    pub const NONE: Self = Self { enforce: true };
}

impl Default for Danger {
    fn default() -> Self {
        Self::NONE
    }
}
