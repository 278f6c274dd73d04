use super::*;

#[test]
fn a_policy_stays_only_where_it_tells_no_token_and_checks_go_on() {
    for (inner, checked, not_checked) in [
        (&[][..], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["strict-origin"], None, None),
        (&[" Strict-Origin "], None, None),
        (&["no-referrer"], Some(STRICT_ORIGIN), None),
        (&["same-origin"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["origin"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["unsafe-url"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["no-referrer-when-downgrade"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["strict-origin-when-cross-origin"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["strict-origin, unsafe-url"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["strict-origin", "strict-origin"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&["no-referrer", "unsafe-url"], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
        (&[""], Some(STRICT_ORIGIN), Some(STRICT_ORIGIN)),
    ] {
        let inner_policy = || inner.iter().map(|value| value.as_bytes());
        let [one, other] = [Referrers::AreChecked, Referrers::AreNotChecked]
            .map(|referrers| policy(referrers, inner_policy()));
        assert_eq!(one.as_deref(), checked.map(str::as_bytes), "{inner:?}, origins listed");
        assert_eq!(other.as_deref(), not_checked.map(str::as_bytes), "{inner:?}, no origins listed");
    }
}
