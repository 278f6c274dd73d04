use memchr::{memchr, memchr2};

use crate::manifest::{Fault, Reason};

/// One `NAME=value` of an attribute list.
pub(super) struct Attribute<'l> {
    pub(super) name: &'l [u8],
    /// The value without its quotes.
    pub(super) value: &'l [u8],
    /// The position of the value in the list, after the quote.
    pub(super) value_at: usize,
    pub(super) quoted: bool,
}

/// An attribute list (draft-pantos-hls-rfc8216bis §4.2): comma-separated, except for commas inside quotes.
///
/// Blanks around names and values, and an extra comma, are common and accepted. Any other deviation ends the list with a fault,
/// because players would interpret it differently.
pub(super) struct Attributes<'l> {
    list: &'l [u8],
    at: usize,
}

impl<'l> Attributes<'l> {
    pub(super) const fn of(list: &'l [u8]) -> Self {
        Self { list, at: 0 }
    }

    fn attribute(&mut self, rest: &'l [u8]) -> Option<Attribute<'l>> {
        let name_end = memchr2(b'=', b',', rest).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(name_end)?;
        let value = after.strip_prefix(b"=")?.trim_ascii_start();
        let name = name.trim_ascii();
        if name.is_empty() || name.contains(&b'"') {
            return None;
        }
        let start = self.list.len().saturating_sub(value.len());
        let quoted = value.strip_prefix(b"\"");
        let (value, value_at, after) = if let Some(text) = quoted {
            let (value, after) = text.split_at_checked(memchr(b'"', text)?)?;
            (value, start.saturating_add(1), after.get(1..)?.trim_ascii_start())
        } else {
            let (value, after) = value.split_at_checked(memchr(b',', value).unwrap_or(value.len()))?;
            if value.contains(&b'"') {
                return None;
            }
            (value.trim_ascii_end(), start, after)
        };
        let after = match after.split_first() {
            None => after,
            Some((b',', after)) => after,
            Some(_) => return None,
        };
        self.at = self.list.len().saturating_sub(after.len());
        Some(Attribute { name, value, value_at, quoted: quoted.is_some() })
    }
}

impl<'l> Iterator for Attributes<'l> {
    type Item = Result<Attribute<'l>, Reason>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rest = self.list.get(self.at..)?.trim_ascii_start();
        while let Some(after) = rest.strip_prefix(b",") {
            rest = after.trim_ascii_start();
        }
        if rest.is_empty() {
            return None;
        }
        let attribute = self.attribute(rest);
        if attribute.is_none() {
            self.at = self.list.len();
        }
        Some(attribute.ok_or(Reason::Malformed(Fault::AttributeList)))
    }
}
