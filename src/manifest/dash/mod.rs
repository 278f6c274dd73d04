mod annex;
mod document;
mod kind;
mod markup;
mod names;
mod selector;
mod tag;
mod value;

use memchr::{memchr, memmem};

use super::child::Child;
use super::parameters::{Parameters, Spelled, Spelling};
use super::splice::Splice;
use super::{Carried, Doubt, Fault, MAX_HELD_BACK, Reason};
use document::Document;
use kind::Use;
use markup::{Found, Markup};
use tag::Tag;
use value::Found as Value;

/// An MPD or a patch document, tag by tag.
///
/// 1. Tags are held back until they are complete; so is the text of an element whose text is a URI, with the tag that
///    ends it. Everything else streams through.
/// 2. No document type, no other encoding than UTF-8, nothing before or after the one root element, which is `MPD` or
///    `Patch`.
/// 3. A [`Document`] knows which elements are open, and which of their attributes and texts are URIs.
pub(super) struct Dash {
    markup: Markup,
    document: Document,
    spellings: [Spelled; 4],
    /// What is held back from earlier chunks.
    pending: Vec<u8>,
    /// Where in the input the chunk starts.
    offset: u64,
    /// Where in the input the part starts that is held back.
    held: Option<u64>,
    /// Where in the input the last `<` of markup stands.
    opened: u64,
    /// How much of a byte order mark was met.
    order_mark: u64,
    ended: bool,
    doubt: Option<Doubt>,
}

/// What stays the same for a whole body.
struct Context<'c> {
    carried: &'c Carried,
    spellings: &'c [Spelled; 4],
}

impl Context<'_> {
    /// Appends to the URI that ends at `at` of the source what it lacks.
    fn append(
        &self,
        purpose: Use,
        child: &Child<'_>,
        own_base: bool,
        value: &Value<'_>,
        at: usize,
        splice: &mut Splice<'_>,
    ) {
        let Some(missing) = child.missing(self.carried, own_base) else { return };
        let [text, template, raw, raw_template] = self.spellings;
        let spelled = match (value.raw, purpose.is_template()) {
            (false, false) => text,
            (false, true) => template,
            (true, false) => raw,
            (true, true) => raw_template,
        };
        spelled.append(missing, child.has_query(), splice.up_to(at));
    }
}

impl Dash {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let spellings = [(true, false), (true, true), (false, false), (false, true)];
        let spellings =
            spellings.map(|(markup, template)| Spelled::new(parameters, Spelling { markup, template }));
        Self {
            markup: Markup::default(),
            document: Document::default(),
            spellings,
            pending: Vec::new(),
            offset: 0,
            held: None,
            opened: 0,
            order_mark: 0,
            ended: false,
            doubt: None,
        }
    }

    pub(super) const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    pub(super) fn held_back(&self) -> usize {
        self.pending.len()
    }

    pub(super) fn push(&mut self, carried: &Carried, chunk: &[u8], out: &mut Vec<u8>) {
        if self.doubt.is_some() || self.ended {
            return out.extend_from_slice(chunk);
        }
        let mut splice = Splice::new(chunk, out);
        let read = self.chunk(carried, chunk, &mut splice).and_then(|()| self.within(chunk.len()));
        if let Err(doubt) = read {
            self.doubt = Some(doubt);
            // Held bytes of earlier chunks are only there as long as nothing of this one is written.
            splice.skip_to(0).append(&mut self.pending);
            splice.up_to(chunk.len());
            return;
        }
        let kept = self.held.map_or(chunk.len(), |held| self.place(held));
        splice.up_to(kept);
        self.pending.extend_from_slice(chunk.get(kept..).unwrap_or_default());
        self.offset = self.at(chunk.len());
    }

    pub(super) fn finish(&mut self, out: &mut Vec<u8>) {
        if self.doubt.is_none() && !self.ended {
            let complete = !self.document.is_inside() && self.markup == Markup::Text;
            let end = self.held.unwrap_or(self.offset);
            self.doubt = match (self.document.has_begun(), complete) {
                (true, true) => None,
                (true, false) => Some(Doubt::new(Reason::Malformed(Fault::Unfinished), end)),
                (false, _) => Some(Doubt::new(Reason::NotAManifest, 0)),
            };
        }
        out.append(&mut self.pending);
        self.ended = true;
    }

    /// Reads a chunk; what is held back at its end starts at `self.held`.
    fn chunk(&mut self, carried: &Carried, chunk: &[u8], splice: &mut Splice<'_>) -> Result<(), Doubt> {
        let mut at = 0;
        while let Some(rest) = chunk.get(at..).filter(|rest| !rest.is_empty()) {
            if self.markup != Markup::Text {
                let (read, found) = self.markup.read(rest);
                at = at.saturating_add(read);
                if let Some(found) = found {
                    self.found(carried, found, chunk, at, splice)?;
                }
                continue;
            }
            let run = memchr(b'<', rest).unwrap_or(rest.len());
            let (text, rest) = rest.split_at_checked(run).unwrap_or((rest, b""));
            if !self.document.is_inside() {
                self.outside(text, at)?;
            }
            at = at.saturating_add(run);
            if rest.is_empty() {
                break;
            }
            if matches!(self.order_mark, 1 | 2) {
                return Err(doubt(Reason::NotAManifest, 0));
            }
            // Most tags are whole, and most texts are none of ours: straight out of the chunk.
            if self.held.is_none()
                && let Some(tag) = Tag::read(rest).filter(|tag| tag.len <= MAX_HELD_BACK)
            {
                let context = Context { carried, spellings: &self.spellings };
                let mark = splice.mark();
                if let Err(reason) = self.document.start(&context, &tag, at, splice) {
                    splice.back_to(mark);
                    return Err(doubt(reason, self.at(at)));
                }
                at = at.saturating_add(tag.len);
                self.held = self.document.holds_text().then(|| self.at(at));
                continue;
            }
            self.markup = Markup::opening();
            self.opened = self.at(at);
            self.held.get_or_insert(self.opened);
            at = at.saturating_add(1);
        }
        Ok(())
    }

    /// Acts on what came to light; `at` is behind the byte that told, or on it for a start tag.
    fn found(
        &mut self,
        carried: &Carried,
        found: Found,
        chunk: &[u8],
        at: usize,
        splice: &mut Splice<'_>,
    ) -> Result<(), Doubt> {
        self.within(at.saturating_sub(usize::from(found != Found::StartTag)))?;
        let held = self.held.unwrap_or(self.opened);
        match found {
            Found::EndTag => {}
            Found::StartTag => {
                if self.document.holds_text() {
                    self.document.let_go();
                    self.release_text(splice);
                }
            }
            Found::Instruction if self.opened == self.order_mark => {
                self.markup = Markup::Instruction { met: 0, declaration: true };
            }
            Found::Comment | Found::Instruction => {
                if self.document.holds_text() {
                    self.document.let_go();
                }
                self.release(splice);
            }
            Found::Cdata if self.document.holds_text() => {}
            Found::Cdata if self.document.is_inside() => self.release(splice),
            Found::Cdata | Found::Broken => return Err(doubt(Reason::Malformed(Fault::Tag), held)),
            Found::DocumentType => return Err(doubt(Reason::DocumentType, held)),
            Found::Declaration => self.with_held(chunk, at, splice, |_, held, _, _| declared(held))?,
            Found::Complete => {
                let text = usize::try_from(self.opened.saturating_sub(held)).unwrap_or(usize::MAX);
                self.with_held(chunk, at, splice, |dash, held, start, splice| {
                    let context = Context { carried, spellings: &dash.spellings };
                    let parts = held.split_at_checked(text).unwrap_or((b"", held));
                    dash.document.unit(&context, parts, start, splice)
                })?;
                self.held = self.document.holds_text().then(|| self.at(at));
            }
        }
        Ok(())
    }

    /// Reads the held part, which ends at `at` of the chunk: in the chunk, or in `pending` where it began earlier.
    fn with_held(
        &mut self,
        chunk: &[u8],
        at: usize,
        splice: &mut Splice<'_>,
        read: impl FnOnce(&mut Self, &[u8], usize, &mut Splice<'_>) -> Result<(), Reason>,
    ) -> Result<(), Doubt> {
        let held = self.held.take().unwrap_or(self.opened);
        if self.pending.is_empty() {
            let start = self.place(held);
            let mark = splice.mark();
            return read(self, chunk.get(start..at).unwrap_or_default(), start, splice).map_err(|reason| {
                splice.back_to(mark);
                doubt(reason, held)
            });
        }
        let mut pending = std::mem::take(&mut self.pending);
        let before = pending.len();
        pending.extend_from_slice(chunk.get(..at).unwrap_or_default());
        let mut own = Splice::new(&pending, splice.skip_to(0));
        let mark = own.mark();
        let result = read(self, &pending, 0, &mut own);
        if result.is_ok() {
            own.up_to(pending.len());
            splice.skip_to(at);
            pending.clear();
        } else {
            own.back_to(mark);
            pending.truncate(before);
        }
        self.pending = pending;
        result.map_err(|reason| doubt(reason, held))
    }

    /// Lets go of everything that is held back.
    fn release(&mut self, splice: &mut Splice<'_>) {
        self.held = None;
        splice.skip_to(0).append(&mut self.pending);
    }

    /// Lets go of the text that is held back, but not of the tag behind it.
    fn release_text(&mut self, splice: &mut Splice<'_>) {
        if self.opened >= self.offset {
            self.release(splice);
        } else {
            let text = self.opened.saturating_sub(self.held.unwrap_or(self.opened));
            let text = usize::try_from(text).unwrap_or(usize::MAX).min(self.pending.len());
            splice.skip_to(0).extend(self.pending.drain(..text));
        }
        self.held = Some(self.opened);
    }

    /// Reads text before or after the root element.
    fn outside(&mut self, text: &[u8], at: usize) -> Result<(), Doubt> {
        for (index, &byte) in text.iter().enumerate() {
            let here = self.at(at.saturating_add(index));
            let reason = match (byte, self.order_mark) {
                (0xef, 0) | (0xbb, 1) | (0xbf, 2) if here == self.order_mark => {
                    self.order_mark = self.order_mark.saturating_add(1);
                    continue;
                }
                (b' ' | b'\t' | b'\r' | b'\n', 0 | 3) => continue,
                _ if self.document.has_begun() => Reason::Malformed(Fault::AfterRoot),
                (0, _) | (0xfe | 0xff, 0) => Reason::Encoding,
                _ => Reason::NotAManifest,
            };
            return Err(doubt(reason, here));
        }
        Ok(())
    }

    /// A doubt when what is held back has grown too long before the byte at `at`.
    fn within(&self, at: usize) -> Result<(), Doubt> {
        match self.held {
            Some(held) if self.at(at).saturating_sub(held) > MAX_HELD_BACK as u64 => {
                Err(doubt(Reason::MarkupTooLong, held))
            }
            _ => Ok(()),
        }
    }

    /// Where in the input `index` of the chunk is.
    fn at(&self, index: usize) -> u64 {
        self.offset.saturating_add(index as u64)
    }

    /// Where in the chunk an offset of the input is; its start for what lies before it.
    fn place(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.offset)).unwrap_or(usize::MAX)
    }
}

/// What is no manifest at all is none from its first byte on.
fn doubt(reason: Reason, offset: u64) -> Doubt {
    Doubt::new(reason, if reason == Reason::NotAManifest { 0 } else { offset })
}

/// Refuses an XML declaration that names another encoding (XML 1.0 §4.3.3).
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
