use std::fmt;

use crate::request::{decodes_to, parameters, split_encoded};

/// How many parameters are carried at most: beyond the first this many, a query is no credential.
pub const MAX_PARAMETERS: usize = 64;

/// The chosen parameters of a request's query, ready to be appended to URIs, in their order.
///
/// `Debug` tells how many there are and shows neither names nor values: they are credentials.
pub struct Parameters {
    pairs: Vec<Pair>,
}

struct Pair {
    /// Percent-decoded, for comparing.
    name: Box<[u8]>,
    /// `name=value` as it stood, illegal bytes percent-encoded.
    text: Box<[u8]>,
}

/// One bit for each parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen(u64);

impl Chosen {
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Parameters {
    /// Those parameters of `query` whose name is `wanted`, duplicates included; `None` when there is none.
    ///
    /// `wanted` is asked about the decoded name, so that no spelling of it gets past a list.
    /// Only the first [`MAX_PARAMETERS`] are taken; how long the query may be is the server's matter. What players add
    /// to a single request (`_HLS_msn`, `_DASH_pathway` and their like) should not be wanted.
    pub fn choose(query: &[u8], mut wanted: impl FnMut(&[u8]) -> bool) -> Option<Self> {
        let mut pairs = Vec::new();
        for parameter in parameters(query).filter(|parameter| !parameter.whole.is_empty()) {
            let name = decoded(parameter.name);
            if pairs.len() < MAX_PARAMETERS && wanted(&name) {
                pairs.push(Pair { name, text: legal(parameter.whole) });
            }
        }
        (!pairs.is_empty()).then_some(Self { pairs })
    }

    /// Those that a URI with this query lacks.
    pub(super) fn missing_in(&self, query: Option<&[u8]>) -> Chosen {
        let all = u64::MAX >> (MAX_PARAMETERS - self.pairs.len().clamp(1, MAX_PARAMETERS));
        let Some(query) = query else { return Chosen(all) };
        let mut missing = all;
        for parameter in parameters(query).filter(|parameter| !parameter.whole.is_empty()) {
            for (bit, pair) in self.pairs.iter().enumerate() {
                if decodes_to(parameter.name, &pair.name) {
                    missing &= !(1 << bit);
                }
            }
        }
        Chosen(missing)
    }

    /// Whether one of them has this name, percent-decoded.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.pairs.iter().any(|pair| *pair.name == *name)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters").field("count", &self.pairs.len()).finish_non_exhaustive()
    }
}

/// How the same parameters are spelled in different places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// In XML text or an attribute: `&amp;` and `&#39;`.
    pub(super) markup: bool,
    /// In a `SegmentTemplate`: `$$`.
    pub(super) template: bool,
}

/// The parameters in one spelling: each with the `&` before it, one after the other.
pub(super) struct Spelled {
    text: Vec<u8>,
    /// `text` behind its first `&`, after a `?`: what nearly every URI gets.
    whole: Vec<u8>,
    ends: Vec<usize>,
}

impl Spelled {
    pub(super) fn new(parameters: &Parameters, spelling: Spelling) -> Self {
        let separator: &[u8] = if spelling.markup { b"&amp;" } else { b"&" };
        let mut spelled = Self { text: Vec::new(), whole: vec![b'?'], ends: Vec::new() };
        for pair in &parameters.pairs {
            spelled.text.extend_from_slice(separator);
            for &byte in &pair.text {
                match byte {
                    b'\'' if spelling.markup => spelled.text.extend_from_slice(b"&#39;"),
                    b'$' if spelling.template => spelled.text.extend_from_slice(b"$$"),
                    _ => spelled.text.push(byte),
                }
            }
            spelled.ends.push(spelled.text.len());
        }
        let all = spelled.text.strip_prefix(separator).unwrap_or_default();
        spelled.whole.extend_from_slice(all);
        spelled
    }

    /// Appends the chosen ones to `out`, each behind `&` where the URI has a query; else all of them, behind `?`.
    pub(super) fn append(&self, chosen: Chosen, after_query: bool, out: &mut Vec<u8>) {
        if !after_query {
            // Without a query no name is there yet, so that none is missing from the chosen ones.
            return self.append_all(out);
        }
        let mut start = 0;
        for (bit, &end) in self.ends.iter().enumerate() {
            if chosen.0 & (1 << bit) != 0 {
                out.extend_from_slice(self.text.get(start..end).unwrap_or_default());
            }
            start = end;
        }
    }

    /// Appends all of them to `out`, behind `?`.
    pub(super) fn append_all(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.whole);
    }
}

/// Percent-decoded as a lenient server would: what is no valid encoding stays as it stands.
fn decoded(name: &[u8]) -> Box<[u8]> {
    let mut plain = Vec::with_capacity(name.len());
    let mut rest = name;
    while let Some((&byte, after)) = rest.split_first() {
        let encoded = if byte == b'%' { split_encoded(after) } else { None };
        let (byte, after) = encoded.unwrap_or((byte, after));
        plain.push(byte);
        rest = after;
    }
    plain.into()
}

/// With every byte that a URI's query may not hold percent-encoded, a `%` without two digits included.
fn legal(text: &[u8]) -> Box<[u8]> {
    let mut written = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        if is_query_byte(byte) || (byte == b'%' && split_encoded(after).is_some()) {
            written.push(byte);
        } else {
            written.push(b'%');
            written.extend(
                [byte >> 4, byte & 15].map(|digit| HEX.get(usize::from(digit)).copied().unwrap_or(b'0')),
            );
        }
        rest = after;
    }
    written.into()
}

const HEX: &[u8; 16] = b"0123456789ABCDEF";

/// `pchar / "/" / "?"` of RFC 3986 §3.4, less `%`.
const fn is_query_byte(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'
        | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        | b':' | b'@' | b'/' | b'?')
}
