use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{LazyLock, OnceLock};

/// The number of unlisted origins of a site that are logged, each once.
pub(crate) const MAX_UNLISTED: usize = 64;

/// The unlisted origins from which requests came to a site, as hashes.
///
/// Nothing is locked. The table is allocated for the first such origin.
#[derive(Debug, Default)]
pub(super) struct UnlistedOrigins {
    hashes: OnceLock<Box<[AtomicU64; MAX_UNLISTED]>>,
    is_full: AtomicBool,
}

/// The log line that an unlisted origin causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unlisted {
    /// The origin is new.
    New,
    /// The origin is new, and there is no room for it: no further origin is logged.
    OneTooMany,
}

impl UnlistedOrigins {
    /// Records an origin. Returns `None` if nothing is to be logged.
    pub(super) fn record(&self, origin: &[u8]) -> Option<Unlisted> {
        const FREE: u64 = 0;
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        crate::work::visited(origin.len());
        let hash = KEY.hash_one(origin).max(1);
        let hashes = self.hashes.get_or_init(|| Box::new([const { AtomicU64::new(FREE) }; MAX_UNLISTED]));
        for place in &**hashes {
            let found = match place.load(Ordering::Relaxed) {
                FREE => place.compare_exchange(FREE, hash, Ordering::Relaxed, Ordering::Relaxed),
                other => Err(other),
            };
            match found {
                Ok(_) => return Some(Unlisted::New),
                Err(known) if known == hash => return None,
                Err(_) => {}
            }
        }
        let is_first = !self.is_full.load(Ordering::Relaxed) && !self.is_full.swap(true, Ordering::Relaxed);
        is_first.then_some(Unlisted::OneTooMany)
    }
}

#[cfg(test)]
mod tests;
