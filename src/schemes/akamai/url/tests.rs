use super::*;

#[test]
fn the_text_of_a_url_is_as_its_signer_writes_it() {
    let text = |path: &str, query: Option<&str>, escaping| {
        let (query, without) = (query.map(str::as_bytes), [Box::from("hdnts")]);
        let url = SignedUrl { path: path.as_bytes(), query, without: &without };
        let mut text = Vec::new();
        url.write(escaping, &mut |piece| text.extend_from_slice(piece));
        String::from_utf8(text).unwrap()
    };
    let (none, edge, cloudinary) = (UrlEscaping::None, UrlEscaping::Edge, UrlEscaping::Cloudinary);
    for (path, query, escaping, expected) in [
        ("/a/b.ts", None, none, "/a/b.ts"),
        ("/a/b.ts", Some("hdnts=x"), none, "/a/b.ts"),
        ("/a", Some("x=1&hdnts=x&y"), none, "/a?x=1&y"),
        ("/a", Some("%68dnts=x&y"), none, "/a?y"),
        ("/a", Some(""), none, "/a?"),
        ("/a", Some("&hdnts=x"), none, "/a?"),
        ("/a b/~", Some("x=1"), edge, "%2fa%20b%2f%7e%3fx%3d1"),
        ("/%20", None, edge, "%2f%2520"),
        ("/c,w%20!", None, cloudinary, "%2fc,w%20!"),
    ] {
        assert_eq!(text(path, query, escaping), expected);
    }
    let long = "/".repeat(200);
    assert_eq!(text(&long, None, edge), "%2f".repeat(200));
}
