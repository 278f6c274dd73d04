use super::*;

#[test]
fn the_playback_id_is_the_first_segment_without_a_files_extension() {
    for (path, id) in [
        ("ch1.m3u8", "ch1"),
        ("ch1/seg-1.ts", "ch1"),
        ("ch1/720p/seg-1.ts", "ch1"),
        ("ch.1.m3u8", "ch.1"),
        ("ch.1/seg.ts", "ch.1"),
        ("ch1", "ch1"),
        ("ch1/", "ch1"),
        (".m3u8", ""),
        ("", ""),
    ] {
        assert_eq!(playback_id_in(path.as_bytes()), id.as_bytes(), "{path}");
    }
}
