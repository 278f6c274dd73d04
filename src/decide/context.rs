use std::sync::Arc;

use arc_swap::Guard;

use super::snapshot::Snapshot;
#[cfg(feature = "tower")]
use crate::request::{Host, HostBuffer, RequestView};
use crate::site::SiteRules;

/// The snapshot of one decision, and the site in it.
pub(crate) struct Context {
    pub(crate) state: Guard<Arc<Snapshot>>,
    pub(super) site: Option<usize>,
}

impl Context {
    pub(crate) fn site(&self) -> Option<&SiteRules> {
        self.state.policy.site(self.site?)
    }
}

#[cfg(feature = "tower")]
impl Context {
    /// Returns whether other sites of the host begin below `/`: a shortened path may belong to one of them.
    pub(super) fn may_be_shortened(&self, request: &(impl RequestView + ?Sized)) -> bool {
        let policy = &self.state.policy;
        if !policy.has_base_paths() {
            return false; // nearly every policy
        }
        let mut buffer = HostBuffer::new();
        let host = Host::of(request, &mut buffer);
        host.is_ok_and(|host| self.site.is_none_or(|site| policy.has_others_below(host, site)))
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context")
            .field("site", &self.site().map(|site| &*site.facts.id))
            .finish_non_exhaustive()
    }
}
