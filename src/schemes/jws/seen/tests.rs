use super::*;

const SMALL: u32 = 1;
const LARGE: u32 = 2;
const SHARES_A_COUNTER_WITH_SMALL: u32 = SMALL + 4096; // COUNTERS

/// Returns a cache whose first set these tenants hold, while `LARGE` holds a hundred places elsewhere.
fn room(holders: [u32; 4]) -> Room {
    let room = Room::new(26);
    let places = || room.sets.iter().flat_map(|set| &set.0);
    for (place, tenant) in places().zip(holders.into_iter().chain([LARGE; 100])) {
        place.tag.store(1, Ordering::Relaxed);
        room.hand_over(place, tenant);
    }
    room
}

#[test]
fn a_new_token_replaces_one_of_the_tenant_that_holds_most_of_the_room() {
    const OTHER: u32 = SHARES_A_COUNTER_WITH_SMALL;
    for (name, holders, newcomer, replaced) in [
        ("one of four is the large one's", [SMALL, SMALL, LARGE, SMALL], LARGE, LARGE),
        ("the same for a newcomer of the small one", [SMALL, SMALL, LARGE, SMALL], SMALL, LARGE),
        ("two and two", [SMALL, LARGE, SMALL, LARGE], SMALL, LARGE),
        ("a third tenant", [SMALL, 3, LARGE, 3], 4, LARGE),
        ("none is the large one's", [SMALL; 4], LARGE, SMALL),
        ("one counter, one holds more of the set", [SMALL, OTHER, OTHER, OTHER], SMALL, OTHER),
        ("one counter, two and two", [SMALL, OTHER, OTHER, SMALL], SMALL, SMALL),
    ] {
        let room = room(holders);
        for tag in 1..50 {
            let place = room.sets[0].least_missed(tag, newcomer, |tenant| room.held_by(tenant));
            assert_eq!(place.tenant.load(Ordering::Relaxed), replaced, "{name}");
        }
    }
}

#[test]
fn counters_agree_with_the_places_after_threads_have_taken_them_from_each_other() {
    const TENANTS: u32 = 5;
    let room = Room::new(2);
    std::thread::scope(|scope| {
        for tenant in 1..=TENANTS {
            let room = &room;
            scope.spawn(move || {
                for place in room.sets.iter().flat_map(|set| &set.0).cycle().take(20_000) {
                    room.hand_over(place, tenant);
                    assert!(room.held_by(tenant) <= 8 + TENANTS, "at most one more for each thread");
                }
            });
        }
    });
    for tenant in 1..=TENANTS {
        let places = room.sets.iter().flat_map(|set| &set.0);
        let held = places.filter(|place| place.tenant.load(Ordering::Relaxed) == tenant).count();
        assert_eq!(room.held_by(tenant) as usize, held, "{tenant}");
    }
}
