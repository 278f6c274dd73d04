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
mod tests {
    use std::cell::Cell;

    use super::*;

    fn one() -> (EmbedToken, Digest) {
        let token = EmbedToken::generate().unwrap();
        (token, Digest::of(token))
    }

    fn is_held(digests: &Digests, digest: Digest) -> bool {
        matches!(digests.part(digest).get(&digest), Some(Mark::Held(_)))
    }

    #[test]
    fn news_of_a_held_digest_revoke_its_token() {
        let (digests, (token, digest)) = (Digests::new(), one());
        assert_eq!(digests.put(digest, token, digests.epoch(), || ()), Put::Done);
        let revoked = Cell::new(None);
        digests.revoke(digest, |token| revoked.set(Some(token)));
        assert_eq!(revoked.get(), Some(token));
    }

    #[test]
    fn a_lookup_that_was_under_way_when_the_news_came_puts_nothing() {
        let (digests, (token, digest)) = (Digests::new(), one());
        let epoch = digests.epoch();
        digests.revoke(digest, |_| panic!("it was not held"));
        assert_eq!(digests.put(digest, token, epoch, || panic!("it was revoked")), Put::Revoked);
        digests.tidy(Instant::now(), |_| false).count();
        assert_eq!(
            digests.put(digest, token, epoch, || panic!("it was revoked")),
            Put::Revoked,
            "remembered"
        );
        digests.tidy(Instant::now() + REMEMBERED, |_| false).count();
        assert_eq!(digests.put(digest, token, epoch, || ()), Put::Done, "and not for ever");
    }

    #[test]
    fn a_lookup_that_was_under_way_when_all_was_forgotten_puts_nothing() {
        let (digests, (token, digest)) = (Digests::new(), one());
        let epoch = digests.epoch();
        assert_eq!(digests.put(digest, token, epoch, || ()), Put::Done);
        digests.forget(|| ());
        assert!(!is_held(&digests, digest));
        assert_eq!(digests.put(digest, token, epoch, || panic!("it is late")), Put::Late);
        assert_eq!(digests.put(digest, token, digests.epoch(), || ()), Put::Done);
    }

    #[test]
    fn what_memory_holds_no_more_is_dropped() {
        let digests = Digests::new();
        let all: Vec<_> = (0..1_000).map(|_| one()).collect();
        for (token, digest) in &all {
            digests.put(*digest, *token, digests.epoch(), || ());
        }
        let (kept, digest) = all[0];
        digests.tidy(Instant::now(), |token| *token == kept).count();
        assert!(is_held(&digests, digest));
        assert_eq!(digests.parts.iter().map(|part| lock(part).len()).sum::<usize>(), 1);
    }
}
