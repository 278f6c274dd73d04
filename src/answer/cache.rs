use bytes::Bytes;

use crate::request::list_elements;

/// Returns the `Cache-Control` of a granted response (RFC 9111 §5.2.2): the inner service's, changed to keep the response out of
/// shared caches.
///
/// `public`, `s-maxage` and `proxy-revalidate` are removed and `private` is added; `no-store` is enough by itself. Returns `None`
/// if nothing has to change.
pub(super) fn private<'v>(values: impl Iterator<Item = &'v [u8]>) -> Option<Bytes> {
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut changed = false;
    let (mut private, mut no_store, mut must_understand) = (false, false, false);
    let mut lines = 0_usize;
    for value in values {
        lines = lines.saturating_add(1);
        for directive in list_elements(value) {
            let name = directive.split(|&byte| byte == b'=').next().unwrap_or_default().trim_ascii();
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted.as_bytes());
            if is("public") || is("s-maxage") || is("proxy-revalidate") {
                changed = true;
                continue;
            }
            // `private="set-cookie"` applies to one field only.
            private |= is("private") && directive.len() == name.len();
            no_store |= is("no-store");
            must_understand |= is("must-understand");
            kept.push(directive);
        }
    }
    // A cache that implements `must-understand` ignores `no-store` (RFC 9111 §5.2.2.3).
    let kept_out = private || (no_store && !must_understand);
    if kept_out && !changed && lines == 1 {
        return None;
    }
    if kept.is_empty() {
        return Some(Bytes::from_static(b"private")); // the usual case allocates nothing
    }
    if !kept_out {
        kept.insert(0, b"private");
    }
    Some(kept.join(&b", "[..]).into())
}

#[cfg(test)]
mod tests;
