use super::*;

#[test]
fn the_kid_is_the_name_without_its_ending() {
    for (name, expected) in [
        ("3f0c.pem", Some((Format::Pem, Some("3f0c")))),
        ("3f0c.pub.pem", Some((Format::Pem, Some("3f0c")))),
        ("a.b.pem", Some((Format::Pem, Some("a.b")))),
        ("3f0c.jwk", Some((Format::Jwk, Some("3f0c")))),
        ("jwks.json", Some((Format::Jwks, None))),
        (".pem", None),
        ("other.json", None),
        ("3f0c.pem.tmp", None),
        ("README", None),
    ] {
        assert_eq!(Format::of_name(name), expected, "{name}");
    }
}

#[test]
fn one_line_end_after_text_is_no_part_of_a_secret() {
    for (bytes, expected) in [
        (&b"secret"[..], &b"secret"[..]),
        (b"secret\n", b"secret"),
        (b"secret\r\n", b"secret"),
        (b"secret\n\n", b"secret\n"),
        (b"\xff\x00\n", b"\xff\x00\n"),
        (b"a\x01\n", b"a\x01\n"),
        (b"\n", b""),
    ] {
        assert_eq!(without_line_end(bytes), expected, "{bytes:?}");
    }
}

/// Root can read every file, so no file on disk can produce the second message.
#[test]
fn what_an_operator_can_mend_is_said_in_a_few_words_and_the_rest_by_the_system() {
    use std::io::{Error, ErrorKind};
    for (error, words) in [
        (Error::from(ErrorKind::NotFound), "does not exist: create it, or correct the path"),
        (Error::from(ErrorKind::PermissionDenied), "is not readable by this user"),
        (Error::from(ErrorKind::NotADirectory), "is not a folder"),
        (Error::other("the disk is on fire"), "cannot be read: the disk is on fire"),
    ] {
        assert_eq!(describe(&error), words);
    }
}

/// The clock was set back after the file was written.
#[test]
fn a_file_from_the_future_settles_once_it_is_far_enough_ahead() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let metadata = file.path().metadata().unwrap();
    let settled = |back: Duration| Stamp::of(&metadata, SystemTime::now() - back).unwrap().settled;
    assert!(!settled(SETTLING / 2), "just ahead: it may be written at this moment");
    assert!(settled(SETTLING * 2), "far ahead: waiting for the clock would take too long");
}

/// `cp -p` and `rsync -t` give a new file the date of the original, and archives give any.
#[cfg(unix)]
#[test]
fn a_file_settles_by_when_it_was_changed_whatever_its_date() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let now = SystemTime::now();
    let hour = Duration::from_hours(1);
    for (name, date) in [("past", now - hour), ("now", now), ("to come", now + hour)] {
        file.as_file().set_modified(date).unwrap();
        let settled = |after: Duration| {
            let metadata = file.path().metadata().unwrap();
            Stamp::of(&metadata, SystemTime::now() + after).unwrap().settled
        };
        assert!(!settled(Duration::ZERO), "{name}: just changed");
        assert!(settled(SETTLING * 2), "{name}: changed long ago");
    }
}
