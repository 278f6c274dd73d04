use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::histogram::{DECISION_BOUNDS, Histogram};
use super::lookups::Lookups;
use super::manifests::Manifests;
use super::noted::Noted;
use super::reloads::Reloads;
use super::row::{Counts, Row, Slot};
use super::rows;

/// The maximum number of sites with counters of their own, since the verifier was created. Further sites share one row, under the
/// name [`OTHER_SITES`](crate::verifier::OTHER_SITES).
///
/// A row takes 2,368 bytes. If each of 32 threads decides requests for all of 10,000 sites, the rows take 76 MB.
pub const MAX_SITES: usize = 1_000;

/// All counters of a verifier.
#[derive(Debug)]
pub(crate) struct Counters {
    /// Requests that belong to no site.
    outside: CountedSite,
    /// Sites beyond [`MAX_SITES`].
    others: Arc<SiteCounters>,
    by_site: Mutex<HashMap<Box<str>, Arc<SiteCounters>>>,
    pub(crate) manifests: Manifests,
    pub(crate) lookups: Lookups,
    pub(crate) reloads: Reloads,
    /// The latencies of sampled decisions.
    pub(crate) latency: Histogram,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            outside: CountedSite::from(Arc::default()),
            others: Arc::default(),
            by_site: Mutex::default(),
            manifests: Manifests::default(),
            lookups: Lookups::default(),
            reloads: Reloads::default(),
            latency: Histogram::new(DECISION_BOUNDS),
        }
    }
}

impl Counters {
    /// Returns the counters of these sites, in the same order. Counters of sites that are no longer in the policy are kept.
    pub(crate) fn of_sites<'s>(&self, ids: impl Iterator<Item = &'s str>) -> Arc<[CountedSite]> {
        let mut by_site = self.by_site();
        ids.map(|id| match by_site.get(id) {
            Some(known) => Arc::clone(known),
            None if by_site.len() < MAX_SITES => Arc::clone(by_site.entry(id.into()).or_default()),
            None => Arc::clone(&self.others),
        })
        .map(CountedSite::from)
        .collect()
    }

    /// Returns the counters of requests that belong to no site.
    pub(crate) fn outside(&self) -> &CountedSite {
        &self.outside
    }

    /// Returns the counts of requests that belong to no site.
    pub(crate) fn read_outside(&self) -> Counts {
        self.outside.counters.read()
    }

    /// Returns the counts of each site, sorted by id, and then the counts of the sites that share a row, if any.
    pub(crate) fn read_sites(&self) -> (Vec<(String, Counts)>, Option<Counts>) {
        let by_site: Vec<_> =
            self.by_site().iter().map(|(id, site)| (id.to_string(), Arc::clone(site))).collect();
        let mut sites: Vec<_> = by_site.into_iter().map(|(id, site)| (id, site.read())).collect();
        sites.sort_by(|(one, _), (other, _)| one.cmp(other));
        let others = self.others.read();
        (sites, (others != Counts::default()).then_some(others))
    }

    fn by_site(&self) -> MutexGuard<'_, HashMap<Box<str>, Arc<SiteCounters>>> {
        self.by_site.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A site whose decisions are counted. The number stands here so that counting does not follow the pointer.
#[derive(Debug)]
pub(crate) struct CountedSite {
    number: u64,
    counters: Arc<SiteCounters>,
}

impl CountedSite {
    /// Counts one decision and its work in the row of this thread.
    #[inline]
    pub(crate) fn count(&self, slot: Slot, noted: Noted) {
        if !rows::count(self.number, slot, noted) {
            self.counters.count_first(slot, noted);
        }
    }
}

impl From<Arc<SiteCounters>> for CountedSite {
    fn from(counters: Arc<SiteCounters>) -> Self {
        Self { number: counters.number, counters }
    }
}

/// The counters of one site: a row for each thread that decides requests for it.
pub(super) struct SiteCounters {
    /// A nonzero number that is unique among the sites of the process.
    number: u64,
    rows: Mutex<Vec<&'static Row>>,
}

static NUMBERS: AtomicU64 = AtomicU64::new(1);

impl Default for SiteCounters {
    fn default() -> Self {
        Self { number: NUMBERS.fetch_add(1, Ordering::Relaxed), rows: Mutex::default() }
    }
}

impl SiteCounters {
    /// Counts a decision if the row of this thread and site is not in its slot. The first time, the thread takes a row that another
    /// thread has left, or a new row.
    #[cold]
    #[inline(never)]
    fn count_first(&self, slot: Slot, noted: Noted) {
        if let Some(row) = rows::own(self.number, || self.take()) {
            row.count(slot, noted);
            return;
        }
        // The thread is ending, so it owns a row for this one decision only.
        let row = self.take();
        row.count(slot, noted);
        row.leave(self.number);
    }

    fn take(&self) -> &'static Row {
        let mut rows = self.rows();
        if let Some(row) = rows.iter().find(|row| row.take()) {
            return row;
        }
        let row = rows::new_row(self.number);
        rows.push(row);
        row
    }

    /// Returns the sum of all rows. No counter is lower than at the previous reading.
    fn read(&self) -> Counts {
        let mut counts = Counts::default();
        for row in &*self.rows() {
            counts.add(row);
        }
        counts
    }

    fn rows(&self) -> MutexGuard<'_, Vec<&'static Row>> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SiteCounters {
    fn drop(&mut self) {
        rows::recycle(self.rows.get_mut().unwrap_or_else(PoisonError::into_inner));
    }
}

impl std::fmt::Debug for SiteCounters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SiteCounters").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
