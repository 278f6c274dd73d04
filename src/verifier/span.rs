//! The span of a decision, with the field names of OpenTelemetry's semantic conventions. It contains no credential.

#[cfg(feature = "tracing")]
use tracing::field::Empty;

use crate::decide::Decision;
#[cfg(feature = "tracing")]
use crate::explain::hints::MAX_HOST_SHOWN;
use crate::request::RequestView;
#[cfg(feature = "tracing")]
use crate::request::{HOST, MAX_METHOD_SHOWN, shown_name, shown_path, shown_text};
#[cfg(feature = "tracing")]
use crate::site::{SiteView, status_of};

/// Returns true if a subscriber may be interested in spans of decisions.
#[inline]
pub(super) fn is_enabled() -> bool {
    #[cfg(feature = "tracing")]
    return tracing::level_enabled!(tracing::Level::DEBUG);
    #[cfg(not(feature = "tracing"))]
    false
}

/// Decides in a span.
#[cfg(feature = "tracing")]
pub(super) fn decide_in_span<'r>(
    request: &'r impl RequestView,
    decide: impl FnOnce() -> Decision<'r>,
) -> Decision<'r> {
    let span = tracing::span!(
        target: "playgate",
        tracing::Level::DEBUG,
        "decision",
        otel.name = "playgate.decision",
        otel.kind = "internal",
        http.request.method = Empty,
        url.path = Empty,
        server.address = Empty,
        client.address = Empty,
        http.response.status_code = Empty,
        "error.type" = Empty,
        playgate.site = Empty,
        playgate.outcome = Empty,
    );
    let decision = span.in_scope(decide);
    if !span.is_disabled() {
        record(&span, &decision, request);
    }
    decision
}

#[cfg(not(feature = "tracing"))]
pub(super) fn decide_in_span<'r>(
    _: &'r impl RequestView,
    decide: impl FnOnce() -> Decision<'r>,
) -> Decision<'r> {
    decide()
}

#[cfg(feature = "tracing")]
fn record(span: &tracing::Span, decision: &Decision<'_>, request: &(impl RequestView + ?Sized)) {
    let site = decision.site().map(|SiteView(rules)| rules);
    let target = request.target();
    span.record(
        "http.request.method",
        &*shown_text::<MAX_METHOD_SHOWN>(request.method().as_bytes()).into_string(),
    );
    let places = site.map_or(&[][..], |site| &site.credential_places);
    span.record("url.path", &*shown_path(target.path, places).into_string());
    if let Some(host) = target.authority.or_else(|| request.field(HOST, 0)) {
        span.record("server.address", &*shown_name::<MAX_HOST_SHOWN>(host).into_string());
    }
    if let Some(client) = decision.snapshot().policy.trusted_proxies.client(request) {
        span.record("client.address", tracing::field::display(client));
    }
    if let Some(site) = site {
        span.record("playgate.site", &*site.facts.id);
    }
    let outcome = match decision {
        Decision::Pass(_) => "pass",
        Decision::Preflight(_) => "preflight",
        Decision::Public(_) => "public",
        Decision::Granted(_) => "granted",
        Decision::Denied(_) => "denied",
        Decision::Shadowed(_) => "shadowed",
        Decision::Needs(_) => "needs",
    };
    span.record("playgate.outcome", outcome);
    match decision {
        Decision::Denied(refusal) => {
            span.record("error.type", refusal.denial().code_text());
            span.record("http.response.status_code", status_of(refusal.denial(), site));
        }
        Decision::Shadowed(refusal) => {
            span.record("error.type", refusal.denial().code_text());
        }
        Decision::Preflight(_) => {
            span.record("http.response.status_code", 204_u16);
        }
        Decision::Pass(_) | Decision::Public(_) | Decision::Granted(_) | Decision::Needs(_) => {}
    }
}
