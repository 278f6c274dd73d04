//! Compares the decision with the verdict of another gate, on a site that does not enforce.
//!
//! 1. The site's `shadow_header` contains the verdict. The field is read only if the connection's peer is a trusted proxy, because
//!    any client can send the field.
//! 2. Every request is counted by both verdicts.
//! 3. A disagreement is kept. It is also logged, unless too many disagreements were logged in the same second.

use super::log;
use crate::decide::{Comparisons, Decision, Disagreement, OtherVerdict};
use crate::request::RequestView;
use crate::site::{Policy, ShadowRules, SiteRules};

/// Compares a decision on a request to this site. Does nothing if the site enforces.
#[inline]
pub(super) fn compare(decision: &Decision<'_>, site: &SiteRules, request: &(impl RequestView + ?Sized)) {
    if let Some(shadow) = &site.shadow {
        compare_shadowed(decision, site, shadow, request);
    }
}

#[cold]
fn compare_shadowed(
    decision: &Decision<'_>,
    site: &SiteRules,
    shadow: &ShadowRules,
    request: &(impl RequestView + ?Sized),
) {
    let Some((index, ours)) = decision.own_verdict() else { return };
    let snapshot = decision.snapshot();
    let comparisons: &Comparisons = &snapshot.comparisons;
    let theirs = other_verdict(shadow, request, &snapshot.policy); // 1
    comparisons.count(index, theirs, ours); // 2
    if !ours.disagrees_with(theirs) {
        return;
    }
    let now = comparisons.now();
    let disagreement = Disagreement {
        at: now.get(),
        site: site.facts.id.to_string(),
        method: log::method(request),
        path: log::path(request, Some(site)),
        theirs,
        ours,
        kid: match decision {
            Decision::Granted(grant) => grant.kid().map(str::to_owned),
            Decision::Denied(refusal) | Decision::Shadowed(refusal) => refusal.claimed_kid(),
            Decision::Pass(_) | Decision::Preflight(_) | Decision::Public(_) | Decision::Needs(_) => None,
        },
    };
    if let Some(left_out) = comparisons.keep(disagreement.clone(), now) {
        log::disagreement(&disagreement, left_out); // 3
    }
}

/// Returns the verdict of the other gate, as stated by the request.
fn other_verdict(
    shadow: &ShadowRules,
    request: &(impl RequestView + ?Sized),
    policy: &Policy,
) -> OtherVerdict {
    let Some(name) = &shadow.verdict_header else { return OtherVerdict::Missing };
    match (request.field(name, 0), request.field(name, 1)) {
        (None, _) => OtherVerdict::Missing,
        (Some(_), _) if !policy.trusted_proxies.trusts_peer(request) => OtherVerdict::Untrusted,
        (Some(_), Some(_)) => OtherVerdict::Unknown, // the client may have sent one of them
        (Some(value), None) => OtherVerdict::parse(value),
    }
}
