use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::*;

const COUNTED: &[u8; 32] = b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\
    \x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f";
const ONES: [u8; 64] = [0xff; 64];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Extracts and expands as specified by RFC 5869 §2, for one block of output.
fn rfc_5869(master: &[u8], info: &[u8]) -> Vec<u8> {
    let hmac = |key: &[u8], text: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(text);
        mac.finalize().into_bytes().to_vec()
    };
    let prk = hmac(b"playgate media keys", master);
    hmac(&prk, &[info, &[1]].concat())
}

/// The values were computed with Python's hmac and hashlib. A changed key makes content unplayable, so they are permanent.
#[test]
fn keys_and_ids_are_what_another_implementation_computes() {
    for (master, id, keys) in [
        (
            &COUNTED[..],
            "a83b2c8f",
            [
                ("1", 0, "e8dcff8acc5c2eb7197ab39f6a1251cc"),
                ("1", 1, "0b6b3082246dd9450a03362fb6a0091e"),
                ("video-1", 7, "fdc00e41873c980a1a58a8822d3af529"),
                ("vidéo", u64::MAX, "36064d99ee0a3394137cbce480ad7c90"),
            ],
        ),
        (
            &ONES[..],
            "d4f78bfa",
            [
                ("1", 0, "2c04586ec9a54edf8f62a2074c462329"),
                ("1", 1, "6ba44d7265fcce19d860d08bacabc50b"),
                ("video-1", 7, "0f0d0e349424f251e2e707f379d64918"),
                ("vidéo", u64::MAX, "084701076f8fe941a6c68c3003b096af"),
            ],
        ),
    ] {
        let media_keys = MediaKeys::new(master).unwrap();
        for (video, batch, expected) in keys {
            let key = media_keys.key(video, batch).unwrap();
            assert_eq!(hex(key.bytes()), expected, "{video} {batch}");
            assert_eq!(key.file_name(), format!("{batch}-{id}.key"));
        }
    }
}

#[test]
fn keys_and_ids_are_those_of_the_formula_for_videos_of_every_length() {
    for length in [1, 2, 15, 16, 100, 255, 256_u16] {
        let video = "v".repeat(length.into());
        let info = [
            b"playgate media key v1".as_slice(),
            &length.to_be_bytes(),
            video.as_bytes(),
            &0x0102_0304_0506_0708_u64.to_be_bytes(),
        ];
        let key = MediaKeys::new(COUNTED).unwrap().key(&video, 0x0102_0304_0506_0708).unwrap();
        assert_eq!(key.bytes()[..], rfc_5869(COUNTED, &info.concat())[..16], "{length}");
        let id = rfc_5869(COUNTED, b"playgate media key master v1");
        assert!(key.file_name().ends_with(&format!("-{}.key", hex(&id[..4]))), "{length}");
    }
}

/// A video's id may end in text that looks like a batch. No part may run into an adjacent part.
#[test]
fn no_two_batches_have_one_key() {
    let masters = [MediaKeys::new(COUNTED).unwrap(), MediaKeys::new(ONES).unwrap()];
    let videos = ["1", "11", "1 ", "a", "aa", "aaaaaaaa", "aaaaaaaaa"];
    let batches = [0, 1, 0x61, 0x6161, 0x6161_6161_6161_6161, 1 << 32, u64::MAX];
    let mut seen = std::collections::HashMap::new();
    for (number, keys) in masters.iter().enumerate() {
        for video in videos {
            for batch in batches {
                let what = (number, video, batch);
                let before = seen.insert(*keys.key(video, batch).unwrap().bytes(), what);
                assert_eq!(before, None, "{what:?}");
            }
        }
    }
}

#[test]
fn an_older_master_is_found_by_the_name_and_makes_no_new_key() {
    let (old, new) = (MediaKeys::new(COUNTED).unwrap(), MediaKeys::new(ONES).unwrap());
    let both = new.clone().also(COUNTED).unwrap();
    let name = |keys: &MediaKeys| keys.key("1", 7).unwrap().name;
    let found = |keys: &MediaKeys, name| keys.named("1", name).map(|key| *key.unwrap().bytes());
    assert_eq!(both.key("1", 7).unwrap().bytes(), new.key("1", 7).unwrap().bytes());
    assert_eq!(both.key("1", 7).unwrap().file_name(), "7-d4f78bfa.key");
    assert_eq!(found(&both, name(&old)), Some(*old.key("1", 7).unwrap().bytes()));
    assert_eq!(found(&both, name(&new)), Some(*new.key("1", 7).unwrap().bytes()));
    assert_eq!(found(&new, name(&old)), None, "it was left out");
    assert_eq!(found(&old, name(&new)), None, "it is not there yet");
}

#[test]
fn a_master_that_protects_nothing_is_refused_with_the_remedy() {
    let pem = b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n";
    for (name, master, expected) in [
        (
            "none",
            &[][..],
            "master of media keys has 0 bytes: use 32 or more, such as the output of openssl rand 32",
        ),
        (
            "31 bytes",
            &COUNTED[1..],
            "master of media keys has 31 bytes: use 32 or more, such as the output of openssl rand 32",
        ),
        (
            "a PEM",
            pem,
            "master of media keys is PEM text: use 32 random bytes, such as the output of openssl rand 32",
        ),
    ] {
        assert_eq!(MediaKeys::new(master).unwrap_err().to_string(), expected, "{name}");
        let also = MediaKeys::new(ONES).unwrap().also(master);
        assert_eq!(also.unwrap_err().to_string(), expected, "{name}, as an older one");
    }
    let twice = MediaKeys::new(ONES).unwrap().also(COUNTED).unwrap().also(COUNTED);
    let expected = "two masters of media keys have the id a83b2c8f: list each once";
    assert_eq!(twice.unwrap_err().to_string(), expected);
    assert!(MediaKeys::new(ONES).unwrap().also(ONES).is_err());
}

#[test]
fn a_video_is_what_an_embed_token_can_be_for() {
    let keys = MediaKeys::new(COUNTED).unwrap();
    for (name, video, good) in [
        ("an id", "video-1", true),
        ("spaces and accents", "une vidéo", true),
        ("256 bytes", &*"v".repeat(256), true),
        ("257 bytes", &"v".repeat(257), false),
        ("nothing", "", false),
        ("two segments", "a/b", false),
        ("dots", "..", false),
        ("percent", "a%2fb", false),
        ("a line end", "a\nb", false),
    ] {
        match keys.key(video, 0) {
            Ok(_) => assert!(good, "{name}"),
            Err(error) => {
                assert!(!good, "{name}: {error}");
                assert!(error.to_string().contains("use one segment of a path"), "{name}: {error}");
            }
        }
    }
}

/// Checks every format: text, bytes and a list of numbers.
#[test]
fn nothing_shows_a_secret() {
    let master = b"a secret that nobody may ever see";
    let keys = MediaKeys::new(master).unwrap().also(ONES).unwrap();
    let key = keys.key("1", 0).unwrap();
    let service = keys.service("/{video}/").unwrap();
    let twice = keys.clone().also(master).unwrap_err();
    let short = MediaKeys::new(&master[..20]).unwrap_err();
    let shown =
        format!("{keys:?} {keys:#?} {key:?} {key:#?} {service:?} {twice:?} {twice} {short:?} {short}");
    assert!(shown.contains("\"d4f78bfa\"") && shown.contains("0-e05988fb.key"), "{shown}");
    for (name, secret) in [("a master", &master[..20]), ("another", &ONES[..8]), ("a key", &key.bytes()[..4])]
    {
        let list = format!("{secret:?}");
        let list = list.trim_matches(['[', ']']);
        assert!(!shown.contains(list) && !shown.contains(&hex(secret)), "{name}: {shown}");
        assert!(!shown.contains(&*String::from_utf8_lossy(secret)), "{name}: {shown}");
    }
}
