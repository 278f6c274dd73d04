//! Counters of decisions and related work. Only a thread's first decision for a site may wait, for a lock that a reading holds.
//!
//! 1. Each thread counts decisions in rows of its own, one for each site. Only the owner of a row writes to it, with plain loads and
//!    stores, so threads do not contend.
//! 2. A row is allocated by the first decision of a thread on a site. When a thread ends, its rows stay, and a later thread
//!    continues them.
//! 3. At most [`MAX_SITES`] sites have rows of their own. Further sites share one row.
//! 4. Rare events (lookups, reloads, manifests, sampled latencies) are counted in shared atomic counters.
//!
//! Counters belong to the verifier. When the policy changes, a site continues the counters of the earlier site with the same id.

mod counters;
mod histogram;
mod lookups;
mod manifests;
mod noted;
mod reloads;
mod row;
mod rows;

pub use counters::MAX_SITES;
pub(crate) use counters::{CountedSite, Counters};
pub(crate) use histogram::Reading;
pub(crate) use noted::Noted;
pub(crate) use row::{Counts, SCHEMES, Slot};
pub use rows::SAMPLED_EVERY;
pub(crate) use rows::{begin_sample, is_sample_due};
