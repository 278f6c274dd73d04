//! Lists and logs the sites in shadow mode.

use std::collections::BTreeMap;

use crate::site::{Policy, ShadowRules};

/// Returns the ids of the sites that do not enforce.
pub(super) fn shadowed_ids(policy: &Policy) -> Vec<String> {
    policy.shadowed().map(|(_, site)| site.facts.id.to_string()).collect()
}

/// Logs a warning for each site that is new in shadow mode, and a line for each site that enforces again.
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
