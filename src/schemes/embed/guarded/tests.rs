use super::*;

#[test]
fn every_name_that_a_server_may_resolve_to_a_manifest_or_a_key_counts() {
    for (name, path) in [
        ("a manifest", "videos/1/master.m3u8"),
        ("in a folder with dots", "videos.1/a.b/master.m3u8"),
        ("in capitals", "videos/1/MASTER.M3U8"),
        ("in both cases", "videos/1/1.Key"),
        ("the older extension", "a.m3u"),
        ("an MPD", "a.mpd"),
        ("a patch", "a.mpp"),
        ("a slash behind it", "videos/1/1.key/"),
        ("a folder, with its index", "videos/1/"),
        ("the root", ""),
        ("a dot behind it", "videos/1/1.key."),
        ("dots and spaces behind it", "videos/1/1.key . ."),
        ("a space behind it", "videos/1/1.key "),
        ("a path parameter", "videos/1/1.key;x=.ts"),
        ("a path parameter without a value", "videos/1/1.key;.ts"),
        ("a stream of NTFS", "videos/1/1.key::$DATA"),
        ("a short name", "videos/1/MASTER~1.M3U"),
        ("compressed", "videos/1/master.m3u8.gz"),
        ("in a language", "videos/1/master.mpd.en"),
        ("only an extension", "videos/1/.key"),
        ("no extension", "videos/1/master"),
        ("no extension, and a dot", "videos/1/master."),
        ("the Kelvin sign", "videos/1/1.\u{212a}ey"),
        ("decoded again", "videos/1/1.k%65y"),
    ] {
        assert!(may_be_manifest_or_key(path.as_bytes()), "{name}: {path}");
    }
}

#[test]
fn segments_and_files_do_not_count() {
    for path in [
        "videos/1/seg-1.ts",
        "videos/1/seg-1.m4s",
        "videos/1/movie.mp4",
        "videos/1/Dr. Who.mp4",
        "videos/1/2026-11-30T12:30:00.ts",
        "videos/1/a;b.ts",
        "videos/1/a.ts ",
        "videos/1/a.ts.",
        "videos/1/ключ.mp4",
        "videos/1/100%.mp4",
        "videos/1.key/seg-1.ts",
        "videos/1.m3u8/seg-1.ts",
        "videos/1/monkey.jpg",
        "videos/1/master.m3u8_00001.ts",
        ".ts",
    ] {
        assert!(!may_be_manifest_or_key(path.as_bytes()), "{path}");
    }
}

#[test]
fn a_plain_name_has_one_dot_and_an_extension_behind_it() {
    for (name, extension) in [
        ("segment-00042.ts", Some("ts")),
        (".key", Some("key")),
        ("a_b.M3U8", Some("M3U8")),
        ("master", None),
        ("master.", None),
        ("a.b.ts", None),
        ("1.key;v=1", None),
        ("1.k%65y", None),
        ("1.ts ", None),
        ("1.\u{212a}ey", None),
        ("", None),
    ] {
        assert_eq!(only_extension(name.as_bytes()), extension.map(str::as_bytes), "{name}");
    }
}
