use std::fmt;

use arrayvec::ArrayVec;
use memchr::memchr_iter;
use thiserror::Error;

use crate::request::{Parameter, decoded_bytes, decodes_to, parameters, split_encoded};

/// The maximum number of carried parameters: one for each bit of a word.
pub const MAX_PARAMETERS: usize = 64;

/// The maximum size of all carried parameters together, in bytes.
///
/// It bounds the growth of one URI in a manifest, in the longest spelling that a manifest may need: `&amp;` and `&#39;` in XML,
/// `$$` in templates. Most servers refuse request lines longer than 8 KiB, so longer URIs could not be fetched anyway.
pub const MAX_CARRIED: usize = 8 * 1024;

/// The chosen parameters exceed [`MAX_CARRIED`] or [`MAX_PARAMETERS`]. None of them is carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the query is too long to carry")]
pub struct QueryTooLong;

/// The chosen parameters of a request's query, in their order, ready to be appended to URIs.
///
/// The `Debug` output shows their number, and neither names nor values, because they are credentials.
pub struct Parameters {
    pairs: Vec<Pair>,
    /// True if a URI with one of the names gets none of the parameters.
    are_one_credential: bool,
}

struct Pair {
    /// The percent-decoded name, for comparisons.
    name: Box<[u8]>,
    /// `name=value` as received, with illegal bytes percent-encoded.
    text: Box<[u8]>,
}

/// A set of parameters, as one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen(u64);

impl Chosen {
    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl Parameters {
    /// Chooses the parameters of `query` for whose name `wanted` returns true, each name once: its first occurrence. Returns
    /// `None` if no parameter is chosen.
    ///
    /// `wanted` receives the percent-decoded name, so that no spelling of a name bypasses a list. Parameters that players add to
    /// a single request (`_HLS_msn`, `_DASH_pathway` and the like) should not be chosen.
    ///
    /// # Errors
    ///
    /// Returns [`QueryTooLong`] if there are more than [`MAX_PARAMETERS`] parameters, or if they are longer than [`MAX_CARRIED`].
    /// Parameters are never carried in part.
    pub fn choose(query: &[u8], mut wanted: impl FnMut(&[u8]) -> bool) -> Result<Option<Self>, QueryTooLong> {
        let mut name = Vec::new();
        Self::chosen(query, |parameter| {
            name.clear();
            name.extend(decoded_bytes(parameter.name));
            wanted(&name)
        })
    }

    /// Chooses like [`Parameters::choose`], with a `wanted` that decodes the name itself.
    pub(crate) fn chosen(
        query: &[u8],
        wanted: impl FnMut(&Parameter<'_>) -> bool,
    ) -> Result<Option<Self>, QueryTooLong> {
        crate::work::visited(query.len().saturating_mul(2)); // names are decoded, and the chosen parameters copied
        let chosen = first_of_each(query, wanted)?;
        let pairs = chosen.iter().map(|parameter| Pair {
            name: decoded_bytes(parameter.name).collect(),
            text: legal(parameter.whole),
        });
        let pairs: Vec<Pair> = pairs.collect();
        Ok((!pairs.is_empty()).then_some(Self { pairs, are_one_credential: false }))
    }

    /// Carries the parameters as one credential: a URI with one of their names has a credential of its own, and gets none of them.
    pub(crate) fn into_one_credential(self) -> Self {
        Self { pairs: self.pairs, are_one_credential: true }
    }

    /// Checks that the chosen parameters can be carried, without allocating.
    ///
    /// # Errors
    ///
    /// Returns the error of [`Parameters::choose`].
    pub(crate) fn check(
        query: &[u8],
        wanted: impl FnMut(&Parameter<'_>) -> bool,
    ) -> Result<(), QueryTooLong> {
        // Almost every query is far below both bounds, in any spelling.
        crate::work::visited(query.len());
        let widest = query.len().saturating_add(1).saturating_mul(WIDEST_BYTE);
        if widest <= MAX_CARRIED && memchr_iter(b'&', query).count() < MAX_PARAMETERS {
            return Ok(());
        }
        first_of_each(query, wanted).map(drop)
    }

    /// Returns the parameters that a URI with this query lacks.
    pub(super) fn missing_in(&self, query: Option<&[u8]>) -> Chosen {
        let all = u64::MAX >> (MAX_PARAMETERS - self.pairs.len().clamp(1, MAX_PARAMETERS));
        let Some(query) = query else { return Chosen(all) };
        let mut missing = all;
        for parameter in parameters(query).filter(|parameter| !parameter.whole.is_empty()) {
            for (bit, pair) in self.pairs.iter().enumerate() {
                crate::work::visited(parameter.name.len().min(pair.name.len()).saturating_add(1));
                if decodes_to(parameter.name, &pair.name) {
                    missing &= !(1 << bit);
                }
            }
        }
        if self.are_one_credential && missing != all {
            return Chosen(0);
        }
        Chosen(missing)
    }

    /// Returns whether a parameter has this name, percent-decoded.
    pub(super) fn has(&self, name: &[u8]) -> bool {
        self.pairs.iter().any(|pair| *pair.name == *name)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parameters").field("count", &self.pairs.len()).finish_non_exhaustive()
    }
}

/// The spelling of parameters in one kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// True in XML text or an attribute: `&amp;` and `&#39;`.
    pub(super) markup: bool,
    /// True in a `SegmentTemplate`: `$$`.
    pub(super) template: bool,
}

/// The parameters in one spelling: each with the `&` before it, one after the other.
pub(super) struct Spelled {
    text: Vec<u8>,
    /// `text` without its first `&`, for use after a `?`: what almost every URI gets.
    whole: Vec<u8>,
    ends: Vec<usize>,
}

impl Spelled {
    pub(super) fn new(parameters: &Parameters, spelling: Spelling) -> Self {
        let separator: &[u8] = if spelling.markup { SEPARATOR } else { b"&" };
        let mut spelled = Self { text: Vec::new(), whole: vec![b'?'], ends: Vec::new() };
        for pair in &parameters.pairs {
            spelled.text.extend_from_slice(separator);
            for &byte in &pair.text {
                match byte {
                    b'\'' if spelling.markup => spelled.text.extend_from_slice(QUOTE),
                    b'$' if spelling.template => spelled.text.extend_from_slice(DOLLAR),
                    _ => spelled.text.push(byte),
                }
            }
            spelled.ends.push(spelled.text.len());
        }
        let all = spelled.text.strip_prefix(separator).unwrap_or_default();
        spelled.whole.extend_from_slice(all);
        spelled
    }

    /// Appends the chosen parameters to `out`, each after `&`, if the URI has a query. Otherwise appends all of them, after `?`.
    pub(super) fn append(&self, chosen: Chosen, after_query: bool, out: &mut Vec<u8>) {
        if !after_query {
            // Without a query there are no names yet, so every parameter is chosen.
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

    /// Appends all parameters to `out`, after `?`.
    pub(super) fn append_all(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.whole);
    }
}

/// Returns the chosen parameters of a query, each name once: its first occurrence.
fn first_of_each<'q>(
    query: &'q [u8],
    mut wanted: impl FnMut(&Parameter<'q>) -> bool,
) -> Result<ArrayVec<Parameter<'q>, MAX_PARAMETERS>, QueryTooLong> {
    let mut chosen = ArrayVec::<Parameter<'q>, MAX_PARAMETERS>::new();
    let mut length = 0_usize;
    for parameter in parameters(query).filter(|parameter| !parameter.whole.is_empty()) {
        if !wanted(&parameter) || chosen.iter().any(|known| known.has_name_of(&parameter)) {
            continue;
        }
        length = length.saturating_add(widest(parameter.whole));
        if length > MAX_CARRIED || chosen.try_push(parameter).is_err() {
            return Err(QueryTooLong);
        }
    }
    Ok(chosen)
}

/// Returns the length of a parameter in the longest of its spellings, its separator included.
fn widest(text: &[u8]) -> usize {
    let mut length = SEPARATOR.len();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        length = length.saturating_add(match byte {
            b'\'' => QUOTE.len(),
            b'$' => DOLLAR.len(),
            b'%' if split_encoded(after).is_some() => 1,
            _ if is_query_byte(byte) => 1,
            _ => "%00".len(),
        });
        rest = after;
    }
    length
}

/// The longest spelling of the separator. The longest spellings of a single quote and a dollar sign follow.
const SEPARATOR: &[u8] = b"&amp;";
const QUOTE: &[u8] = b"&#39;";
const DOLLAR: &[u8] = b"$$";

/// The length of the longest spelling: one byte of a query grows to no more.
const WIDEST_BYTE: usize = 5;

/// Percent-encodes every byte that is not allowed in a URI's query, including a `%` without two digits.
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

/// Returns whether a byte is `pchar / "/" / "?"` of RFC 3986 §3.4, except `%`.
const fn is_query_byte(byte: u8) -> bool {
    matches!(byte,
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~'
        | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b';' | b'='
        | b':' | b'@' | b'/' | b'?')
}
