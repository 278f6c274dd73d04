use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

const MASTER: &[u8] = b"32 bytes of openssl rand 32 ....";

fn keys() -> MediaKeys {
    MediaKeys::new(MASTER).unwrap()
}

#[test]
fn the_text_has_the_lines_that_ffmpeg_reads() {
    let name = keys().key("1", 7).unwrap().file_name();
    let iv = [0, 0x0a, 0xff, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
    for (case, prefix, iv, expected) in [
        ("no vector", "keys/", None, format!("keys/{name}\n/tmp/k\n")),
        ("a vector", "", Some(iv), format!("{name}\n/tmp/k\n000aff030405060708090a0b0c0d0e0f\n")),
        ("from the root", "/v/a%20b/", None, format!("/v/a%20b/{name}\n/tmp/k\n")),
        (
            "a host",
            "https://keys.example.com/1/",
            None,
            format!("https://keys.example.com/1/{name}\n/tmp/k\n"),
        ),
    ] {
        assert_eq!(keys().key_info("1", 7, prefix, "/tmp/k", iv).unwrap(), expected, "{case}");
    }
}

#[test]
fn what_cannot_stand_in_a_line_is_refused_with_the_remedy() {
    for (name, prefix, path, said) in [
        (
            "a line end in the URI",
            "a\n/",
            "k",
            "has a character that a URI cannot contain: write the character percent-encoded",
        ),
        ("a quote", "a\"/", "k", "has a character that a URI cannot contain"),
        ("a space", "a b/", "k", "has a character that a URI cannot contain"),
        ("an accent", "é/", "k", "has a character that a URI cannot contain"),
        ("a query", "a/?auth=secret/", "k", "has a query or a fragment: write only the folder"),
        ("a fragment", "a/#/", "k", "has a query or a fragment"),
        ("no slash", "keys", "k", "does not end in a slash: write the folder of the keys"),
        (
            "a line end in the path",
            "",
            "a\nb",
            "contains a line break, but the packager reads it from a line of text",
        ),
    ] {
        let error = keys().key_info("1", 7, prefix, path, None).unwrap_err().to_string();
        assert!(error.contains(said), "{name}: {error}");
        assert!(!error.contains("secret"), "{name}: {error}");
    }
    assert!(matches!(keys().key_info("a/b", 7, "", "k", None), Err(MediaKeyError::Video { .. })));
}

#[cfg(unix)]
#[test]
fn a_path_that_is_no_text_is_refused() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/tmp/\xff"));
    let error = keys().key_info("1", 7, "", path, None).unwrap_err().to_string();
    assert!(error.contains("is not UTF-8"), "{error}");
}

#[test]
fn both_files_are_written_and_the_last_batchs_key_stays() {
    let folder = tempfile::tempdir().unwrap();
    let info_file = folder.path().join("video.keyinfo");
    for batch in [0, 1] {
        let key_file = keys().write_key_info("1", batch, "keys/", &info_file, None).unwrap();
        let key = keys().key("1", batch).unwrap();
        assert_eq!(key_file, folder.path().join(format!("video.keyinfo.{}", key.file_name())));
        assert_eq!(fs::read(&key_file).unwrap(), key.bytes());
        let expected = keys().key_info("1", batch, "keys/", &key_file, None).unwrap();
        assert_eq!(fs::read_to_string(&info_file).unwrap(), expected);
    }
    let mut names: Vec<_> =
        fs::read_dir(&folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let [first, second] = [0, 1].map(|batch| keys().key("1", batch).unwrap().file_name());
    let expected =
        ["video.keyinfo".to_owned(), format!("video.keyinfo.{first}"), format!("video.keyinfo.{second}")];
    assert_eq!(names, expected, "and nothing that was only on its way");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let info_file = folder.path().join("k");
    let key_file = keys().write_key_info("1", 0, "", &info_file, None).unwrap();
    let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&key_file), mode(&info_file)), (0o600, 0o600));
    open(&key_file);
    keys().write_key_info("1", 0, "", &info_file, None).unwrap();
    assert_eq!(mode(&key_file), 0o600, "a file that stood there before");
}

#[test]
fn where_nothing_can_be_written_the_last_batch_stays() {
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing").join("k");
    let error = keys().write_key_info("1", 0, "", &missing, None).unwrap_err().to_string();
    assert!(error.contains("missing") && error.contains("cannot be written"), "{error}");
    assert!(error.contains("use a file in a writable folder"), "{error}");

    let info_file = folder.path().join("k");
    keys().write_key_info("1", 0, "", &info_file, None).unwrap();
    let before = fs::read(&info_file).unwrap();
    let next = folder.path().join(format!("k.{}", keys().key("1", 1).unwrap().file_name()));
    fs::create_dir(&next).unwrap(); // in the place of the key's file
    assert!(keys().write_key_info("1", 1, "", &info_file, None).is_err());
    assert_eq!(fs::read(&info_file).unwrap(), before);
}

/// Does what ffmpeg does before each segment, as often as possible, while batches change as fast as possible.
#[test]
fn a_packager_never_finds_a_key_beside_the_name_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let info_file = folder.path().join("k");
    keys().write_key_info("1", 0, "", &info_file, None).unwrap();
    let done = AtomicBool::new(false);
    let seen = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = std::collections::BTreeSet::new();
            while !done.load(Ordering::Relaxed) {
                let info = fs::read_to_string(&info_file).unwrap();
                let mut lines = info.lines();
                let (uri, path) = (lines.next().unwrap(), lines.next().unwrap());
                let batch = uri.split_once('-').unwrap().0.parse().unwrap();
                assert_eq!(fs::read(path).unwrap(), keys().key("1", batch).unwrap().bytes(), "{uri}");
                seen.insert(batch);
            }
            seen
        });
        for batch in 1..2000 {
            keys().write_key_info("1", batch, "", &info_file, None).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap()
    });
    assert!(seen.len() > 1, "the reader saw a change: {seen:?}");
}
