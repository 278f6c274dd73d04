//! The table of embed tokens under every order in which threads can take turns, as far as shuttle tries them.
//!
//! The same source as the crate's is compiled here with shuttle's atomics and lock in place of its own.

#[path = "../../src/records/table.rs"]
#[expect(dead_code, reason = "the model asks for a part of it")]
mod table;

#[path = "../../src/revocation/epoch.rs"]
mod epoch;

/// What the crate's own `embed::sync` and `revocation::sync` offer.
mod sync {
    use std::collections::HashMap;
    use std::hash::Hash;
    use std::sync::Arc;

    use shuttle::sync::Mutex;
    pub(super) use shuttle::sync::atomic::{AtomicU32, AtomicU64};

    pub(super) trait Tokened {
        type Token: Hash + Eq + Clone;
        fn token(&self) -> &Self::Token;
    }

    pub(super) struct Shelf<R: Tokened>(Mutex<HashMap<R::Token, Arc<R>>>);

    impl<R: Tokened> Default for Shelf<R> {
        fn default() -> Self {
            Self(Mutex::new(HashMap::new()))
        }
    }

    impl<R: Tokened> std::fmt::Debug for Shelf<R> {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("Shelf")
        }
    }

    impl<R: Tokened> Shelf<R> {
        pub(super) fn get(&self, token: &R::Token) -> Option<Arc<R>> {
            self.0.lock().unwrap().get(token).cloned()
        }

        pub(super) fn put(&self, record: &Arc<R>, may: impl FnOnce(Option<&R>) -> bool) -> bool {
            let mut records = self.0.lock().unwrap();
            let may = may(records.get(record.token()).map(|held| &**held));
            if may {
                records.insert(record.token().clone(), Arc::clone(record));
            }
            may
        }

        /// One record at a time, as the crate's own does it.
        pub(super) fn retain(&self, keep: impl Fn(&R) -> bool) {
            let tokens: Vec<R::Token> = self.0.lock().unwrap().keys().cloned().collect();
            for token in tokens {
                let mut records = self.0.lock().unwrap();
                if records.get(&token).is_some_and(|record| !keep(record)) {
                    records.remove(&token);
                }
            }
        }

        pub(super) fn len(&self) -> usize {
            self.0.lock().unwrap().len()
        }
    }

    #[derive(Debug)]
    pub(super) struct Map<K, V>(Mutex<HashMap<K, V>>);

    pub(super) enum Change<V> {
        Keep,
        Put(V),
    }

    impl<K, V> Default for Map<K, V> {
        fn default() -> Self {
            Self(Mutex::new(HashMap::new()))
        }
    }

    impl<K: Hash + Eq + Clone, V: Clone> Map<K, V> {
        pub(super) fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<V>
        where
            K: std::borrow::Borrow<Q>,
        {
            self.0.lock().unwrap().get(key).cloned()
        }

        pub(super) fn alter(&self, key: K, change: impl Fn(Option<&V>) -> Change<V>) {
            let mut map = self.0.lock().unwrap();
            if let Change::Put(value) = change(map.get(&key)) {
                map.insert(key, value);
            }
        }

        /// One entry at a time, as the crate's own does it.
        pub(super) fn retain(&self, keep: impl Fn(&K, &V) -> bool) {
            let keys: Vec<K> = self.0.lock().unwrap().keys().cloned().collect();
            for key in keys {
                let mut map = self.0.lock().unwrap();
                if map.get(&key).is_some_and(|value| !keep(&key, value)) {
                    map.remove(&key);
                }
            }
        }

        pub(super) fn len(&self) -> usize {
            self.0.lock().unwrap().len()
        }

        pub(super) fn is_empty(&self) -> bool {
            self.0.lock().unwrap().is_empty()
        }
    }
}

use std::sync::Arc;

use shuttle::thread;
use sync::Tokened;
use table::{Group, Kept, RevokedAlone, Sight, Table};

struct Plain {
    token: u32,
    revoked_alone: RevokedAlone,
    group: Arc<Group>,
    order: u64,
}

impl Plain {
    fn new(token: u32, group: &Arc<Group>, table: &Plains) -> Arc<Self> {
        let (group, order) = (Arc::clone(group), table.next_order());
        Arc::new(Self { token, revoked_alone: RevokedAlone::default(), group, order })
    }
}

impl Tokened for Plain {
    type Token = u32;

    fn token(&self) -> &u32 {
        &self.token
    }
}

impl Kept for Plain {
    fn revoked_alone(&self) -> &RevokedAlone {
        &self.revoked_alone
    }

    fn group(&self) -> &Group {
        &self.group
    }

    fn viewer(&self) -> Option<&str> {
        Some("ann")
    }

    fn order(&self) -> u64 {
        self.order
    }

    fn expires(&self) -> Option<i64> {
        None
    }

    fn last_seen(&self) -> i64 {
        0
    }

    fn remembers(&self) -> i64 {
        0
    }
}

type Plains = Table<Plain>;

const TOKEN: u32 = 7;
const NOW: i64 = 1_000;

/// How a token is taken back.
#[derive(Clone, Copy, Debug)]
enum By {
    Itself,
    Group,
    Viewer,
}

/// Revokes a token while its record is looked up elsewhere, swept and asked for; then it must be refused, and stay so.
fn revoking_wins(by: By) {
    let (table, group) = (Arc::new(Plains::default()), Arc::new(Group::default()));
    let record = Plain::new(TOKEN, &group, &table);
    let looked_up = {
        let (table, record) = (Arc::clone(&table), Arc::clone(&record));
        thread::spawn(move || table.put_found(&record))
    };
    let swept = {
        let table = Arc::clone(&table);
        thread::spawn(move || table.sweep(NOW, None))
    };
    let revoked = {
        let (table, group) = (Arc::clone(&table), Arc::clone(&group));
        thread::spawn(move || {
            match by {
                By::Itself => table.revoke(&TOKEN, NOW),
                By::Group => table.revoke_group(&group, table.order(), NOW),
                By::Viewer => table.revoke_viewer("ann", table.order(), NOW),
            }
            assert!(!matches!(table.look(&TOKEN), Sight::Live(_)), "{by:?}: the next look on this node");
        })
    };
    for thread in [looked_up, swept, revoked] {
        thread.join().unwrap();
    }
    table.put_found(&record); // the slowest lookup of all
    assert!(!matches!(table.look(&TOKEN), Sight::Live(_)), "{by:?}: after all");
}

#[test]
fn a_revocation_wins_over_every_lookup_and_sweep() {
    for by in [By::Itself, By::Group, By::Viewer] {
        shuttle::check_random(move || revoking_wins(by), 3_000);
        shuttle::check_pct(move || revoking_wins(by), 3_000, 3);
    }
}

#[test]
fn one_of_two_that_issue_the_same_token_does() {
    let both = || {
        let (table, group) = (Arc::new(Plains::default()), Arc::new(Group::default()));
        let issue = || {
            let (table, group) = (Arc::clone(&table), Arc::clone(&group));
            thread::spawn(move || table.put_new(&Plain::new(TOKEN, &group, &table)))
        };
        let issued = [issue(), issue()].map(|thread| thread.join().unwrap());
        assert_eq!(issued.iter().filter(|issued| **issued).count(), 1, "{issued:?}");
    };
    shuttle::check_random(both, 3_000);
}

#[test]
fn rotating_keeps_what_is_issued_after_it_and_nothing_before() {
    let rotate = || {
        let (table, group) = (Arc::new(Plains::default()), Arc::new(Group::default()));
        let put = |token: u32| {
            assert!(table.put_new(&Plain::new(token, &group, &table)));
        };
        put(1);
        let rotating = {
            let (table, group) = (Arc::clone(&table), Arc::clone(&group));
            thread::spawn(move || {
                table.revoke_group(&group, table.order(), NOW);
                assert!(table.put_new(&Plain::new(2, &group, &table)));
            })
        };
        let sweeping = {
            let table = Arc::clone(&table);
            thread::spawn(move || table.sweep(NOW, None))
        };
        rotating.join().unwrap();
        sweeping.join().unwrap();
        assert!(!matches!(table.look(&1), Sight::Live(_)), "the old one");
        assert!(matches!(table.look(&2), Sight::Live(_)), "the new one");
    };
    shuttle::check_random(rotate, 3_000);
}

/// A decision about a token that was seen before, as the verifier makes it: whether the token is good.
fn is_good(epochs: &epoch::Epochs, list: &shuttle::sync::Mutex<Vec<u32>>, checked: &epoch::Checked) -> bool {
    let now = epochs.now();
    if now.is_first() || checked.is_up_to(now) {
        return true;
    }
    if list.lock().unwrap().contains(&TOKEN) {
        return false;
    }
    checked.set(now);
    true
}

#[test]
fn a_token_that_was_seen_before_is_refused_from_its_revocation_on() {
    let race = || {
        let shared = Arc::new((
            epoch::Epochs::default(),
            shuttle::sync::Mutex::new(Vec::new()),
            epoch::Checked::default(),
        ));
        let add = |name: u32| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (epochs, list, checked) = &*shared;
                list.lock().unwrap().push(name);
                epochs.next();
                assert!(name != TOKEN || !is_good(epochs, list, checked), "the next decision on this node");
            })
        };
        let (one, other) = (add(TOKEN), add(TOKEN + 1));
        let deciding = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let (epochs, list, checked) = &*shared;
                let verdicts = [(); 3].map(|()| is_good(epochs, list, checked));
                assert!(verdicts.is_sorted_by(|before, after| before >= after), "{verdicts:?}");
            })
        };
        for thread in [one, other, deciding] {
            thread.join().unwrap();
        }
        let (epochs, list, checked) = &*shared;
        assert!(!is_good(epochs, list, checked), "after all");
    };
    shuttle::check_random(race, 5_000);
    shuttle::check_pct(race, 5_000, 3);
}
