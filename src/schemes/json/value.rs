use std::hash::{BuildHasher, Hasher};

use arrayvec::ArrayVec;
use foldhash::fast::FixedState;

/// A JSON string as written between its quotes, with its escapes. Its syntax has been checked.
#[derive(Clone, Copy, Debug)]
pub struct JsonStr<'t> {
    /// A piece of UTF-8 text between two quotes, and so UTF-8 itself.
    pub(super) raw: &'t [u8],
    pub(super) escaped: bool,
}

impl<'t> JsonStr<'t> {
    /// Creates the string of a text that is not written as JSON.
    pub(crate) const fn of(text: &'t str) -> Self {
        Self { raw: text.as_bytes(), escaped: false }
    }

    /// Returns the text itself, if it has no escapes.
    pub fn plain(self) -> Option<&'t str> {
        if self.escaped { None } else { std::str::from_utf8(self.raw).ok() }
    }

    /// Returns the characters, with escapes resolved.
    pub fn chars(self) -> impl Iterator<Item = char> + 't {
        Unescape(std::str::from_utf8(self.raw).unwrap_or_default().chars())
    }

    /// Returns whether the text, with escapes resolved, is `other`.
    #[inline] // so that a name that is known when compiling is compared in one step
    pub fn is(self, other: &str) -> bool {
        if self.escaped { self.resolves_to(other) } else { self.raw == other.as_bytes() }
    }

    #[cold]
    fn resolves_to(self, other: &str) -> bool {
        self.chars().eq(other.chars())
    }

    /// Returns whether the text is empty.
    pub const fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// Returns the text. If it has escapes, they are resolved into `buffer`. Returns `None` if the result does not fit.
    pub(crate) fn resolve<'b, const N: usize>(self, buffer: &'b mut ArrayVec<u8, N>) -> Option<&'b [u8]>
    where
        't: 'b,
    {
        if !self.escaped {
            return Some(self.raw);
        }
        buffer.clear();
        for character in self.chars() {
            let mut utf8 = [0; 4];
            buffer.try_extend_from_slice(character.encode_utf8(&mut utf8).as_bytes()).ok()?;
        }
        Some(buffer)
    }

    /// Returns the text if it has no escapes. Otherwise returns the name among `names` that it spells, or a text that is not a
    /// name.
    #[inline]
    pub(in crate::schemes) fn as_one_of(self, names: &'static [&'static str]) -> &'t [u8] {
        if self.escaped { self.spells_one_of(names) } else { self.raw }
    }

    #[cold]
    fn spells_one_of(self, names: &'static [&'static str]) -> &'t [u8] {
        names.iter().find(|name| self.resolves_to(name)).copied().unwrap_or_default().as_bytes()
    }

    #[inline]
    pub(super) fn same(self, other: Self) -> bool {
        crate::work::visited(if self.escaped || other.escaped || self.raw.len() == other.raw.len() {
            self.raw.len()
        } else {
            0
        });
        if self.escaped || other.escaped { self.chars().eq(other.chars()) } else { self.raw == other.raw }
    }

    /// Returns a bit for the first byte. Names without a common bit differ.
    pub(super) fn mark(self) -> u64 {
        self.raw.first().map_or(1, |first| 1 << (first & 63))
    }

    /// Returns a hash of the characters, with escapes resolved.
    pub(super) fn hash(self) -> u64 {
        crate::work::visited(self.raw.len());
        let mut state = FixedState::default().build_hasher();
        self.chars().for_each(|character| state.write_u32(character.into()));
        state.finish()
    }
}

/// The position of a piece of text.
#[derive(Clone, Copy, Debug)]
pub(in crate::schemes) struct Place {
    start: u16,
    len: u16,
}

impl Place {
    /// Returns the position of `piece`, which is borrowed from `text`.
    pub(in crate::schemes) fn of(piece: &[u8], text: &[u8]) -> Option<Self> {
        let start = piece.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
        Some(Self { start: start.try_into().ok()?, len: piece.len().try_into().ok()? })
    }

    pub(in crate::schemes) fn read(self, text: &[u8]) -> Option<&[u8]> {
        text.get(usize::from(self.start)..)?.get(..usize::from(self.len))
    }
}

/// The position of a string in its text.
#[derive(Clone, Copy, Debug)]
pub(in crate::schemes) struct StrPlace {
    raw: Place,
    escaped: bool,
}

impl<'t> JsonStr<'t> {
    /// Returns the position in the text from which the string was parsed.
    pub(in crate::schemes) fn place_in(self, text: &'t [u8]) -> Option<StrPlace> {
        Some(StrPlace { raw: Place::of(self.raw, text)?, escaped: self.escaped })
    }

    /// Returns the string at a position of the same text.
    pub(in crate::schemes) fn at(text: &'t [u8], place: StrPlace) -> Option<Self> {
        Some(Self { raw: place.raw.read(text)?, escaped: place.escaped })
    }
}

/// The value of a member. Nested values were checked and are passed on as text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'t> {
    String(JsonStr<'t>),
    Number(&'t [u8]),
    Array(&'t [u8]),
    Bool(bool),
    Object(&'t [u8]),
    Null,
}

/// Resolves escapes whose form was checked.
struct Unescape<'t>(std::str::Chars<'t>);

impl Unescape<'_> {
    fn unit(&mut self) -> Option<u32> {
        let mut code = 0;
        for _ in 0..4 {
            code = (code << 4) | self.0.next()?.to_digit(16)?;
        }
        Some(code)
    }
}

impl Iterator for Unescape<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let character = self.0.next()?;
        if character != '\\' {
            return Some(character);
        }
        Some(match self.0.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let high = self.unit()?;
                if !(0xd800..=0xdbff).contains(&high) {
                    return char::from_u32(high);
                }
                self.0.next()?;
                self.0.next()?;
                let low = self.unit()?;
                return char::from_u32(
                    0x1_0000_u32
                        .saturating_add(high.saturating_sub(0xd800) << 10)
                        .saturating_add(low.saturating_sub(0xdc00)),
                );
            }
            same => same,
        })
    }
}
