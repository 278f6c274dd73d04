use super::*;

#[test]
fn a_name_is_near_if_one_or_two_letters_differ() {
    let names = ["cdn.example.com", "live.example.com", "auth"];
    let cases = [
        ("cdn.exmaple.com", Some(("cdn.example.com", 1))),
        ("cnd.example.co", Some(("cdn.example.com", 2))),
        ("cdn.example.com.evil.test", None),
        ("cdn.example.com", None),
        ("img.other.org", None),
        ("Auth", Some(("auth", 1))),
        ("AUTH", None), // more than two letters, and as long
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
