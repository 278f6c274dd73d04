use bytes::Bytes;

use crate::answer::ManifestBody;

/// A manifest while an adapter's body rewrites it. It holds at most one frame of the inner body and one slice of output.
pub(super) struct Forwarded {
    manifest: ManifestBody,
    /// The unread rest of the last frame. The next frame is polled once this one is used up.
    frame: Bytes,
    has_ended: bool,
}

impl Forwarded {
    pub(super) const fn new(manifest: ManifestBody) -> Self {
        Self { manifest, frame: Bytes::new(), has_ended: false }
    }

    /// Returns the next slice, or `None` if another frame is needed or everything has been returned.
    pub(super) fn slice(&mut self) -> Option<Bytes> {
        while !self.frame.is_empty() {
            let slice = self.manifest.push(&mut self.frame);
            if !slice.is_empty() {
                return Some(slice);
            }
        }
        self.frame = Bytes::new(); // an empty rest would keep the whole frame in memory
        if self.has_ended { self.manifest.finish() } else { None }
    }

    /// Takes the next frame, after [`Forwarded::slice`] returned `None`.
    pub(super) fn take(&mut self, frame: Bytes) {
        debug_assert!(self.frame.is_empty(), "a frame is taken once the one before is used up");
        self.frame = frame;
    }

    /// Records that the inner body has ended.
    pub(super) const fn end(&mut self) {
        self.has_ended = true;
    }

    /// Returns whether the inner body has ended.
    #[cfg(feature = "actix")]
    pub(super) const fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// Returns whether every slice has been returned.
    #[cfg(feature = "tower")]
    pub(super) const fn is_out(&self) -> bool {
        self.manifest.is_out()
    }
}
