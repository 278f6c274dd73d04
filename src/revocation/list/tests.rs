use super::*;

fn at(second: i64) -> UnixSeconds {
    UnixSeconds::new(second)
}

#[test]
fn tokens_issued_before_the_second_or_without_a_date_are_revoked() {
    let list = Revocations::default();
    list.add(&Revocation::subject("u42").issued_before(UnixSeconds::new(100)));
    for (issued_at, covered) in [(Some(at(99)), true), (Some(at(100)), false), (None, true)] {
        assert_eq!(list.cover(Kind::Sub, b"u42", issued_at), covered, "{issued_at:?}");
    }
    assert!(!list.cover(Kind::Sub, b"u4", None) && !list.cover(Kind::Jti, b"u42", None));
}

#[test]
fn a_second_revocation_never_restores_what_the_first_revoked() {
    let list = Revocations::default();
    list.add(&Revocation::key("k").issued_before(UnixSeconds::new(100)));
    list.add(&Revocation::key("k").issued_before(UnixSeconds::new(50)).until(UnixSeconds::new(7)));
    assert!(list.cover(Kind::Kid, b"k", Some(at(99))));
    list.sweep(UnixSeconds::new(1_000));
    assert!(list.cover(Kind::Kid, b"k", Some(at(99))), "the first was for good");
    list.add(&Revocation::key("k"));
    assert!(list.cover(Kind::Kid, b"k", Some(at(1_000))));
}

#[cfg(feature = "redis")]
#[test]
fn a_restoration_leaves_revocations_at_a_later_place_in_force() {
    let list = Revocations::default();
    list.add_at(&Revocation::token("t"), 5);
    list.remove_up_to(Kind::Jti, "t", 4);
    assert!(list.cover(Kind::Jti, b"t", None));
    list.add(&Revocation::token("t"));
    assert_eq!(list.all(), [(Revocation::token("t"), 5)]);
    list.set_order(Kind::Jti, "t", 3);
    list.remove_up_to(Kind::Jti, "t", 3);
    assert!(!list.cover(Kind::Jti, b"t", None));
}

#[test]
fn an_entry_is_dropped_once_the_longest_leeway_is_over() {
    let list = Revocations::default();
    list.add(&Revocation::token("t").until(UnixSeconds::new(100)));
    list.sweep(UnixSeconds::new(159));
    assert!(list.cover(Kind::Jti, b"t", None));
    list.sweep(UnixSeconds::new(160));
    assert!(!list.cover(Kind::Jti, b"t", None));
    assert_eq!(list.len(), 0);
}
