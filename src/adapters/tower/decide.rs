//! The decision of the layer, which the future repeats after a lookup.

use http::Request;

use super::view::Received;
use crate::decide::Decision;
use crate::store::Found;
use crate::verifier::Verifier;

/// Decides a request at the current time. On a host with base paths, a request passes without a credential only if its path
/// is known to be the one that the client sent.
pub(super) fn decide<'r, B>(
    verifier: &Verifier,
    full_paths: bool,
    received: &'r Received<'_, B>,
    found: Option<&Found>,
) -> Decision<'r> {
    let decision = verifier.decide_with(received, verifier.now(), found);
    if full_paths || came_through_axum(received.request) {
        decision
    } else {
        decision.refuse_shortened(received)
    }
}

/// Returns whether an axum router recorded the path before it removed prefixes.
fn came_through_axum<B>(request: &Request<B>) -> bool {
    #[cfg(feature = "axum")]
    return request.extensions().get::<axum::extract::OriginalUri>().is_some();
    #[cfg(not(feature = "axum"))]
    return {
        let _ = request;
        false
    };
}
