//! What the author of a configuration file reads: every error with its file and line, what was found and what to
//! write.
//!
//! The mistakes stand in `tests/data/config/errors`, each in a file that is good otherwise and with the one error
//! that it causes; the notation is in the README beside them.

#[allow(dead_code, reason = "the bytes of the keys alone are needed")]
use std::fs;
use std::path::Path;

use crate::support::TestKey;
use axum::http::Request;
use playgate::time::UnixSeconds;
use playgate::{ConfigErrors, Verifier};
use tempfile::TempDir;

/// One mistake.
#[derive(Debug, Default)]
struct Row {
    name: String,
    text: String,
    /// Files beside it.
    beside: Vec<(String, Vec<u8>)>,
    /// The error, or each in a line, without the folder that the test runs in.
    says: String,
}

impl Row {
    /// What is said when all of it is laid into a folder of its own.
    fn found(&self, file: &str) -> String {
        let folder = TempDir::new().unwrap();
        for (name, bytes) in &self.beside {
            lay(folder.path(), name, bytes);
        }
        errors_of(folder.path(), file, self.text.as_bytes())
    }
}

fn lay(folder: &Path, name: &str, bytes: &[u8]) {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// The errors of a configuration file with this name and text, their paths beginning at the folder.
fn errors_of(folder: &Path, file: &str, text: &[u8]) -> String {
    let path = folder.join(file);
    fs::write(&path, text).unwrap();
    Verifier::from_file(path).map_or_else(|errors| within(folder, &errors), |_| "nothing".to_owned())
}

fn within(folder: &Path, errors: &ConfigErrors) -> String {
    errors.to_string().replace(&format!("{}/", folder.display()), "")
}

/// The bytes of a key file by its name in the tables.
fn bytes(name: &str) -> Vec<u8> {
    match name {
        "rsa.public" => TestKey::Rsa.public(),
        "rsa.private" => TestKey::Rsa.private(),
        "p256.public" => TestKey::P256.public(),
        "p256.certificate" => include_bytes!("../data/p256.certificate.pem"),
        "p521.public" => include_bytes!("../support/keys/p521.test.pub.pem"),
        "x25519.public" => include_bytes!("../data/x25519.spki.pem"),
        "rsa-1024.public" => include_bytes!("../support/keys/rsa-1024.test.pub.pem"),
        "rsa-exponent-1.public" => include_bytes!("../data/rsa-exponent-1.pkcs1.pem"),
        "not-utf-8" => b"{\"kty\": \"\xff\"}",
        "rsa-2048.roca" => include_bytes!("../data/rsa-2048.roca.spki.pem"),
        "1000001-members" => return format!("{{\"keys\":[{}0]}}", "0,".repeat(1_000_000)).into(),
        "65537-bytes" => return vec![b'a'; 65537],
        other => panic!("{other} is no key of the tables"),
    }
    .to_vec()
}

/// The rows of one table.
fn rows(table: &Path) -> Vec<(String, Row)> {
    let text = fs::read_to_string(table).unwrap();
    let mut sections = text.split("\n## ").map(|section| Row::default().read(section));
    let before = sections.next().unwrap();
    let ending = if table.ends_with("json.txt") { "json" } else { "toml" };
    let behind = |row: Row| Row {
        name: row.name,
        text: format!("{}{}", before.text, row.text),
        beside: before.beside.iter().cloned().chain(row.beside).collect(),
        says: row.says,
    };
    sections.map(|row| (format!("playgate.{ending}"), behind(row))).collect()
}

impl Row {
    /// Its name, its files, its text, and behind arrows its errors.
    fn read(mut self, section: &str) -> Self {
        for (number, line) in section.lines().enumerate() {
            if number == 0 {
                line.clone_into(&mut self.name);
            } else if let Some(error) = line.strip_prefix("=> ") {
                self.says.push_str(if self.says.is_empty() { "" } else { "\n" });
                self.says.push_str(error);
            } else if !self.says.is_empty() {
                assert_eq!(line, "", "{}", self.name);
            } else if let Some(laid) = line.strip_prefix("@ ") {
                self.beside.push(match (laid.split_once(" = "), laid.split_once(':')) {
                    (Some((name, key)), _) => (name.to_owned(), bytes(key)),
                    (None, Some((name, text))) => {
                        (name.to_owned(), text.trim_start().replace("\\n", "\n").into_bytes())
                    }
                    (None, None) => panic!("{line} lays nothing"),
                });
            } else {
                self.text.push_str(line);
                self.text.push('\n');
            }
        }
        self
    }
}

/// Every row of the tables, and what its configuration file is called.
fn table() -> Vec<(String, Row)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config/errors");
    let mut tables: Vec<_> = fs::read_dir(folder).unwrap().map(|table| table.unwrap().path()).collect();
    tables.sort();
    tables.iter().flat_map(|table| rows(table)).collect()
}

#[test]
fn every_mistake_has_one_error_with_its_line_what_was_found_and_what_to_write() {
    let table = table();
    assert!(table.len() > 200, "{} rows", table.len());
    let several = table.iter().filter(|(_, row)| row.says.lines().count() != 1);
    assert_eq!(several.map(|(_, row)| row.name.as_str()).collect::<Vec<_>>(), SEVERAL);
    let mut wrong = Vec::new();
    for (file, row) in table {
        let found = row.found(&file);
        if found != row.says {
            wrong.push(format!("{}\n    says: {}\n   found: {found}", row.name, row.says));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The rows of more than one mistake: all are told at once, by line, and what follows from one is not told beside
/// it.
const SEVERAL: [&str; 3] = ["nothing in the file", "mistakes everywhere", "several lines that are no TOML"];

/// The kinds of error that no file causes, and why.
const NOT_FROM_A_FILE: &[(&str, &str)] = &[
    ("KeyWithoutScope", "a section without a scope is told of before its keys are read"),
    ("PublicKeyCannotSign", "nothing in a file signs"),
    ("HookForNoSite", "hooks are code"),
    ("NoSuchKey", "one key is replaced by code"),
    ("PassedOver", "it is told of, and refuses nothing"),
    ("EmptiedFolder", "it keeps what was there, so at the start there is nothing to keep"),
    ("LastGoodKeys", "it keeps what was there, so at the start there is nothing to keep"),
    ("KeysRemoved", "it removes what was there, so at the start there is nothing to remove"),
    ("MoreSkipped", "it is told of, and refuses nothing"),
    ("MixedSet", "it is told of, and refuses nothing"),
    ("EmbedToken", "no token stands in a file"),
    ("Revocation", "what is revoked is said while serving"),
    ("NoEmbedSite", "tokens are issued while serving"),
    ("NoRandomness", "it is the system's"),
    ("Store", "a shared store is said in code"),
    ("LastGoodSecret", "it keeps what was there, so at the start there is nothing to keep"),
    ("UnknownNotation", "the tables have but two notations; see below"),
];

/// Each variant of `ConfigError`, and its message without what is filled in.
fn kinds() -> Vec<(&'static str, Vec<String>)> {
    let source = include_str!("../../src/error/config.rs");
    let (_, body) = source.split_once("pub enum ConfigError {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let kind = |variant: &'static str| {
        let (message, name) = variant.rsplit_once(")]\n").unwrap();
        let message = message.replace("\\\"", "\u{0}");
        let message = message.split('"').nth(1).unwrap().replace('\u{0}', "\"");
        let message: String = message.split("\\\n").map(str::trim_start).collect();
        let name = name.trim().split([' ', ',']).next().unwrap();
        let fixed =
            message.split('{').map(|part| part.split_once('}').map_or(part, |(_, fixed)| fixed).to_owned());
        (name, fixed.collect())
    };
    body.split("#[error(").skip(1).map(kind).collect()
}

#[test]
fn every_kind_of_error_that_a_file_causes_has_a_row() {
    let table = table();
    let kinds = kinds();
    assert!(kinds.len() > 45, "{kinds:?}");
    for (name, fixed) in &kinds {
        let is_it = |row: &Row| {
            let mut left = row.says.as_str();
            fixed.iter().all(|part| left.split_once(part.as_str()).map(|(_, rest)| left = rest).is_some())
        };
        let reason = NOT_FROM_A_FILE.iter().find(|(kind, _)| kind == name);
        let row = table.iter().find(|(_, row)| is_it(row));
        assert_eq!(row.is_some(), reason.is_none(), "{name}: {fixed:?}, {row:?}");
    }
    for (name, _) in NOT_FROM_A_FILE {
        assert!(kinds.iter().any(|(kind, _)| kind == name), "there is no {name}");
    }
}

/// What the tables cannot hold: text that is no text, and files of another kind.
#[test]
fn a_file_that_is_no_text_or_not_there_says_so() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("folder.toml")).unwrap();
    let good = b"version = 1\n[[site]]\nhosts = [\"cdn.example.com\"]\nserves = { bucket = \"vod\" }\n";
    for (name, file, text, says) in [
        ("not there", "none.toml", None, "none.toml: does not exist: create it, or correct the path"),
        (
            "in a folder that is not there",
            "none/x.toml",
            None,
            "none/x.toml: does not exist: create it, or correct the path",
        ),
        ("a folder", "folder.toml", None, "folder.toml: is not a file"),
        (
            "YAML",
            "playgate.yaml",
            Some(&good[..]),
            "playgate.yaml: has an unknown extension: use .toml or .json",
        ),
        ("no ending", "playgate", Some(good), "playgate: has an unknown extension: use .toml or .json"),
        (
            "TOML in Latin-1",
            "latin.toml",
            Some(b"version = 1\n# caf\xe9\n"),
            "latin.toml:2: is not valid TOML: it is not UTF-8",
        ),
        (
            "JSON in Latin-1",
            "latin.json",
            Some(b"{\n\n\"x\": \"caf\xe9\"}"),
            "latin.json:3: is not valid JSON: it is not UTF-8",
        ),
        (
            "TOML in UTF-16",
            "wide.toml",
            Some(b"\xff\xfev\0"),
            "wide.toml:1: is not valid TOML: it is not UTF-8",
        ),
        (
            "JSON with a byte order mark",
            "mark.json",
            Some(b"\xef\xbb\xbf{}"),
            "mark.json:1: is not valid JSON: unexpected token",
        ),
        ("TOML with a byte order mark", "mark.toml", Some(&[b"\xef\xbb\xbf", &good[..]].concat()), "nothing"),
        (
            "lines that end in CR LF",
            "lines.toml",
            Some(b"version = 1\r\n\r\n[[site]\r\n"),
            "lines.toml:3: is not valid TOML: unclosed array table, expected `]`",
        ),
        (
            "JSON with a byte of zero",
            "zero.json",
            Some(b"{\n\"x\0\": 1}"),
            "zero.json:2: is not valid JSON: control character (\\u0000-\\u001F) found while parsing a string",
        ),
        (
            "TOML with a byte of zero",
            "zero.toml",
            Some(b"version = 1\nx = '\0'\n"),
            "zero.toml:2: is not valid TOML: invalid literal string, expected non-single-quote visible characters",
        ),
    ] {
        let found = match text {
            Some(text) => errors_of(folder.path(), file, text),
            None => Verifier::from_file(folder.path().join(file))
                .map_or_else(|errors| within(folder.path(), &errors), |_| "nothing".to_owned()),
        };
        assert_eq!(found, says, "{name}");
    }
}

const GOOD: &str = "version = 1
[[site]]
hosts = [\"cdn.example.com\"]
serves = { bucket = \"vod\" }
public_paths = [\"posters/\"]
[[keys]]
dir = \"keys\"
scope = { bucket = \"vod\" }
";

#[test]
fn a_bad_new_configuration_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("playgate.toml");
    lay(folder.path(), "keys/p256.pem", TestKey::P256.public());
    fs::write(&file, GOOD).unwrap();
    let verifier = Verifier::from_file(&file).unwrap();
    let token = TestKey::P256.token(r#"{"uri":"videos/"}"#);
    let decisions = || {
        let asks = [
            ("cdn.example.com", format!("/videos/a.ts?auth={token}")),
            ("cdn.example.com", format!("/other/a.ts?auth={token}")),
            ("cdn.example.com", "/videos/a.ts".to_owned()),
            ("cdn.example.com", "/posters/a.jpg".to_owned()),
            ("new.example.com", "/videos/a.ts".to_owned()),
        ];
        asks.map(|(host, uri)| {
            let request = Request::get(uri).header("host", host).body(()).unwrap();
            format!("{:?}", verifier.decide(&request, UnixSeconds::new(1_750_000_000)).denial())
        })
    };
    let before = decisions();
    assert_eq!(
        before,
        ["None", "Some(OutOfScope)", "Some(CredentialMissing)", "None", "Some(UnknownHost)"],
        "at first"
    );
    let without_line =
        |found: &str| GOOD.lines().filter(|line| !line.contains(found)).collect::<Vec<_>>().join("\n");
    for (name, text) in [
        ("no TOML", "version = 1\n[[site]".to_owned()),
        ("an empty file", String::new()),
        (
            "a site more, and a mistake in it",
            format!("{GOOD}[[site]]\nhosts = [\"new.example.com\"]\nserves = {{}}\n"),
        ),
        ("less that is public, and a mistake elsewhere", without_line("public_paths") + "\nkid = 5"),
        ("a folder that is not there", GOOD.replace("\"keys\"", "\"keyes\"")),
        (
            "keys for another bucket, without a name",
            GOOD.replace("scope = { bucket = \"vod\" }", "scope = { bucket = \"\" }"),
        ),
        ("no keys, and a host with a port", without_line("dir").replace("example.com", "example.com:80")),
        ("a version of the future", GOOD.replace("version = 1", "version = 2")),
    ] {
        fs::write(&file, text).unwrap();
        assert!(verifier.reload().is_err(), "{name}");
        assert_eq!(decisions(), before, "{name}");
    }
    fs::remove_file(&file).unwrap();
    assert!(verifier.reload().is_err(), "a file that is gone");
    assert_eq!(decisions(), before, "a file that is gone");
    fs::write(&file, without_line("public_paths").replace("cdn.", "new.")).unwrap();
    let swapped = verifier.reload().unwrap();
    assert_eq!(
        (swapped.sites.added, swapped.sites.removed),
        (vec!["new.example.com".to_owned()], vec!["cdn.example.com".to_owned()])
    );
    assert_ne!(decisions(), before, "a good one is taken up");
}
