//! Access to explanations: decides whether a request receives its explanation in a response header.
//!
//! 1. The policy has the [setting](crate::site::ExplainHeader), and the request has the header.
//! 2. If the client is confirmed and listed, the request receives its explanation.
//! 3. If the policy accepts debug tokens, the only value of the header is verified as one. Its key must be one that may sign for the
//!    requested resource. A request whose path names no resource of a site has no such key.
//!
//! A request that receives no explanation is answered as if it did not have the header.

use crate::decide::{Snapshot, with_resource};
use crate::request::{Client, RequestView, is_present, only_line};
use crate::schemes::jws::DebugTokenCheck;
use crate::site::EXPLAIN_HEADER;
use crate::time::UnixSeconds;

/// Returns whether a request receives its explanation. A failed signature of a debug token counts if `counts` is true.
pub(crate) fn may_be_explained(
    snapshot: &Snapshot,
    request: &impl RequestView,
    now: UnixSeconds,
    counts: bool,
) -> bool {
    // 1. Setting and header.
    let policy = &*snapshot.policy;
    let Some(rules) = &policy.explain else { return false };
    if !is_present(request, EXPLAIN_HEADER) {
        return false;
    }
    // 2. Client.
    let client = policy.trusted_proxies.find(request);
    if client.and_then(Client::confirmed).is_some_and(|address| rules.lists(address)) {
        return true;
    }
    // 3. Debug token.
    let Some(token) = only_line(request, EXPLAIN_HEADER).filter(|_| rules.tokens) else { return false };
    let verified = with_resource(policy, request, |site, resource| {
        let check = DebugTokenCheck {
            now,
            site: &site.facts.id,
            resource,
            streams: &policy.streams,
            keys: &snapshot.keys,
            failures: &snapshot.failures,
            access: &snapshot.access,
            client,
            counts,
        };
        check.verify(token)
    });
    matches!(verified, Some(Ok(())))
}
