use super::*;

#[test]
fn spellings_that_a_file_system_takes_for_one_fold_to_one() {
    for (path, folded) in [
        ("/media/a.ts", "/media/a.ts"),
        ("/MEDIA/A.ts", "/media/a.ts"),
        ("/media./a", "/media/a"),
        ("/media. ./a", "/media/a"),
        ("/media /a", "/media/a"),
        ("/media::$INDEX_ALLOCATION/a", "/media/a"),
        ("/media:$I30:$INDEX_ALLOCATION/a", "/media/a"),
        ("/.../media/a", "/media/a"),
        ("/me:dia/a", "/me:dia/a"),
        ("/.media/a", "/.media/a"),
        ("/CAFÉ/a", "/café/a"),
        ("/co\u{17f}ts/a", "/costs/a"),
        ("/stra\u{df}e/a", "/strasse/a"),
        ("/STRA\u{1e9e}E/a", "/strasse/a"),
        ("/me\u{200d}dia\u{feff}/a", "/media/a"),
        ("/media.\u{200d}/a", "/media/a"),
        ("/\u{200d}/media/a", "/media/a"),
        ("/\u{212a}eys/a", "/keys/a"),
        ("/media/", "/media/"),
        ("/", "/"),
        ("", "/"),
        ("media/a", "/media/a"),
        ("'/media/a", "/'/media/a"),
    ] {
        assert_eq!(fold(path.as_bytes(), MAX_PATH_LEN).as_slice(), folded.as_bytes(), "{path}");
    }
    assert_eq!(fold(b"/A\xff/B", MAX_PATH_LEN).as_slice(), b"/a\xff/b");
}

#[test]
fn a_path_that_looks_folded_is() {
    for path in ["/media/a.ts", "/", "/a/", "/.media/a-b_c~1;x=1", "/50%off/a"] {
        assert!(is_folded(path.as_bytes()), "{path}");
        assert_eq!(fold(path.as_bytes(), MAX_PATH_LEN).as_slice(), path.as_bytes());
    }
    for path in
        ["", "media/a", "/Media/a", "/media./a", "/media/a.", "/media /a", "/caf\u{e9}/a", "/a:$DATA/b"]
    {
        assert!(!is_folded(path.as_bytes()), "{path}");
    }
}

#[test]
fn no_more_is_folded_than_is_asked_for() {
    assert_eq!(fold(b"/A/B/C", 2).as_slice(), b"/a/b");
    assert_eq!(fold("/ß".repeat(MAX_PATH_LEN).as_bytes(), usize::MAX).len(), MAX_PATH_LEN);
}
