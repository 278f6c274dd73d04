//! Finds the configured name that is most similar to an unknown name.

/// The maximum number of names that are compared. The time of a comparison is proportional to the product of the lengths.
const MAX_COMPARED: usize = 10_000;

/// The maximum length of a name that is compared, in bytes.
const MAX_LEN: usize = 128;

/// The maximum number of letters by which similar names differ.
const MAX_DISTANCE: usize = 2;

/// Returns the name that differs least from `text`, and the difference in words. Returns `None` if no name is similar,
/// or if a name is equal.
pub(super) fn nearest<'n>(
    text: &str,
    names: impl Iterator<Item = &'n str>,
) -> Option<(&'n str, &'static str)> {
    if text.len() > MAX_LEN {
        return None;
    }
    let near = names.take(MAX_COMPARED).filter(|name| name.len().abs_diff(text.len()) <= MAX_DISTANCE);
    let distance = |name: &str| {
        let differs_in_case = name != text && name.eq_ignore_ascii_case(text);
        if differs_in_case { 1 } else { strsim::osa_distance(text, name) }
    };
    let (name, distance) = near.map(|name| (name, distance(name))).min_by_key(|(_, distance)| *distance)?;
    let is_short = text.len() < distance.saturating_mul(2);
    match distance {
        1 if name.eq_ignore_ascii_case(text) => Some((name, "case alone")),
        1 if !is_short => Some((name, "one letter")),
        2 if !is_short => Some((name, "two letters")),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
