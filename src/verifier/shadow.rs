//! Shadow mode: the report about sites that do not enforce, and the warnings about them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::handle::Verifier;
use crate::decide::{Disagreement, VerdictCount};
use crate::site::{Policy, ShadowRules};

/// The outcomes of requests to sites that do not enforce, since the verifier was created.
///
/// It can be serialized with serde. It contains no secrets. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ShadowReport {
    /// The ids of the sites that do not enforce now.
    pub sites: Vec<String>,
    /// The number of requests for each pair of verdicts that occurred. A site that enforces again keeps its counts.
    pub counts: Vec<VerdictCount>,
    /// The most recent disagreements, the oldest first: at most [`MAX_DISAGREEMENTS`](super::MAX_DISAGREEMENTS).
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
    /// Returns the outcomes of requests to sites that do not [enforce](crate::site::danger), and the comparison with another gate
    /// if a site has a [`shadow_header`](crate::Site::shadow_header).
    ///
    /// A request is counted when its reply is made, by [`Verifier::reply`] or [`Decision::reply`](crate::Decision::reply).
    pub fn shadow(&self) -> ShadowReport {
        let snapshot = self.snapshot();
        let (counts, disagreements) = snapshot.comparisons.read();
        ShadowReport { sites: shadowed_ids(&snapshot.policy), counts, disagreements }
    }
}

/// Returns the ids of the sites that do not enforce.
pub(super) fn shadowed_ids(policy: &Policy) -> Vec<String> {
    policy.shadowed().map(|(_, site)| site.facts.id.to_string()).collect()
}

/// Logs a warning for each site that does not enforce and was not so before, and a line for each site that enforces again.
pub(super) fn warn_of_shadowed(before: Option<&Policy>, now: &Policy) {
    let known = before.map(rules_by_id).unwrap_or_default();
    let present = rules_by_id(now);
    for (id, rules) in &present {
        if known.get(id) != Some(rules) {
            crate::log::event!(
                WARN,
                site = *id,
                danger = "enforce = false",
                shadow_header = rules.verdict_header.as_deref(),
                "site does not enforce: requests pass even if their credential is missing or refused"
            );
        }
    }
    for id in known.keys().filter(|id| !present.contains_key(*id)) {
        crate::log::event!(INFO, site = *id, "site is no longer in shadow mode");
    }
}

fn rules_by_id(policy: &Policy) -> BTreeMap<&str, &ShadowRules> {
    policy.shadowed().filter_map(|(_, site)| Some((&*site.facts.id, site.shadow.as_ref()?))).collect()
}
