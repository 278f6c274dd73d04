use super::*;

fn value(query: &str) -> Result<Option<&[u8]>, Repeated> {
    value_of_one(query.as_bytes(), "auth")
}

#[test]
fn a_parameter_is_found_by_its_exact_name() {
    for (query, expected) in [
        ("auth=x.y.z", Some("x.y.z")),
        ("a=1&auth=x&b=2", Some("x")),
        ("auth", Some("")),
        ("auth=", Some("")),
        ("auth=a=b", Some("a=b")),
        ("%61uth=x", Some("x")),
        ("au%74%68=x", Some("x")),
        ("", None),
        ("Auth=x", None),
        ("xauth=x", None),
        ("authx=x", None),
        ("%61ut=x", None),
        ("a=auth=x", None),
        ("auth%3Dx", None),
    ] {
        assert_eq!(value(query), Ok(expected.map(str::as_bytes)), "{query}");
    }
}

#[test]
fn a_credential_parameter_that_occurs_twice_is_ambiguous() {
    for query in ["auth=a&auth=a", "auth=a&b&%61uth=b", "auth&auth"] {
        assert_eq!(value(query), Err(Repeated::QueryParameter), "{query}");
    }
}

#[test]
fn several_names_are_found_in_one_pass_as_each_by_itself() {
    for query in
        ["a=1&b=2", "b=2&a=1", "a&%62=x", "a=1", "c=3&a=1&c=3", "", "a=1&a=2", "b&b=", "=x", "a=1&b=2&%61"]
    {
        let query = query.as_bytes();
        let each = [value_of_one(query, "a"), value_of_one(query, "b"), Ok(None)];
        assert_eq!(values_of_each(query, [Some("a"), Some("b"), None]), each, "{query:?}");
    }
}

#[test]
fn other_parameters_stay_as_they_are() {
    for (query, rest) in [("auth=x", ""), ("a=%20&auth=x&b", "a=%20&b"), ("a&&%61uth=x&=", "a&&=")] {
        assert_eq!(
            without_parameters(query.as_bytes(), &["auth"]).as_deref(),
            Some(rest.as_bytes()),
            "{query}"
        );
    }
    let names = ["a", "b", "c"];
    assert_eq!(without_parameters(b"x&a=1&%62&y&&c=2", &names).as_deref(), Some(&b"x&y&"[..]));
    assert_eq!(without_parameters(b"x&aa=1&%6162&&", &names), None);
    assert_eq!(without_parameters(b"a", &[""; 0]), None);
}
