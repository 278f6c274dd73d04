use std::sync::Arc;

use crate::request::{
    SegmentPlace, has_credential_place, holds_token, parameters, without_cookies, without_parameters,
};
use crate::schemes::{Places, bearer_token};

/// Removes a site's credentials from a request: from every carrier of the site, not only the one that was used.
#[derive(Debug)]
pub(crate) struct Stripping {
    names: Places,
    places: Arc<[SegmentPlace]>,
}

/// The longest `Referer` that is read, in bytes. Browsers replace a longer one by its origin (Referrer Policy §8.3).
const MAX_REFERER: usize = 4096;

impl Stripping {
    pub(super) fn new(names: Places, places: &Arc<[SegmentPlace]>) -> Self {
        Self { names, places: Arc::clone(places) }
    }

    /// Returns the query without credentials, or `None` if it has none.
    pub(crate) fn query(&self, query: &[u8]) -> Option<Vec<u8>> {
        without_parameters(query, &self.names.query)
    }

    /// Returns a `Cookie` field without credentials, or `None` if it has none.
    pub(crate) fn cookie(&self, field: &[u8]) -> Option<Vec<u8>> {
        without_cookies(field, &self.names.cookies)
    }

    /// Returns whether header fields of this name are credentials.
    pub(crate) fn drops_field(&self, name: &str) -> bool {
        self.names.headers.iter().any(|header| name.eq_ignore_ascii_case(header))
    }

    /// Returns whether an `Authorization` field is a credential.
    pub(crate) fn drops_authorization(&self, field: &[u8]) -> bool {
        self.names.bearer && bearer_token(field).is_some()
    }

    /// Returns a `Referer` field without credentials, or `None` if it has none. The result is empty if nothing can be kept.
    ///
    /// 1. A field that is not an absolute URI of visible ASCII, or that contains a password, is dropped (RFC 9110 §10.1.3).
    /// 2. Only the origin is kept if the field is longer than [`MAX_REFERER`], or if its path contains a credential: in one of
    ///    the site's places, or text like a JWT or an embed token in any segment.
    /// 3. The parameters of the site's credentials, and those with text like a JWT or an embed token, are removed from the query.
    /// 4. A fragment is dropped.
    pub(crate) fn referer(&self, field: &[u8]) -> Option<Vec<u8>> {
        let Some((origin, rest)) = split_origin(field) else { return Some(Vec::new()) };
        let end = rest.iter().position(|&byte| byte == b'#').unwrap_or(rest.len());
        let rest = rest.get(..end).unwrap_or_default();
        let (path, query) = match rest.iter().position(|&byte| byte == b'?') {
            Some(at) => (rest.get(..at).unwrap_or_default(), rest.get(at.saturating_add(1)..)),
            None => (rest, None),
        };
        let bare = field.len() > MAX_REFERER
            || has_credential_place(path, &self.places)
            || path.split(|&byte| byte == b'/').any(holds_token);
        let mut kept = origin.to_vec();
        if bare {
            kept.push(b'/');
            return Some(kept);
        }
        kept.extend_from_slice(path);
        let named = query.and_then(|query| self.query(query));
        if let Some(query) = named.as_deref().or(query).filter(|query| !query.is_empty()) {
            let harmless =
                parameters(query).map(|parameter| parameter.whole).filter(|whole| !holds_token(whole));
            for (number, parameter) in harmless.enumerate() {
                kept.push(if number == 0 { b'?' } else { b'&' });
                kept.extend_from_slice(parameter);
            }
        }
        (kept != field).then_some(kept)
    }
}

/// Returns the scheme and authority of an absolute URI, and the rest.
fn split_origin(uri: &[u8]) -> Option<(&[u8], &[u8])> {
    crate::work::visited(uri.len().saturating_mul(3));
    let colon = uri.iter().position(|byte| !byte.is_ascii_alphabetic())?;
    let authority = uri.get(colon..)?.strip_prefix(b"://")?;
    let end = authority.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(authority.len());
    let (authority, rest) = authority.split_at_checked(end)?;
    let plain = uri.iter().all(u8::is_ascii_graphic) && !authority.is_empty() && !authority.contains(&b'@');
    let origin = uri.get(..uri.len().saturating_sub(rest.len()))?;
    (plain && colon > 0).then_some((origin, rest))
}
