use bytes::Bytes;

use crate::answer::ManifestBody;

/// A manifest on its way through an adapter's body: at most one frame of the inner body, and one slice of what it becomes.
pub(super) struct Forwarded {
    manifest: ManifestBody,
    /// What was not read yet of the last frame. The next frame is polled once this one is used up.
    frame: Bytes,
    has_ended: bool,
}

impl Forwarded {
    pub(super) const fn new(manifest: ManifestBody) -> Self {
        Self { manifest, frame: Bytes::new(), has_ended: false }
    }

    /// The next slice. `None` if it takes another frame, or if the body has ended and all is out.
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

    /// Takes the next frame, once there is no slice.
    pub(super) fn take(&mut self, frame: Bytes) {
        debug_assert!(self.frame.is_empty(), "a frame is taken once the one before is used up");
        self.frame = frame;
    }

    /// The inner body has ended.
    pub(super) const fn end(&mut self) {
        self.has_ended = true;
    }

    /// Whether all is out.
    #[cfg(feature = "tower")]
    pub(super) const fn is_out(&self) -> bool {
        self.manifest.is_out()
    }
}
