use std::sync::Arc;

use hashbrown::HashTable;

/// The minimum number of parts of a table.
const FEWEST_PARTS: usize = 16;

/// An immutable hash table in parts. Changed copies share all but a few parts with the original.
///
/// The number of parts is about the number of items in each part: a million items are in a thousand parts of a thousand. The
/// caller computes the hashes.
#[derive(Clone)]
pub(super) struct Table<T> {
    /// The parts. Their number is a power of two.
    parts: Arc<[Arc<HashTable<T>>]>,
    len: usize,
}

/// The position of an item in one table. It is meaningless in any other table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Spot {
    part: u32,
    place: u32,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        let empty = Arc::new(HashTable::new());
        Self { parts: std::iter::repeat_n(empty, FEWEST_PARTS).collect(), len: 0 }
    }
}

impl<T> Table<T> {
    /// Creates an empty table with room for items with these hashes: a part that need not grow hashes no item twice.
    pub(super) fn with_room_for(hashes: impl ExactSizeIterator<Item = u64>) -> Self {
        let parts = parts_for(hashes.len());
        let mut sizes = vec![0_usize; parts];
        for hash in hashes {
            if let Some(size) = sizes.get_mut(part_of(hash, parts)) {
                *size = size.saturating_add(1);
            }
        }
        Self {
            parts: sizes.into_iter().map(|size| Arc::new(HashTable::with_capacity(size))).collect(),
            len: 0,
        }
    }

    /// Finds the item that has this hash and passes a test.
    pub(super) fn find(&self, hash: u64, mut is: impl FnMut(&T) -> bool) -> Option<(Spot, &T)> {
        let number = part_of(hash, self.parts.len());
        let part = self.parts.get(number)?;
        let place = part.find_bucket_index(hash, |item| is(item))?;
        let item = part.get_bucket(place)?;
        Some((Spot { part: u32::try_from(number).ok()?, place: u32::try_from(place).ok()? }, item))
    }

    /// Returns the item at a position.
    pub(super) fn at(&self, spot: Spot) -> Option<&T> {
        self.parts.get(usize::try_from(spot.part).ok()?)?.get_bucket(usize::try_from(spot.place).ok()?)
    }

    /// Returns every item, in no particular order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.parts.iter().flat_map(|part| part.iter())
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }
}

impl<T: Clone> Table<T> {
    /// Adds an item. Copies its part, unless no other table shares the part.
    pub(super) fn insert(&mut self, hash: u64, item: T, hash_of: impl Fn(&T) -> u64) {
        let number = part_of(hash, self.parts.len());
        if let Some(part) = Arc::make_mut(&mut self.parts).get_mut(number) {
            Arc::make_mut(part).insert_unique(hash, item, hash_of);
            self.len = self.len.saturating_add(1);
        }
    }

    /// Removes the item that has this hash and passes a test.
    pub(super) fn remove(&mut self, hash: u64, is: impl Fn(&T) -> bool) -> Option<T> {
        self.find(hash, &is)?; // nothing is copied unnecessarily
        let number = part_of(hash, self.parts.len());
        let part = Arc::make_mut(&mut self.parts).get_mut(number)?;
        let (item, _) = Arc::make_mut(part).find_entry(hash, is).ok()?.remove();
        self.len = self.len.saturating_sub(1);
        Some(item)
    }

    /// Redistributes the items if the number of parts has become far too small or too large.
    pub(super) fn spread(&mut self, hash_of: impl Fn(&T) -> u64) {
        let (has, wants) = (self.parts.len(), parts_for(self.len));
        if has.max(wants) < has.min(wants).saturating_mul(4) {
            return;
        }
        let items: Vec<(u64, &T)> = self.iter().map(|item| (hash_of(item), item)).collect();
        let mut spread = Self::with_room_for(items.iter().map(|(hash, _)| *hash));
        for (hash, item) in items {
            spread.insert(hash, item.clone(), &hash_of);
        }
        *self = spread;
    }
}

/// Returns the part for a hash, given the number of parts, a power of two. It uses other bits than those that the tables inside
/// the parts use first.
fn part_of(hash: u64, parts: usize) -> usize {
    let [_, _, _, _, high @ ..] = hash.to_le_bytes();
    usize::try_from(u32::from_le_bytes(high)).unwrap_or_default() & parts.wrapping_sub(1)
}

/// Returns the number of parts for this number of items: about the square root, so that the list of parts and each part have a
/// similar size, and an insert copies little of either.
fn parts_for(items: usize) -> usize {
    items.isqrt().next_power_of_two().max(FEWEST_PARTS)
}
