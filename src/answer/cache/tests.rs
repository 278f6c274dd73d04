use super::*;

#[test]
fn granted_answers_stay_out_of_shared_caches() {
    for (before, after) in [
        (&[][..], Some("private")),
        (&["public, max-age=60"], Some("private, max-age=60")),
        (&["max-age=60, s-maxage=600"], Some("private, max-age=60")),
        (&["S-MaxAge = 5 , Public"], Some("private")),
        (&["max-age=60, Proxy-Revalidate"], Some("private, max-age=60")),
        (&["private"], None),
        (&["Private, max-age=5"], None),
        (&["no-store"], None),
        (&["public, no-store"], Some("no-store")),
        (&["must-understand, no-store, max-age=9"], Some("private, must-understand, no-store, max-age=9")),
        (&["no-cache=\"a, public\", max-age=1"], Some("private, no-cache=\"a, public\", max-age=1")),
        (&["private=\"set-cookie\""], Some("private, private=\"set-cookie\"")),
        (&["public", "max-age=1"], Some("private, max-age=1")),
        (&["private", "max-age=1"], Some("private, max-age=1")),
        (&[""], Some("private")),
    ] {
        let got = private(before.iter().map(|value| value.as_bytes()));
        assert_eq!(got.as_deref(), after.map(str::as_bytes), "{before:?}");
    }
}
