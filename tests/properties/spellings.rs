//! Paths: another spelling never opens what the plain one does not.

use std::sync::LazyLock;

use playgate::error::PathFault;
use playgate::time::UnixSeconds;
use playgate::{Decision, Denial, KeyScope, Site, Verifier};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::drawn::{Drawn, cases, get, verdict};
use crate::support::{HOST, NOW, TestKey, gate, vod};

/// The bucket below a base path.
const APPS: &str = "apps.example.com";

/// Live streams by the first segment.
const LIVE: &str = "live.example.com";

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    gate()
        .outside(playgate::site::Outside::Pass)
        .site(vod())
        .site(Site::bucket("vod").id("apps").host(APPS).base_path("/media/"))
        .site(Site::live_by_path().host(LIVE))
        .key(TestKey::Secret.key(KeyScope::bucket("vod")))
        .key(TestKey::SecretOther.key(KeyScope::site(LIVE)))
        .build()
        .unwrap()
});

/// A site, what stands before an object key there, and a token for a part of it.
#[derive(Clone, Debug)]
struct Door {
    host: &'static str,
    base: &'static str,
    token: String,
}

fn door() -> impl Strategy<Value = Door> {
    select(&[(HOST, "/"), (APPS, "/media/"), (LIVE, "/")][..]).prop_map(|(host, base)| {
        let token = match host {
            LIVE => TestKey::SecretOther.token(r#"{"uri":"1"}"#),
            _ => TestKey::Secret.token(r#"{"uri":"videos/1"}"#),
        };
        Door { host, base, token }
    })
}

impl Door {
    fn ask(&self, path: impl Into<Vec<u8>>) -> Drawn {
        get(path).host(self.host).cookie(&self.token)
    }
}

/// Names that lie close to one another: the scope, its neighbours, and what a wrong reading makes of them.
fn key() -> impl Strategy<Value = String> {
    let name = select(
        &[
            "videos", "video", "videos1", "1", "2", "10", "1.m3u8", "1;v=2", "media", "a.ts", "...", "..a",
            "~é",
        ][..],
    );
    let near = select(&["", "", "videos/1/", "1/", "videos/"][..]);
    (near, vec(name, 1..5)).prop_map(|(near, names)| near.to_owned() + &names.join("/"))
}

/// A key as a URL has it where nothing is encoded that need not be.
fn plainly(key: &str) -> Vec<(u8, bool)> {
    key.bytes().map(|byte| (byte, !byte.is_ascii())).collect()
}

/// How one byte is spelled.
#[derive(Clone, Copy, Debug)]
enum Spelling {
    Plain,
    Upper,
    Lower,
    Twice,
}

fn spelled(out: &mut Vec<u8>, byte: u8, spelling: Spelling) {
    match spelling {
        Spelling::Plain => out.push(byte),
        Spelling::Upper => out.extend(format!("%{byte:02X}").bytes()),
        Spelling::Lower => out.extend(format!("%{byte:02x}").bytes()),
        Spelling::Twice => out.extend(format!("%25{byte:02x}").bytes()),
    }
}

fn once() -> impl Strategy<Value = Spelling> {
    prop_oneof![3 => Just(Spelling::Plain), 1 => Just(Spelling::Upper), 1 => Just(Spelling::Lower)]
}

fn any_spelling() -> impl Strategy<Value = Spelling> {
    prop_oneof![6 => Just(Spelling::Plain), 1 => Just(Spelling::Upper), 1 => Just(Spelling::Lower),
        1 => Just(Spelling::Twice)]
}

/// What is put behind a slash, or in its place: another slash.
const SLASHES: &[&str] = &["%2f", "%2F", "%252f", "\\", "%5c", "%255C"];

/// What is put behind a slash: names that are none.
const DOTS: &[&str] = &[
    "/",
    "./",
    "../",
    "x/../",
    "%2e/",
    "%2E%2e/",
    ".%2e/",
    "%252e%252e/",
    "..\\",
    "..%5c",
    "..%2f",
    "videos/1/../../",
];

/// What is put behind the path: nothing that a name has in it.
const ODD: &[&str] = &["%c0%ae%c0%ae/", "%00/", "%u002e/", "%/", "%zz", "%80"];

/// What stands at a slash, and whether it stands in its place.
fn detour() -> impl Strategy<Value = (&'static str, bool)> {
    prop_oneof![(select(SLASHES), any::<bool>()), (select(DOTS), Just(false))]
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn what_is_encoded_once_is_what_was_plain(
        door in door(),
        key in key(),
        spellings in vec(once(), 64),
    ) {
        let path = [door.base, &key].concat();
        let (mut plain, mut encoded) = (Vec::new(), Vec::new());
        for ((byte, must), spelling) in plainly(&path).into_iter().zip(spellings.into_iter().cycle()) {
            let least = if must { Spelling::Upper } else { Spelling::Plain };
            let other = match spelling {
                Spelling::Plain => least,
                other if byte != b'/' => other,
                _ => least,
            };
            spelled(&mut plain, byte, least);
            spelled(&mut encoded, byte, other);
        }
        let (plainly, otherwise) = (door.ask(plain), door.ask(encoded));
        let expected = verdict(&VERIFIER, &plainly);
        prop_assert!(matches!(expected, Ok(()) | Err(Denial::OutOfScope)), "{expected:?}");
        prop_assert_eq!(verdict(&VERIFIER, &otherwise), expected, "{:?}", otherwise);
    }

    #[test]
    fn no_spelling_of_what_is_out_of_scope_is_granted(
        door in door(),
        key in key(),
        spellings in vec(any_spelling(), 64),
        detours in vec((any::<Index>(), detour()), 0..3),
        odd_name in option::of(select(ODD)),
    ) {
        let path = [door.base, &key].concat();
        let plain = door.ask(path.as_bytes());
        prop_assume!(verdict(&VERIFIER, &plain) == Err(Denial::OutOfScope));
        let slashes: &[usize] = &path.match_indices('/').map(|(at, _)| at).collect::<Vec<_>>();
        let mut odd = Vec::new();
        for (at, (byte, spelling)) in path.bytes().zip(spellings.into_iter().cycle()).enumerate() {
            let here = |instead| {
                let at_it = detours.iter().filter(move |(slash, _)| *slash.get(slashes) == at);
                at_it.filter(move |(_, detour)| detour.1 == instead).flat_map(|(_, detour)| detour.0.bytes())
            };
            // The path has to begin with a slash, or it is no path at all.
            let replaced = here(true);
            if at == 0 {
                odd.push(b'/');
            } else if replaced.clone().next().is_none() {
                spelled(&mut odd, byte, spelling);
            }
            odd.extend(replaced);
            odd.extend(here(false));
        }
        odd.extend(odd_name.iter().flat_map(|name| name.bytes()));
        let otherwise = door.ask(odd);
        let decision = VERIFIER.decide(&otherwise, UnixSeconds::new(NOW));
        match (detours.len() + usize::from(odd_name.is_some()), decision.denial()) {
            (0, denial) => prop_assert!(denial.is_some(), "{otherwise:?} is {decision:?}"),
            // One oddity has another reading, always: it is not even looked up.
            (_, Some(denial)) => {
                prop_assert!(matches!(denial, Denial::AmbiguousPath(_)), "{otherwise:?} is {denial:?}");
            }
            // Several may lead out of the base path, whoever reads them.
            (1, None) => prop_assert!(false, "{otherwise:?} is {decision:?}"),
            (_, None) => {
                prop_assert!(matches!(decision, Decision::Pass(_)), "{otherwise:?} is {decision:?}");
                prop_assert!(door.base != "/", "{otherwise:?}");
            }
        }
    }

    #[test]
    fn an_encoded_slash_is_refused_as_such(door in door(), key in key(), which in any::<Index>()) {
        let path = [door.base, &key, "/"].concat();
        let slashes: Vec<usize> = path.match_indices('/').map(|(at, _)| at).skip(1).collect();
        let at = *which.get(&slashes);
        let encoded = door.ask([&path[..at], "%2F", &path[at + 1..]].concat());
        let found = verdict(&VERIFIER, &encoded);
        prop_assert_eq!(found, Err(Denial::AmbiguousPath(PathFault::EncodedSlash)), "{:?}", encoded);
    }
}

/// A protected folder beside a public site, and one on a host of its own.
static FOLDERS: LazyLock<Verifier> = LazyLock::new(|| {
    gate()
        .site(Site::bucket("vod").id("paid").host(HOST).base_path("/Media Files/"))
        .site(Site::bucket("open").id("open").host(HOST).public())
        .site(Site::bucket("vod").id("alone").host(APPS).base_path("/Media Files/"))
        .outside(playgate::site::Outside::Pass)
        .build()
        .unwrap()
});

/// Text that a file system may ignore at the end of a name.
const ENDS: &[&str] =
    &["", "", ".", " ", "%20", "%2e", ". .", "::$INDEX_ALLOCATION", "%3A%3A$DATA", "%E2%80%8D"];

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn no_name_by_which_a_file_system_finds_a_base_path_passes(
        host in select(&[HOST, APPS][..]),
        letters in vec((any::<bool>(), any_spelling()), 11),
        end in select(ENDS),
        rest in select(&["", "/", "/a.ts", "/videos/1/a.ts"][..]),
    ) {
        let mut path = b"/".to_vec();
        for (byte, (other, spelling)) in b"Media Files".iter().zip(letters) {
            let byte = if other && byte.is_ascii_alphabetic() { byte ^ 0x20 } else { *byte };
            spelled(&mut path, byte, spelling);
        }
        path.extend(end.bytes().chain(rest.bytes()));
        let request = get(path).host(host);
        let decision = FOLDERS.decide(&request, UnixSeconds::new(NOW));
        let refused = matches!(decision.denial(), Some(Denial::CredentialMissing | Denial::AmbiguousPath(_)));
        prop_assert!(refused, "{request:?} is {decision:?}");
    }
}
