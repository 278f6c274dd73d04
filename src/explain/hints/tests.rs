use super::*;
use crate::keys::Key;
use crate::scope::KeyScope;

#[test]
fn naming_the_loaded_keys_costs_the_same_however_many_share_a_kid() {
    let of = |tenants: usize| {
        let key = |number: usize| Key::from_secret("1", &[7; 32], KeyScope::bucket(number.to_string()));
        KeySet::from_keys((0..tenants).map(|number| key(number).unwrap())).unwrap()
    };
    let cost = |keys: &KeySet| {
        crate::work::take();
        assert_eq!(loaded_keys(keys), "some kids of the loaded keys: 1");
        crate::work::take()
    };
    assert_eq!(cost(&of(2_000)), cost(&of(200)));
}
