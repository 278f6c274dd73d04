use crate::work;

/// The number of cookies with the same name that are tried. Browsers may legitimately send several: one for each domain and
/// path.
pub const MAX_COOKIES_TRIED: usize = 4;

/// Returns the values of every cookie called `name` over all `Cookie` fields, which form one list (RFC 9113 §8.2.3).
///
/// Names match exactly. A value is the text after the first `=`, without the white space around the pair. It is not decoded,
/// because browsers send it as it was set (RFC 6265 §5.4).
pub(crate) fn cookie_values<'c>(
    fields: impl Iterator<Item = &'c [u8]>,
    name: &str,
) -> impl Iterator<Item = &'c [u8]> {
    fields.flat_map(pairs).filter_map(move |pair| value_in(pair, name.as_bytes()))
}

/// Returns a `Cookie` field without the cookies of these names, or `None` if it has none. The others stay as they are, in order.
pub(crate) fn without_cookies<N: AsRef<str>>(field: &[u8], names: &[N]) -> Option<Vec<u8>> {
    let is_named = |pair: &&[u8]| names.iter().any(|name| value_in(pair, name.as_ref().as_bytes()).is_some());
    if !pairs(field).any(|pair| is_named(&pair)) {
        return None;
    }
    work::visited(field.len());
    let kept = pairs(field).filter(|pair| !is_named(pair)).map(<[u8]>::trim_ascii);
    Some(kept.collect::<Vec<_>>().join(&b"; "[..]))
}

/// Returns the names of the cookies of one `Cookie` field, as they were received.
pub(crate) fn cookie_names(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    pairs(field).filter_map(|pair| {
        let end = memchr::memchr(b'=', pair)?;
        pair.get(..end).map(<[u8]>::trim_ascii).filter(|name| !name.is_empty())
    })
}

fn pairs(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(field);
    std::iter::from_fn(move || {
        let text = rest?;
        let (pair, after) = match memchr::memchr(b';', text).and_then(|at| text.split_at_checked(at)) {
            Some((pair, after)) => (pair, after.get(1..)),
            None => (text, None),
        };
        rest = after;
        work::visited(pair.len().saturating_add(1));
        Some(pair)
    })
}

fn value_in<'c>(pair: &'c [u8], name: &[u8]) -> Option<&'c [u8]> {
    work::visited(pair.len()); // of white space, or of the name
    pair.trim_ascii().strip_prefix(name)?.strip_prefix(b"=")
}

#[cfg(test)]
mod tests;
