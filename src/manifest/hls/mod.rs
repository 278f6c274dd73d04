mod attributes;
mod variables;

use arrayvec::ArrayVec;
use memchr::{memchr, memchr_iter};

use super::carried::Carried;
use super::child::{Child, Glance, is_plain_path, is_wanted};
use super::doubt::{Doubt, Fault, MAX_HELD_BACK, Reason};
use super::parameters::{Parameters, Spelled, Spelling};
use super::splice::{Splice, pass};
use attributes::{Attribute, Attributes};
use variables::{Expansion, Variables};

/// A playlist, line by line.
///
/// 1. The first line is `#EXTM3U`, after a byte order mark if there is one.
/// 2. A line that starts with anything but `#` is a URI. Blanks around it stay.
/// 3. `EXT-X-DEFINE` defines a variable.
/// 4. The quoted values of certain attributes of the tags in [`carriers`] are URIs. Each name may occur once
///    (draft-pantos-hls-rfc8216bis §4.2), so that a line gets few insertions, however long it is.
/// 5. Other lines are not examined.
pub(super) struct Hls {
    begun: bool,
    ended: bool,
    /// The incomplete line.
    pending: Vec<u8>,
    /// The position in the input of the first line that was not written.
    offset: u64,
    variables: Variables,
    spelled: Spelled,
    doubt: Option<Doubt>,
}

impl Hls {
    pub(super) fn new(parameters: &Parameters) -> Self {
        Self {
            begun: false,
            ended: false,
            pending: Vec::new(),
            offset: 0,
            variables: Variables::default(),
            spelled: Spelled::new(parameters, Spelling { markup: false, template: false }),
            doubt: None,
        }
    }

    pub(super) const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    pub(super) fn held_back(&self) -> usize {
        self.pending.len()
    }

    /// Reads from the front of `input` and returns the number of bytes read. It stops early after the line with which `out`
    /// reaches `limit`, and at a line with a doubt.
    pub(super) fn push(&mut self, carried: &Carried, input: &[u8], limit: usize, out: &mut Vec<u8>) -> usize {
        if self.doubt.is_some() || self.ended {
            return pass(input, limit, out);
        }
        if self.pending.is_empty() {
            let settled = self.lines(carried, input, limit, out);
            let rest = input.get(settled..).unwrap_or_default();
            let is_cut = self.doubt.is_none() && out.len() < limit;
            return if is_cut && self.hold(rest, out) { input.len() } else { settled };
        }
        let end = memchr(b'\n', input).map(|end| end.saturating_add(1));
        let part = input.get(..end.unwrap_or(input.len())).unwrap_or_default();
        if !self.hold(part, out) {
            return 0;
        }
        if end.is_some() {
            let mut pending = std::mem::take(&mut self.pending);
            let settled = self.lines(carried, &pending, limit, out);
            out.extend_from_slice(pending.get(settled..).unwrap_or_default());
            pending.clear();
            self.pending = pending;
        }
        part.len()
    }

    pub(super) fn finish(&mut self, carried: &Carried, out: &mut Vec<u8>) {
        let line = std::mem::take(&mut self.pending);
        let mut splice = Splice::new(&line, out);
        if self.doubt.is_none() && !self.ended && !(self.begun && line.is_empty()) {
            self.line_at(carried, &line, 0, &mut splice);
        }
        splice.up_to(line.len());
        self.ended = true;
    }

    /// Keeps `part`, the next part of an incomplete line, and returns true. If the line gets too long, that is a doubt: the kept
    /// parts are written, `part` is not consumed, and the result is false.
    fn hold(&mut self, part: &[u8], out: &mut Vec<u8>) -> bool {
        let content = part.strip_suffix(b"\n").unwrap_or(part).len();
        if self.pending.len().saturating_add(content) <= MAX_HELD_BACK {
            self.pending.extend_from_slice(part);
            return true;
        }
        let start: ArrayVec<u8, HEADER_LOOK> =
            self.pending.iter().chain(part).copied().take(HEADER_LOOK).collect();
        self.doubt = Some(Doubt::new(self.too_long(&start), self.offset));
        out.append(&mut self.pending);
        false
    }

    /// Writes complete lines of `source` until `out` reaches `limit` or a line causes a doubt. Returns the number of bytes
    /// of the source that were written.
    fn lines(&mut self, carried: &Carried, source: &[u8], limit: usize, out: &mut Vec<u8>) -> usize {
        let mut splice = Splice::new(source, out);
        let (mut start, mut stop) = (0, splice.reach(limit));
        for end in memchr_iter(b'\n', source) {
            let line = source.get(start..end).unwrap_or_default();
            match Line::of(line, carried) {
                Line::Idle if self.begun => {}
                Line::Path(length) if self.begun => {
                    self.spelled.append_all(splice.up_to(start.saturating_add(length)));
                    stop = splice.reach(limit);
                }
                _ => {
                    self.line_at(carried, line, start, &mut splice);
                    if self.doubt.is_some() {
                        break; // from this line on the source passes unchanged
                    }
                    stop = splice.reach(limit);
                }
            }
            start = end.saturating_add(1);
            if start >= stop {
                break;
            }
        }
        crate::work::visited(start.saturating_mul(2)); // for its end, and for its kind
        splice.up_to(start);
        self.offset = self.offset.saturating_add(start as u64);
        start
    }

    /// Reads the line at `start` of the source. If it causes a doubt, the line stays as it is.
    fn line_at(&mut self, carried: &Carried, line: &[u8], start: usize, splice: &mut Splice<'_>) {
        let mark = splice.mark();
        if let Err(reason) = self.line(carried, line, start, splice) {
            splice.back_to(mark);
            self.doubt = Some(Doubt::new(reason, self.offset.saturating_add(start as u64)));
        }
    }

    fn line(
        &mut self,
        carried: &Carried,
        line: &[u8],
        start: usize,
        splice: &mut Splice<'_>,
    ) -> Result<(), Reason> {
        if line.len() > MAX_HELD_BACK {
            return Err(self.too_long(line));
        }
        crate::work::visited(line.len().saturating_mul(2)); // visited as a list of attributes, and for its white space
        if !self.begun {
            self.begun = true;
            return if is_header(line) { Ok(()) } else { Err(Reason::NotAManifest) };
        }
        match line.first() {
            None => Ok(()),
            Some(b'#') => match Tag::of(line) {
                None => Ok(()),
                Some(Tag::Define(list)) => self.variables.define(list, &carried.parameters),
                Some(Tag::Carrier(names, list_at)) => {
                    let list = line.get(list_at..).unwrap_or_default();
                    let mut seen = 0_u8;
                    for attribute in Attributes::of(list) {
                        let Attribute { name, value, value_at, quoted } = attribute?;
                        let Some(number) = names.iter().position(|known| *known == name) else { continue };
                        if seen & (1 << number) != 0 {
                            return Err(Reason::Malformed(Fault::RepeatedAttribute));
                        }
                        seen |= 1 << number;
                        if quoted {
                            let at = start.saturating_add(list_at).saturating_add(value_at);
                            self.uri(carried, value, at, splice)?;
                        }
                    }
                    Ok(())
                }
            },
            Some(_) => {
                let ended = line.trim_ascii_end();
                let uri = ended.trim_ascii_start();
                let blanks = ended.len().saturating_sub(uri.len());
                self.uri(carried, uri, start.saturating_add(blanks), splice)
            }
        }
    }

    /// Appends the missing parameters to the URI at `at` of the source.
    fn uri(
        &mut self,
        carried: &Carried,
        uri: &[u8],
        at: usize,
        splice: &mut Splice<'_>,
    ) -> Result<(), Reason> {
        crate::work::visited(uri.len().saturating_mul(4)); // at a glance, for its parts, its host and its extension
        let glance = Glance::at(uri);
        let (child, end) = if glance.is_plain() {
            (Child::seen(uri, &glance, carried)?, uri.len())
        } else {
            match self.variables.expand(uri) {
                Expansion::None => (Child::seen(uri, &glance, carried)?, end_of(uri)),
                Expansion::Whole { uri, end } => (Child::read(uri, carried)?, end),
                Expansion::Unclear => return std::str::from_utf8(uri).map(drop).map_err(|_| Reason::NotUtf8),
            }
        };
        if let Some(missing) = child.missing(carried) {
            let out = splice.up_to(at.saturating_add(end));
            self.spelled.append(missing, child.has_query(), out);
        }
        Ok(())
    }

    fn too_long(&self, start: &[u8]) -> Reason {
        if self.begun || is_header(start) { Reason::LineTooLong } else { Reason::NotAManifest }
    }
}

/// The kind of a line, determined quickly.
enum Line {
    /// A line that stays as it is: `EXTINF` and comments.
    Idle,
    /// A relative path of this length that gets all parameters, like almost every URI.
    Path(usize),
    /// A line that has to be read.
    Other,
}

impl Line {
    fn of(line: &[u8], carried: &Carried) -> Self {
        if line.len() > MAX_HELD_BACK {
            return Self::Other;
        }
        if line.first() == Some(&b'#') {
            return if line.starts_with(TAG) { Self::Other } else { Self::Idle };
        }
        let uri = line.strip_suffix(b"\r").unwrap_or(line);
        if is_plain_path(uri) && is_wanted(uri, &carried.types) { Self::Path(uri.len()) } else { Self::Other }
    }
}

/// The beginning of every relevant tag.
const TAG: &[u8] = b"#EXT-X-";

/// The number of bytes of the first line that decide whether it is a header: byte order mark, `#EXTM3U` and a blank.
const HEADER_LOOK: usize = 11;

fn is_header(line: &[u8]) -> bool {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    match line.strip_prefix(b"#EXTM3U") {
        Some([]) => true,
        Some([after, ..]) => matches!(after, b' ' | b'\t' | b'\r'),
        None => false,
    }
}

/// Returns the end of a URI without its fragment.
fn end_of(uri: &[u8]) -> usize {
    memchr(b'#', uri).unwrap_or(uri.len())
}

/// A relevant tag.
enum Tag<'l> {
    /// `EXT-X-DEFINE`, with its attribute list.
    Define(&'l [u8]),
    /// A tag with URIs in these attributes, and the position of its attribute list.
    Carrier(&'static [&'static [u8]], usize),
}

impl<'l> Tag<'l> {
    fn of(line: &'l [u8]) -> Option<Self> {
        let rest = line.strip_prefix(TAG)?;
        let colon = rest.iter().take(LONGEST_NAME).position(|&byte| byte == b':')?;
        let (name, list) = rest.split_at_checked(colon)?;
        if name == b"DEFINE" {
            return list.get(1..).map(Self::Define);
        }
        let names = carriers(name)?;
        Some(Self::Carrier(names, line.len().saturating_sub(list.len()).saturating_add(1)))
    }
}

/// A length greater than that of `I-FRAME-STREAM-INF`.
const LONGEST_NAME: usize = 20;

/// The maximum number of URIs in one line; see [`carriers`].
pub(super) const MAX_URIS_OF_A_LINE: usize = 3;

/// Returns the attributes of a tag that are URIs (draft-pantos-hls-rfc8216bis §4.4); `IMAGE-STREAM-INF` is common practice.
fn carriers(name: &[u8]) -> Option<&'static [&'static [u8]]> {
    match name {
        b"KEY"
        | b"MAP"
        | b"PART"
        | b"PRELOAD-HINT"
        | b"RENDITION-REPORT"
        | b"MEDIA"
        | b"I-FRAME-STREAM-INF"
        | b"IMAGE-STREAM-INF"
        | b"SESSION-DATA"
        | b"SESSION-KEY" => Some(&[b"URI"]),
        b"CONTENT-STEERING" => Some(&[b"SERVER-URI"]),
        b"DATERANGE" => Some(&[b"X-ASSET-URI", b"X-ASSET-LIST", b"X-URI"]),
        _ => None,
    }
}
