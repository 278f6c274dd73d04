use super::*;
use crate::scope::KeyScope;

fn key(kid: &str) -> Key {
    Key::from_secret(kid, &[7; 32], KeyScope::bucket("b")).unwrap()
}

fn identity(kid: &str) -> KeyIdentity {
    KeyIdentity::new(kid, KeyScope::bucket("b")).unwrap()
}

/// Returns the only key with a `kid`, and its position.
fn only<'k>(set: &'k KeySet, kid: &str) -> (KeyRef, &'k Key) {
    match set.find(kid.as_bytes()) {
        Named::One(place, key) => (place, key),
        Named::Nothing | Named::Several => panic!("{kid}"),
    }
}

#[test]
fn keys_come_and_go_and_old_sets_stay_as_they_were() {
    let first = KeySet::from_keys((0..1000).map(|i| key(&format!("k{i}")))).unwrap();
    let second = first.with(key("more")).unwrap();
    let third = second.without(&identity("k7")).unwrap();
    assert_eq!((first.len(), second.len(), third.len()), (1000, 1001, 1000));
    assert_eq!([&first, &second].map(|set| set.get(&identity("more")).is_some()), [false, true]);
    assert_eq!([&second, &third].map(|set| set.get(&identity("k7")).is_some()), [true, false]);
    for i in (0..1000).filter(|i| *i != 7) {
        let kid = format!("k{i}");
        let (place, found) = only(&third, &kid);
        assert_eq!(found.id().as_str(), kid);
        assert_eq!(third.at(place).unwrap().id().as_str(), kid);
    }
    assert!(third.without(&identity("k7")).is_none());
    assert_eq!(third.iter().count(), 1000);
}

#[test]
fn a_new_set_has_no_key_and_takes_one() {
    let none = KeySet::new();
    assert!(none.is_empty());
    assert_eq!((none.iter().count(), none.get(&identity("a")).is_some()), (0, false));
    let one = none.with(key("a")).unwrap();
    assert_eq!((one.is_empty(), one.len(), one.get(&identity("a")).is_some()), (false, 1, true));
}

/// Checks that every key is found, by its name and by its position.
fn is_whole(set: &KeySet, kids: std::ops::Range<usize>) {
    assert_eq!((set.len(), set.iter().count()), (kids.len(), kids.len()));
    for kid in kids.map(|i| format!("k{i}")) {
        let (place, found) = only(set, &kid);
        assert_eq!(found.id().as_str(), kid);
        assert!(set.at(place).unwrap().is(found));
    }
}

#[test]
fn the_number_of_parts_follows_the_number_of_keys() {
    let mut set = KeySet::new();
    let mut parts = vec![set.lone.parts()];
    for i in 0..6_000 {
        set = set.with(key(&format!("k{i}"))).unwrap();
        if parts.last() != Some(&set.lone.parts()) {
            parts.push(set.lone.parts());
            is_whole(&set, 0..i + 1);
        }
    }
    assert_eq!(parts, [16, 64], "sixteen times the keys, four times the parts");
    let at_once = KeySet::from_keys(set.iter().cloned()).unwrap();
    assert_eq!(at_once.lone.parts(), 128);
    is_whole(&at_once, 0..6_000);
    set = at_once;
    for i in 0..5_990 {
        set = set.without(&identity(&format!("k{i}"))).unwrap();
    }
    assert_eq!(set.lone.parts(), 32);
    is_whole(&set, 5_990..6_000);
}

#[test]
fn a_place_in_one_set_is_harmless_in_another() {
    let many = KeySet::from_keys((0..2_000).map(|i| key(&format!("k{i}")))).unwrap();
    let few = KeySet::from_keys([key("k1"), key("k2")]).unwrap();
    let meant = |kid: &str| only(&many, kid);
    let found = many.iter().filter_map(|key| few.at(meant(key.id().as_str()).0));
    assert!(found.count() < 2_000);
    let (place, known) = meant("k7");
    let less = many.without(&identity("k7")).unwrap();
    assert!(less.at(place).is_none());
    let again = less.with(key("k7")).unwrap();
    assert!(again.at(place).is_none_or(|other| !other.is(known)), "another key, whatever its name");
}

#[test]
fn an_identity_that_occurs_twice_is_refused_and_a_kid_that_does_is_not() {
    let twice = KeySet::from_keys([key("a"), key("b"), key("a")]).unwrap_err();
    assert_eq!(
        twice.to_string(),
        "key set has two keys \"a\" of bucket b: change the kid, scope or issuer of one of them"
    );
    let set = KeySet::from_keys([key("a")]).unwrap();
    assert_eq!(set.with(key("a")).unwrap_err(), twice);
    let by = |issuer: &str| key("a").issued_by(issuer).unwrap();
    let of = |scope| Key::from_secret("a", &[7; 32], scope).unwrap();
    let others = [by("x"), by("y"), of(KeyScope::site("b")), of(KeyScope::stream("b")), of(KeyScope::any())];
    let all = others.iter().try_fold(set, |set, other| set.with(other.clone())).unwrap();
    assert_eq!(all.keys_of("a").count(), 6);
    for other in others.iter().chain([&key("a")]) {
        let error = all.with(other.clone()).unwrap_err();
        assert_eq!(error, ConfigError::DuplicateKey { key: other.identity().to_string() });
        assert_eq!(all.get(&other.identity()).unwrap().identity(), other.identity());
    }
    let (none, removed) = all.without_kid("a");
    assert_eq!((removed, none.len(), all.len()), (6, 0, 6));
}

#[test]
fn a_key_is_replaced_by_one_of_its_identity_alone() {
    let set = KeySet::from_keys([key("a"), key("b"), key("b").issued_by("x").unwrap()]).unwrap();
    for new in [key("a"), key("b"), key("b").issued_by("x").unwrap()] {
        let replaced = set.with_replaced(new.clone()).unwrap();
        assert!(replaced.get(&new.identity()).unwrap().is(&new));
        assert_eq!(replaced.len(), 3);
    }
    for (other, name) in [
        (key("c"), "\"c\" of bucket b"),
        (key("a").issued_by("x").unwrap(), "\"a\" of bucket b by \"x\""),
        (key("b").issued_by("y").unwrap(), "\"b\" of bucket b by \"y\""),
    ] {
        let error = set.with_replaced(other).unwrap_err();
        assert_eq!(error, ConfigError::NoSuchKey { key: name.to_owned() });
    }
}

/// Compares a set with a list that is searched from one end to the other.
fn is_that_of(set: &KeySet, list: &[Key]) {
    let scopes = [ScopeName::Bucket(b"x"), ScopeName::Site(b"x"), ScopeName::Any];
    assert_eq!((set.len(), set.iter().count()), (list.len(), list.len()));
    for kid in ["1", "2", "3"] {
        let named: Vec<&Key> = list.iter().filter(|key| key.id().as_str() == kid).collect();
        assert_eq!(set.keys_of(kid).count(), named.len());
        match (set.find(kid.as_bytes()), &named[..]) {
            (Named::Nothing, []) => {}
            (Named::One(place, key), [one]) => assert!(key.is(one) && set.at(place).unwrap().is(one)),
            (Named::Several, [_, _, ..]) => {
                for issuer in [None, Some("i"), Some("j")] {
                    let bytes = issuer.map(str::as_bytes);
                    let found = set.candidates(kid.as_bytes(), &scopes, bytes);
                    let mut wanted: Vec<&Key> = named.clone();
                    wanted.retain(|key| scopes.contains(&key.scope().name()));
                    wanted.retain(|key| key.issuer().is_none() || key.issuer() == issuer);
                    wanted.sort_by_key(|key| {
                        let width = scopes.iter().position(|scope| *scope == key.scope().name());
                        (width, key.issuer().is_none())
                    });
                    assert_eq!(found.len(), wanted.len());
                    for ((place, key), wanted) in found.iter().zip(wanted) {
                        assert!(key.is(wanted) && set.at(*place).unwrap().is(wanted));
                    }
                }
                for scope in scopes {
                    let has = named.iter().any(|key| key.scope().name() == scope && key.issuer().is_some());
                    assert_eq!(set.has_issuers(kid.as_bytes(), &[scope]), has);
                }
            }
            _ => panic!("{kid}: {} keys", named.len()),
        }
    }
}

proptest::proptest! {
    #[test]
    fn a_set_is_that_of_a_list_whatever_comes_and_goes(
        steps in proptest::collection::vec((0..4_u8, 0..3_usize, 0..5_usize, 0..3_usize), 0..60),
    ) {
        let (mut set, mut list) = (KeySet::new(), Vec::<Key>::new());
        for (step, kid, scope, issuer) in steps {
            let scopes = [
                KeyScope::bucket("x"),
                KeyScope::bucket("y"),
                KeyScope::stream("x"),
                KeyScope::site("x"),
                KeyScope::any(),
            ];
            let key = Key::from_secret(["1", "2", "3"][kid], &[7; 32], scopes[scope].clone()).unwrap();
            let key = match [None, Some("i"), Some("j")][issuer] {
                None => key,
                Some(issuer) => key.issued_by(issuer).unwrap(),
            };
            let known = list.iter().position(|known| known.identity() == key.identity());
            match (step, known) {
                (0 | 1, None) => {
                    set = set.with(key.clone()).unwrap();
                    list.push(key);
                }
                (0 | 1, Some(_)) => assert!(set.with(key).is_err()),
                (2, Some(known)) => {
                    set = set.without(&key.identity()).unwrap();
                    list.swap_remove(known);
                }
                (2, None) => assert!(set.without(&key.identity()).is_none()),
                _ => {
                    let before = list.len();
                    list.retain(|known| known.id() != key.id());
                    let removed;
                    (set, removed) = set.without_kid(key.id().as_str());
                    assert_eq!(removed, before - list.len());
                }
            }
            is_that_of(&set, &list);
        }
        is_that_of(&KeySet::from_keys(list.iter().cloned()).unwrap(), &list);
    }
}

#[test]
fn thousands_of_namesakes_are_found_by_their_scope() {
    let of = |number: usize| Key::from_secret("1", &[7; 32], KeyScope::bucket(number.to_string())).unwrap();
    let set = KeySet::from_keys((0..5_000).map(of)).unwrap();
    for number in (0..5_000).step_by(7) {
        let name = number.to_string();
        let found = set.candidates(b"1", &[ScopeName::Bucket(name.as_bytes())], None);
        let [(_, key)] = found[..] else { panic!("{name}") };
        assert_eq!(key.scope(), &KeyScope::bucket(name));
    }
    assert_eq!((set.namesakes.parts(), set.lone.len()), (128, 0));
}

#[test]
fn many_keys_change_at_once_or_not_at_all() {
    let set = KeySet::from_keys(["a", "b", "c"].map(key)).unwrap();
    let changed = set.changed([identity("a"), identity("absent")], [key("d"), key("e")]).unwrap();
    let mut kids: Vec<_> = changed.iter().map(|key| key.id().as_str().to_owned()).collect();
    kids.sort();
    assert_eq!(kids, ["b", "c", "d", "e"]);
    let replaced = changed.changed([identity("b")], [key("b")]).unwrap();
    assert!(!only(&replaced, "b").1.is(only(&changed, "b").1), "another key with the same identity");
    for added in [vec![key("b")], vec![key("x"), key("x")]] {
        assert!(changed.changed([identity("c")], added).is_err());
    }
    assert_eq!(changed.len(), 4);
}
