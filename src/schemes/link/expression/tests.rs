use super::*;

fn literal(text: &str) -> Part {
    Part::Literal(text.into())
}

#[test]
fn an_expression_is_literals_and_names_in_braces() {
    let query = |name: &str| Part::Query(name.into());
    for (text, parts) in [
        (
            "{expires}{path}{ip} {secret}",
            vec![Part::Expires, Part::Path, Part::Ip, literal(" "), Part::Secret],
        ),
        ("{dir}{host}{query:speed}", vec![Part::Folder, Part::Host, query("speed")]),
        ("a{{b}}{path}c", vec![literal("a{b}"), Part::Path, literal("c")]),
        ("é{path}", vec![literal("é"), Part::Path]),
    ] {
        assert_eq!(Expression::parse(text), Ok(Expression { parts }), "{text}");
    }
}

#[test]
fn what_cannot_be_read_is_named_with_its_remedy() {
    for (text, message) in [
        (
            "{uri}",
            "link expression has {uri}: write {expires}, {path}, {dir}, {ip}, {secret}, {host} or {query:NAME}",
        ),
        (
            "{query:}",
            "link expression has {query:}: write {expires}, {path}, {dir}, {ip}, {secret}, {host} or {query:NAME}",
        ),
        ("{path", "link expression has an unmatched brace: write {{ or }} for a brace itself"),
        ("path}", "link expression has an unmatched brace: write {{ or }} for a brace itself"),
        ("{path {secret}", "link expression has an unmatched brace: write {{ or }} for a brace itself"),
        (
            "$secure_link_expires$uri secret",
            "link expression has the nginx variable $secure_link_expires: write {expires}",
        ),
        ("{expires}$uri {secret}", "link expression has the nginx variable $uri: write {path}"),
        (
            "",
            "link expression is empty: write {expires}{path} {secret}, or the expression that the links are made with",
        ),
    ] {
        assert_eq!(Expression::parse(text).unwrap_err().to_string(), message);
    }
    let long = Expression::parse(&"é".repeat(1000)).unwrap_err().to_string();
    assert!(long.ends_with("has 2000 bytes: write 1024 or less"), "{long}");
    let many = Expression::parse(&"{query:a}".repeat(9)).unwrap_err().to_string();
    assert!(many.ends_with("has 9 query parameters: write 8 or less"), "{many}");
}
