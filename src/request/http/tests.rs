use super::*;

#[test]
fn a_nested_path_is_the_whole_path_without_the_prefix_and_nothing_else() {
    for (prefix, original, current, expected) in [
        ("/media", "/media/a.ts", "/a.ts", true),
        ("/media/", "/media/a.ts", "/a.ts", true),
        ("/media", "/media", "/", true),
        ("/media", "/media/", "/", true),
        ("/a/b", "/a/b/c/d", "/c/d", true),
        ("/{tenant}", "/acme/a.ts", "/a.ts", true),
        ("/{tenant}/media", "/acme/media/a.ts", "/a.ts", true),
        ("/%6dedia", "/%6dedia/a.ts", "/a.ts", true),
        ("/media", "/en/media/a.ts", "/a.ts", false),
        ("/media", "/media/en/a.ts", "/a.ts", false),
        ("/media", "/mediax/a.ts", "/a.ts", false),
        ("/media", "/media/a.ts", "/media/a.ts", false),
        ("/{tenant}", "/en/media/a.ts", "/a.ts", false),
        ("/{tenant}", "//a.ts", "/a.ts", false),
        ("/media", "/MEDIA/a.ts", "/a.ts", false),
        ("/media", "*", "/", false),
    ] {
        assert_eq!(is_nested_at(prefix, original, current), expected, "{prefix}: {original} to {current}");
    }
}
