use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU32, Ordering};

use arc_swap::{ArcSwapAny, Guard};
use foldhash::fast::RandomState;

use super::memo::{Memo, is_memo_of, recall};
use super::signed::Signed;
use crate::keys::{Generation, Key, KeyRef, KeySet};
use crate::revocation::Checked;
use crate::scope::KeyScope;

/// A cache of verified tokens, so that a viewer's next request needs no cryptography.
///
/// It stores facts and never outcomes: exactly these bytes have a valid signature by this very key, and contain these claims.
/// Every rule is applied again, with the current policy, keys, time and revocations. When a key is removed, its tokens go with
/// it, because no other key has its generation.
///
/// The size is fixed. A place belongs to a set of four, and a new token replaces one token of its set. That token belongs to the
/// tenant, among those in the set, that holds most places in the whole cache: a tenant with a million tokens replaces its own.
/// (Four places are too few to find the largest tenant by themselves: three tokens of a tenant that has a hundred meet in some
/// set in one cache of thirteen.) Among the tokens of that tenant, one that was not requested recently is replaced. Only tokens
/// with a valid signature are added, so nobody else can cause collisions.
pub(crate) struct SeenTokens {
    /// The number of sets, which are allocated with the first token.
    count: usize,
    room: OnceLock<Room>,
    hasher: RandomState,
}

/// The places, and the number of places that each tenant holds.
struct Room {
    sets: Box<[Set]>,
    /// The number of places by tenant, modulo [`COUNTERS`].
    held: Box<[AtomicU32; COUNTERS]>,
}

/// The number of counters, which take 16 KiB. Two tenants that share a counter appear equally large, and their places in the set
/// then decide.
const COUNTERS: usize = 4096;

/// The places for one token, in one cache line of the processor.
#[derive(Default)]
#[repr(align(64))]
struct Set([Place; 4]);

/// A place for one token. Readers compare every byte of its content, so its parts may be out of step for a moment.
#[derive(Default)]
struct Place {
    /// Part of the hash of the token. Zero if the place is empty.
    tag: AtomicU16,
    /// Part of the hash of a key's scope. Zero if the place is empty.
    tenant: AtomicU32,
    /// True if the token was requested since it was last considered for replacement.
    used: AtomicBool,
    memo: ArcSwapAny<Option<Memo<Facts>>>,
}

/// The facts about a token besides its text.
struct Facts {
    /// The position of its key.
    stands: KeyRef,
    key: Generation,
    checked: Checked,
}

/// A remembered token, held for one decision.
pub(crate) struct Seen(Guard<Option<Memo<Facts>>>);

impl SeenTokens {
    /// Creates a cache for this number of tokens. Zero disables it.
    pub(crate) fn new(tokens: usize) -> Self {
        Self { count: tokens.div_ceil(4), room: OnceLock::new(), hasher: RandomState::default() }
    }

    /// Returns whether the cache has the size for this number of tokens.
    pub(crate) fn has_room_for(&self, tokens: usize) -> bool {
        self.count == tokens.div_ceil(4)
    }

    /// Returns the remembered token with exactly this text. Takes no lock, and updates no counter that readers share.
    pub(crate) fn find(&self, text: &[u8]) -> Option<Seen> {
        let (set, tag) = self.set_of(&self.room.get()?.sets, text)?;
        set.0.iter().filter(|place| place.tag.load(Ordering::Relaxed) == tag).find_map(|place| {
            let memo = place.memo.load();
            crate::work::visited(text.len());
            if !memo.as_ref().is_some_and(|memo| is_memo_of(memo, text)) {
                return None;
            }
            if !place.used.load(Ordering::Relaxed) {
                place.used.store(true, Ordering::Relaxed); // rarely: readers share the cache line
            }
            Some(Seen(memo))
        })
    }

    /// Adds a token that this key has signed, with one allocation. Returns true if the token replaces another.
    pub(crate) fn admit(&self, token: &Signed<'_>, stands: KeyRef, key: &Key) -> bool {
        let room = self.room.get_or_init(|| Room::new(self.count));
        let Some((set, tag)) = self.set_of(&room.sets, token.text()) else { return false };
        let facts = Facts { stands, key: key.generation(), checked: Checked::default() };
        let Some(memo) = token.keep(facts) else { return false };
        let tenant = self.tenant_of(key.scope());
        let place = set.place_for(token.text(), tag, tenant, |tenant| room.held_by(tenant));
        let before = place.memo.swap(Some(memo));
        room.hand_over(place, tenant);
        place.used.store(false, Ordering::Relaxed);
        place.tag.store(tag, Ordering::Relaxed);
        before.is_some_and(|before| !is_memo_of(&before, token.text()))
    }

    /// Returns the number of places in use, and the total number of places.
    pub(crate) fn size(&self) -> (u64, u64) {
        let held = self
            .room
            .get()
            .map_or(0, |room| room.held.iter().map(|held| u64::from(held.load(Ordering::Relaxed))).sum());
        (held, self.count.saturating_mul(4) as u64)
    }

    /// Returns the set of a token, and its tag. The end of a signature is as good as random, but its last characters may not
    /// carry all bits of its last bytes.
    fn set_of<'s>(&self, sets: &'s [Set], text: &[u8]) -> Option<(&'s Set, u16)> {
        let (text, _) = text.split_last_chunk::<2>()?;
        let piece = text.last_chunk()?;
        let hash = self.hasher.hash_one(u128::from_le_bytes(*piece));
        let count = u64::try_from(sets.len()).ok()?;
        let number = u128::from(hash).wrapping_mul(count.into()).wrapping_shr(u64::BITS);
        let [low, high, ..] = hash.to_le_bytes();
        Some((sets.get(usize::try_from(number).ok()?)?, u16::from_le_bytes([low, high]).max(1)))
    }

    fn tenant_of(&self, scope: &KeyScope) -> u32 {
        let [a, b, c, d, ..] = self.hasher.hash_one(scope).to_le_bytes();
        u32::from_le_bytes([a, b, c, d]).max(1)
    }
}

impl Room {
    fn new(sets: usize) -> Self {
        Self {
            sets: std::iter::repeat_with(Set::default).take(sets).collect(),
            held: Box::new([const { AtomicU32::new(0) }; COUNTERS]),
        }
    }

    /// Returns the number of places that a tenant holds, together with the tenants that share its counter.
    fn held_by(&self, tenant: u32) -> u32 {
        self.counter(tenant).map_or(0, |held| held.load(Ordering::Relaxed))
    }

    /// Makes this tenant the holder of a place. A tenant is counted before it takes the place. The next tenant that takes the
    /// place discounts it. So no counter falls below zero, and none drifts.
    fn hand_over(&self, place: &Place, tenant: u32) {
        if place.tenant.load(Ordering::Relaxed) == tenant {
            return; // the usual case in a flood: no shared cache line is written
        }
        if let Some(held) = self.counter(tenant) {
            held.fetch_add(1, Ordering::Relaxed);
        }
        let before = place.tenant.swap(tenant, Ordering::Relaxed);
        if before != 0
            && let Some(held) = self.counter(before)
        {
            held.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn counter(&self, tenant: u32) -> Option<&AtomicU32> {
        self.held.get(usize::try_from(tenant).ok()? % COUNTERS)
    }
}

impl Set {
    /// Returns the place of a token that is in the set, or else the place to use for it.
    fn place_for(&self, text: &[u8], tag: u16, tenant: u32, held_by: impl Fn(u32) -> u32) -> &Place {
        let Self(places) = self;
        let same = |place: &&Place| {
            place.tag.load(Ordering::Relaxed) == tag
                && place.memo.load().as_ref().is_some_and(|memo| is_memo_of(memo, text))
        };
        let free = |place: &&Place| place.tag.load(Ordering::Relaxed) == 0;
        let found = places.iter().find(same).or_else(|| places.iter().find(free));
        found.unwrap_or_else(|| self.least_missed(tag, tenant, held_by))
    }

    /// Returns the place to replace. It belongs to the tenant that holds most places in the cache. Of two equal tenants the one
    /// with more places in the set is chosen, and then the tenant of the new token. Among the tenant's places it is one whose
    /// token was not requested since it was last considered here, starting at a place that the tag selects.
    fn least_missed(&self, tag: u16, tenant: u32, held_by: impl Fn(u32) -> u32) -> &Place {
        let [first, ..] = &self.0;
        let tenants = self.0.each_ref().map(|place| place.tenant.load(Ordering::Relaxed));
        let held_here = |tenant: u32| tenants.iter().filter(|holder| **holder == tenant).count();
        let rank = |holder: &u32| (held_by(*holder), held_here(*holder), *holder == tenant);
        let most = tenants.into_iter().max_by_key(rank);
        let theirs = || self.0.iter().zip(tenants).filter(|(_, holder)| Some(*holder) == most);
        let start = usize::from(tag).checked_rem(theirs().count()).unwrap_or_default();
        let mut from_start = theirs().cycle().skip(start).take(theirs().count());
        let passed_over = |(place, _): &(&Place, u32)| !place.used.swap(false, Ordering::Relaxed);
        from_start.find(passed_over).or_else(|| theirs().nth(start)).map_or(first, |(place, _)| place)
    }
}

impl Seen {
    /// Returns the key that signed the token, if that key is still in force at the same position.
    pub(crate) fn signer<'k>(&self, keys: &'k KeySet) -> Option<(KeyRef, &'k Key)> {
        let facts = self.facts()?;
        keys.at(facts.stands).filter(|key| key.generation() == facts.key).map(|key| (facts.stands, key))
    }

    /// Returns whether this key signed the token, at any position.
    pub(crate) fn is_by(&self, key: &Key) -> bool {
        self.facts().is_some_and(|facts| facts.key == key.generation())
    }

    /// Returns the verified token.
    pub(crate) fn token(&self) -> Option<Signed<'_>> {
        self.0.as_ref().and_then(recall)
    }

    /// Returns the revocation epoch up to which the token is known not to be revoked.
    pub(crate) fn checked(&self) -> Option<&Checked> {
        self.facts().map(|facts| &facts.checked)
    }

    fn facts(&self) -> Option<&Facts> {
        self.0.as_ref().map(|memo| &memo.header.header.own)
    }
}

impl std::fmt::Debug for SeenTokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SeenTokens").field("sets", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
