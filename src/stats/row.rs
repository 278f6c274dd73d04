use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::noted::{Noted, Work};
use crate::crypto::Algorithm;
use crate::error::Code;

/// The position of an outcome's counter in a row. Schemes are given by their number in the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Slot(usize);

/// The maximum number of schemes. If there are more, `decide` does not compile.
pub(crate) const SCHEMES: usize = 6;

const CODES: usize = Code::ALL.len();

const ALGORITHMS: usize = Algorithm::JWS.len() + Algorithm::OTHER.len();

// The counters of a row, in this order.
const PASS: usize = 0;
const PREFLIGHT: usize = 1;
const PUBLIC: usize = 2;
const NEEDED: usize = 3;
const HITS: usize = 4;
const MISSES: usize = 5;
const EVICTIONS: usize = 6;
const GRANTED: usize = 7;
const DENIED: usize = GRANTED + SCHEMES;
const VERIFIED: usize = DENIED + (SCHEMES + 1) * CODES;
const FAILED: usize = VERIFIED + ALGORITHMS;
const SHADOWED: usize = FAILED + ALGORITHMS;
const LEN: usize = SHADOWED + CODES;

impl Slot {
    /// The request belongs to no site and passes.
    pub(crate) const PASS: Self = Self(PASS);
    pub(crate) const PREFLIGHT: Self = Self(PREFLIGHT);
    pub(crate) const PUBLIC: Self = Self(PUBLIC);
    /// The decision needs a lookup first. This is not a final outcome.
    pub(crate) const NEEDED: Self = Self(NEEDED);

    #[inline]
    pub(crate) const fn granted(scheme: usize) -> Self {
        Self(GRANTED + scheme)
    }

    /// Returns the counter of a denial, with its scheme if a credential was rejected.
    pub(crate) const fn denied(scheme: Option<usize>, code: Code) -> Self {
        let by_scheme = match scheme {
            Some(scheme) => (1 + scheme) * CODES,
            None => 0,
        };
        Self(DENIED + by_scheme + code as usize)
    }

    /// Returns the counter of a denial on a site that does not enforce.
    pub(crate) const fn shadowed(code: Code) -> Self {
        Self(SHADOWED + code as usize)
    }
}

/// The counters of one thread for one site. The alignment ensures that no other thread's data shares a cache line with a row.
#[repr(align(64))]
pub(super) struct Row {
    counters: [AtomicU64; LEN],
    /// The number of the site. Zero if the row is unused.
    site: AtomicU64,
    /// True while a thread owns the row.
    is_owned: AtomicBool,
}

impl Row {
    /// Makes the caller the owner of an unused row, for this site.
    pub(super) fn begin(&self, site: u64) {
        self.site.store(site, Ordering::Relaxed);
        self.is_owned.store(true, Ordering::Relaxed);
    }

    /// Makes the caller the owner of a row that its thread has left. Returns false if the row has an owner.
    pub(super) fn take(&self) -> bool {
        // The counts of the previous owner become visible here.
        self.is_owned.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    /// Releases the row for other threads, if the row still belongs to this site.
    pub(super) fn leave(&self, site: u64) {
        if self.belongs_to(site) {
            self.is_owned.store(false, Ordering::Release);
        }
    }

    pub(super) fn belongs_to(&self, site: u64) -> bool {
        self.site.load(Ordering::Relaxed) == site
    }

    /// Marks the row as unused.
    pub(super) fn reset(&self) {
        self.counters.iter().for_each(|counter| counter.store(0, Ordering::Relaxed));
        self.site.store(0, Ordering::Relaxed);
    }

    /// Counts one decision and its work. Only the thread that owns the row calls this method.
    #[inline]
    pub(super) fn count(&self, Slot(slot): Slot, noted: Noted) {
        self.add(slot, 1);
        if noted.hits() > 0 {
            self.add(HITS, noted.hits());
        }
        if !noted.is_only_hits() {
            self.add_work(noted);
        }
    }

    #[cold]
    #[inline(never)]
    fn add_work(&self, noted: Noted) {
        let Work { hits: _, misses, evictions, verified, failed, algorithm } = noted.work();
        self.add(MISSES, misses);
        self.add(EVICTIONS, evictions);
        self.add(VERIFIED + usize::from(algorithm), verified);
        self.add(FAILED + usize::from(algorithm), failed);
    }

    /// Adds to a counter. Only the owner of the row writes to it, so no locked instruction is needed.
    #[inline]
    fn add(&self, slot: usize, count: u8) {
        if let Some(counter) = self.counters.get(slot) {
            counter.store(counter.load(Ordering::Relaxed).wrapping_add(count.into()), Ordering::Relaxed);
        }
    }
}

impl Default for Row {
    fn default() -> Self {
        let counters = [const { AtomicU64::new(0) }; LEN];
        Self { counters, site: AtomicU64::new(0), is_owned: AtomicBool::new(false) }
    }
}

/// The sum of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counts([u64; LEN]);

impl Default for Counts {
    fn default() -> Self {
        Self([0; LEN])
    }
}

impl Counts {
    pub(super) fn add(&mut self, row: &Row) {
        for (sum, counter) in self.0.iter_mut().zip(&row.counters) {
            *sum = sum.wrapping_add(counter.load(Ordering::Relaxed));
        }
    }

    /// Returns the count of an outcome.
    pub(crate) fn of(&self, Slot(slot): Slot) -> u64 {
        self.at(slot)
    }

    pub(crate) fn hits(&self) -> u64 {
        self.at(HITS)
    }

    pub(crate) fn misses(&self) -> u64 {
        self.at(MISSES)
    }

    pub(crate) fn evictions(&self) -> u64 {
        self.at(EVICTIONS)
    }

    /// Returns the numbers of valid and of invalid signatures.
    pub(crate) fn signatures(&self, algorithm: Algorithm) -> (u64, u64) {
        (self.at(VERIFIED + algorithm as usize), self.at(FAILED + algorithm as usize))
    }

    fn at(&self, slot: usize) -> u64 {
        self.0.get(slot).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
