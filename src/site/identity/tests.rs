use super::*;

#[test]
fn names_are_held_in_every_spelling_that_folds_into_them_and_no_other() {
    let names = IdentityNames::new(["X-Auth-Kid", "x_auth_kid", "viewer"].into_iter()).unwrap();
    assert_eq!(names.0.len(), 2);
    for (name, held) in [
        ("x-auth-kid", true),
        ("X_AUTH-kid", true),
        ("x.auth~kid", true),
        ("Viewer", true),
        ("x-auth-kids", false),
        ("xauthkid", false),
        ("x-auth--kid", false),
        ("-viewer", false),
        ("", false),
    ] {
        assert_eq!(names.hold(name), held, "{name}");
    }
    assert!(IdentityNames::new(std::iter::empty()).is_none());
}
