//! Log lines of decisions: code, site, method, path, kid, client address, and facts that help to find a mistake. They never contain
//! a credential, the value of a cookie or the query.
//!
//! Each field has a bound: method and path are [rendered](crate::request::shown_path), with anything that could be a credential
//! replaced; `kid` is at most [`MAX_KID_SHOWN`](crate::schemes::jws::MAX_KID_SHOWN) bytes of a refused token's own text, or the
//! name of a key; `key_scope` is the scope of the key that signed the token, or that a refused token names; `video` is an id of at
//! most [`MAX_ID_LEN`](crate::records::MAX_ID_LEN) bytes, which the operator chose. [`Details`] lists the other fields of a
//! refusal.
//!
//! Text from a request is recorded as a string, so that formatters quote it.

use std::cell::LazyCell;

use super::details::Details;
use crate::cors::{MAX_UNLISTED, Unlisted};
use crate::decide::{Disagreement, Grant, Refusal, Snapshot};
use crate::error::Denial;
use crate::explain::hints::{MAX_HOST_SHOWN, requested_host};
use crate::request::{MAX_METHOD_SHOWN, RequestView, shown_name, shown_path, shown_text};
use crate::site::{Policy, SiteRules};

/// Writes one line for each request that is refused, or that would be refused if its site enforced. The limit for a site and code is
/// [`denials_per_second`](crate::site::PolicyBuilder::denials_per_second).
pub(super) fn refusal(
    refusal: &Refusal<'_>,
    request: &(impl RequestView + ?Sized),
    snapshot: &Snapshot,
    enforced: bool,
) {
    let (site, code) = (refusal.rules().map(|site| &*site.facts.id), refusal.denial().code_text());
    if crate::log::enabled!(INFO)
        && snapshot.refusals.admits(site, code, snapshot.policy.log.denials_per_second)
    {
        refusal_line(refusal, request, snapshot, enforced);
    }
    warn_of_unknown_client(refusal.denial(), request, snapshot);
}

fn refusal_line(
    refusal: &Refusal<'_>,
    request: &(impl RequestView + ?Sized),
    snapshot: &Snapshot,
    enforced: bool,
) {
    let (site, policy) = (refusal.rules(), &snapshot.policy);
    let details = LazyCell::new(|| Details::of(refusal, request, snapshot)); // only if the line is written
    crate::log::event!(
        INFO,
        code = refusal.denial().code_text(),
        site = site.map(|site| &*site.facts.id),
        method = method(request),
        host = details.host.as_deref(),
        path = path(request, site),
        kid = refusal.claimed_kid(),
        client = policy.trusted_proxies.client(request).map(|address| address.to_string()),
        reason = refusal.denial().to_string(),
        searched = details.searched.as_deref(),
        cookies = details.cookies.as_deref(),
        parameters = details.parameters.as_deref(),
        resource = details.resource.as_deref(),
        scope = details.scope.as_deref(),
        key_scope = details.key_scope.as_deref(),
        hint = details.hint.as_deref(),
        enforced = (!enforced).then_some(false), // absent if the request is refused
        "{}",
        if enforced { "refused" } else { "would be refused" }
    );
}

/// Warns once for each verifier if a limit, a binding or a proxy's field needs the client's address, and the server passes none.
fn warn_of_unknown_client(denial: Denial, request: &(impl RequestView + ?Sized), snapshot: &Snapshot) {
    let needed_by = match denial {
        denial if denial.is_unknown_client() => "an address-bound credential",
        Denial::HttpsRequired => "require_https",
        _ if snapshot.policy.failed_signatures.limits_every_client() => "the limit on failed signatures",
        _ => return,
    };
    if request.peer().is_none() && snapshot.notices.is_first_unknown_client() {
        crate::log::event!(
            WARN,
            needed_by = needed_by,
            hint = "axum: serve with into_make_service_with_connect_info::<SocketAddr>(); hyper: Gate::with_peer; other \
                    servers: the request extension PeerAddr",
            "the server provides no client address: per-client limits, address-bound credentials and trusted proxies do not work"
        );
    }
}

/// One line for each origin that a site's CORS policy does not list.
pub(super) fn unlisted_origin(site: &SiteRules, origin: &[u8], unlisted: Unlisted) {
    let site = &*site.facts.id;
    match unlisted {
        Unlisted::New => {
            crate::log::event!(
                INFO,
                site = site,
                origin = shown_name::<MAX_HOST_SHOWN>(origin).into_string(),
                hint = "pages of this origin cannot read the site's responses: to allow them, add it to cors.origins",
                "CORS origin is not listed"
            );
        }
        Unlisted::OneTooMany => {
            crate::log::event!(
                INFO,
                site = site,
                logged = MAX_UNLISTED,
                "more CORS origins are not listed: further ones are not logged"
            );
        }
    }
}

/// Writes one line for a disagreement with another gate. `left_out` is the number of earlier disagreements that were not logged.
pub(super) fn disagreement(disagreement: &Disagreement, left_out: u64) {
    crate::log::event!(
        INFO,
        site = disagreement.site.as_str(),
        method = disagreement.method.as_str(),
        path = disagreement.path.as_str(),
        theirs = disagreement.theirs.as_str(),
        ours = disagreement.ours.as_str(),
        kid = disagreement.kid.as_deref(),
        not_logged = (left_out > 0).then_some(left_out),
        "gates disagree"
    );
}

pub(super) fn pass(request: &(impl RequestView + ?Sized)) {
    crate::log::event!(
        DEBUG,
        method = method(request),
        host = requested_host(request),
        path = path(request, None),
        "passed: the request belongs to no site"
    );
}

pub(super) fn grant(
    grant: &Grant<'_>,
    site: &SiteRules,
    request: &(impl RequestView + ?Sized),
    policy: &Policy,
) {
    crate::log::event!(
        DEBUG,
        site = &*site.facts.id,
        method = method(request),
        path = path(request, Some(site)),
        kid = grant.kid(),
        key_scope = grant.key_scope().map(ToString::to_string),
        video = grant.video(),
        client = policy.trusted_proxies.client(request).map(|address| address.to_string()),
        "granted"
    );
}

pub(super) fn method(request: &(impl RequestView + ?Sized)) -> String {
    shown_text::<MAX_METHOD_SHOWN>(request.method().as_bytes()).into_string()
}

/// Renders the path as it was received, without text that could be a credential.
pub(super) fn path(request: &(impl RequestView + ?Sized), site: Option<&SiteRules>) -> String {
    shown_path(request.target().path, site.map_or(&[], |site| &*site.credential_places)).into_string()
}
