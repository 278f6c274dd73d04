use std::sync::Arc;

use arc_swap::Guard;

use super::snapshot::Snapshot;
use crate::request::{Host, HostBuffer, RequestView};
use crate::site::{SiteIndex, SiteRules};

/// The snapshot of one decision, and the request's site in it, if any.
pub(crate) struct SnapshotGuard {
    pub(crate) state: Guard<Arc<Snapshot>>,
    pub(super) site: Option<SiteIndex>,
}

/// The snapshot of one decision, and the site in it.
pub(crate) struct SiteGuard {
    pub(crate) state: Guard<Arc<Snapshot>>,
    pub(super) site: SiteIndex,
}

impl SnapshotGuard {
    pub(crate) fn site(&self) -> Option<&SiteRules> {
        self.site.map(|site| self.state.policy.site(site))
    }
}

impl SiteGuard {
    pub(crate) fn site(&self) -> &SiteRules {
        self.state.policy.site(self.site)
    }

    /// Returns whether other sites of the host begin below `/`. If so, a shortened path may belong to one of them.
    pub(super) fn may_be_shortened(&self, request: &(impl RequestView + ?Sized)) -> bool {
        let policy = &self.state.policy;
        if !policy.has_base_paths() {
            return false; // almost every policy
        }
        let mut buffer = HostBuffer::new();
        let host = Host::of(request, &mut buffer);
        host.is_ok_and(|host| policy.has_others_below(host, self.site))
    }
}

impl From<SiteGuard> for SnapshotGuard {
    fn from(SiteGuard { state, site }: SiteGuard) -> Self {
        Self { state, site: Some(site) }
    }
}

impl std::fmt::Debug for SnapshotGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let site = self.site().map(|site| &*site.facts.id);
        f.debug_struct("SnapshotGuard").field("site", &site).finish_non_exhaustive()
    }
}

impl std::fmt::Debug for SiteGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SiteGuard").field("site", &self.site().facts.id).finish_non_exhaustive()
    }
}
