use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use super::names::Digest;
use crate::revocation::Revocation;

/// A revocation that is in force here, and of which the server could not be told.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Revoked {
    Token(Digest),
    Video { realm: String, id: String, up_to: u64 },
    Viewer { id: String, up_to: u64 },
    Signed(Revocation),
}

/// How many are kept; who revokes more was told of each that it did not reach everybody.
const ROOM: usize = 10_000;

/// What the server is told of before anything is asked of it again, oldest first.
#[derive(Default)]
pub(super) struct Untold(Mutex<VecDeque<Revoked>>);

impl Untold {
    pub(super) fn keep(&self, revoked: Revoked) {
        let mut all = self.lock();
        if all.len() < ROOM && !all.contains(&revoked) {
            all.push_back(revoked);
        }
    }

    pub(super) fn first(&self) -> Option<Revoked> {
        self.lock().front().cloned()
    }

    /// The server knows of this one.
    pub(super) fn told(&self, revoked: &Revoked) {
        self.lock().retain(|one| one != revoked);
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Revoked>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place in the order that a token would have that was issued now, by this node's clock.
pub(super) fn order_of_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_kept_once_in_bounded_room_until_it_is_told() {
        let untold = Untold::default();
        let of = |number: usize| Revoked::Signed(Revocation::token(number.to_string()));
        for number in [1, 2, 1] {
            untold.keep(of(number));
        }
        assert_eq!(untold.first(), Some(of(1)));
        untold.told(&of(1));
        assert_eq!(untold.first(), Some(of(2)));
        untold.told(&of(2));
        assert_eq!(untold.first(), None);
        for number in 0..=ROOM {
            untold.keep(of(number));
        }
        assert_eq!(untold.lock().len(), ROOM);
    }
}
