use memchr::memchr2;

use crate::manifest::{Fault, Reason};

/// A start tag, parsed by the grammar of XML 1.0 §3.1 as far as it is relevant here.
pub(super) struct Tag<'t> {
    /// The name, with its prefix.
    pub(super) name: &'t [u8],
    /// The text between the name and the end of the tag.
    attributes: &'t [u8],
    attributes_at: usize,
    /// True for `<a/>`.
    pub(super) empty: bool,
    /// The length of the tag, in bytes.
    pub(super) len: usize,
    /// True if an attribute's name starts with `xmlns`.
    pub(super) declares: bool,
    /// True if an attribute's name has a prefix.
    pub(super) prefixed: bool,
}

/// One attribute.
pub(super) struct Attribute<'t> {
    /// The name, with its prefix.
    pub(super) name: &'t [u8],
    /// The value as written, without its quotes.
    pub(super) value: &'t [u8],
    /// The position of the value in the tag.
    pub(super) at: usize,
}

impl<'t> Tag<'t> {
    /// Parses the tag at the start of `text`. Returns `None` if the tag is malformed or does not end in `text`.
    pub(super) fn read(text: &'t [u8]) -> Option<Self> {
        let rest = text.strip_prefix(b"<")?;
        let (name, rest) = split_name(rest)?;
        if matches!(name, [b'!' | b'?', ..]) {
            return None;
        }
        let attributes_at = text.len().saturating_sub(rest.len());
        let mut cursor = rest;
        let (mut declares, mut prefixed) = (false, false);
        loop {
            match step(cursor)? {
                Step::Attribute { name, after, .. } => {
                    declares |= name.starts_with(b"xmlns");
                    prefixed |= name.contains(&b':');
                    cursor = after;
                }
                Step::End { empty, after } => {
                    return Some(Self {
                        name,
                        attributes: rest,
                        attributes_at,
                        empty,
                        len: text.len().saturating_sub(after.len()),
                        declares,
                        prefixed,
                    });
                }
            }
        }
    }

    /// Returns the attributes, in order.
    pub(super) fn attributes(&self) -> impl Iterator<Item = Attribute<'t>> {
        let (mut cursor, all, start) = (self.attributes, self.attributes.len(), self.attributes_at);
        std::iter::from_fn(move || match step(cursor)? {
            Step::Attribute { name, value, after } => {
                // The quote after the value is not part of the value.
                let behind = after.len().saturating_add(value.len()).saturating_add(1);
                cursor = after;
                Some(Attribute { name, value, at: start.saturating_add(all.saturating_sub(behind)) })
            }
            Step::End { .. } => None,
        })
    }

    /// Returns the value of the attribute with this name, as written.
    pub(super) fn value_of(&self, name: &[u8]) -> Option<&'t [u8]> {
        self.attributes().find(|attribute| attribute.name == name).map(|attribute| attribute.value)
    }
}

enum Step<'t> {
    Attribute { name: &'t [u8], value: &'t [u8], after: &'t [u8] },
    End { empty: bool, after: &'t [u8] },
}

/// Returns the next attribute, or the end of the tag.
fn step(text: &[u8]) -> Option<Step<'_>> {
    let rest = trim_start(text);
    match rest {
        [b'>', after @ ..] => return Some(Step::End { empty: false, after }),
        [b'/', b'>', after @ ..] => return Some(Step::End { empty: true, after }),
        _ if rest.len() == text.len() => return None,
        _ => {}
    }
    let (name, rest) = split_name(rest)?;
    let rest = trim_start(trim_start(rest).strip_prefix(b"=")?);
    let (&quote, rest) = rest.split_first()?;
    if quote != b'"' && quote != b'\'' {
        return None;
    }
    let (value, after) = rest.split_at_checked(memchr2(quote, b'<', rest)?)?;
    let (&end, after) = after.split_first()?;
    crate::work::visited(text.len().saturating_sub(after.len()).saturating_mul(2)); // by class, then for its quotes
    (end == quote).then_some(Step::Attribute { name, value, after })
}

/// Returns the name in an end tag.
pub(super) fn end_name(tag: &[u8]) -> Result<&[u8], Reason> {
    let name = tag.strip_prefix(b"</").and_then(split_name);
    match name.and_then(|(name, rest)| trim_start(rest).strip_prefix(b">").map(|after| (name, after))) {
        Some((name, [])) => Ok(name),
        _ => Err(Reason::Malformed(Fault::Tag)),
    }
}

/// Splits off a name, which is not empty.
fn split_name(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = text.iter().position(|&byte| !NAME.get(usize::from(byte)).is_some_and(|&is_one| is_one))?;
    if end == 0 { None } else { text.split_at_checked(end) }
}

/// Returns the prefix, if there is one, and the local part of a name.
pub(super) fn split_prefix(name: &[u8]) -> (Option<&[u8]>, &[u8]) {
    match memchr::memchr(b':', name).and_then(|colon| name.split_at_checked(colon)) {
        Some((prefix, local)) => (Some(prefix), local.get(1..).unwrap_or_default()),
        None => (None, name),
    }
}

fn trim_start(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = text {
        text = rest;
    }
    text
}

/// The result of [`is_name_byte`] for every byte.
#[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
const NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = u8::MAX;
    while byte > b' ' {
        table[byte as usize] = is_name_byte(byte);
        byte -= 1;
    }
    table
};

/// Returns whether a byte does not end a name. Which bytes may start a name is not relevant here.
const fn is_name_byte(byte: u8) -> bool {
    byte > b' ' && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'=' | b'/' | b'&' | 0x7f)
}
