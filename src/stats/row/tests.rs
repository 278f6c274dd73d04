use std::collections::HashSet;

use super::*;

#[test]
fn every_outcome_and_every_algorithm_has_a_counter_of_its_own() {
    let mut outcomes = vec![Slot::PASS, Slot::PREFLIGHT, Slot::PUBLIC, Slot::NEEDED];
    outcomes.extend((0..SCHEMES).map(Slot::granted));
    for code in Code::ALL {
        outcomes.push(Slot::shadowed(*code));
        outcomes.push(Slot::denied(None, *code));
        outcomes.extend((0..SCHEMES).map(|scheme| Slot::denied(Some(scheme), *code)));
    }
    let algorithms = || Algorithm::JWS.iter().chain(Algorithm::OTHER).map(|algorithm| *algorithm as usize);
    let mut slots: Vec<usize> = outcomes.into_iter().map(|Slot(slot)| slot).collect();
    slots.extend([HITS, MISSES, EVICTIONS]);
    slots.extend(algorithms().map(|algorithm| VERIFIED + algorithm));
    slots.extend(algorithms().map(|algorithm| FAILED + algorithm));
    assert_eq!(slots.iter().collect::<HashSet<_>>().len(), slots.len());
    assert_eq!(slots.len(), LEN);
    assert_eq!(slots.into_iter().max(), Some(LEN - 1));
}

#[test]
fn a_row_takes_as_much_memory_as_the_docs_say() {
    assert_eq!(size_of::<Row>(), 2_368);
    assert_eq!(align_of::<Row>(), 64);
}

#[test]
fn the_work_of_a_decision_is_counted_with_its_outcome() {
    let row = Row::default();
    let noted = Noted::default().hit().miss().eviction();
    let noted = noted.signature(Algorithm::Es256, false).signature(Algorithm::Es256, true);
    row.count(Slot::granted(1), noted);
    row.count(Slot::granted(1), Noted::default().hit());
    let mut counts = Counts::default();
    counts.add(&row);
    assert_eq!(counts.of(Slot::granted(1)), 2);
    assert_eq!((counts.hits(), counts.misses(), counts.evictions()), (2, 1, 1));
    assert_eq!(counts.signatures(Algorithm::Es256), (1, 1));
    assert_eq!(counts.signatures(Algorithm::Rs256), (0, 0));
}
