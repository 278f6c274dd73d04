//! The `Referrer-Policy` of responses to a URL with an embed token in its path.
//!
//! A browser sends the URL of a page, style sheet or script, and thus its token, as the `Referer` of the resources it loads.
//! Rules for the inner service's policy, in the order they are tried:
//!
//! 1. `strict-origin` stays: browsers then send only the origin, and nothing over plain HTTP.
//! 2. `no-referrer` stays for a token that lists no origins. For a token that lists origins it is replaced: the page's requests
//!    would have neither `Origin` nor `Referer`, and would be refused.
//! 3. Everything else is replaced by `strict-origin`: any other policy, several policies, and none. `same-origin` is among these,
//!    because it sends the whole URL to the page's own host, whose media servers log it.

use bytes::Bytes;

use crate::schemes::Referrers;

const STRICT_ORIGIN: &str = "strict-origin";

/// Returns the policy to set, given the inner service's, or `None` to leave it unchanged.
pub(super) fn policy<'v>(referrers: Referrers, mut inner: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
    let inner_policy = inner.next().filter(|_| inner.next().is_none()).map(<[u8]>::trim_ascii);
    let is = |policy: &str| {
        inner_policy.is_some_and(|inner_policy| inner_policy.eq_ignore_ascii_case(policy.as_bytes()))
    };
    let stays = is(STRICT_ORIGIN) || (referrers == Referrers::AreNotChecked && is("no-referrer"));
    (!stays).then_some(Bytes::from_static(STRICT_ORIGIN.as_bytes()))
}

#[cfg(test)]
mod tests;
