use super::guard::SiteGuard;
use crate::error::Denial;
use crate::schemes::Scheme;
use crate::stats::{Noted, SCHEMES, Slot};

const _: () =
    assert!(Scheme::ALL.len() <= SCHEMES, "each scheme has counters: raise SCHEMES in src/stats/row.rs");

impl SiteGuard {
    /// Counts a decision and its work for the site.
    #[inline]
    pub(super) fn count(&self, slot: Slot, noted: Noted) {
        // Every site of the policy has counters.
        if let Some(site) = self.state.site_counters.get(self.site) {
            site.count(slot, noted);
        }
    }
}

/// Returns the counter of a denial.
#[inline(never)] // grants do not need it
pub(super) fn slot_of(denial: Denial, scheme: Option<Scheme>) -> Slot {
    Slot::denied(scheme.map(|scheme| scheme as usize), denial.code())
}
