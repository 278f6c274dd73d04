//! Finds the configured name that is most similar to an unknown name.

/// The maximum number of names that are compared. The time of a comparison is proportional to the product of the lengths.
const MAX_COMPARED: usize = 10_000;

/// The maximum length of a name that is compared, in bytes.
const MAX_LEN: usize = 128;

/// The maximum number of letters by which similar names differ.
const MAX_DISTANCE: usize = 2;

/// Returns the name that differs least from `text`, and the number of letters that differ. Returns `None` if no name is similar,
/// or if a name is equal.
pub(super) fn nearest<'n>(text: &str, names: impl Iterator<Item = &'n str>) -> Option<(&'n str, usize)> {
    if text.len() > MAX_LEN {
        return None;
    }
    let near = names.take(MAX_COMPARED).filter(|name| name.len().abs_diff(text.len()) <= MAX_DISTANCE);
    let near = near.map(|name| (name, strsim::osa_distance(text, name)));
    let (name, distance) = near.min_by_key(|(_, distance)| *distance)?;
    let is_near = (1..=MAX_DISTANCE).contains(&distance) && distance.saturating_mul(2) <= text.len();
    (is_near || (distance > 0 && name.eq_ignore_ascii_case(text))).then_some((name, distance))
}

/// Returns a number of letters as text.
pub(super) fn letters(distance: usize) -> &'static str {
    if distance == 1 { "one letter" } else { "two letters" }
}

#[cfg(test)]
mod tests;
