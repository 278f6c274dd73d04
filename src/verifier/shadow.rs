//! The report about sites in shadow mode.

use serde::Serialize;

use super::handle::Verifier;
use super::unenforced::shadowed_ids;
use crate::decide::{Disagreement, VerdictCount};

/// The outcomes of requests to sites that do not enforce, since the verifier was created.
///
/// Serde can serialize the report. It contains no secrets. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShadowReport {
    /// The ids of the sites that do not enforce at present.
    pub sites: Vec<String>,
    /// The number of requests for each pair of verdicts that occurred. If a site enforces again, its counts are kept.
    pub counts: Vec<VerdictCount>,
    /// The most recent disagreements, the oldest first: at most [`MAX_DISAGREEMENTS`](crate::decide::MAX_DISAGREEMENTS).
    pub disagreements: Vec<Disagreement>,
}

impl ShadowReport {
    /// Returns the number of requests on which the verifier and the other gate disagree.
    pub fn disagreeing(&self) -> u64 {
        let disagreeing = self.counts.iter().filter(|count| count.ours.disagrees_with(count.theirs));
        disagreeing.fold(0, |sum, count| sum.saturating_add(count.requests))
    }
}

impl Verifier {
    /// Returns the outcomes of requests to sites that do not [enforce](crate::site::danger). If a site has a
    /// [`shadow_header`](crate::Site::shadow_header), the report compares the outcomes with the verdicts of another gate.
    ///
    /// A request is counted when its reply is created, by [`Verifier::reply`] or [`Decision::reply`](crate::Decision::reply).
    pub fn shadow(&self) -> ShadowReport {
        let snapshot = self.snapshot();
        let (counts, disagreements) = snapshot.comparisons.read();
        ShadowReport { sites: shadowed_ids(&snapshot.policy), counts, disagreements }
    }
}
