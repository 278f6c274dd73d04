use std::collections::HashMap;

use super::*;
use crate::scope::KeyScope;

fn name(identity: &KeyIdentity) -> String {
    let name = Revocation::one_key(identity).name;
    let short = name_of(identity.name()).map(|name| name.to_vec());
    assert_eq!(short.is_some(), name.len() <= MAX_NAME_LEN, "{name}");
    assert!(short.is_none_or(|short| short == name.as_bytes()), "{name}");
    name
}

#[test]
fn no_two_identities_have_one_name() {
    let texts = ["1", "1:1", "a bucket 1:b", "a", "b", "b by c", "c", " by c", "1:b by c", "ä", "\u{7f}"];
    let mut names = HashMap::new();
    let scopes = texts.iter().flat_map(|text| {
        [KeyScope::bucket(*text), KeyScope::stream(*text), KeyScope::site(*text), KeyScope::any()]
    });
    for scope in scopes {
        for kid in texts.iter().filter(|kid| !kid.chars().any(char::is_control)) {
            let identity = KeyIdentity::new(kid, scope.clone()).unwrap();
            let issued = texts.iter().map(|issuer| identity.clone().issued_by(*issuer).unwrap());
            for identity in issued.chain([identity.clone()]) {
                let before = names.insert(name(&identity), identity.clone());
                assert!(before.as_ref().is_none_or(|before| *before == identity), "{before:?}");
            }
        }
    }
    assert!(names.len() > 3_000, "{}", names.len());
}

#[test]
fn a_name_is_read_with_ease_and_a_long_one_is_none() {
    let identity = KeyIdentity::new("1", KeyScope::bucket("courses")).unwrap();
    assert_eq!(name(&identity), "1:1 bucket 7:courses");
    let issued = identity.issued_by("https://id.example").unwrap();
    assert_eq!(name(&issued), "1:1 bucket 7:courses by https://id.example");
    for long in [235, 236] {
        let identity = KeyIdentity::new(&"k".repeat(long), KeyScope::bucket("courses")).unwrap();
        assert_eq!(Revocation::one_key(&identity).check().is_ok(), long == 235, "{}", name(&identity).len());
    }
}
