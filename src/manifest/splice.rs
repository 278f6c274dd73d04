/// Copies a source to the output in long runs, with insertions between them.
pub(super) struct Splice<'s> {
    source: &'s [u8],
    copied: usize,
    out: &'s mut Vec<u8>,
}

/// The state of a [`Splice`].
#[derive(Clone, Copy)]
pub(super) struct Mark {
    copied: usize,
    written: usize,
}

impl<'s> Splice<'s> {
    pub(super) fn new(source: &'s [u8], out: &'s mut Vec<u8>) -> Self {
        Self { source, copied: 0, out }
    }

    /// Copies the source as far as `at`, and returns the output for the insertion there.
    pub(super) fn up_to(&mut self, at: usize) -> &mut Vec<u8> {
        self.out.extend_from_slice(self.source.get(self.copied..at).unwrap_or_default());
        self.copied = self.copied.max(at);
        self.out
    }

    /// Returns the position in the source at which the output reaches `limit`, if nothing more is inserted.
    pub(super) fn reach(&self, limit: usize) -> usize {
        self.copied.saturating_add(limit.saturating_sub(self.out.len()))
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { copied: self.copied, written: self.out.len() }
    }

    /// Removes everything written since `mark`.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.out.truncate(mark.written);
        self.copied = mark.copied;
    }
}

/// Copies from the front of `input` until `out` reaches `limit`, and returns the number of bytes.
pub(super) fn pass(input: &[u8], limit: usize, out: &mut Vec<u8>) -> usize {
    let part = input.get(..limit.saturating_sub(out.len())).unwrap_or(input);
    out.extend_from_slice(part);
    part.len()
}
