/// The elements of one comma-separated field (RFC 9110 §5.6.1); a comma in a quoted string separates nothing.
pub(crate) fn list_elements(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut quoted = false;
    field
        .split(move |&byte| {
            quoted ^= byte == b'"';
            byte == b',' && !quoted
        })
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
}
