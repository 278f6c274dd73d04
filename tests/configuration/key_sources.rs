//! Where keys come from: every place with every format, what names a key there, and what is refused when a
//! source is first read.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::time::Duration;
use std::{env, fs, thread};

use crate::support::TestKey::{Ed25519, P256, P256Other, Rsa, RsaOther, Secret, SecretOther};
use crate::support::{Disk, HOST, KEYS, TestKey, VOD, decided, get, is_alone, jwks, of_vod};
use playgate::crypto::Algorithm;
use playgate::keys::{BrokenFiles, KeySource};
use playgate::schemes::SharedSecret;
use playgate::schemes::link::SecureLink;
use playgate::{ConfigError, KeyScope, Site, Verifier};

const GRANTED: &str = "granted";
const UNKNOWN: &str = "unknown_key";
const PKCS1: &[u8] = include_bytes!("../support/keys/rsa-pkcs1.test.pub.pem");

/// A section with one place, for the bucket of [`VOD`].
fn keys(place: &str) -> String {
    format!("[[keys]]\n{place}\nscope = {{ bucket = \"vod\" }}\n")
}

/// Everything that is wrong with the folder's configuration; it is waited for no longer than ten seconds.
fn errors(disk: &Disk) -> Vec<String> {
    let (path, (tell, told)) = (disk.path("playgate.toml"), mpsc::channel());
    thread::spawn(move || tell.send(Verifier::from_file(path).map(drop)).unwrap());
    let built = told.recv_timeout(Duration::from_secs(10)).expect("an answer, not a wait for a writer");
    built.err().iter().flat_map(playgate::ConfigErrors::iter).map(ToString::to_string).collect()
}

/// Exactly these errors, each by a part of it.
fn assert_errors(disk: &Disk, name: &str, marks: &[&str]) {
    let errors = errors(disk);
    assert_eq!(errors.len(), marks.len(), "{name}: {errors:#?}");
    for mark in marks {
        assert!(errors.iter().any(|error| error.contains(mark)), "{name}: no {mark:?} in {errors:#?}");
    }
}

fn jwk(key: TestKey, kid: &str) -> Vec<u8> {
    key.jwk(kid).to_string().into_bytes()
}

/// The JWK without a name of its own.
fn nameless(key: TestKey) -> Vec<u8> {
    let mut jwk = key.jwk("");
    jwk.as_object_mut().unwrap().remove("kid");
    jwk.to_string().into_bytes()
}

fn with(bytes: &[u8], end: &[u8]) -> Vec<u8> {
    [bytes, end].concat()
}

/// Good sources: a file, its section, and what its key is called.
#[test]
fn every_place_gives_a_key_in_every_format_its_name() {
    let dir = |name: &'static str| (name, keys("dir = \"in\""));
    let one = |field: &str, name: &'static str| (name, keys(&format!("{field} = {name:?}")));
    let named =
        |field: &str, name: &'static str| (name, keys(&format!("{field} = {name:?}")) + "kid = \"given\"\n");
    let crlf = String::from_utf8(P256.public().to_vec()).unwrap().replace('\n', "\r\n").into_bytes();
    let around = [b"subject: us\n\n", P256.public(), b"\nthe end\n"].concat();
    for (name, (file, section), content, key, kid) in [
        ("folder, RSA", dir("in/k.pem"), Rsa.public().to_vec(), Rsa, "k"),
        ("folder, PKCS#1", dir("in/k.pem"), PKCS1.to_vec(), Rsa, "k"),
        ("folder, P-256", dir("in/k.pem"), P256.public().to_vec(), P256, "k"),
        ("folder, Ed25519", dir("in/k.pem"), Ed25519.public().to_vec(), Ed25519, "k"),
        ("folder, .pub.pem", dir("in/k.pub.pem"), P256.public().to_vec(), P256, "k"),
        ("folder, a dot in the name", dir("in/2025-06.a.pem"), P256.public().to_vec(), P256, "2025-06.a"),
        ("folder, CRLF", dir("in/k.pem"), crlf, P256, "k"),
        ("folder, text around", dir("in/k.pem"), around, P256, "k"),
        ("folder, RSA as JWK", dir("in/k.jwk"), jwk(Rsa, "k"), Rsa, "k"),
        ("folder, P-256 as JWK", dir("in/k.jwk"), jwk(P256, "k"), P256, "k"),
        ("folder, Ed25519 as JWK", dir("in/k.jwk"), jwk(Ed25519, "k"), Ed25519, "k"),
        ("folder, a secret as JWK", dir("in/k.jwk"), jwk(Secret, "k"), Secret, "k"),
        ("folder, a JWK without kid", dir("in/k.jwk"), nameless(P256), P256, "k"),
        ("folder, a set", dir("in/jwks.json"), jwks(&[P256.jwk("inner")]).into_bytes(), P256, "inner"),
        ("file, PEM", one("file", "at/k.pem"), P256.public().to_vec(), P256, "k"),
        ("file, PKCS#1", one("file", "at/k.pem"), PKCS1.to_vec(), Rsa, "k"),
        ("file, .pub.pem", one("file", "at/k.pub.pem"), P256.public().to_vec(), P256, "k"),
        ("file, another ending", one("file", "at/k.key"), P256.public().to_vec(), P256, "k"),
        ("file, no ending", one("file", "at/k"), P256.public().to_vec(), P256, "k"),
        ("file, named", named("file", "at/k.pem"), P256.public().to_vec(), P256, "given"),
        ("file, JWK", one("file", "at/k.jwk"), jwk(P256, "k"), P256, "k"),
        ("file, JSON", one("file", "at/k.json"), jwk(P256, "k"), P256, "k"),
        ("file, a JWK without kid", one("file", "at/k.jwk"), nameless(P256), P256, "k"),
        ("file, a JWK, named", named("file", "at/k.jwk"), jwk(P256, "given"), P256, "given"),
        ("set", one("jwks", "at/any.txt"), jwks(&[Ed25519.jwk("inner")]).into_bytes(), Ed25519, "inner"),
        ("secret", one("secret_file", "at/k.txt"), Secret.public().to_vec(), Secret, "k"),
        ("secret, LF", one("secret_file", "at/k.txt"), with(Secret.public(), b"\n"), Secret, "k"),
        ("secret, CRLF", one("secret_file", "at/k.txt"), with(Secret.public(), b"\r\n"), Secret, "k"),
        ("secret, no ending", one("secret_file", "at/k"), Secret.public().to_vec(), Secret, "k"),
        ("secret, named", named("secret_file", "at/k.txt"), Secret.public().to_vec(), Secret, "given"),
    ] {
        let disk = Disk::new();
        disk.put(file, content);
        disk.config(&[VOD, &section]);
        let verifier = disk.verifier();
        let set = verifier.keys().snapshot();
        let found: Vec<_> =
            set.iter().map(|key| (key.id().as_str(), key.source().unwrap().into_owned())).collect();
        assert_eq!(found, [(kid, disk.path(file).display().to_string())], "{name}");
        assert_eq!(decided(&verifier, &key.asks_as(kid)), GRANTED, "{name}");
        assert_eq!(disk.warnings(""), [""; 0], "{name}");
    }
}

/// More than one line end, or a line end after bytes that are no text, is part of the secret.
#[test]
fn a_secret_loses_one_line_end_after_text_and_nothing_else() {
    let binary: Vec<u8> = (0xe0..=0xff).chain([b'\n']).collect();
    let text = Secret.public();
    for (name, content, secret) in [
        ("text", text.to_vec(), text.to_vec()),
        ("LF", with(text, b"\n"), text.to_vec()),
        ("CRLF", with(text, b"\r\n"), text.to_vec()),
        ("two LF", with(text, b"\n\n"), with(text, b"\n")),
        ("CR", with(text, b"\r"), with(text, b"\r")),
        ("a space", with(text, b" "), with(text, b" ")),
        ("bytes that end in LF", binary.clone(), binary),
    ] {
        let disk = Disk::new();
        disk.put("k", content);
        disk.config(&[VOD, &keys("secret_file = \"k\"")]);
        let signer = jsonwebtoken::EncodingKey::from_secret(&secret).unwrap();
        let mut header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
        header.kid = Some("k".to_owned());
        let token = jsonwebtoken::encode(&header, &serde_json::json!({ "uri": "" }), &signer).unwrap();
        assert_eq!(decided(&disk.verifier(), &crate::support::get("/a.ts").cookie(token)), GRANTED, "{name}");
    }
}

#[test]
fn a_secret_comes_from_the_environment_under_the_name_that_its_section_gives() {
    const GOOD: &str = "PLAYGATE_TEST_SECRET";
    const LINE: &str = "PLAYGATE_TEST_SECRET_WITH_LINE_END";
    let text = |key: TestKey| String::from_utf8(key.public().to_vec()).unwrap();
    let variables = [(GOOD, &*text(Secret)), (LINE, &*(text(SecretOther) + "\n"))];
    let name = "a_secret_comes_from_the_environment_under_the_name_that_its_section_gives";
    if !is_alone(module_path!(), name, &variables) {
        return;
    }
    let section = |variable: &str, kid: &str| keys(&format!("secret_env = {variable:?}\nkid = {kid:?}"));
    let disk = Disk::new();
    disk.config(&[VOD, &section(GOOD, "good"), &section(LINE, "line")]);
    let verifier = disk.verifier();
    for (kid, key, source) in [("good", Secret, GOOD), ("line", SecretOther, LINE)] {
        assert_eq!(decided(&verifier, &key.asks_as(kid)), GRANTED, "{kid}");
        let set = verifier.keys().snapshot();
        assert_eq!(set.keys_of(kid).next().unwrap().source().unwrap(), format!("${source}"), "{kid}");
    }
    assert!(verifier.reload().unwrap().keys.is_empty());
    disk.config(&[VOD, &section("PLAYGATE_TEST_NO_SECRET", "none"), &section("HOME", "short")]);
    assert_errors(
        &disk,
        "no secrets",
        &["secret_env: is not set: write the name of a variable", "$HOME: secret \"short\" has"],
    );
}

#[test]
fn a_public_key_stands_in_the_configuration_itself() {
    let text = |pem: &'static [u8]| std::str::from_utf8(pem).unwrap();
    let section = |pem: &str| keys(&format!("kid = \"k\"\npem = '''\n{pem}'''"));
    let disk = Disk::new();
    disk.config(&[VOD, &section(text(P256.public()))]);
    let verifier = disk.verifier();
    assert_eq!(decided(&verifier, &P256.asks_as("k")), GRANTED);
    assert_eq!(verifier.keys().snapshot().keys_of("k").next().unwrap().source().as_deref(), Some("pem"));
    disk.config(&[VOD, &section(text(Ed25519.public()))]);
    assert_eq!(verifier.reload().unwrap().keys.changed, ["k"].map(of_vod));
    assert_eq!(decided(&verifier, &Ed25519.asks_as("k")), GRANTED);
    disk.config(&[VOD, &section(text(Rsa.private()))]);
    let errors = verifier.reload().unwrap_err().to_string();
    assert!(errors.contains("key \"k\" is a private key"), "{errors}");
    let line = text(Rsa.private()).lines().nth(3).unwrap();
    assert!(!errors.contains(line), "{errors}");
}

#[test]
fn what_cannot_be_loaded_at_first_is_an_error_by_its_file() {
    let small = include_bytes!("../support/keys/rsa-1024.test.pub.pem").to_vec();
    let other = keys("file = \"in/k.pem\"") + "algorithm = \"RS256\"\n";
    let with_kid = keys("file = \"in/k.jwk\"") + "kid = \"given\"\n";
    let dir = || keys("dir = \"in\"");
    for (name, file, content, section, mark) in [
        (
            "no key",
            "in/k.pem".to_owned(),
            b"nonsense".to_vec(),
            dir(),
            "key \"k\" is not a PEM file with one key",
        ),
        ("nothing", "in/k.pem".into(), Vec::new(), dir(), "is empty"),
        ("a private key", "in/k.pem".into(), Rsa.private().to_vec(), dir(), "key \"k\" is a private key"),
        ("a small key", "in/k.pem".into(), small, dir(), "1024 bits"),
        ("no JSON", "in/k.jwk".into(), b"{".to_vec(), dir(), "is not a JSON document: line 1"),
        ("no UTF-8", "in/k.jwk".into(), b"\xff".to_vec(), dir(), "it is not UTF-8"),
        (
            "a number as kid",
            "in/k.jwk".into(),
            b"{\"kid\":1}".to_vec(),
            dir(),
            "has no \"kid\" that is a string",
        ),
        (
            "another kid inside",
            "in/k.jwk".into(),
            jwk(P256, "x"),
            dir(),
            "has the kid \"k\" from its file or section, but \"x\" in its content",
        ),
        (
            "another kid than given",
            "in/k.jwk".into(),
            jwk(P256, "k"),
            with_kid,
            "has the kid \"given\" from its file or section, but \"k\"",
        ),
        (
            "another algorithm",
            "in/k.pem".into(),
            P256.public().to_vec(),
            other,
            "is a P-256 key, not for RS256",
        ),
        ("no set", "in/jwks.json".into(), jwk(P256, "k"), dir(), "has no \"keys\" array"),
        ("an empty set", "in/jwks.json".into(), jwks(&[]).into_bytes(), dir(), "no usable key"),
        (
            "a line end in the name",
            "in/a\nb.pem".into(),
            P256.public().to_vec(),
            dir(),
            "contains control characters",
        ),
    ] {
        let disk = Disk::new();
        disk.put(&file, content);
        disk.config(&[VOD, &section]);
        let found = errors(&disk);
        assert!(matches!(&*found, [one] if one.contains(mark)), "{name}: {found:#?}");
        assert!(found[0].contains(&format!("{}: ", disk.path(&file).display())), "{name}: {found:#?}");
    }
}

#[test]
fn every_broken_file_of_a_folder_is_an_error_unless_they_are_skipped() {
    let disk = Disk::with_keys(&[("good", P256)]);
    disk.put("keys/broken.pem", "nonsense");
    disk.put("keys/private.pem", Rsa.private());
    disk.put("keys/other.jwk", jwk(P256, "another"));
    disk.put("keys/notes.txt", "passed over");
    let marks = ["keys/broken.pem: ", "keys/private.pem: ", "keys/other.jwk: "];
    assert_errors(&disk, "strictly", &marks);
    disk.config(&[VOD, KEYS, "broken_files = \"refuse\"\n"]);
    assert_errors(&disk, "said so", &marks);

    disk.config(&[VOD, KEYS, "broken_files = \"skip\"\n"]);
    let before = disk.warnings("").len();
    let verifier = disk.verifier();
    assert_eq!(decided(&verifier, &P256.asks_as("good")), GRANTED);
    assert_eq!(verifier.keys().snapshot().len(), 1);
    for mark in marks.iter().chain(&["keys/notes.txt: is not a key file and is ignored"]) {
        assert_eq!(disk.warnings(mark).len(), 1, "{mark}: {:#?}", disk.warnings(""));
    }
    assert_eq!(disk.warnings("").len() - before, 4, "{:#?}", disk.warnings(""));
    let health = verifier.health();
    assert_eq!(health.errors.len(), 3, "{health:#?}");
    assert_eq!(verifier.reload().unwrap().skipped.len(), 3);
    disk.put("keys/broken.pem", Ed25519.public());
    assert_eq!(verifier.reload().unwrap().keys.added, ["broken"].map(of_vod));

    let nowhere = KEYS.replace("keys\"", "nowhere\"") + "broken_files = \"skip\"\n";
    disk.config(&[VOD, &nowhere]);
    assert_errors(
        &disk,
        "a folder that is not there is no broken file",
        &["nowhere: does not exist: create it, or correct the path"],
    );
}

/// Where broken files are skipped, so is the second of two with one `kid`.
#[test]
fn a_skipped_kid_that_is_taken_is_told_of_once_and_stays_in_health() {
    let disk = Disk::with_keys(&[("a", P256)]);
    disk.put("more/a.pem", Ed25519.public());
    let more = KEYS.replace("keys\"", "more\"") + "broken_files = \"skip\"\n";
    disk.config(&[VOD, KEYS, &more]);
    let verifier = disk.verifier();
    let mark = format!("is also in {}", disk.path("keys/a.pem").display());
    for (round, files) in [("at the start", &[][..]), ("after a change", &["z"]), ("after one more", &["y"])]
    {
        for kid in files {
            disk.put(format!("more/{kid}.pem"), Rsa.public());
            assert_eq!(verifier.reload().unwrap().keys.added, [of_vod(kid)], "{round}");
        }
        assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED, "{round}");
        assert_eq!(decided(&verifier, &Ed25519.asks_as("a")), "wrong_algorithm", "{round}");
        let errors = verifier.health().errors;
        assert!(matches!(&*errors, [one] if one.contains(&mark)), "{round}: {errors:#?}");
        assert_eq!(disk.warnings(&mark).len(), 1, "{round}: {:#?}", disk.warnings(""));
    }
}

/// Before the first reading the path may be the secret itself, given in the wrong field.
#[test]
fn a_secret_file_is_named_once_it_was_loaded_and_hidden_before() {
    let disk = Disk::new();
    disk.config(&[VOD, &keys("secret_file = \"correct-horse\"")]);
    let errors = errors(&disk);
    assert!(
        matches!(&*errors, [one] if one.contains("does not exist") && !one.contains("horse")),
        "{errors:#?}"
    );

    disk.put("correct-horse", Secret.public());
    let verifier = disk.verifier();
    disk.remove("correct-horse");
    let skipped = verifier.reload().unwrap().skipped;
    let skipped: Vec<String> = skipped.iter().map(ToString::to_string).collect();
    let named = format!("{}: does not exist", disk.path("correct-horse").display());
    assert!(matches!(&*skipped, [one] if one.starts_with(&named)), "{skipped:#?}");
    assert_eq!(decided(&verifier, &Secret.asks_as("correct-horse")), GRANTED, "the last good content stays");
}

#[cfg(unix)]
#[test]
fn a_file_whose_name_is_no_text_needs_a_kid_of_its_own() {
    use std::os::unix::ffi::OsStrExt as _;

    let disk = Disk::new();
    let path = disk.path(std::ffi::OsStr::from_bytes(b"\xff.pem"));
    if fs::write(&path, P256.public()).is_err() {
        return; // a file system whose names are text
    }
    let scope = || KeyScope::bucket("vod");
    let build = |source| Verifier::builder().site(Site::bucket("vod").host(HOST)).key_source(source).build();
    let errors = build(KeySource::file(&path, scope())).unwrap_err().to_string();
    assert!(errors.contains("kid is missing"), "{errors}");
    let verifier = build(KeySource::file(&path, scope()).kid("given")).unwrap();
    assert_eq!(decided(&verifier, &P256.asks_as("given")), GRANTED);
}

#[test]
fn members_of_a_set_that_cannot_be_used_are_skipped_and_reported() {
    let disk = Disk::with_keys(&[]);
    let mut encryption = Rsa.jwk("for-encryption");
    encryption["use"] = "enc".into();
    encryption.as_object_mut().unwrap().remove("alg");
    let mut nameless = P256Other.jwk("");
    nameless.as_object_mut().unwrap().remove("kid");
    let unknown = serde_json::json!({ "kty": "EC", "crv": "P-521", "kid": "p521", "x": "AA", "y": "AA" });
    let weak = serde_json::json!({ "kty": "RSA", "kid": "weak", "n": "AQAB", "e": "AQAB" });
    let set = [P256.jwk("good"), encryption, nameless, unknown, weak, Ed25519.jwk("other")];
    disk.put("keys/jwks.json", jwks(&set));
    let verifier = disk.verifier();
    assert_eq!(verifier.keys().snapshot().len(), 2);
    assert_eq!(decided(&verifier, &P256.asks_as("good")), GRANTED);
    assert_eq!(decided(&verifier, &Ed25519.asks_as("other")), GRANTED);
    let told = disk.warnings("keys/jwks.json: ");
    let health = verifier.health().errors;
    for mark in ["\"for-encryption\" may not verify", "has no \"kid\"", "\"p521\"", "\"weak\""] {
        for (where_, lines) in [("log", &told), ("health", &health)] {
            assert_eq!(
                lines.iter().filter(|line| line.contains(mark)).count(),
                1,
                "{mark} in {where_}: {lines:#?}"
            );
        }
    }
    assert_eq!((told.len(), health.len()), (4, 4), "{told:#?}");
    assert_eq!(verifier.reload().unwrap().skipped.len(), 4);
    assert_eq!(disk.warnings("").len(), 4, "told of once");
}

#[test]
fn a_set_with_a_private_key_or_one_kid_twice_is_refused_as_a_whole() {
    let mut private = P256.jwk("private");
    private["d"] = "bm90IGEgc2VjcmV0IGJ1dCBub25lIHRoZSBsZXNz".into();
    for (name, set, mark) in [
        ("private", [Rsa.jwk("a"), private], "key \"private\" is a private key"),
        ("twice", [Rsa.jwk("a"), P256.jwk("a")], "two keys \"a\" of bucket vod"),
    ] {
        let disk = Disk::with_keys(&[]);
        disk.put("keys/jwks.json", jwks(&set));
        assert_errors(&disk, name, &[mark]);
    }
}

#[test]
fn one_kid_in_two_files_is_an_error_that_names_both() {
    let more = KEYS.replace("keys\"", "more\"");
    for (name, files, sections) in [
        ("two formats", ["keys/a.jwk", "keys/a.pem"], &[VOD, KEYS][..]),
        ("a file and a set", ["keys/a.pem", "keys/jwks.json"], &[VOD, KEYS]),
        ("two folders", ["keys/a.pem", "more/a.pem"], &[VOD, KEYS, &more]),
        ("two folders, the other way round", ["more/a.pem", "keys/a.pem"], &[VOD, &more, KEYS]),
    ] {
        let disk = Disk::with_keys(&[]);
        disk.put("more/z.pem", RsaOther.public());
        for file in files {
            match Path::new(file).extension().unwrap().to_str().unwrap() {
                "jwk" => disk.put(file, jwk(P256, "a")),
                "json" => disk.put(file, jwks(&[Ed25519.jwk("a")])),
                _ => disk.put(file, Rsa.public()),
            }
        }
        disk.config(sections);
        let [first, second] = files.map(|file| disk.path(file));
        let mark = format!("key \"a\" of bucket vod in {} is also in {}", second.display(), first.display());
        assert_errors(&disk, name, &[&mark]);
    }
    let disk = Disk::with_keys(&[("a", P256)]);
    let code = TestKey::Rsa.key_as("a", KeyScope::bucket("vod"));
    let errors = Verifier::builder().file(disk.path("playgate.toml")).key(code).build().unwrap_err();
    assert!(errors.to_string().contains("keys/a.pem is also in code"), "{errors}");
}

#[test]
fn two_sources_may_name_their_keys_alike_for_different_scopes_or_issuers() {
    let site = "[[site]]\nhosts = [\"other.example.com\"]\nserves = { bucket = \"other\" }\n";
    let other = KEYS.replace("keys\"", "more\"").replace("vod", "other");
    let issued = KEYS.replace("keys\"", "issued\"") + "issuer = \"https://id.example\"\n";
    let disk = Disk::with_keys(&[("a", P256)]);
    disk.put("more/a.pem", Ed25519.public());
    disk.put("issued/a.pem", Rsa.public());
    disk.config(&[VOD, site, KEYS, &other, &issued]);
    let verifier = disk.verifier();
    let identities = || {
        let set = verifier.keys().snapshot();
        let mut identities: Vec<String> = set.iter().map(|key| key.identity().to_string()).collect();
        identities.sort();
        identities
    };
    let of_other = "\"a\" of bucket other".to_owned();
    let of_issuer = "\"a\" of bucket vod by \"https://id.example\"".to_owned();
    assert_eq!(identities(), [&of_other, &of_vod("a"), &of_issuer].map(String::clone));
    let health: Vec<_> =
        verifier.health().keys.into_iter().map(|key| (key.kid, key.scope, key.issuer)).collect();
    let shown =
        |scope: &str, issuer: Option<&str>| ("a".to_owned(), scope.to_owned(), issuer.map(str::to_owned));
    let by = Some("https://id.example");
    assert_eq!(health, [shown("bucket other", None), shown("bucket vod", None), shown("bucket vod", by)]);
    let ask = |key: TestKey, issuer: &str| {
        let header = format!(r#"{{"alg":"{}","kid":"a"}}"#, key.alg());
        let token = key.sign(&header, &format!(r#"{{"uri":"videos/1/"{issuer}}}"#));
        decided(&verifier, &get("/videos/1/a.ts").query(token))
    };
    let by = r#","iss":"https://id.example""#;
    for (name, key, issuer, verdict) in [
        ("the bucket's", P256, "", GRANTED),
        ("the bucket's, whoever issued the token", P256, by, GRANTED),
        ("the issuer's", Rsa, by, GRANTED),
        ("the issuer's for a token by another", Rsa, r#","iss":"https://id.example/""#, "wrong_algorithm"),
        ("the other bucket's", Ed25519, "", "wrong_algorithm"),
    ] {
        assert_eq!(ask(key, issuer), verdict, "{name}");
    }
    // Each goes and comes on its own.
    disk.put("issued/a.pem", RsaOther.public());
    assert_eq!(verifier.reload().unwrap().keys.changed, [&*of_issuer]);
    disk.config(&[VOD, site, &other, &issued]);
    assert_eq!(verifier.reload().unwrap().keys.removed, [of_vod("a")]);
    assert_eq!(identities(), [&*of_other, &*of_issuer]);
    disk.config(&[VOD, site, &other]);
    assert_eq!(verifier.reload().unwrap().keys.removed, [of_issuer]);
    assert_eq!(identities(), [of_other]);
    disk.config(&[VOD, site, KEYS, &other]);
    assert_eq!(verifier.reload().unwrap().keys.added, [of_vod("a")]);
    assert_eq!(ask(P256, ""), GRANTED);
}

/// `cargo test` runs in the package's folder, where there are no such keys.
#[test]
fn relative_paths_start_at_the_configuration_file() {
    let disk = Disk::new();
    disk.put("etc/keys/a.pem", P256.public());
    disk.put("etc/one/b.pem", Ed25519.public());
    disk.put("beside/c.pem", Rsa.public());
    let places = ["dir = \"keys\"", "file = \"./one/b.pem\"", "file = \"../beside/c.pem\""];
    let sections = places.map(keys).concat();
    let elsewhere = keys(&format!("file = {:?}\nkid = \"d\"", disk.path("beside/c.pem").to_str().unwrap()));
    disk.put("etc/playgate.toml", format!("version = 1\n{VOD}{sections}{elsewhere}"));
    let here = env::current_dir().unwrap();
    let up: PathBuf = here.components().skip(1).map(|_| "..").collect();
    let relative = up.join(disk.path("etc/playgate.toml").strip_prefix("/").unwrap());
    for (name, path) in [("absolute", disk.path("etc/playgate.toml")), ("relative", relative)] {
        let verifier = Verifier::from_file(path).unwrap();
        for (kid, key) in [("a", P256), ("b", Ed25519), ("c", Rsa), ("d", Rsa)] {
            assert_eq!(decided(&verifier, &key.asks_as(kid)), GRANTED, "{kid} by a path that is {name}");
        }
    }
}

#[test]
fn what_is_no_file_neither_blocks_nor_crashes() {
    let fifo = |disk: &Disk, name: &str| {
        let made = Command::new("mkfifo").arg(disk.path(name)).status().unwrap();
        assert!(made.success());
    };
    let file = "file = \"keys/x.pem\"";
    let secret = "secret_file = \"keys/x.pem\"";
    let set = "jwks = \"keys/x.pem\"";
    for (name, make) in [
        ("fifo", &fifo as &dyn Fn(&Disk, &str)),
        ("folder", &|disk, name| fs::create_dir(disk.path(name)).unwrap()),
        ("device", &|disk, name| std::os::unix::fs::symlink("/dev/zero", disk.path(name)).unwrap()),
        ("socket", &|disk, name| drop(std::os::unix::net::UnixListener::bind(disk.path(name)).unwrap())),
    ] {
        let disk = Disk::with_keys(&[("a", P256)]);
        make(&disk, "keys/x.pem");
        for (section, place) in
            [(KEYS.to_owned(), "dir"), (keys(file), "file"), (keys(secret), "secret"), (keys(set), "set")]
        {
            disk.config(&[VOD, &section]);
            let found = errors(&disk);
            let mark = format!("{}: is not a file", disk.path("keys/x.pem").display());
            assert!(matches!(&*found, [one] if one.contains(&mark)), "{name} as {place}: {found:#?}");
        }
        disk.config(&[VOD, KEYS, "broken_files = \"skip\"\n"]);
        assert_eq!(errors(&disk), [""; 0], "{name} is skipped");
        let verifier = disk.verifier();
        assert!(verifier.reload().unwrap().keys.is_empty(), "{name}");
        assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED, "{name}");
    }
    let disk = Disk::with_keys(&[]);
    fs::remove_file(disk.path("playgate.toml")).unwrap();
    fifo(&disk, "playgate.toml");
    assert_errors(&disk, "the configuration is a fifo", &["playgate.toml: is not a file"]);
}

#[test]
fn a_fifo_that_takes_the_place_of_a_key_keeps_the_last_good_one() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let verifier = disk.verifier();
    disk.remove("keys/a.pem");
    assert!(Command::new("mkfifo").arg(disk.path("keys/a.pem")).status().unwrap().success());
    let (tell, told) = mpsc::channel();
    let reloading = verifier.clone();
    thread::spawn(move || tell.send(reloading.reload().unwrap()).unwrap());
    let swapped = told.recv_timeout(Duration::from_secs(10)).expect("an answer, not a wait for a writer");
    assert_eq!((swapped.keys.is_empty(), swapped.skipped.len()), (true, 1), "{swapped:?}");
    assert_eq!(decided(&verifier, &P256.asks_as("a")), GRANTED);
}

#[test]
fn a_file_over_its_limit_is_refused_without_being_read() {
    const KEY: u64 = 64 * 1024;
    const SET: u64 = 16 * 1024 * 1024;
    let sized = |disk: &Disk, name: &str, content: &[u8], size: u64| {
        // The rest are zeros that take no room.
        disk.put(name, content);
        fs::OpenOptions::new().write(true).open(disk.path(name)).unwrap().set_len(size).unwrap();
    };
    let padded = {
        let mut padded = P256.public().to_vec();
        padded.resize(usize::try_from(KEY).unwrap(), b'\n');
        padded
    };
    let disk = Disk::with_keys(&[]);
    disk.put("keys/k.pem", &padded);
    assert_eq!(errors(&disk), [""; 0], "at the limit");
    disk.append("keys/k.pem", "\n");
    assert_errors(&disk, "a PEM", &["keys/k.pem: has 65537 bytes: the limit is 65536"]);
    disk.remove("keys/k.pem");
    sized(&disk, "keys/k.jwk", &jwk(P256, "k"), KEY + 1);
    assert_errors(&disk, "a JWK", &["keys/k.jwk: has 65537 bytes: the limit is 65536"]);
    disk.remove("keys/k.jwk");
    sized(&disk, "keys/jwks.json", jwks(&[P256.jwk("k")]).as_bytes(), SET + 1);
    assert_errors(&disk, "a set", &["keys/jwks.json: has 16777217 bytes: the limit is 16777216"]);
    disk.remove("keys/jwks.json");
    sized(&disk, "secret", Secret.public(), KEY + 1);
    disk.config(&[VOD, &keys("secret_file = \"secret\"")]);
    assert_errors(&disk, "a secret", &["secret: has 65537 bytes: the limit is 65536"]);
    sized(&disk, "playgate.toml", VOD.as_bytes(), 256 * 1024 * 1024 + 1);
    assert_errors(
        &disk,
        "the configuration",
        &["playgate.toml: has 268435457 bytes: the limit is 268435456"],
    );
}

#[cfg(unix)]
#[test]
fn a_link_is_what_it_points_to_under_its_own_name() {
    use std::os::unix::fs::symlink;

    let disk = Disk::with_keys(&[]);
    disk.put("store/x", P256.public());
    symlink("../store/x", disk.path("keys/linked.pem")).unwrap();
    let verifier = disk.verifier();
    assert_eq!(decided(&verifier, &P256.asks_as("linked")), GRANTED);
    disk.put("store/x", P256Other.public());
    assert_eq!(verifier.reload().unwrap().keys.changed, ["linked"].map(of_vod));
    assert_eq!(decided(&verifier, &P256Other.asks_as("linked")), GRANTED);
    symlink("nowhere", disk.path("keys/dangling.pem")).unwrap();
    assert_errors(
        &disk,
        "to nothing",
        &["keys/dangling.pem: does not exist: create it, or correct the path"],
    );
    disk.remove("keys/dangling.pem");
    symlink("loop.pem", disk.path("keys/loop.pem")).unwrap();
    assert_errors(&disk, "to itself", &["keys/loop.pem: cannot be read"]);
    disk.remove("keys/loop.pem");
    symlink("../store", disk.path("keys/folder.pem")).unwrap();
    assert_errors(&disk, "to a folder", &["keys/folder.pem: is not a file"]);
}

#[cfg(unix)]
#[test]
fn a_file_or_folder_that_may_not_be_read_says_so() {
    use std::os::unix::fs::PermissionsExt as _;

    let disk = Disk::with_keys(&[("a", P256)]);
    let close = |name: &str| fs::set_permissions(disk.path(name), fs::Permissions::from_mode(0o000)).unwrap();
    close("keys/a.pem");
    if fs::File::open(disk.path("keys/a.pem")).is_ok() {
        return; // root may read everything
    }
    assert_errors(&disk, "file", &["keys/a.pem: is not readable by this user"]);
    close("keys");
    assert_errors(&disk, "folder", &["keys: is not readable by this user"]);
    fs::set_permissions(disk.path("keys"), fs::Permissions::from_mode(0o700)).unwrap();
}

#[test]
fn a_folder_that_is_none_is_an_error_and_an_empty_one_is_not() {
    let disk = Disk::with_keys(&[]);
    assert_eq!(errors(&disk), [""; 0]);
    assert!(disk.verifier().keys().snapshot().is_empty());
    disk.put("file", "");
    disk.config(&[VOD, &KEYS.replace("keys\"", "file\"")]);
    assert_errors(&disk, "a file", &["file: is not a folder"]);
    disk.config(&[VOD, &KEYS.replace("keys\"", "file/below\"")]);
    assert_errors(&disk, "below a file", &["file/below: is not a folder"]);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_key_files_are_passed_over_and_hidden_ones_without_a_word() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;

    let disk = Disk::with_keys(&[("a", P256)]);
    let odd = OsStr::from_bytes(b"keys/\xff.pem");
    fs::write(disk.path(odd), P256.public()).unwrap();
    for name in ["README", "b.PEM", "c.pem~", "d.json", "e.crt", "jwks.json.old", ".f.pem", ".pem", "..g.pem"]
    {
        disk.put(format!("keys/{name}"), Rsa.public());
    }
    disk.put("keys/below/h.pem", Rsa.public());
    let verifier = disk.verifier();
    let set = verifier.keys().snapshot();
    assert_eq!(set.iter().map(|key| key.id().as_str()).collect::<Vec<_>>(), ["a"]);
    for name in ["README", "b.PEM", "c.pem~", "d.json", "e.crt", "jwks.json.old", "below", "\u{fffd}.pem"] {
        let mark = format!("keys/{name}: is not a key file");
        assert_eq!(disk.warnings(&mark).len(), 1, "{name}: {:#?}", disk.warnings(""));
    }
    assert_eq!(disk.warnings("").len(), 8, "{:#?}", disk.warnings(""));
    assert_eq!(verifier.health().errors, [""; 0]);
}

#[test]
fn a_source_in_code_is_what_a_section_is() {
    let disk = Disk::with_keys(&[("a", P256)]);
    disk.put("set.json", jwks(&[Rsa.jwk("r")]));
    disk.put("same.json", jwks(&[Ed25519.jwk("same")])); // says for itself what its source says
    disk.put("secret", Secret.public());
    disk.put("broken/x.pem", "nonsense");
    let scope = || KeyScope::bucket("vod");
    let pem = String::from_utf8(Ed25519.public().to_vec()).unwrap();
    let builder = || Verifier::builder().site(Site::bucket("vod").host(HOST));
    let sources = [
        KeySource::dir(disk.path("keys"), scope()).algorithm(Algorithm::Es256),
        KeySource::dir(disk.path("broken"), scope()).broken_files(BrokenFiles::Skip),
        KeySource::file(disk.path("keys/a.pem"), scope()).kid("named"),
        KeySource::jwks(disk.path("set.json"), scope()),
        KeySource::secret_file(disk.path("secret"), scope()),
        KeySource::pem("inline", pem, scope()),
        KeySource::jwks(disk.path("same.json"), scope()).algorithm(Algorithm::EdDsa),
    ];
    let verifier = sources.iter().cloned().fold(builder(), playgate::verifier::VerifierBuilder::key_source);
    let verifier = verifier.build().unwrap();
    for (kid, key) in
        [("a", P256), ("named", P256), ("r", Rsa), ("secret", Secret), ("inline", Ed25519), ("same", Ed25519)]
    {
        assert_eq!(decided(&verifier, &key.asks_as(kid)), GRANTED, "{kid}");
    }
    assert_eq!(decided(&verifier, &P256.asks_as("x")), UNKNOWN);
    let shown = format!("{:?}", sources[5]);
    assert!(shown.contains("inline") && !shown.contains("PUBLIC KEY"), "{shown}");

    let wrong = KeySource::dir(disk.path("keys"), scope()).algorithm(Algorithm::Rs256);
    let errors = builder().key_source(wrong).build().unwrap_err();
    let inside =
        ConfigError::OtherAlgorithm { kid: "a".to_owned(), found: "a P-256 key".to_owned(), wanted: "RS256" };
    let file = disk.path("keys/a.pem").display().to_string();
    let wanted = ConfigError::InFile { file, line: None, error: Box::new(inside) };
    assert_eq!(errors.iter().collect::<Vec<_>>(), [&wanted]);
    let none = KeySource::dir(disk.path("keys"), KeyScope::site("none"));
    let errors = builder().key_source(none).build().unwrap_err();
    assert!(errors.to_string().contains("is for site \"none\", but no site"), "{errors}");
}

#[test]
fn a_set_of_public_keys_with_a_shared_secret_loads_and_is_warned_about_once() {
    let mixed = [P256.jwk("p"), Secret.jwk("s")];
    for (name, set, warned) in [
        ("mixed", jwks(&mixed), 1),
        ("public keys alone", jwks(&[P256.jwk("p"), Rsa.jwk("r")]), 0),
        ("secrets alone", jwks(&[Secret.jwk("s"), SecretOther.jwk("t")]), 0),
    ] {
        let disk = Disk::with_keys(&[]);
        disk.put("keys/jwks.json", set);
        let verifier = disk.verifier();
        assert_eq!(verifier.keys().snapshot().len(), 2, "{name}");
        let lines = disk.warnings("keys/jwks.json: JWK set contains shared secrets beside public keys");
        assert_eq!((lines.len(), disk.warnings("").len()), (warned, warned), "{name}: {lines:#?}");
        let health = verifier.health();
        assert_eq!((health.warnings.len(), health.errors.len()), (warned, 0), "{name}: {health:#?}");
        assert!(verifier.reload().unwrap().skipped.is_empty(), "{name}");
        assert_eq!(disk.warnings("").len(), warned, "{name}: once");
        let secret = std::str::from_utf8(Secret.public()).unwrap();
        let shown = format!("{lines:?} {health:?}");
        assert!(
            !shown.contains(&secret[..16]) && !shown.contains(&crate::support::encode(&secret[..15])),
            "{name}"
        );
    }
}

#[test]
fn max_staleness_is_for_files_and_folders_and_ten_seconds_at_least() {
    let disk = Disk::with_keys(&[("a", P256)]);
    let text = |pem: &'static [u8]| std::str::from_utf8(pem).unwrap();
    for (name, section, marks) in [
        ("none", KEYS.to_owned(), &[][..]),
        ("a week", format!("{KEYS}max_staleness = \"7days\"\n"), &[]),
        ("the least", format!("{KEYS}max_staleness = 10\n"), &[]),
        ("too short", format!("{KEYS}max_staleness = 9\n"), &["max_staleness is 9 s: write 10 s or more"]),
        (
            "beside a PEM",
            keys(&format!("kid = \"k\"\nmax_staleness = 60\npem = '''\n{}'''", text(P256.public()))),
            &["max_staleness is set beside pem: write it only for a file or folder"],
        ),
    ] {
        disk.config(&[VOD, &section]);
        assert_errors(&disk, name, marks);
    }
}

/// Where the place of a secret is asked for, the secret itself may have been written.
#[test]
fn an_error_about_the_scope_of_a_secret_does_not_show_what_may_be_the_secret() {
    const SLIP: &str = "correct-horse-battery-staple-0123456789";
    let disk = Disk::new();
    disk.put("there", Secret.public());
    for (name, place, shown) in [
        ("a variable", format!("secret_env = {SLIP:?}\nkid = \"k\""), "secret_env is for site \"none\""),
        ("a file", format!("secret_file = {SLIP:?}\nkid = \"k\""), "secret_file is for site \"none\""),
        ("a file that is there", "secret_file = \"there\"".to_owned(), "there is for site \"none\""),
        (
            "a variable that is set",
            "secret_env = \"PATH\"\nkid = \"k\"".to_owned(),
            "secret_env $PATH is for site",
        ),
    ] {
        disk.config(&[VOD, &format!("[[keys]]\n{place}\nscope = {{ site = \"none\" }}\n")]);
        let errors = errors(&disk).concat();
        assert!(errors.contains(shown), "{name}: {errors}");
        assert!(!errors.contains(SLIP), "{name}: {errors}");
    }
}

/// Whoever writes the secret itself where its file or variable is to be named finds it in no error and no `Debug`.
#[test]
fn a_secret_in_the_place_of_its_name_is_shown_nowhere() {
    const MISTAKE: &str = "hunter2hunter2hunter2hunter2hunter2";
    let link = |place: &str| format!("{VOD}[site.secure_link]\npreset = \"gcore\"\n{place}\n");
    let scoped = |place: &str| format!("[[keys]]\nkid = \"k\"\n{place}\nscope = {{ site = \"none\" }}\n");
    let disk = Disk::new();
    for (name, sections) in [
        ("a link's variable", vec![link(&format!("secret_env = {MISTAKE:?}"))]),
        ("one of two variables", vec![link(&format!("secret_env = [\"CARGO_PKG_NAME\", {MISTAKE:?}]"))]),
        ("no name of a variable", vec![link(&format!("secret_env = \"{MISTAKE}=\""))]),
        ("a link's file", vec![link(&format!("secret_file = {MISTAKE:?}"))]),
        ("a key's variable", vec![VOD.to_owned(), keys(&format!("kid = \"k\"\nsecret_env = {MISTAKE:?}"))]),
        ("a key's file", vec![VOD.to_owned(), keys(&format!("kid = \"k\"\nsecret_file = {MISTAKE:?}"))]),
        ("a variable for no site", vec![VOD.to_owned(), scoped(&format!("secret_env = {MISTAKE:?}"))]),
        ("a file for no site", vec![VOD.to_owned(), scoped(&format!("secret_file = {MISTAKE:?}"))]),
        (
            "an expression",
            vec![format!(
                "{VOD}[site.secure_link]\npreset = \"nginx\"\nexpression = \"{{expires}}{{path}} {MISTAKE}\"\nsecret_env = \"CARGO_PKG_NAME\"\n"
            )],
        ),
    ] {
        disk.config(&sections.iter().map(String::as_str).collect::<Vec<_>>());
        let errors = errors(&disk);
        assert!(!errors.is_empty(), "{name}");
        assert!(!errors.concat().contains("hunter2"), "{name}: {errors:#?}");
    }
    let scope = || KeyScope::bucket("vod");
    for source in [KeySource::secret_env(MISTAKE, "k", scope()), KeySource::secret_file(MISTAKE, scope())] {
        assert!(!format!("{source} {source:?}").contains("hunter2"), "{source:?}");
    }
    let nginx = format!("{{expires}}{{path}} {MISTAKE}");
    for secret in [SharedSecret::env(MISTAKE), SharedSecret::file(MISTAKE), MISTAKE.into()] {
        let site = Site::bucket("vod").host(HOST).secure_link(SecureLink::nginx(&*nginx, secret));
        assert!(!format!("{site:?}").contains("hunter2"), "{site:?}");
    }
}
