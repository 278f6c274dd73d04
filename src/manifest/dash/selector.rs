use super::kind::{Kind, Use};
use super::names::{Names, Namespace};
use super::tag::split_prefix;

/// Returns the purpose of the text inside an `add` or `replace` of a patch document, if the text is a URI (RFC 5261 §4).
///
/// `sel` ends in the attribute (`…/SegmentTemplate/@media`), in the element whose attribute is named by `type`, or in the element
/// whose text it is, with `/text()` or without.
pub(super) fn use_of(sel: &[u8], kind: Option<&[u8]>, names: &Names) -> Option<Use> {
    let (above, last) = last_step(sel);
    let added = kind.and_then(|kind| kind.strip_prefix(b"@"));
    let (element, attribute) = match (added, last.strip_prefix(b"@")) {
        (Some(attribute), _) => (last, attribute),
        (None, Some(attribute)) => (last_step(above).1, attribute),
        (None, None) => {
            let element = if last == b"text()" { last_step(above).1 } else { last };
            return match Kind::of(local(element)) {
                Kind::Text(purpose) => Some(purpose),
                _ => None,
            };
        }
    };
    match split_prefix(attribute) {
        (Some(prefix), b"href") if names.namespace_of(prefix) == Namespace::Xlink => Some(Use::Xlink),
        (Some(_), _) => None,
        (None, name) => Kind::of(local(element)).attribute(name).map(|(purpose, _)| purpose),
    }
}

/// Splits off the last step of a path. Slashes inside predicates and quotes do not separate steps.
fn last_step(path: &[u8]) -> (&[u8], &[u8]) {
    let (mut depth, mut quote, mut slash) = (0_usize, None, None);
    for (at, &byte) in path.iter().enumerate() {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'[') => depth = depth.saturating_add(1),
            (None, b']') => depth = depth.saturating_sub(1),
            (None, b'/') if depth == 0 => slash = Some(at),
            (Some(_) | None, _) => {}
        }
    }
    match slash.and_then(|at| path.split_at_checked(at)) {
        Some((above, last)) => (above, last.get(1..).unwrap_or_default().trim_ascii()),
        None => (b"", path.trim_ascii()),
    }
}

/// Returns the local name in a step: without prefix and predicates.
fn local(step: &[u8]) -> &[u8] {
    let end = memchr::memchr(b'[', step).unwrap_or(step.len());
    split_prefix(step.get(..end).unwrap_or_default().trim_ascii()).1
}
