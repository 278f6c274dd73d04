use crate::work;

/// Returns the elements of one comma-separated field (RFC 9110 §5.6.1). A comma in a quoted string separates nothing.
pub(crate) fn list_elements(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    work::visited(field.len().saturating_mul(2));
    let mut quoted = false;
    field
        .split(move |&byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        })
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}

/// Returns the elements of a comma-separated field without quoting, from its right end, blank ones included.
pub(super) fn elements_from_the_right(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    field.rsplit(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

/// Returns the elements of a comma-separated field with quoted strings, from its right end, blank ones included.
///
/// Quotes are paired from the right, so that nothing to the left of an element changes how the element is read.
pub(super) fn quoted_elements_from_the_right(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(field);
    std::iter::from_fn(move || {
        let field = rest?;
        let mut quoted = false;
        let separates = |at: &usize| match field.get(*at) {
            Some(b',') => !quoted,
            Some(b'"') => {
                quoted ^= !is_escaped(field.get(..*at).unwrap_or_default());
                false
            }
            _ => false,
        };
        let comma = (0..field.len()).rev().find(separates);
        rest = comma.and_then(|at| field.get(..at));
        let element = comma.map_or(Some(field), |at| field.get(at.saturating_add(1)..));
        element.map(<[u8]>::trim_ascii)
    })
}

/// Returns whether a quote after this text is escaped (RFC 9110 §5.6.4).
fn is_escaped(before: &[u8]) -> bool {
    let backslashes = before.iter().rev().take_while(|&&byte| byte == b'\\').count();
    backslashes % 2 == 1
}

/// Returns the pairs of one element, which semicolons separate. A semicolon in a quoted string separates nothing.
pub(super) fn semicolon_pairs(element: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut quoted, mut escaped) = (false, false);
    element.split(move |&byte| {
        if std::mem::take(&mut escaped) {
            return false;
        }
        quoted ^= byte == b'"';
        escaped = quoted && byte == b'\\';
        byte == b';' && !quoted
    })
}
