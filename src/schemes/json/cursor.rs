//! Walks strict JSON (RFC 8259) byte by byte, forwards, without recovery.

use super::value::{JsonStr, Value};
use crate::error::TokenFault;
use crate::request::hex_value;
use crate::work;

/// A position in the text, moving forwards: the unread rest.
pub(super) struct Cursor<'t> {
    rest: &'t [u8],
}

impl<'t> Cursor<'t> {
    /// Creates a cursor at the beginning of a text, which is UTF-8.
    pub(super) const fn new(text: &'t [u8]) -> Self {
        Self { rest: text }
    }

    #[inline]
    pub(super) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    #[inline]
    fn step(&mut self) {
        work::visited(1);
        self.rest = self.rest.get(1..).unwrap_or_default();
    }

    #[inline]
    pub(super) fn blanks(&mut self) {
        // Issuers write no white space, so this is one comparison.
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek().filter(|&byte| byte <= b' ') {
            self.step();
        }
    }

    #[inline]
    pub(super) fn expect(&mut self, byte: u8) -> Result<(), TokenFault> {
        match self.rest.split_first() {
            Some((&found, after)) if found == byte => {
                work::visited(1);
                self.rest = after;
                Ok(())
            }
            _ => Err(TokenFault::Json),
        }
    }

    /// Returns the text that was read since `start`, an earlier rest.
    #[inline]
    fn since(&self, start: &'t [u8]) -> &'t [u8] {
        start.get(..start.len().saturating_sub(self.rest.len())).unwrap_or_default()
    }

    /// Reads the members after `{`, up to and including `}`.
    pub(super) fn members(
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

    /// Reads the elements after `[`, up to and including `]`.
    pub(super) fn elements(
        &mut self,
        depth: u8,
        visit: &mut impl FnMut(Value<'t>),
    ) -> Result<(), TokenFault> {
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

    #[expect(
        clippy::inline_always,
        reason = "as a call, each step would wait for `rest` to come back from memory"
    )]
    #[inline(always)]
    fn value(&mut self, depth: u8) -> Result<Value<'t>, TokenFault> {
        self.blanks();
        let start = self.rest;
        match self.peek().ok_or(TokenFault::Json)? {
            b'"' => {
                self.step();
                self.string().map(Value::String)
            }
            b'-' | b'0'..=b'9' => {
                self.number()?;
                Ok(Value::Number(self.since(start)))
            }
            b'{' => {
                self.step();
                self.members(inner(depth)?, &mut pass_member)?;
                Ok(Value::Object(self.since(start)))
            }
            b'[' => {
                self.step();
                self.elements(inner(depth)?, &mut pass_element)?;
                Ok(Value::Array(self.since(start)))
            }
            b't' => self.word("true").map(|()| Value::Bool(true)),
            b'f' => self.word("false").map(|()| Value::Bool(false)),
            b'n' => self.word("null").map(|()| Value::Null),
            _ => Err(TokenFault::Json),
        }
    }

    fn word(&mut self, word: &str) -> Result<(), TokenFault> {
        word.bytes().try_for_each(|byte| self.expect(byte))
    }

    /// Reads a string after its opening quote, up to and including the closing quote.
    #[expect(clippy::inline_always, reason = "see `value`")]
    #[inline(always)]
    fn string(&mut self) -> Result<JsonStr<'t>, TokenFault> {
        let run = self.rest.split_at_checked(plain_run(self.rest));
        work::visited(run.map_or(0, |(plain, _)| plain.len()));
        match run {
            Some((raw, [b'"', after @ ..])) => {
                self.rest = after;
                Ok(JsonStr { raw, escaped: false })
            }
            _ => self.string_with_escapes(),
        }
    }

    #[cold]
    fn string_with_escapes(&mut self) -> Result<JsonStr<'t>, TokenFault> {
        let start = self.rest;
        loop {
            let run = plain_run(self.rest);
            work::visited(run);
            self.rest = self.rest.get(run..).unwrap_or_default();
            match self.peek().ok_or(TokenFault::Json)? {
                b'"' => {
                    let raw = self.since(start);
                    self.step();
                    return Ok(JsonStr { raw, escaped: true });
                }
                b'\\' => {
                    self.step();
                    self.escape()?;
                }
                _ => return Err(TokenFault::Json), // a control character
            }
        }
    }

    /// Reads an escape after its backslash. A surrogate must be part of a pair, because a lone one is not a character.
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

    /// Reads a number: `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?` (RFC 8259 §6).
    #[inline]
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

    #[inline]
    fn digits(&mut self) -> Result<(), TokenFault> {
        let run = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        work::visited(run);
        self.rest = self.rest.get(run..).unwrap_or_default();
        if run == 0 { Err(TokenFault::Json) } else { Ok(()) }
    }
}

/// Returns the number of leading bytes that stand for themselves in a string: no quote, no backslash, no control character.
///
/// Eight bytes are examined at once, so that most strings take one step. The top bit of each byte of `stops` is set if the scan
/// has to stop at that byte. A borrow can set bits only above such a byte, and the lowest one counts.
pub(super) fn plain_run(text: &[u8]) -> usize {
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

pub(super) const fn means_itself(byte: u8) -> bool {
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
