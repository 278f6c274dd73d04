//! A strict, flat reader of JSON objects (RFC 8259): no recovery, no numbers converted, no text copied.

use std::hash::{BuildHasher, Hasher};

use arrayvec::ArrayVec;
use hashbrown::DefaultHashBuilder;

use crate::error::TokenFault;
use crate::request::hex_value;

/// The most members that a header or a claims object may have.
pub const MAX_MEMBERS: usize = 64;

/// How deep arrays and objects may stand in one another, the outermost object included.
pub const MAX_DEPTH: u8 = 16;

/// A JSON string as it stands between its quotes, escapes and all; its form has been checked.
#[derive(Clone, Copy, Debug)]
pub struct JsonStr<'t> {
    raw: &'t str,
    escaped: bool,
}

impl<'t> JsonStr<'t> {
    /// The text itself, when no escape stands in it.
    #[inline]
    pub const fn plain(self) -> Option<&'t str> {
        if self.escaped { None } else { Some(self.raw) }
    }

    /// The characters, escapes resolved.
    pub fn chars(self) -> impl Iterator<Item = char> + 't {
        Unescape(self.raw.chars())
    }

    /// Whether the text, escapes resolved, is `other`.
    #[inline] // so that a name that is known when compiling is compared in one step
    pub fn is(self, other: &str) -> bool {
        match self.plain() {
            Some(plain) => plain == other,
            None => self.resolves_to(other),
        }
    }

    #[cold]
    fn resolves_to(self, other: &str) -> bool {
        self.chars().eq(other.chars())
    }

    /// Whether the text is empty.
    pub const fn is_empty(self) -> bool {
        self.raw.is_empty()
    }

    /// The text, escapes resolved into `buffer` where there are any; `None` if they do not fit.
    pub(crate) fn resolve<'b, const N: usize>(self, buffer: &'b mut ArrayVec<u8, N>) -> Option<&'b [u8]>
    where
        't: 'b,
    {
        if let Some(plain) = self.plain() {
            return Some(plain.as_bytes());
        }
        buffer.clear();
        for character in self.chars() {
            let mut utf8 = [0; 4];
            buffer.try_extend_from_slice(character.encode_utf8(&mut utf8).as_bytes()).ok()?;
        }
        Some(buffer)
    }

    fn same(self, other: Self) -> bool {
        match (self.plain(), other.plain()) {
            (Some(one), Some(another)) => one == another,
            _ => self.chars().eq(other.chars()),
        }
    }

    /// A bit for the first byte: names without a common bit are not the same.
    fn mark(self) -> u64 {
        self.raw.as_bytes().first().map_or(1, |first| 1 << (first & 63))
    }

    /// A hash of the characters, escapes resolved.
    fn hash(self, hasher: &DefaultHashBuilder) -> u64 {
        let mut state = hasher.build_hasher();
        self.chars().for_each(|character| state.write_u32(character.into()));
        state.finish()
    }
}

/// One value of a member; what is nested was checked and is handed out as text.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'t> {
    String(JsonStr<'t>),
    Number(&'t str),
    Array(&'t str),
    Bool(bool),
    /// An object, or `null`: nothing that is read here.
    Other,
}

/// Reads `text` as one object and shows its members, in order.
///
/// Refused: anything but one object, also after it; more than [`MAX_MEMBERS`]; a name that occurs twice, compared
/// after unescaping; nesting beyond [`MAX_DEPTH`].
pub(crate) fn read_object<'t>(
    text: &'t str,
    mut visit: impl FnMut(JsonStr<'t>, Value<'t>),
) -> Result<(), TokenFault> {
    let mut names = Names::default();
    let mut cursor = Cursor { text, at: 0 };
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

/// Whether `array`, the text of a checked array, has the string `wanted` among its elements.
pub(crate) fn array_has(array: &str, wanted: &str) -> bool {
    let mut cursor = Cursor { text: array, at: 0 };
    let mut found = false;
    let walked = cursor.expect(b'[').and_then(|()| {
        cursor.elements(MAX_DEPTH, &mut |value| {
            found |= matches!(value, Value::String(text) if text.is(wanted));
        })
    });
    walked.is_ok() && found
}

/// The member names of one object, to refuse a second of the same.
#[derive(Default)]
struct Names<'t> {
    seen: ArrayVec<JsonStr<'t>, MAX_MEMBERS>,
    /// The marks of all.
    marks: u64,
    /// The hashes of all, from the first escaped name on: comparing each with each by its characters would let one
    /// token buy a millisecond.
    hashes: ArrayVec<u64, MAX_MEMBERS>,
    hasher: DefaultHashBuilder,
}

impl<'t> Names<'t> {
    fn insert(&mut self, name: JsonStr<'t>) -> Result<(), TokenFault> {
        if name.escaped && self.hashes.is_empty() {
            self.hashes.extend(self.seen.iter().map(|known| known.hash(&self.hasher)));
        }
        let known = if self.hashes.is_empty() && !name.escaped {
            self.marks & name.mark() != 0 && self.seen.iter().any(|known| known.same(name))
        } else {
            let hash = name.hash(&self.hasher);
            let mut alike = self.hashes.iter().zip(&self.seen).filter(|(known, _)| **known == hash);
            let known = alike.any(|(_, known)| known.same(name));
            self.hashes.try_push(hash).map_err(|_| TokenFault::TooManyMembers)?;
            known
        };
        if known {
            return Err(TokenFault::DuplicateMember);
        }
        self.marks |= name.mark();
        self.seen.try_push(name).map_err(|_| TokenFault::TooManyMembers)
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn step(&mut self) {
        self.at = self.at.saturating_add(1);
    }

    fn blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.step();
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), TokenFault> {
        if self.peek() == Some(byte) {
            self.step();
            Ok(())
        } else {
            Err(TokenFault::Json)
        }
    }

    fn since(&self, start: usize) -> Result<&'t str, TokenFault> {
        self.text.get(start..self.at).ok_or(TokenFault::Json)
    }

    /// After `{`, up to and with `}`.
    fn members(
        &mut self,
        depth: u8,
        visit: &mut impl FnMut(JsonStr<'t>, Value<'t>) -> Result<(), TokenFault>,
    ) -> Result<(), TokenFault> {
        self.blanks();
        if self.expect(b'}').is_ok() {
            return Ok(());
        }
        loop {
            self.blanks();
            self.expect(b'"')?;
            let name = self.string()?;
            self.blanks();
            self.expect(b':')?;
            let value = self.value(depth)?;
            visit(name, value)?;
            self.blanks();
            match self.peek() {
                Some(b',') => self.step(),
                _ => return self.expect(b'}'),
            }
        }
    }

    /// After `[`, up to and with `]`.
    fn elements(&mut self, depth: u8, visit: &mut impl FnMut(Value<'t>)) -> Result<(), TokenFault> {
        self.blanks();
        if self.expect(b']').is_ok() {
            return Ok(());
        }
        loop {
            visit(self.value(depth)?);
            self.blanks();
            match self.peek() {
                Some(b',') => self.step(),
                _ => return self.expect(b']'),
            }
        }
    }

    #[inline]
    fn value(&mut self, depth: u8) -> Result<Value<'t>, TokenFault> {
        self.blanks();
        let start = self.at;
        match self.peek().ok_or(TokenFault::Json)? {
            b'"' => {
                self.step();
                self.string().map(Value::String)
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                self.since(start).map(Value::Number)
            }
            b'{' => {
                self.step();
                self.members(inner(depth)?, &mut pass_member)?;
                Ok(Value::Other)
            }
            b'[' => {
                self.step();
                self.elements(inner(depth)?, &mut pass_element)?;
                self.since(start).map(Value::Array)
            }
            b't' => self.word("true").map(|()| Value::Bool(true)),
            b'f' => self.word("false").map(|()| Value::Bool(false)),
            b'n' => self.word("null").map(|()| Value::Other),
            _ => Err(TokenFault::Json),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), TokenFault> {
        word.bytes().try_for_each(|byte| self.expect(byte))
    }

    /// After the opening quote, up to and with the closing one.
    #[inline]
    fn string(&mut self) -> Result<JsonStr<'t>, TokenFault> {
        let start = self.at;
        let mut escaped = false;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            self.at = self.at.saturating_add(plain_run(rest));
            match self.peek().ok_or(TokenFault::Json)? {
                b'"' => {
                    let raw = self.since(start)?;
                    self.step();
                    return Ok(JsonStr { raw, escaped });
                }
                b'\\' => {
                    escaped = true;
                    self.step();
                    self.escape()?;
                }
                _ => return Err(TokenFault::Json), // a control character
            }
        }
    }

    /// After a backslash. A surrogate must be one of a pair: a lone one is no character.
    fn escape(&mut self) -> Result<(), TokenFault> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.step();
                Ok(())
            }
            Some(b'u') => {
                self.step();
                match self.four_digits()? {
                    0xd800..=0xdbff => {
                        self.expect(b'\\')?;
                        self.expect(b'u')?;
                        match self.four_digits()? {
                            0xdc00..=0xdfff => Ok(()),
                            _ => Err(TokenFault::Json),
                        }
                    }
                    0xdc00..=0xdfff => Err(TokenFault::Json),
                    _ => Ok(()),
                }
            }
            _ => Err(TokenFault::Json),
        }
    }

    fn four_digits(&mut self) -> Result<u32, TokenFault> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(hex_value).ok_or(TokenFault::Json)?;
            code = (code << 4) | u32::from(digit);
            self.step();
        }
        Ok(code)
    }

    /// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?` (RFC 8259 §6).
    fn number(&mut self) -> Result<(), TokenFault> {
        if self.peek() == Some(b'-') {
            self.step();
        }
        match self.peek() {
            Some(b'0') => self.step(),
            _ => self.digits()?,
        }
        if self.peek() == Some(b'.') {
            self.step();
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.step();
            if let Some(b'+' | b'-') = self.peek() {
                self.step();
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), TokenFault> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.step();
        }
        if self.at == start { Err(TokenFault::Json) } else { Ok(()) }
    }
}

/// How many bytes from the first on mean themselves in a string: no quote, no backslash, no control character.
///
/// Looks at eight at once, so that most strings take one step. A byte of `stops` has its top bit set where a byte
/// of the eight is one to stop at; a borrow can set bits above such a byte only, and the lowest one counts.
fn plain_run(text: &[u8]) -> usize {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const TOPS: u64 = u64::from_le_bytes([0x80; 8]);
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & TOPS;
    let is = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let mut run = 0_usize;
    let mut rest = text;
    while let Some((&eight, after)) = rest.split_first_chunk::<8>() {
        let word = u64::from_le_bytes(eight);
        let stops = below(word, b' ') | is(word, b'"') | is(word, b'\\');
        if stops != 0 {
            return run.saturating_add((stops.trailing_zeros() / 8) as usize);
        }
        run = run.saturating_add(8);
        rest = after;
    }
    run.saturating_add(rest.iter().take_while(|&&byte| means_itself(byte)).count())
}

const fn means_itself(byte: u8) -> bool {
    byte >= b' ' && byte != b'"' && byte != b'\\'
}

// Named, because a closure in a function that calls itself would have another type at every depth.
#[expect(clippy::unnecessary_wraps, reason = "a visitor may refuse")]
const fn pass_member(_: JsonStr<'_>, _: Value<'_>) -> Result<(), TokenFault> {
    Ok(())
}

const fn pass_element(_: Value<'_>) {}

fn inner(depth: u8) -> Result<u8, TokenFault> {
    match depth.checked_sub(1) {
        None | Some(0) => Err(TokenFault::TooDeep),
        Some(left) => Ok(left),
    }
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

#[cfg(test)]
mod tests;
