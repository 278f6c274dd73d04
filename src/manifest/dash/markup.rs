use arrayvec::ArrayVec;
use memchr::{memchr, memchr3};

/// Where in the XML the next byte stands; it remembers what the bytes before it were, so none is read twice.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Markup {
    #[default]
    Text,
    /// Behind a `<`: the bytes that do not tell yet what it opens.
    Opening(ArrayVec<u8, 9>),
    StartTag {
        quote: Option<u8>,
    },
    EndTag,
    /// Until `-->`, `?>`, `]]>`: how much of it was met.
    Comment(usize),
    Instruction {
        met: usize,
        declaration: bool,
    },
    Cdata(usize),
}

/// What came to light.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A start tag begins; the byte that told was not taken.
    StartTag,
    EndTag,
    Comment,
    Instruction,
    Cdata,
    DocumentType,
    /// `<!` and nothing that may follow it.
    Broken,
    /// A tag is complete.
    Complete,
    /// The XML declaration is complete.
    Declaration,
}

impl Markup {
    /// Behind a `<`.
    pub(super) fn opening() -> Self {
        let mut seen = ArrayVec::new();
        seen.push(b'<');
        Self::Opening(seen)
    }

    /// Takes the bytes up to where something comes to light, and tells how many those are. Not for [`Markup::Text`].
    pub(super) fn read(&mut self, text: &[u8]) -> (usize, Option<Found>) {
        match self {
            Self::Text => (0, None),
            Self::Opening(seen) => {
                for (at, &byte) in text.iter().enumerate() {
                    let _ = seen.try_push(byte);
                    if let Some((next, found)) = opened(seen) {
                        *self = next;
                        return (at.saturating_add(usize::from(found != Found::StartTag)), Some(found));
                    }
                }
                (text.len(), None)
            }
            Self::StartTag { quote } => {
                let mut at = 0;
                while let Some(rest) = text.get(at..) {
                    let hit = match *quote {
                        Some(quote) => memchr(quote, rest),
                        None => memchr3(b'>', b'"', b'\'', rest),
                    };
                    let Some(hit) = hit else { break };
                    at = at.saturating_add(hit).saturating_add(1);
                    match (quote.take(), rest.get(hit)) {
                        (Some(_), _) => {}
                        (None, Some(b'>')) => {
                            *self = Self::Text;
                            return (at, Some(Found::Complete));
                        }
                        (None, found) => *quote = found.copied(),
                    }
                }
                (text.len(), None)
            }
            Self::EndTag => self.close(memchr(b'>', text), text, Some(Found::Complete)),
            Self::Comment(met) => {
                let end = end_of(text, b'-', 2, met);
                self.close(end, text, None)
            }
            Self::Cdata(met) => {
                let end = end_of(text, b']', 2, met);
                self.close(end, text, None)
            }
            Self::Instruction { met, declaration } => {
                let found = declaration.then_some(Found::Declaration);
                let end = end_of(text, b'?', 1, met);
                self.close(end, text, found)
            }
        }
    }

    /// Ends at the `>` at `end`, if there is one.
    fn close(&mut self, end: Option<usize>, text: &[u8], found: Option<Found>) -> (usize, Option<Found>) {
        match end {
            Some(end) => {
                *self = Self::Text;
                (end.saturating_add(1), found)
            }
            None => (text.len(), None),
        }
    }
}

/// What the bytes from a `<` on open, as soon as that can be told.
fn opened(seen: &[u8]) -> Option<(Markup, Found)> {
    const CDATA: &[u8] = b"<![CDATA[";
    match seen {
        b"<" | b"<!" | b"<!-" => None,
        b"<!--" => Some((Markup::Comment(0), Found::Comment)),
        [b'<', b'?', ..] => Some((Markup::Instruction { met: 0, declaration: false }, Found::Instruction)),
        [b'<', b'/', ..] => Some((Markup::EndTag, Found::EndTag)),
        [b'<', b'!', b'D' | b'd', ..] => Some((Markup::Text, Found::DocumentType)),
        _ if seen == CDATA => Some((Markup::Cdata(0), Found::Cdata)),
        _ if CDATA.starts_with(seen) => None,
        [b'<', b'!', ..] => Some((Markup::Text, Found::Broken)),
        _ => Some((Markup::StartTag { quote: None }, Found::StartTag)),
    }
}

/// Where the first `>` stands that follows `need` times `mark`; `met` of them ended the bytes before `text`.
fn end_of(text: &[u8], mark: u8, need: usize, met: &mut usize) -> Option<usize> {
    let marks_before = |end: usize| {
        let before = text.get(..end).unwrap_or_default();
        let run = before.iter().rev().take(need).take_while(|&&byte| byte == mark).count();
        if run == before.len() { run.saturating_add(*met) } else { run }
    };
    let end = memchr::memchr_iter(b'>', text).find(|&end| marks_before(end) >= need);
    if end.is_none() {
        *met = marks_before(text.len()).min(need);
    }
    end
}
