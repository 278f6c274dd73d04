use super::*;

#[test]
fn the_number_of_entries_is_that_of_the_keys() {
    let map = Map::<u32, u32, 8>::default();
    let put = |key, value| map.alter(key, |_| Change::Put(value));
    assert!(map.is_empty());
    (0..100).for_each(|key| put(key, 0));
    (0..100).for_each(|key| put(key, key));
    map.alter(1_000, |_| Change::Keep);
    assert_eq!(map.len(), 100);
    assert!(!map.remove_if(&7, |_, value| *value != 7) && map.remove_if(&7, |_, value| *value == 7));
    assert!(!map.remove_if(&7, |_, _| true));
    assert!(map.replace(8, 80, |held| held == Some(&8)) && !map.replace(7, 7, |held| held.is_some()));
    assert_eq!((map.len(), map.get(&8), map.get(&7)), (99, Some(80), None));
    map.retain(|_, value| *value < 50);
    let mut seen = 0;
    map.for_each(|_, _| seen += 1);
    assert_eq!((map.len(), seen), (48, 48));
}
