//! A whole service sends no protected file's bytes without a credential.

use std::sync::LazyLock;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::drawn::cases;
use crate::service_world::World;

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// The pieces of drawn targets. They are close to the paths of protected files, and to the paths that layers produce.
const PIECES: &[&str] = &[
    "/",
    "/",
    "/",
    "/",
    "media",
    "media",
    "/media/",
    "MEDIA",
    "Media",
    "%6dedia",
    "%256dedia",
    "%4dedia",
    "%254dedia",
    "en",
    "/en/",
    "/en/media/",
    "videos",
    "/videos/1/a.txt",
    "/videos/2/a.txt",
    "1",
    "2",
    "a.txt",
    "A.TXT",
    "secret.txt",
    "/media/secret.txt",
    "SECRET.txt",
    "open",
    "index.html",
    ".",
    "..",
    "/../",
    "/./",
    "//",
    "%2e",
    "%2e%2e",
    "%2f",
    "%252f",
    "%5c",
    "\\",
    "%20",
    "%2520",
    ":x",
    "%3ax",
    "::$DATA",
    "?",
    "?auth=x",
    "%",
    "%00",
    "%C4%B1",
    "http://cdn.example.com/",
];

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn no_protected_file_comes_back_without_a_credential_that_covers_it(
        arrangement in any::<u8>(),
        credential in any::<u8>(),
        pieces in vec(select(PIECES), 1..8),
    ) {
        let mut input = vec![arrangement, credential];
        // Most requests have a target with a slash.
        if !pieces[0].starts_with(['/', 'h']) {
            input.push(b'/');
        }
        input.extend(pieces.concat().bytes());
        WORLD.run(&input);
    }
}
