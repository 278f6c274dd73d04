use super::*;

fn shared(bucket: &str, origin: Option<Origin>) -> Shared {
    let loaded_at = UnixSeconds::new(1_750_000_000);
    Shared { origin, loaded_at, ..Shared::new(Algorithm::Rs256, KeyScope::bucket(bucket)) }
}

#[test]
fn what_keys_have_in_common_is_held_once_also_where_tenants_take_turns() {
    let one = |place: &str| Some(Origin::One(place.into()));
    let first: Vec<_> = ["a", "b", "c"].map(|bucket| shared(bucket, one("jwks")).share()).into();
    for _ in 0..3 {
        for (bucket, first) in ["a", "b", "c"].into_iter().zip(&first) {
            drop(shared(bucket, None).share()); // the state before the origin is set
            assert!(Arc::ptr_eq(first, &shared(bucket, one("jwks")).share()), "{bucket}");
        }
    }
    let other = [
        shared("d", one("jwks")),
        shared("a", one("another")),
        shared("a", None),
        Shared { algorithm: Algorithm::Ps256, ..shared("a", one("jwks")) },
        Shared { loaded_at: UnixSeconds::new(1), ..shared("a", one("jwks")) },
        Shared { not_after: Some(UnixSeconds::new(1)), ..shared("a", one("jwks")) },
        Shared { issuer: Some("them".into()), ..shared("a", one("jwks")) },
        Shared { danger: Danger { kid_from_jti: true, ..Danger::NONE }, ..shared("a", one("jwks")) },
    ];
    for other in other {
        let shown = format!("{other:?}");
        assert!(!first.iter().any(|first| Arc::ptr_eq(first, &other.clone().share())), "{shown}");
    }
}

#[test]
fn a_secret_is_nobody_elses() {
    struct Never;
    impl SignatureCheck for Never {
        fn check(&self, _: &[u8], _: &[u8]) -> Result<(), crate::crypto::BadSignature> {
            Err(crate::crypto::BadSignature)
        }
    }
    let secret = || Shared { check: Some(Arc::new(Never)), ..shared("a", None) };
    let without = shared("a", None).share();
    let (one, other) = (secret().share(), secret().share());
    assert!(!Arc::ptr_eq(&one, &other) && !Arc::ptr_eq(&one, &without));
    assert!(shared("a", None).share().check.is_none());
}
