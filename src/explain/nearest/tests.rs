use super::*;

#[test]
fn a_name_is_near_if_one_or_two_letters_differ() {
    let names = ["cdn.example.com", "live.example.com", "auth"];
    let cases = [
        ("cdn.exmaple.com", Some(("cdn.example.com", "one letter"))),
        ("cnd.example.co", Some(("cdn.example.com", "two letters"))),
        ("cdn.example.com.evil.test", None),
        ("cdn.example.com", None),
        ("img.other.org", None),
        ("Auth", Some(("auth", "case alone"))),
        ("AUTH", Some(("auth", "case alone"))),
        ("aut", Some(("auth", "one letter"))),
        ("auth", None),
        ("ab", None),
    ];
    for (text, expected) in cases {
        assert_eq!(nearest(text, names.into_iter()), expected, "{text}");
    }
}

#[test]
fn of_many_names_some_are_compared() {
    let many = std::iter::repeat_n("other.example.com", MAX_COMPARED).chain(["cdn.example.com"]);
    assert_eq!(nearest("cdn.exampl.com", many), None);
    assert_eq!(nearest(&"a".repeat(MAX_LEN + 1), ["b"].into_iter()), None);
}
