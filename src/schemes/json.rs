//! A strict, flat parser for JSON objects (RFC 8259). It does not recover from errors, convert numbers or copy text.

mod cursor;
mod value;

use arrayvec::ArrayVec;

use self::cursor::Cursor;
pub use self::value::JsonStr;
pub(crate) use self::value::Value;
pub(super) use self::value::{Place, StrPlace};
use crate::error::TokenFault;

/// The maximum number of members in a header or a claims object.
pub const MAX_MEMBERS: usize = 64;

/// The maximum nesting depth of arrays and objects, including the outermost object.
pub const MAX_DEPTH: u8 = 16;

/// Parses `text`, which is UTF-8, as one object and passes its members on, in order.
///
/// Rejected are anything but one object, also after it; more than [`MAX_MEMBERS`]; a name that occurs twice, compared after
/// unescaping; and nesting deeper than [`MAX_DEPTH`].
pub(crate) fn read_object<'t>(
    text: &'t [u8],
    mut visit: impl FnMut(JsonStr<'t>, Value<'t>),
) -> Result<(), TokenFault> {
    let mut names = Names::default();
    let mut cursor = Cursor::new(text);
    cursor.blanks();
    cursor.expect(b'{')?;
    cursor.members(MAX_DEPTH, &mut |name, value| {
        names.insert(name)?;
        visit(name, value);
        Ok(())
    })?;
    cursor.blanks();
    if cursor.peek().is_some() { Err(TokenFault::Json) } else { Ok(()) }
}

/// Returns the only element of `array`, the text of a checked array. Returns `None` if it has no element or several.
pub(crate) fn only_element(array: &[u8]) -> Option<Value<'_>> {
    let mut cursor = Cursor::new(array);
    let (mut first, mut count) = (None, 0_usize);
    cursor.expect(b'[').ok()?;
    cursor
        .elements(MAX_DEPTH, &mut |value| {
            first = first.or(Some(value));
            count = count.saturating_add(1);
        })
        .ok()?;
    first.filter(|_| count == 1)
}

/// Returns whether `array`, the text of a checked array, contains the string `wanted`. Returns `None` if some element is not a
/// string.
pub(crate) fn array_has(array: &[u8], wanted: &str) -> Option<bool> {
    let mut cursor = Cursor::new(array);
    let (mut found, mut strings) = (false, true);
    let walked = cursor.expect(b'[').and_then(|()| {
        cursor.elements(MAX_DEPTH, &mut |value| match value {
            Value::String(text) => found |= text.is(wanted),
            Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) | Value::Null => {
                strings = false;
            }
        })
    });
    (walked.is_ok() && strings).then_some(found)
}

/// The member names of one object, to reject duplicates.
#[derive(Default)]
struct Names<'t> {
    seen: ArrayVec<JsonStr<'t>, MAX_MEMBERS>,
    /// The combined marks of all names.
    marks: u64,
    /// The hashes of all names, from the first escaped name on. Comparing all names pairwise by their characters would let one
    /// token take a millisecond.
    hashes: ArrayVec<u64, MAX_MEMBERS>,
}

impl<'t> Names<'t> {
    #[inline]
    fn insert(&mut self, name: JsonStr<'t>) -> Result<(), TokenFault> {
        let mark = name.mark();
        let known = if name.escaped || !self.hashes.is_empty() {
            self.knows_by_hash(name)?
        } else {
            self.marks & mark != 0 && self.seen.iter().any(|known| known.same(name))
        };
        if known {
            return Err(TokenFault::DuplicateMember);
        }
        self.marks |= mark;
        self.seen.try_push(name).map_err(|_| TokenFault::TooManyMembers)
    }

    #[cold]
    fn knows_by_hash(&mut self, name: JsonStr<'t>) -> Result<bool, TokenFault> {
        if self.hashes.is_empty() {
            self.hashes.extend(self.seen.iter().map(|known| known.hash()));
        }
        let hash = name.hash();
        let mut alike = self.hashes.iter().zip(&self.seen).filter(|(known, _)| **known == hash);
        let known = alike.any(|(_, known)| known.same(name));
        self.hashes.try_push(hash).map_err(|_| TokenFault::TooManyMembers)?;
        Ok(known)
    }
}

#[cfg(test)]
mod tests;
