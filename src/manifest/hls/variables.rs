use memchr::{memchr, memmem};

use super::attributes::Attributes;
use crate::manifest::child::host_is_settled;
use crate::manifest::{MAX_HELD_BACK, Parameters, Reason};

/// The variables that `EXT-X-DEFINE` has defined so far (draft-pantos-hls-rfc8216bis §4.4.2.3).
#[derive(Default)]
pub(super) struct Variables {
    defined: Vec<Variable>,
    bytes: usize,
    scratch: Vec<u8>,
}

struct Variable {
    name: Box<[u8]>,
    meaning: Meaning,
}

#[derive(Clone, PartialEq, Eq)]
enum Meaning {
    /// A variable with `NAME` and `VALUE`.
    Value(Box<[u8]>),
    /// A `QUERYPARAM` of one of our parameters, which the player fills in.
    Ours,
    /// An `IMPORT`, or a `QUERYPARAM` of another parameter: the value is unknown.
    Unknown,
    /// Readers may disagree: the variable is defined twice, or through another variable.
    Unclear,
}

/// The result of expanding the variables in a URI.
pub(super) enum Expansion<'v> {
    /// The URI has no variables.
    None,
    /// The expanded URI, and the position in the literal at which its fragment starts or the literal ends.
    Whole { uri: &'v [u8], end: usize },
    /// The URI is unknown, or the player adds our parameter itself.
    Unclear,
}

/// The maximum number of variables in a playlist. Multivariant playlists in practice have a handful.
const MAX_VARIABLES: usize = 128;

impl Variables {
    /// Adds the variable that the attribute list of an `EXT-X-DEFINE` defines.
    ///
    /// # Errors
    ///
    /// Fails if the list cannot be parsed, or if there are more variables than can be kept.
    pub(super) fn define(&mut self, list: &[u8], parameters: &Parameters) -> Result<(), Reason> {
        let (mut name, mut value, mut meaning) = (None, None, None);
        for attribute in Attributes::of(list) {
            let attribute = attribute?;
            match (attribute.name, attribute.quoted) {
                (b"NAME", true) => name = Some(attribute.value),
                (b"VALUE", true) => value = Some(attribute.value),
                (b"IMPORT", true) => meaning = Some((attribute.value, Meaning::Unknown)),
                (b"QUERYPARAM", true) => {
                    let ours = parameters.has(attribute.value);
                    meaning = Some((attribute.value, if ours { Meaning::Ours } else { Meaning::Unknown }));
                }
                _ => {}
            }
        }
        let (name, meaning) = match (meaning, name, value) {
            (Some((name, meaning)), None, _) => (name, meaning),
            (None, Some(name), None) => (name, Meaning::Unknown),
            (None, Some(name), Some(value)) if memmem::find(value, b"{$").is_none() => {
                (name, Meaning::Value(value.into()))
            }
            (Some(_), Some(name), _) | (None, Some(name), Some(_)) => (name, Meaning::Unclear),
            (None, None, _) => return Ok(()),
        };
        if let Some(known) = self.defined.iter_mut().find(|known| *known.name == *name) {
            if known.meaning != meaning {
                known.meaning = Meaning::Unclear;
            }
            return Ok(());
        }
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(value.unwrap_or_default().len());
        if self.defined.len() == MAX_VARIABLES || self.bytes > MAX_HELD_BACK {
            return Err(Reason::TooManyVariables);
        }
        self.defined.push(Variable { name: name.into(), meaning });
        Ok(())
    }

    /// Replaces the variables of `literal` with their values, and unknown ones with nothing.
    pub(super) fn expand(&mut self, literal: &[u8]) -> Expansion<'_> {
        self.scratch.clear();
        let mut end = None;
        let (mut any, mut settled, mut has_query) = (false, false, false);
        let mut rest = literal;
        while let Some((before, name, after)) = next_variable(rest) {
            any = true;
            if let (None, Some(hash)) = (end, memchr(b'#', before)) {
                end = Some(literal.len().saturating_sub(rest.len()).saturating_add(hash));
            }
            has_query |= before.contains(&b'?');
            self.scratch.extend_from_slice(before);
            let defined = self.defined.iter().find(|variable| *variable.name == *name);
            match defined.map_or(&Meaning::Unknown, |variable| &variable.meaning) {
                Meaning::Value(value) if self.scratch.len().saturating_add(value.len()) <= MAX_HELD_BACK => {
                    has_query |= value.contains(&b'?');
                    self.scratch.extend_from_slice(value);
                    if end.is_none() && value.contains(&b'#') {
                        return Expansion::Unclear; // the fragment starts inside a variable
                    }
                }
                Meaning::Ours if end.is_none() && has_query => return Expansion::Unclear,
                Meaning::Ours | Meaning::Unknown if settled || host_is_settled(&self.scratch) => {
                    settled = true;
                }
                _ => return Expansion::Unclear,
            }
            rest = after;
        }
        if !any {
            return Expansion::None;
        }
        if let (None, Some(hash)) = (end, memchr(b'#', rest)) {
            end = Some(literal.len().saturating_sub(rest.len()).saturating_add(hash));
        }
        self.scratch.extend_from_slice(rest);
        Expansion::Whole { uri: &self.scratch, end: end.unwrap_or(literal.len()) }
    }
}

/// Returns the first `{$name}`: the text before it, the name, and the text after it.
fn next_variable(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let mut from = 0;
    loop {
        let at = from + memmem::find(text.get(from..)?, b"{$")?;
        let (before, variable) = text.split_at_checked(at)?;
        let name = variable.get(2..)?;
        let end = name.iter().position(|&byte| !is_name_byte(byte))?;
        match name.split_at_checked(end)? {
            (name @ [_, ..], [b'}', after @ ..]) => return Some((before, name, after)),
            _ => from = at + 2,
        }
    }
}

/// Returns whether a byte may be part of a variable's name.
const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}
