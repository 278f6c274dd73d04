use std::hash::BuildHasher;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};

use arc_swap::{ArcSwapAny, Guard};
use foldhash::fast::RandomState;

use crate::keys::{Generation, Key, KeyRef, KeySet};
use crate::revocation::Checked;
use crate::scope::KeyScope;
use crate::token::{Memo, Signed, is_memo_of, recall};

/// Tokens whose signature was found good: a viewer's next request needs no cryptography.
///
/// What is kept are facts and never verdicts: exactly these bytes carry a good signature by this very key, and say these
/// claims. Every rule is asked again, by the policy, the keys, the clock and the revocations of the moment. A key that goes
/// takes its tokens along, since no other key has its generation.
///
/// The room is fixed. A place belongs to a set of four, and a new token drives out one of its set: of the tenant that holds
/// most of it, so that one who brings a million tokens drives out its own; and of that one's a token that was not asked for
/// of late. Only tokens with a good signature come in, so nobody else can choose what collides.
pub(crate) struct SeenTokens {
    /// How many there are to be, from the first token on.
    count: usize,
    sets: OnceLock<Box<[Set]>>,
    hasher: RandomState,
}

/// Places that one token may have, in one line of the processor's cache.
#[derive(Default)]
#[repr(align(64))]
struct Set([Place; 4]);

/// Readers compare every byte of what a place holds, so the parts may be a moment out of step.
#[derive(Default)]
struct Place {
    /// A piece of the hash of what it holds; zero for nothing.
    tag: AtomicU16,
    /// What is left of the hash of a key's scope.
    tenant: AtomicU16,
    /// Whether it was asked for since it was last passed over.
    used: AtomicBool,
    memo: ArcSwapAny<Option<Memo<Facts>>>,
}

/// What is known of a token besides its text.
struct Facts {
    /// Where its key stood.
    stands: KeyRef,
    key: Generation,
    checked: Checked,
}

/// A token that was seen before, held for one decision.
pub(super) struct Seen(Guard<Option<Memo<Facts>>>);

impl SeenTokens {
    /// Room for so many tokens; none turns it off.
    pub(crate) fn new(tokens: usize) -> Self {
        Self { count: tokens.div_ceil(4), sets: OnceLock::new(), hasher: RandomState::default() }
    }

    /// Whether the room is that for so many.
    pub(crate) fn has_room_for(&self, tokens: usize) -> bool {
        self.count == tokens.div_ceil(4)
    }

    /// The token of exactly this text. No lock, and no count that readers share.
    pub(super) fn find(&self, text: &[u8]) -> Option<Seen> {
        let (set, tag) = self.set_of(self.sets.get()?, text)?;
        set.0.iter().filter(|place| place.tag.load(Ordering::Relaxed) == tag).find_map(|place| {
            let memo = place.memo.load();
            if !memo.as_ref().is_some_and(|memo| is_memo_of(memo, text)) {
                return None;
            }
            if !place.used.load(Ordering::Relaxed) {
                place.used.store(true, Ordering::Relaxed); // seldom: readers share the line
            }
            Some(Seen(memo))
        })
    }

    /// Takes in a token that this key has signed. One allocation.
    pub(super) fn admit(&self, token: &Signed<'_>, stands: KeyRef, key: &Key) {
        let sets = self.sets.get_or_init(|| std::iter::repeat_with(Set::default).take(self.count).collect());
        let Some((set, tag)) = self.set_of(sets, token.text()) else { return };
        let facts = Facts { stands, key: key.generation(), checked: Checked::default() };
        if let Some(memo) = token.keep(facts) {
            let tenant = self.tenant_of(key.scope());
            let place = set.place_for(token.text(), tag, tenant);
            place.memo.store(Some(memo));
            place.tenant.store(tenant, Ordering::Relaxed);
            place.used.store(false, Ordering::Relaxed);
            place.tag.store(tag, Ordering::Relaxed);
        }
    }

    /// Where a token stands if it is here. The end of a signature is as good as random, and its last characters may not
    /// be all there is to its last bytes.
    fn set_of<'s>(&self, sets: &'s [Set], text: &[u8]) -> Option<(&'s Set, u16)> {
        let (text, _) = text.split_last_chunk::<2>()?;
        let piece = text.last_chunk()?;
        let hash = self.hasher.hash_one(u128::from_le_bytes(*piece));
        let count = u64::try_from(sets.len()).ok()?;
        let number = u128::from(hash).wrapping_mul(count.into()).wrapping_shr(u64::BITS);
        let [low, high, ..] = hash.to_le_bytes();
        Some((sets.get(usize::try_from(number).ok()?)?, u16::from_le_bytes([low, high]).max(1)))
    }

    fn tenant_of(&self, scope: &KeyScope) -> u16 {
        let [low, high, ..] = self.hasher.hash_one(scope).to_le_bytes();
        u16::from_le_bytes([low, high])
    }
}

impl Set {
    /// The place that a token has or gets.
    fn place_for(&self, text: &[u8], tag: u16, tenant: u16) -> &Place {
        let Self(places) = self;
        let same = |place: &&Place| {
            place.tag.load(Ordering::Relaxed) == tag
                && place.memo.load().as_ref().is_some_and(|memo| is_memo_of(memo, text))
        };
        let free = |place: &&Place| place.tag.load(Ordering::Relaxed) == 0;
        let found = places.iter().find(same).or_else(|| places.iter().find(free));
        found.unwrap_or_else(|| self.least_missed(tag, tenant))
    }

    /// Of the tenant that holds most, the newcomer's own where two do: a token that was not asked for since the last time
    /// that it was passed over here, from a place that the tag chooses.
    fn least_missed(&self, tag: u16, tenant: u16) -> &Place {
        let [first, ..] = &self.0;
        let tenants = self.0.each_ref().map(|place| place.tenant.load(Ordering::Relaxed));
        let held_by = |tenant: u16| tenants.iter().filter(|holder| **holder == tenant).count();
        let most = tenants.into_iter().max_by_key(|holder| (held_by(*holder), *holder == tenant));
        let theirs = || self.0.iter().zip(tenants).filter(|(_, holder)| Some(*holder) == most);
        let start = usize::from(tag).checked_rem(theirs().count()).unwrap_or_default();
        let mut from_start = theirs().cycle().skip(start).take(theirs().count());
        let passed_over = |(place, _): &(&Place, u16)| !place.used.swap(false, Ordering::Relaxed);
        from_start.find(passed_over).or_else(|| theirs().nth(start)).map_or(first, |(place, _)| place)
    }
}

impl Seen {
    /// The key that has signed it, if that is in force still and stands where it stood.
    pub(super) fn signer<'k>(&self, keys: &'k KeySet) -> Option<(KeyRef, &'k Key)> {
        let facts = self.facts()?;
        keys.at(facts.stands).filter(|key| key.generation() == facts.key).map(|key| (facts.stands, key))
    }

    /// Whether this key has signed it, wherever it stands.
    pub(super) fn is_by(&self, key: &Key) -> bool {
        self.facts().is_some_and(|facts| facts.key == key.generation())
    }

    /// The token as its signature was found good.
    pub(super) fn token(&self) -> Option<Signed<'_>> {
        self.0.as_ref().and_then(recall)
    }

    /// Up to when nothing had taken it back.
    pub(super) fn checked(&self) -> Option<&Checked> {
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
