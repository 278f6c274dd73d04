//! Log lines of decisions: code, site, method, path, kid and client address; never a credential or the query.
//!
//! Each field has a bound: method and path are [rendered](crate::request::shown_path), with everything replaced that could be
//! a credential; `kid` is at most [`MAX_KID_SHOWN`](crate::schemes::jws::MAX_KID_SHOWN) bytes of a refused token's own text, or the
//! name of a key; `key_scope` is that of the key that signed; `video` is an id of at most [`MAX_ID_LEN`](crate::records::MAX_ID_LEN) bytes, which the operator chose.

use crate::decide::Grant;
use crate::error::Denial;
use crate::request::{MAX_METHOD_SHOWN, RequestView, shown_path, shown_text};
use crate::site::{Policy, SiteRules};

/// One line a refusal.
pub(super) fn refusal(
    denial: Denial,
    site: Option<&SiteRules>,
    kid: Option<&str>,
    request: &(impl RequestView + ?Sized),
    policy: &Policy,
) {
    crate::log::event!(
        INFO,
        code = denial.code().as_str(),
        site = site.map(|site| &*site.facts.id),
        method = %shown_text::<MAX_METHOD_SHOWN>(request.method().as_bytes()),
        path = %path(request, site),
        kid = kid,
        client = policy.trusted_proxies.client(request).map(|address| address.to_string()),
        reason = %denial,
        "refused"
    );
}

pub(super) fn pass(request: &(impl RequestView + ?Sized)) {
    crate::log::event!(
        DEBUG,
        method = %shown_text::<MAX_METHOD_SHOWN>(request.method().as_bytes()),
        path = %path(request, None),
        "passed: no site is there"
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
        method = %shown_text::<MAX_METHOD_SHOWN>(request.method().as_bytes()),
        path = %path(request, Some(site)),
        kid = grant.kid(),
        key_scope = grant.key_scope().map(ToString::to_string),
        video = grant.video(),
        client = policy.trusted_proxies.client(request).map(|address| address.to_string()),
        "granted"
    );
}

/// Renders the path as it was received, without text that could be a credential.
fn path(request: &(impl RequestView + ?Sized), site: Option<&SiteRules>) -> impl std::fmt::Display {
    shown_path(request.target().path, site.map_or(&[], |site| &*site.credential_places))
}
