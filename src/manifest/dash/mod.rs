mod annex;
mod document;
mod insertion;
mod kind;
mod names;
mod reader;
mod selector;
mod tag;
mod value;

use super::carried::Carried;
use super::doubt::{Doubt, Reason};
use super::parameters::{Parameters, Spelled, Spelling};
use super::splice::pass;
use insertion::Insertion;
use reader::Reader;

/// An MPD or a patch document, held until it is complete.
///
/// 1. A document longer than [`Carried::max_mpd`] passes unchanged.
/// 2. The whole document is read before any of its bytes are written. If the [`Reader`] has a doubt anywhere, the document passes
///    unchanged: a foreign base, for example, may apply to references before it.
/// 3. Otherwise the document is written slice by slice, with the insertions.
pub(super) struct Dash {
    spellings: [Spelled; 4],
    stage: Stage,
    doubt: Option<Doubt>,
}

enum Stage {
    /// The part of the document that has arrived.
    Holding(Vec<u8>),
    Writing(Box<Writing>),
    /// Later input passes unchanged.
    Passing,
}

/// A document that is being written.
struct Writing {
    document: Vec<u8>,
    /// The number of bytes of the document that were written.
    written: usize,
    insertions: Vec<Insertion>,
    /// The number of insertions that were written.
    inserted: usize,
    /// The reader that finds further insertions, if there may be any.
    reader: Option<Reader>,
}

impl Dash {
    pub(super) fn new(parameters: &Parameters) -> Self {
        let spelled = |markup, template| Spelled::new(parameters, Spelling { markup, template });
        let spellings =
            [spelled(false, false), spelled(false, true), spelled(true, false), spelled(true, true)];
        Self { spellings, stage: Stage::Holding(Vec::new()), doubt: None }
    }

    pub(super) const fn doubt(&self) -> Option<Doubt> {
        self.doubt
    }

    /// Returns the number of bytes of the document that were not written.
    pub(super) fn held_back(&self) -> usize {
        match &self.stage {
            Stage::Holding(document) => document.len(),
            Stage::Writing(writing) => writing.document.len().saturating_sub(writing.written),
            Stage::Passing => 0,
        }
    }

    /// Reads from the front of `input` and returns the number of bytes read. It stops early if `out` reaches `limit`.
    pub(super) fn push(&mut self, carried: &Carried, input: &[u8], limit: usize, out: &mut Vec<u8>) -> usize {
        match &mut self.stage {
            Stage::Holding(document) => {
                if document.len().saturating_add(input.len()) <= carried.max_mpd {
                    hold(document, input, carried.max_mpd);
                    return input.len();
                }
                self.doubt = Some(Doubt::new(Reason::DocumentTooLong, carried.max_mpd as u64));
                self.stage = Stage::Writing(Box::new(Writing::unchanged(std::mem::take(document))));
                0
            }
            Stage::Writing(_) => {
                self.write(carried, limit, out);
                0
            }
            Stage::Passing => pass(input, limit, out),
        }
    }

    /// Writes the rest of the document until `out` reaches `limit`, and returns whether that was all.
    pub(super) fn finish(&mut self, carried: &Carried, limit: usize, out: &mut Vec<u8>) -> bool {
        if let Stage::Holding(document) = &mut self.stage {
            let mut writing = Writing::unchanged(std::mem::take(document));
            self.doubt = writing.read(carried).err();
            self.stage = Stage::Writing(Box::new(writing));
        }
        self.write(carried, limit, out);
        matches!(self.stage, Stage::Passing)
    }

    fn write(&mut self, carried: &Carried, limit: usize, out: &mut Vec<u8>) {
        if let Stage::Writing(writing) = &mut self.stage
            && writing.write(carried, &self.spellings, limit, out)
        {
            self.stage = Stage::Passing; // and the document is freed
        }
    }
}

/// Appends `input` to the held document. Capacity doubles as it grows, but never exceeds `max`.
fn hold(document: &mut Vec<u8>, input: &[u8], max: usize) {
    let needed = document.len().saturating_add(input.len());
    if needed > document.capacity() {
        let room = needed.max(document.capacity().saturating_mul(2)).min(max);
        document.reserve_exact(room.saturating_sub(document.len()));
    }
    document.extend_from_slice(input);
}

impl Writing {
    const fn unchanged(document: Vec<u8>) -> Self {
        Self { document, written: 0, insertions: Vec::new(), inserted: 0, reader: None }
    }

    /// Reads the whole document, and keeps the first [`MAX_KEPT`] insertions.
    fn read(&mut self, carried: &Carried) -> Result<(), Doubt> {
        let mut reader = Reader::default();
        let (mut insertions, mut further, mut rest) = (Vec::new(), Vec::new(), None);
        loop {
            let found = if rest.is_none() { &mut insertions } else { &mut further };
            if !reader.step(carried, &self.document, found)? {
                break;
            }
            further.clear();
            if rest.is_none() && insertions.len() >= MAX_KEPT {
                rest = Some(reader.clone());
            }
        }
        (self.insertions, self.reader) = (insertions, rest);
        Ok(())
    }

    /// Writes until `out` reaches `limit`, and returns whether all is written.
    fn write(
        &mut self,
        carried: &Carried,
        spellings: &[Spelled; 4],
        limit: usize,
        out: &mut Vec<u8>,
    ) -> bool {
        while out.len() < limit {
            let insertion = self.insertions.get(self.inserted).copied();
            if insertion.is_none() && self.read_on(carried) {
                continue;
            }
            let end = insertion.map_or(self.document.len(), |insertion| insertion.at);
            let rest = self.document.get(self.written..end).unwrap_or_default();
            let part = rest.get(..limit.saturating_sub(out.len())).unwrap_or(rest);
            out.extend_from_slice(part);
            self.written = self.written.saturating_add(part.len());
            if part.len() < rest.len() {
                return false;
            }
            let Some(Insertion { chosen, spelling, after_query, .. }) = insertion else { return true };
            let [plain, template, markup, both] = spellings;
            let spelled = match (spelling.markup, spelling.template) {
                (false, false) => plain,
                (false, true) => template,
                (true, false) => markup,
                (true, true) => both,
            };
            spelled.append(chosen, after_query, out);
            self.inserted = self.inserted.saturating_add(1);
        }
        false
    }

    /// Looks for the next insertions after those that were kept, and returns false at the end of the document.
    fn read_on(&mut self, carried: &Carried) -> bool {
        let Some(reader) = &mut self.reader else { return false };
        self.insertions.clear();
        self.inserted = 0;
        // The first reading had no doubt, so this one has none.
        if !reader.step(carried, &self.document, &mut self.insertions).unwrap_or(false) {
            self.reader = None;
        }
        true
    }
}

/// The maximum number of insertions that are kept from the first reading, some 100 KB. Further ones are found again while the
/// document is written. Most documents have fewer.
const MAX_KEPT: usize = 4096;
