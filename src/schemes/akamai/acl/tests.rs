use super::*;

#[test]
fn entries_fit_as_the_docs_say() {
    for (acl, path, fit) in [
        ("/a/b.ts", "/a/b.ts", true),
        ("/a/b.ts", "/a/b.tsx", false),
        ("/a", "/a/b", false),
        ("/a/", "/a/b", false),
        ("/a/*", "/a/b/c", true),
        ("/a/*", "/a/", true),
        ("/a/*", "/ab", false),
        ("/*", "/", true),
        ("*", "/x", true),
        ("*/x", "/a/b/x", true),
        ("*/x", "/a/b/xy", false),
        ("/h/??", "/h/so", true),
        ("/h/??", "/h/s", false),
        ("/h/?", "/h/é", true),
        ("/h/??", "/h/é", false),
        ("/a?b", "/a/b", true),
        ("/a*c*e", "/abcde", true),
        ("/a*c*e", "/abcdef", false),
        ("/a*bc", "/abbc", true),
        ("?a", "/a", false),
        ("a/*", "/a/b", false),
        ("", "/", false),
        ("/a!/b/*", "/b/c", true),
        ("/a!/b/*", "/a", true),
        ("/a!/b/*", "/c", false),
        ("!!/b", "/b", true),
        ("%2fa%2f*", "/a/b", true),
        ("%2Fa%21%2Fb", "/b", true),
        ("%2Fa!%2Fb", "/b", true),
        ("/a%21/*", "/b", false),
        ("/a%21/*", "/a!/b", true),
        ("/a%2a", "/ab", false),
        ("/a%2A", "/a*", true),
        ("/a%3f", "/ab", false),
        ("/caf%C3%A9/*", "/café/1", true),
        ("/100%", "/100%", true),
        ("/%zz", "/%zz", true),
    ] {
        assert_eq!(covers(acl.as_bytes(), path.as_bytes()), fit, "{acl} {path}");
    }
}

#[test]
fn matching_is_bounded() {
    let acl = format!("/*{}b*{}c", "a".repeat(2000), "a".repeat(2000));
    let path = format!("/{}", "a".repeat(4000));
    crate::work::take();
    assert!(!covers(acl.as_bytes(), path.as_bytes()));
    let (visited, limit) = (crate::work::take(), (acl.len() + path.len()) * (STEPS_PER_BYTE + 4));
    assert!(visited <= u64::try_from(limit).unwrap(), "{visited}");
    // Text of 16 characters between stars is within the limit, wherever it is.
    let path = format!("/{}b", "a".repeat(4000));
    let acl = format!("/*{}b", "a".repeat(15));
    assert!(covers(acl.as_bytes(), path.as_bytes()));
}

#[test]
fn a_plain_scope_is_one_path_or_what_begins_with_it() {
    for (acl, scope) in [
        ("/a/b.ts", Some("/a/b.ts")),
        ("/a/*", Some("/a/")),
        ("%2fa%2f*", Some("/a/")),
        ("/*", Some("/")),
        ("/a!/b", None),
        ("%2fa%21%2fb", None),
        ("/a*b", None),
        ("/a?", None),
        ("/a%21b", Some("/a!b")),
    ] {
        assert_eq!(plain_scope(acl.as_bytes()).as_deref(), scope.map(str::as_bytes), "{acl}");
    }
}
