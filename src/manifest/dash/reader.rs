use memchr::{memchr, memchr3, memmem};

use super::document::Document;
use super::insertion::Insertion;
use super::tag::Tag;
use crate::manifest::{Carried, Doubt, Fault, MAX_HELD_BACK, Reason};

/// A reader of a whole document, one piece of markup after the other.
///
/// 1. A document type, an encoding other than UTF-8, content outside the root element, or a root element other than `MPD`
///    and `Patch` is a doubt.
/// 2. A [`Document`] knows the open elements, and which of their attributes and texts are URIs.
#[derive(Clone, Default)]
pub(super) struct Reader {
    /// The position of the next piece.
    at: usize,
    /// The position of the current text, if the text is a URI.
    text_at: Option<usize>,
    document: Document,
}

const TAG: Reason = Reason::Malformed(Fault::Tag);

impl Reader {
    /// Reads the text up to the next markup, and the markup. Returns false at the document's end. Adds insertions to `found`.
    ///
    /// # Errors
    ///
    /// Returns a [`Doubt`] if the document has to stay as it is.
    pub(super) fn step(
        &mut self,
        carried: &Carried,
        document: &[u8],
        found: &mut Vec<Insertion>,
    ) -> Result<bool, Doubt> {
        let rest = document.get(self.at..).unwrap_or_default();
        let run = memchr(b'<', rest).unwrap_or(rest.len());
        crate::work::visited(run);
        let (text, markup) = rest.split_at_checked(run).unwrap_or((rest, b""));
        if !self.document.is_inside() {
            self.outside(text)?;
        }
        let start = self.at.saturating_add(run);
        if markup.is_empty() {
            return self.complete(start).map(|()| false);
        }
        let length = match Tag::read(markup) {
            // Most are start tags.
            Some(tag) => self.start(carried, &tag, start, found)?,
            None => self.markup(carried, document, markup, start, found)?,
        };
        self.at = start.saturating_add(length);
        if self.document.expects_uri() && self.text_at.is_none() {
            self.text_at = Some(self.at);
        }
        Ok(true)
    }

    fn start(
        &mut self,
        carried: &Carried,
        tag: &Tag<'_>,
        start: usize,
        found: &mut Vec<Insertion>,
    ) -> Result<usize, Doubt> {
        self.let_go(true)?;
        if tag.len > MAX_HELD_BACK {
            return Err(doubt(Reason::MarkupTooLong, start));
        }
        self.document.start(carried, tag, start, found).map_err(|reason| doubt(reason, start))?;
        Ok(tag.len)
    }

    /// Reads markup other than a start tag, or malformed markup, and returns its length.
    fn markup(
        &mut self,
        carried: &Carried,
        document: &[u8],
        markup: &[u8],
        start: usize,
        found: &mut Vec<Insertion>,
    ) -> Result<usize, Doubt> {
        const CDATA: &[u8] = b"<![CDATA[";
        let unfinished = |from: usize| doubt(Reason::Malformed(Fault::Unfinished), from);
        let from = self.text_at.unwrap_or(start);
        match markup {
            [b'<', b'/', ..] => {
                let length = length_to(markup, b"</", b">").ok_or(unfinished(from))?;
                let end = start.saturating_add(length);
                if end.saturating_sub(from) > MAX_HELD_BACK {
                    return Err(doubt(Reason::MarkupTooLong, from));
                }
                let text = document.get(from..start).unwrap_or_default();
                let tag = markup.get(..length).unwrap_or_default();
                self.text_at = None;
                self.document.end(carried, (text, from), tag, found).map_err(|reason| doubt(reason, from))?;
                Ok(length)
            }
            [b'<', b'?', ..] => {
                self.let_go(false)?;
                let length = length_to(markup, b"<?", b"?>").ok_or(unfinished(start))?;
                if document.get(..start).is_some_and(|before| before.is_empty() || before == ORDER_MARK) {
                    let instruction = markup.get(..length).unwrap_or_default();
                    declared(instruction).map_err(|reason| doubt(reason, start))?;
                }
                Ok(length)
            }
            _ if markup.starts_with(b"<!--") => {
                self.let_go(false)?;
                length_to(markup, b"<!--", b"-->").ok_or(unfinished(start))
            }
            _ if markup.starts_with(CDATA) && self.document.is_inside() => {
                length_to(markup, CDATA, b"]]>").ok_or(unfinished(from))
            }
            [b'<', b'!', b'D' | b'd', ..] => Err(doubt(Reason::DocumentType, from)),
            _ if b"<!--".starts_with(markup) || CDATA.starts_with(markup) => Err(unfinished(from)),
            [b'<', b'!', ..] => Err(doubt(TAG, from)),
            _ => {
                self.let_go(true)?;
                Err(match tag_length(markup) {
                    None => unfinished(start),
                    Some(length) if length > MAX_HELD_BACK => doubt(Reason::MarkupTooLong, start),
                    Some(length) if markup.get(..length).is_some_and(|tag| tag.contains(&0)) => {
                        doubt(Reason::Encoding, start)
                    }
                    Some(_) => doubt(TAG, start),
                })
            }
        }
    }

    /// Gives up the current text as a URI, because its element contains more than text.
    fn let_go(&mut self, is_element: bool) -> Result<(), Doubt> {
        match self.text_at.take() {
            None => Ok(()),
            Some(from) => self.document.let_go(is_element).map_err(|reason| doubt(reason, from)),
        }
    }

    /// Reads text before or after the root element.
    fn outside(&self, text: &[u8]) -> Result<(), Doubt> {
        let marked = if self.at == 0 { text.strip_prefix(ORDER_MARK) } else { None };
        let rest = marked.unwrap_or(text);
        let odd = rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        let Some((index, &byte)) = odd.and_then(|index| Some((index, rest.get(index)?))) else {
            return Ok(());
        };
        let before = text.len().saturating_sub(rest.len()).saturating_add(index);
        let reason = match byte {
            _ if self.document.has_begun() => Reason::Malformed(Fault::AfterRoot),
            0 => Reason::Encoding,
            0xfe | 0xff if marked.is_none() => Reason::Encoding,
            _ => Reason::NotAManifest,
        };
        Err(doubt(reason, self.at.saturating_add(before)))
    }

    /// Checks that nothing is missing at the document's end.
    fn complete(&self, end: usize) -> Result<(), Doubt> {
        match (self.document.has_begun(), self.document.is_inside()) {
            (true, false) => Ok(()),
            (true, true) => Err(doubt(Reason::Malformed(Fault::Unfinished), self.text_at.unwrap_or(end))),
            (false, _) => Err(doubt(Reason::NotAManifest, 0)),
        }
    }
}

const ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Creates a doubt. If the document is not a manifest, the doubt is at its first byte.
const fn doubt(reason: Reason, at: usize) -> Doubt {
    Doubt::new(reason, if matches!(reason, Reason::NotAManifest) { 0 } else { at as u64 })
}

/// Returns the length of markup that starts with `start`, its `end` included.
fn length_to(markup: &[u8], start: &[u8], end: &[u8]) -> Option<usize> {
    let within = memmem::find(markup.get(start.len()..)?, end)?;
    crate::work::visited(within);
    within.checked_add(start.len())?.checked_add(end.len())
}

/// Returns the length of a start tag, by its quotes alone.
fn tag_length(markup: &[u8]) -> Option<usize> {
    let (mut at, mut quote) = (0_usize, None);
    loop {
        let rest = markup.get(at..)?;
        let hit = match quote {
            Some(quote) => memchr(quote, rest)?,
            None => memchr3(b'>', b'"', b'\'', rest)?,
        };
        at = at.checked_add(hit)?.checked_add(1)?;
        match (quote.take(), rest.get(hit)) {
            (Some(_), _) => {}
            (None, Some(b'>')) => return Some(at),
            (None, opened) => quote = opened.copied(),
        }
    }
}

/// Rejects an XML declaration that names another encoding (XML 1.0 §4.3.3).
fn declared(instruction: &[u8]) -> Result<(), Reason> {
    let Some([b' ' | b'\t' | b'\r' | b'\n', rest @ ..]) = instruction.strip_prefix(b"<?xml") else {
        return Ok(());
    };
    let Some(at) = memmem::find(rest, b"encoding") else { return Ok(()) };
    let value = rest.get(at.saturating_add(b"encoding".len())..).unwrap_or_default().trim_ascii_start();
    let value = value.strip_prefix(b"=").unwrap_or_default().trim_ascii_start();
    let name = match value.split_first() {
        Some((quote @ (b'"' | b'\''), value)) => value.split(|byte| byte == quote).next().unwrap_or_default(),
        _ => b"",
    };
    let known = [&b"utf-8"[..], b"utf8", b"us-ascii", b"ascii"];
    if known.iter().any(|known| name.eq_ignore_ascii_case(known)) { Ok(()) } else { Err(Reason::Encoding) }
}
