use super::entry::{Kind, Revocation};
use super::epoch::{Epoch, Epochs};
use crate::map::{Change, Map};
use crate::time::{Leeway, UnixSeconds};

/// The revocations in force, read by decisions about signed tokens. A reader waits for no more than the change of one entry.
#[derive(Debug, Default)]
pub(crate) struct Revocations {
    tokens: Names,
    subjects: Names,
    /// Revocations by `kid`, of all keys with that `kid`.
    kids: Names,
    /// Revocations by the identity of one key.
    keys: Names,
    epochs: Epochs,
}

/// The revocations of one kind. In 256 parts, which take 32 KiB: with a million revocations, a part that grows moves 4,000.
type Names = Map<Box<[u8]>, Mark, 256>;

/// The revoked tokens of a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Mark {
    /// Tokens issued before this second are revoked. The largest number revokes all tokens.
    issued_before: i64,
    /// The second from which the entry is not needed. The largest number keeps it forever.
    until: i64,
    /// The place in the order of a shared store, or zero if the store gave none.
    order: u64,
}

impl Mark {
    /// Returns a mark that revokes every token that either mark revokes.
    fn and(self, other: Self) -> Self {
        Self {
            issued_before: self.issued_before.max(other.issued_before),
            until: self.until.max(other.until),
            order: self.order.max(other.order),
        }
    }

    fn covers(self, issued_at: Option<UnixSeconds>) -> bool {
        self.issued_before == i64::MAX || issued_at.is_none_or(|at| at.get() < self.issued_before)
    }
}

impl Revocations {
    /// Returns the present epoch. Call it before the list is read.
    pub(crate) fn epoch(&self) -> Epoch {
        self.epochs.now()
    }

    /// Returns whether there is any revocation of a kind.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        !self.names(kind).is_empty()
    }

    /// Returns whether a token of this name, issued at this second, is revoked. Allocates nothing.
    pub(crate) fn cover(&self, kind: Kind, name: &[u8], issued_at: Option<UnixSeconds>) -> bool {
        self.has(kind) && self.names(kind).get(name).is_some_and(|mark| mark.covers(issued_at))
    }

    /// Adds a revocation. Tokens that were revoked before stay so.
    pub(crate) fn add(&self, revocation: &Revocation) {
        self.add_at(revocation, 0);
    }

    /// Adds a revocation with its place in the order of a shared store, which may be an estimate.
    pub(crate) fn add_at(&self, revocation: &Revocation, order: u64) {
        let mark = Mark {
            issued_before: revocation.issued_before.unwrap_or(i64::MAX),
            until: revocation.until.unwrap_or(i64::MAX),
            order,
        };
        let name: Box<[u8]> = revocation.name.as_bytes().into();
        self.names(revocation.kind)
            .alter(name, |before| Change::Put(before.map_or(mark, |before| before.and(mark))));
        self.epochs.next();
    }

    /// Restores the tokens of a name. Returns whether any were revoked.
    pub(crate) fn remove(&self, kind: Kind, name: &str) -> bool {
        self.names(kind).remove_if(name.as_bytes(), |_, _| true)
    }

    /// Replaces the place in the order of a name's revocation, which was an estimate.
    #[cfg(feature = "redis")]
    pub(crate) fn set_order(&self, kind: Kind, name: &str, order: u64) {
        self.names(kind).alter(name.as_bytes().into(), |before| {
            before.map_or(Change::Keep, |mark| Change::Put(Mark { order, ..*mark }))
        });
    }

    /// Restores the tokens of a name, if they were revoked no later than a place in the order of a shared store.
    #[cfg(feature = "redis")]
    pub(crate) fn remove_up_to(&self, kind: Kind, name: &str, order: u64) {
        self.names(kind).remove_if(name.as_bytes(), |_, mark| mark.order <= order);
    }

    /// Returns every revocation with its place in the order.
    #[cfg(feature = "redis")]
    pub(crate) fn all(&self) -> Vec<(Revocation, u64)> {
        let mut all = Vec::with_capacity(self.len());
        for kind in Kind::ALL {
            self.names(kind).for_each(|name, mark| {
                let bound = |second: i64| (second != i64::MAX).then_some(second);
                // The name was text when it was added.
                if let Ok(name) = str::from_utf8(name) {
                    let (issued_before, until) = (bound(mark.issued_before), bound(mark.until));
                    let revocation = Revocation { kind, name: name.to_owned(), issued_before, until };
                    all.push((revocation, mark.order));
                }
            });
        }
        all
    }

    /// Removes each entry once no site can grant its tokens: a site may accept a token for up to [`Leeway::MAX`] after its `exp`.
    pub(crate) fn sweep(&self, now: UnixSeconds) {
        for kind in Kind::ALL {
            self.names(kind).retain(|_, mark| mark.until.saturating_add(Leeway::MAX.into()) > now.get());
        }
    }

    /// Returns the number of entries.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store lists them"))]
    pub(crate) fn len(&self) -> usize {
        Kind::ALL.into_iter().fold(0, |sum, kind| sum.saturating_add(self.names(kind).len()))
    }

    const fn names(&self, kind: Kind) -> &Names {
        match kind {
            Kind::Jti => &self.tokens,
            Kind::Sub => &self.subjects,
            Kind::Kid => &self.kids,
            Kind::Key => &self.keys,
        }
    }
}

#[cfg(test)]
mod tests;
