use super::percent::split_encoded;
use crate::error::Repeated;
use crate::work;

/// Returns the value of the only parameter called `name`, as received.
///
/// Parameters are separated by `&`. A parameter without `=` has the empty value. Names are compared after percent-decoding,
/// because the inner service would decode them.
pub(crate) fn value_of_one<'q>(query: &'q [u8], name: &str) -> Result<Option<&'q [u8]>, Repeated> {
    let mut values =
        parameters(query).filter(|parameter| parameter.is(name)).map(|parameter| parameter.value);
    match (values.next(), values.next()) {
        (value, None) => Ok(value),
        (_, Some(_)) => Err(Repeated::QueryParameter),
    }
}

/// Returns the values of several names, in one pass. A name that is `None` has no value.
pub(crate) fn values_of_each<'q, const N: usize>(
    query: &'q [u8],
    names: [Option<&str>; N],
) -> [Result<Option<&'q [u8]>, Repeated>; N] {
    let mut values = [Ok(None); N];
    for parameter in parameters(query) {
        for (name, value) in names.iter().zip(&mut values) {
            if name.is_some_and(|name| parameter.is(name)) {
                *value = match value {
                    Ok(None) => Ok(Some(parameter.value)),
                    Ok(Some(_)) | Err(_) => Err(Repeated::QueryParameter),
                };
            }
        }
    }
    values
}

/// Returns the query without the parameters with these names, or `None` if it has none. The others stay byte for byte, in order.
pub(crate) fn without_parameters<N: AsRef<str>>(query: &[u8], names: &[N]) -> Option<Vec<u8>> {
    let is_named = |parameter: &Parameter<'_>| names.iter().any(|name| parameter.is(name.as_ref()));
    if !parameters(query).any(|parameter| is_named(&parameter)) {
        return None;
    }
    work::visited(query.len());
    let mut rest = Vec::with_capacity(query.len());
    for (number, kept) in parameters(query).filter(|parameter| !is_named(parameter)).enumerate() {
        if number > 0 {
            rest.push(b'&');
        }
        rest.extend_from_slice(kept.whole);
    }
    Some(rest)
}

/// Returns whether a name consists of unreserved characters (RFC 3986 §2.3), which no encoder changes.
pub(crate) fn is_parameter_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~".contains(&b))
}

/// One `name=value` of a query, as received.
#[derive(Clone, Copy)]
pub(crate) struct Parameter<'q> {
    pub(crate) whole: &'q [u8],
    pub(crate) name: &'q [u8],
    pub(crate) value: &'q [u8],
}

impl Parameter<'_> {
    /// Returns whether the name, percent-decoded, is `name`.
    pub(crate) fn is(&self, name: &str) -> bool {
        let (spelled, name) = (self.name, name.as_bytes());
        // A byte is encoded in one byte or three. Longer text is not read, so that a long name costs nothing.
        work::visited(if spelled.len() == name.len() { name.len() } else { 0 });
        let fits = spelled.len() > name.len() && spelled.len() <= name.len().saturating_mul(3);
        work::visited(if fits { spelled.len().saturating_mul(2) } else { 0 });
        spelled == name || (fits && spelled.contains(&b'%') && decodes_to(spelled, name))
    }

    /// Returns whether the name, percent-decoded, starts with `start`.
    pub(crate) fn starts_with(&self, start: &str) -> bool {
        work::visited(start.len().min(self.name.len()));
        start.bytes().eq(decoded_bytes(self.name).take(start.len()))
    }

    /// Returns whether both names are the same after decoding.
    pub(crate) fn has_name_of(&self, other: &Self) -> bool {
        work::visited(self.name.len());
        self.name == other.name
            || ((self.name.contains(&b'%') || other.name.contains(&b'%'))
                && decoded_bytes(self.name).eq(decoded_bytes(other.name)))
    }
}

/// Returns the parameters between the `&`s, empty ones included.
pub(crate) fn parameters(query: &[u8]) -> impl Iterator<Item = Parameter<'_>> {
    let mut rest = Some(query);
    std::iter::from_fn(move || {
        let (whole, after) = split_at_ampersand(rest?);
        work::visited(whole.len().saturating_add(1).saturating_mul(2));
        rest = after;
        // Names are short: a search with a preparation for long texts would take longer.
        let end = whole.iter().position(|&byte| byte == b'=').unwrap_or(whole.len());
        let (name, value) = whole.split_at_checked(end)?;
        Some(Parameter { whole, name, value: value.get(1..).unwrap_or_default() })
    })
}

/// Splits text at the first `&`. The second part is `None` if there is no `&`.
fn split_at_ampersand(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'&', text).and_then(|at| text.split_at_checked(at)) {
        Some((before, after)) => (before, after.get(1..)),
        None => (text, None),
    }
}

/// Returns whether `encoded`, percent-decoded once and leniently, is `plain`.
pub(crate) fn decodes_to(encoded: &[u8], plain: &[u8]) -> bool {
    decoded_bytes(encoded).eq(plain.iter().copied())
}

/// Returns the bytes of `encoded`, percent-decoded once. Like a lenient server, it leaves an invalid encoding as it is.
pub(crate) fn decoded_bytes(encoded: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = encoded;
    std::iter::from_fn(move || {
        let (&byte, after) = rest.split_first()?;
        let decoded = if byte == b'%' { split_encoded(after) } else { None };
        let (byte, after) = decoded.unwrap_or((byte, after));
        rest = after;
        Some(byte)
    })
}

#[cfg(test)]
mod tests;
