//! The rows of each thread.
//!
//! A row lives as long as the process, so a thread finds its rows without a lock, a reference count or a destructor. Rows are not
//! lost. If a thread ends, a later thread continues its rows for the same sites. If a verifier is dropped, other sites reuse its
//! rows.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::noted::Noted;
use super::row::{Row, Slot};

/// The number of slots in which a thread finds rows directly. If a thread decides requests for more sites in turn, it finds some
/// rows in a hash map instead. The slots take 1 KiB for each thread of the process.
const PLACES: usize = 64;

/// Each thread measures the latency of one decision in this number. Reading a clock twice costs more than all counters of a
/// decision.
pub const SAMPLED_EVERY: u32 = 1_024;

type Place = Cell<Option<(u64, &'static Row)>>;

/// The data that every decision of a thread uses, in one place, so that a thread finds it once.
struct Hot {
    /// The number of decisions before the next one whose latency is measured.
    unsampled: Cell<u32>,
    /// The rows that this thread used last, by the number of the site modulo [`PLACES`].
    places: [Place; PLACES],
}

thread_local! {
    static HOT: Hot = const {
        Hot { unsampled: Cell::new(SAMPLED_EVERY - 1), places: [const { Cell::new(None) }; PLACES] }
    };

    /// All rows that this thread owns.
    static OWNED: RefCell<Owned> = RefCell::default();
}

/// Rows that belong to no site.
static UNUSED: Mutex<Vec<&'static Row>> = Mutex::new(Vec::new());

/// Returns true if the latency of this thread's next decision has to be measured.
#[inline]
pub(crate) fn is_sample_due() -> bool {
    HOT.with(|hot| hot.unsampled.get() == 0)
}

/// Begins the interval to the next sample with the decision that follows.
pub(crate) fn begin_sample() {
    HOT.with(|hot| hot.unsampled.set(SAMPLED_EVERY));
}

/// Counts in this thread's row of a site, if the row is in its slot.
#[inline]
pub(super) fn count(site: u64, slot: Slot, noted: Noted) -> bool {
    HOT.with(|hot| {
        hot.unsampled.set(hot.unsampled.get().wrapping_sub(1)); // not from 0: `begin_sample` was called first
        match place_of(&hot.places, site).map(Cell::get) {
            Some(Some((holder, row))) if holder == site => {
                row.count(slot, noted);
                true
            }
            _ => false,
        }
    })
}

/// Returns this thread's row of a site. If the thread has none, `take` provides a row. Returns `None` if the thread is ending.
pub(super) fn own(site: u64, take: impl FnOnce() -> &'static Row) -> Option<&'static Row> {
    let row = OWNED.try_with(|owned| {
        let Owned(rows) = &mut *owned.try_borrow_mut().ok()?;
        if let Some(row) = rows.get(&site) {
            return Some(*row);
        }
        rows.retain(|site, row| row.belongs_to(*site)); // forgets the rows of dropped verifiers
        let row = take();
        rows.insert(site, row);
        Some(row)
    });
    let row = row.ok()??;
    HOT.with(|hot| place_of(&hot.places, site).map(|place| place.set(Some((site, row)))));
    Some(row)
}

/// Returns an unused or new row for a site.
pub(super) fn new_row(site: u64) -> &'static Row {
    let mut unused = unused();
    let row = unused.pop().unwrap_or_else(|| Box::leak(Box::default()));
    row.begin(site);
    row
}

/// Returns the rows of a dropped site to the unused rows.
pub(super) fn recycle(rows: &mut Vec<&'static Row>) {
    let mut unused = unused();
    for row in rows.iter() {
        row.reset();
    }
    unused.append(rows);
}

#[expect(clippy::cast_possible_truncation, reason = "the remainder is small")]
#[inline]
fn place_of(places: &[Place; PLACES], site: u64) -> Option<&Place> {
    places.get((site % PLACES as u64) as usize)
}

fn unused() -> MutexGuard<'static, Vec<&'static Row>> {
    UNUSED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The rows that a thread owns, by the number of the site. When the thread ends, other threads may take its rows.
#[derive(Default)]
struct Owned(HashMap<u64, &'static Row>);

impl Drop for Owned {
    fn drop(&mut self) {
        HOT.with(|hot| hot.places.iter().for_each(|place| place.set(None)));
        let _unused = unused(); // while this is locked, no row changes its site
        for (site, row) in &self.0 {
            row.leave(*site);
        }
    }
}
