use super::*;

#[test]
fn bearer_is_a_scheme_in_any_case_and_nothing_else_is() {
    for (field, token) in [
        ("Bearer a.b.c", Some("a.b.c")),
        ("bEARER   a.b.c  ", Some("a.b.c")),
        ("Bearer\ta.b.c", Some("a.b.c")),
        ("Bearer", Some("")),
        ("Bearer ", Some("")),
        ("Bearera.b.c", None),
        ("Basic a.b.c", None),
        ("", None),
        ("a.b.c", None),
    ] {
        assert_eq!(bearer_token(field.as_bytes()), token.map(str::as_bytes), "{field:?}");
    }
}
