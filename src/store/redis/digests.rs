use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hashbrown::HashMap;

use super::names::Digest;
use crate::records::EmbedToken;

/// The time for which the digest of a revoked token is remembered. It is longer than any lookup takes, so that a lookup in
/// progress when the token was revoked cannot put its record back.
const REMEMBERED: Duration = Duration::from_mins(2);

/// The number of parts. One part is locked at a time.
const PARTS: usize = 64;

/// The tokens in memory by their digests.
///
/// Records are added to memory and revoked here, under one lock, so that neither operation can miss the other.
pub(super) struct Digests {
    parts: [Mutex<HashMap<Digest, Mark>>; PARTS],
    epoch: AtomicU64,
}

enum Mark {
    Held(EmbedToken),
    /// Revoked at this moment.
    Gone(Instant),
}

/// The result of adding a record to memory.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Put {
    Done,
    Revoked,
    /// Everything was forgotten since the record was requested.
    Late,
}

/// The number of times that everything was forgotten. It is read before a record is requested.
#[derive(Clone, Copy)]
pub(super) struct Epoch(u64);

impl Digests {
    pub(super) fn new() -> Self {
        Self { parts: std::array::from_fn(|_| Mutex::default()), epoch: AtomicU64::new(0) }
    }

    pub(super) fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Acquire))
    }

    /// Adds a record to memory, unless its token was revoked since the record was requested.
    pub(super) fn put(&self, digest: Digest, token: EmbedToken, epoch: Epoch, put: impl FnOnce()) -> Put {
        let mut part = self.part(digest);
        if epoch.0 != self.epoch().0 {
            return Put::Late;
        }
        if let Some(Mark::Gone(_)) = part.get(&digest) {
            return Put::Revoked;
        }
        part.insert(digest, Mark::Held(token));
        put();
        Put::Done
    }

    /// Remembers that a token was revoked. If the token is in memory, it is revoked there by `revoke`.
    pub(super) fn revoke(&self, digest: Digest, revoke: impl FnOnce(EmbedToken)) {
        let mut part = self.part(digest);
        if let Some(Mark::Held(token)) = part.insert(digest, Mark::Gone(Instant::now())) {
            revoke(token);
        }
    }

    /// Forgets every token. `forget` empties the memory at a point from which no older record can be added.
    pub(super) fn forget(&self, forget: impl FnOnce()) {
        self.epoch.fetch_add(1, Ordering::AcqRel);
        for part in &self.parts {
            lock(part).retain(|_, mark| matches!(mark, Mark::Gone(_)));
        }
        forget();
    }

    /// Removes digests whose token left the memory, and revoked ones after [`REMEMBERED`]: one part at each step.
    pub(super) fn tidy(
        &self,
        now: Instant,
        is_known: impl Fn(&EmbedToken) -> bool,
    ) -> impl Iterator<Item = ()> {
        self.parts.iter().map(move |part| {
            let mut part = lock(part);
            part.retain(|_, mark| match mark {
                Mark::Held(token) => is_known(token),
                Mark::Gone(at) => now.duration_since(*at) < REMEMBERED,
            });
            // After a flood, its memory is freed.
            if part.capacity() > 64 && part.len() < part.capacity() / 4 {
                part.shrink_to_fit();
            }
        })
    }

    fn part(&self, digest: Digest) -> MutexGuard<'_, HashMap<Digest, Mark>> {
        let [first, ..] = &self.parts;
        lock(self.parts.get(usize::from(digest.any_byte()) % PARTS).unwrap_or(first))
    }
}

/// Locks a part. After a panic its entries are still complete.
fn lock<T>(part: &Mutex<T>) -> MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
