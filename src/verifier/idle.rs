//! Finds keys and sites that are valid but grant nothing. They may be used later, or be a mistake.

use std::collections::HashSet;

use crate::decide::Snapshot;
use crate::scope::KeyScope;

/// The maximum number of names of one kind; the others are counted.
const NAMED: usize = 10;

/// Returns a description of each key or site that grants nothing.
pub(super) fn idle(snapshot: &Snapshot) -> Vec<String> {
    let (policy, keys) = (&snapshot.policy, &snapshot.keys);
    if keys.is_empty() && !policy.requires_tokens() {
        return Vec::new();
    }
    if keys.is_empty() {
        return vec!["no key is loaded: every credential is rejected until one is loaded".to_owned()];
    }
    let mut found = Vec::new();
    if let Some(mut known) = policy.buckets() {
        let buckets = keys.iter().filter_map(|key| match key.scope() {
            KeyScope::Bucket(name) if known.insert(name) => Some((key.id().as_str(), &**name)),
            _ => None,
        });
        let unserved = buckets.map(|(kid, bucket)| {
            format!(
                "no site serves bucket {bucket:?} of key {kid:?}: its credentials are rejected as wrong_key"
            )
        });
        found.extend(named(unserved, "buckets of keys that no site serves"));
    }
    let scopes: HashSet<&KeyScope> = keys.iter().map(crate::Key::scope).collect();
    let locked = policy.sites_without(&scopes).map(|(site, scope)| {
        format!(
            "no key may sign for site {site:?}: every token is rejected until a key has the scope {scope}"
        )
    });
    found.extend(named(locked, "sites that no key may sign for"));
    found
}

/// Returns the first few items, and the number of the others.
fn named(mut all: impl Iterator<Item = String>, what: &str) -> Vec<String> {
    let mut few: Vec<String> = all.by_ref().take(NAMED).collect();
    match all.count() {
        0 => {}
        more => few.push(format!("and {more} more {what}")),
    }
    few
}

/// Logs a warning for each description that is not among `logged`, those that were logged before.
pub(super) fn warn_of_idle(idle: &[String], logged: &[String]) {
    for problem in idle.iter().filter(|problem| !logged.contains(problem)) {
        crate::log::event!(WARN, problem = problem.as_str(), "keys and sites do not match");
    }
}
