//! Matches a policy's `Resource` against the requested URL.

use super::settings::Wildcards;
use super::url::RequestedUrl;
use crate::work;

/// The maximum number of steps for each byte of `Resource` and URL.
const STEPS_PER_BYTE: usize = 16;

/// A `Resource`, split into its sections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sections<'p> {
    pub(super) protocol: &'p [u8],
    pub(super) domain: &'p [u8],
    /// The path, or `None` to cover every path and query.
    pub(super) path: Option<&'p [u8]>,
    pub(super) query: Query<'p>,
}

/// The query that a `Resource` covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Query<'p> {
    Any,
    Absent,
    Like(&'p [u8]),
}

impl<'p> Sections<'p> {
    /// Splits a `Resource`. Returns `None` if it names no protocol and does not begin with `*`.
    pub(super) fn of(resource: &'p [u8]) -> Option<Self> {
        work::visited(resource.len().saturating_mul(3));
        let colon = memchr::memchr(b'/', resource).and_then(|slash| slash.checked_sub(1));
        let named = colon.and_then(|colon| resource.split_at_checked(colon));
        let (protocol, rest) = match named.and_then(|(name, rest)| Some((name, rest.strip_prefix(b"://")?))) {
            Some(named) => named,
            None if resource.first() == Some(&b'*') => (&b"*"[..], resource),
            None => return None,
        };
        // Without a path, the query begins after the domain.
        let end = memchr::memchr(b'/', rest).or_else(|| memchr::memchr(b'?', rest));
        let (domain, rest) = rest.split_at_checked(end.unwrap_or(rest.len()))?;
        if rest.is_empty() && domain.last() == Some(&b'*') {
            return Some(Self { protocol, domain, path: None, query: Query::Any });
        }
        let (path, query) = match memchr::memchr(b'?', rest) {
            Some(end) => (rest.get(..end)?, Query::Like(rest.get(end.checked_add(1)?..)?)),
            None if rest.last() == Some(&b'*') => (rest, Query::Any),
            None => (rest, Query::Absent),
        };
        let path = if path.is_empty() { &b"/"[..] } else { path };
        Some(Self { protocol, domain, path: Some(path), query })
    }

    /// Returns whether the `Resource` may cover more than one URL.
    pub(super) fn has_wildcard(&self) -> bool {
        let Self { protocol, domain, path, query } = *self;
        let is_wild = |section: &[u8]| section.iter().any(|byte| matches!(byte, b'*' | b'?'));
        is_wild(protocol)
            || is_wild(domain)
            || path.is_none_or(is_wild)
            || matches!(query, Query::Like(like) if is_wild(like))
    }

    fn cover(&self, url: &RequestedUrl, steps: &mut usize) -> bool {
        fits_without_case(self.protocol, url.protocol(), steps)
            && fits_without_case(self.domain, url.domain(), steps)
            && self.path.is_none_or(|path| fits(path, url.path(), steps))
            && match (self.query, url.query()) {
                (Query::Any, _) | (Query::Absent, None) => true,
                (Query::Absent, Some(_)) | (Query::Like(_), None) => false,
                (Query::Like(pattern), Some(query)) => fits(pattern, query, steps),
            }
    }
}

/// Returns whether a `Resource` covers a URL.
pub(super) fn covers(resource: &[u8], url: &RequestedUrl, wildcards: Wildcards) -> bool {
    let len = resource.len().saturating_add(url.as_bytes().len());
    let mut steps = len.saturating_mul(STEPS_PER_BYTE);
    match wildcards {
        _ if resource == b"*" => true,
        Wildcards::Sections => Sections::of(resource).is_some_and(|sections| sections.cover(url, &mut steps)),
        Wildcards::Anywhere => fits(resource, url.as_bytes(), &mut steps),
    }
}

fn fits(pattern: &[u8], text: &[u8], steps: &mut usize) -> bool {
    fits_by(pattern, text, steps, |expected, byte| expected == byte)
}

fn fits_without_case(pattern: &[u8], text: &[u8], steps: &mut usize) -> bool {
    fits_by(pattern, text, steps, |expected, byte| expected.eq_ignore_ascii_case(&byte))
}

/// Returns whether a pattern matches, using two pointers: after a mismatch only the last `*` takes one more byte.
fn fits_by(pattern: &[u8], text: &[u8], steps: &mut usize, same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        work::visited(1);
        let Some(left) = steps.checked_sub(1) else { return false };
        *steps = left;
        let fitting = match (pattern.split_first(), text.split_first()) {
            (None, None) => return true,
            (Some((b'*', rest)), _) => {
                if rest.is_empty() {
                    return true;
                }
                retry = Some((rest, text));
                Some((rest, text))
            }
            (Some((&expected, pattern)), Some((&byte, text))) if expected == b'?' || same(expected, byte) => {
                Some((pattern, text))
            }
            _ => None,
        };
        (pattern, text) = match (fitting, retry) {
            (Some(fitting), _) => fitting,
            (None, Some((after, from))) => {
                let Some((_, from)) = from.split_first() else { return false };
                retry = Some((after, from));
                (after, from)
            }
            (None, None) => return false,
        };
    }
}
