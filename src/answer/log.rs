//! What a log line tells: code, site, method, path, kid, client address; never a token or the query.

use arrayvec::ArrayVec;

use crate::embed::EmbedToken;
use crate::error::Denial;
use crate::request::{MAX_PATH_LEN, RequestView, decode_leniently};
use crate::site::{Policy, SiteRules};
use crate::verify::Grant;

/// One line a refusal.
pub(super) fn refusal(
    denial: Denial,
    site: Option<&SiteRules>,
    kid: Option<&str>,
    request: &impl RequestView,
    policy: &Policy,
) {
    crate::log::event!(
        INFO,
        code = denial.code().as_str(),
        site = site.map(|site| &*site.id),
        method = %request.method().escape_debug(),
        path = %path(request, policy),
        kid = kid,
        client = policy.trusted_proxies.client(request).map(|address| address.to_string()),
        reason = %denial,
        "refused"
    );
}

pub(super) fn pass(request: &impl RequestView, policy: &Policy) {
    crate::log::event!(
        DEBUG,
        method = %request.method().escape_debug(),
        path = %path(request, policy),
        "passed: no site is there"
    );
}

pub(super) fn grant(grant: &Grant<'_>, request: &impl RequestView, policy: &Policy) {
    crate::log::event!(
        DEBUG,
        site = grant.site().map(crate::site::SiteView::id),
        method = %request.method().escape_debug(),
        path = %path(request, policy),
        kid = grant.kid(),
        video = grant.video(),
        client = policy.trusted_proxies.client(request).map(|address| address.to_string()),
        "granted"
    );
}

/// The path as it came; where embed tokens stand in paths, without anything that could be one, however it is spelled.
fn path(request: &impl RequestView, policy: &Policy) -> String {
    let path = request.target().path;
    if !policy.embeds_in_paths {
        return path.escape_ascii().to_string();
    }
    let shown = path.split(|&byte| byte == b'/').map(|segment| {
        if may_be_token(segment) { "{token}".to_owned() } else { segment.escape_ascii().to_string() }
    });
    shown.collect::<Vec<_>>().join("/")
}

/// Whether a segment is an embed token once it is percent-decoded, however often that takes.
fn may_be_token(segment: &[u8]) -> bool {
    let mut text = ArrayVec::<u8, MAX_PATH_LEN>::new();
    let mut encoded = decode_leniently(segment, &mut text);
    while encoded {
        let before = std::mem::take(&mut text);
        encoded = decode_leniently(&before, &mut text);
    }
    EmbedToken::read(&text).is_some()
}
