use crate::crypto::Algorithm;

/// The work of one decision, which is counted together with the outcome. Each count is one byte, so all counts fit into a register.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Noted(u64);

/// The positions of the counts, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Work {
    /// Tokens that were found in the cache.
    pub(super) hits: u8,
    /// Well-formed tokens that were not in the cache.
    pub(super) misses: u8,
    /// Tokens that were removed from the cache to make room for another token.
    pub(super) evictions: u8,
    /// Valid signatures.
    pub(super) verified: u8,
    /// Invalid signatures.
    pub(super) failed: u8,
    /// The position of the signatures' algorithm, `Algorithm as u8`. If a request with several cookies of one name has signatures of
    /// several algorithms, all of them are counted for the last algorithm.
    pub(super) algorithm: u8,
}

impl Noted {
    /// Returns the work with one more token that was found in the cache.
    #[inline]
    pub(crate) const fn hit(self) -> Self {
        Self(self.0.wrapping_add(1)) // a request has few credentials, so no byte overflows
    }

    /// Returns the work with one more token that was not in the cache.
    pub(crate) fn miss(self) -> Self {
        self.with(|work| work.misses = work.misses.saturating_add(1))
    }

    /// Returns the work with one more token that was removed from the cache.
    pub(crate) fn eviction(self) -> Self {
        self.with(|work| work.evictions = work.evictions.saturating_add(1))
    }

    /// Returns the work with one more signature.
    pub(crate) fn signature(self, algorithm: Algorithm, is_valid: bool) -> Self {
        self.with(|work| {
            work.algorithm = algorithm as u8;
            let count = if is_valid { &mut work.verified } else { &mut work.failed };
            *count = count.saturating_add(1);
        })
    }

    fn with(self, change: impl FnOnce(&mut Work)) -> Self {
        let mut work = self.work();
        change(&mut work);
        let Work { hits, misses, evictions, verified, failed, algorithm } = work;
        Self(u64::from_le_bytes([hits, misses, evictions, verified, failed, algorithm, 0, 0]))
    }

    /// Returns the number of tokens that were found in the cache.
    #[inline]
    pub(super) const fn hits(self) -> u8 {
        let [hits, ..] = self.0.to_le_bytes();
        hits
    }

    /// Returns true if all counts except hits are zero, as in almost every decision.
    #[inline]
    pub(super) const fn is_only_hits(self) -> bool {
        self.0 <= u8::MAX as u64
    }

    pub(super) const fn work(self) -> Work {
        let [hits, misses, evictions, verified, failed, algorithm, ..] = self.0.to_le_bytes();
        Work { hits, misses, evictions, verified, failed, algorithm }
    }
}
