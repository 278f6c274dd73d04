//! `keygen`, `public`, `keys`, and the commands that print texts.

use playgate::{Key, KeyScope, mint::Signer};

use crate::world::World;

#[test]
fn keygen_writes_a_public_file_and_a_private_one_that_fit() {
    for (kind, algorithm) in [("rsa", "RS256"), ("p256", "ES256"), ("ed25519", "EdDSA")] {
        let world = World::empty();
        let json = world.json(&["keygen", "--type", kind, "--out", "keys/a.b"]);
        assert_eq!(json["kid"], "a.b", "{json}");
        assert_eq!(json["algorithm"], algorithm);
        assert_eq!(json["public"], "keys/a.b.pem");
        assert_eq!(json["private"], "private/a.b.pem");
        let public = world.read("keys/a.b.pem");
        let key = Key::from_pem("a.b", &public, KeyScope::bucket("vod")).unwrap();
        let signer = Signer::from_pem("a.b", world.read("private/a.b.pem")).unwrap();
        assert_eq!(key.algorithm().name(), algorithm);
        assert_eq!(signer.public_pem().unwrap().replace("\r\n", "\n"), public);
        assert_eq!(world.good(&["public", "private/a.b.pem"]), public);
        assert_eq!(world.json(&["public", "private/a.b.pem"])["public_pem"], public);
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_a_private_key() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::empty();
    world.good(&["keygen", "--out", "keys/k", "--private", "signer"]);
    let mode = |name: &str| world.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode("signer/k.pem"), 0o600);
    assert_eq!(mode("signer"), 0o700);
    assert_eq!(mode("keys/k.pem") & 0o444, 0o444);
}

#[test]
fn a_new_private_folder_is_ignored_by_git_and_another_is_left_as_it_is() {
    let world = World::empty();
    world.good(&["keygen", "--out", "keys/k"]);
    assert_eq!(world.read("private/.gitignore"), "*\n");
    assert!(!world.path("keys/.gitignore").exists());
    world.write("own/note", "");
    world.good(&["keygen", "--out", "keys/l", "--private", "own"]);
    assert!(!world.path("own/.gitignore").exists());
}

#[test]
fn a_key_is_never_overwritten() {
    for existing in ["keys/k.pem", "private/k.pem"] {
        let world = World::empty();
        world.write(existing, "precious");
        world.fails(&["keygen", "--out", "keys/k"], 3, &["never overwritten", existing]);
        assert_eq!(world.read(existing), "precious");
        let other = if existing.starts_with("keys") { "private/k.pem" } else { "keys/k.pem" };
        assert!(!world.path(other).exists(), "half a key was left");
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_a_private_key_is_not_followed() {
    let world = World::empty();
    world.write("private/other", "");
    std::os::unix::fs::symlink(world.path("nowhere"), world.path("private/k.pem")).unwrap();
    world.fails(&["keygen", "--out", "keys/k"], 3, &["never overwritten"]);
    assert!(!world.path("nowhere").exists());
}

#[test]
fn keygen_refuses_what_does_not_fit() {
    let world = World::empty();
    world.fails(&["keygen", "--out", "keys/k", "--bits", "4096"], 2, &["--bits applies only to --type rsa"]);
    world.fails(
        &["keygen", "--out", "keys/k", "--private", "keys"],
        2,
        &["--private is the folder of the public file"],
    );
    world.fails(&["keygen", "--out", "/"], 2, &["is not a file name"]);
    world.fails(&["keygen", "--out", "k", "--type", "rsa", "--bits", "1024"], 3, &["1024 bits"]);
    assert!(!world.path("keys").exists() && !world.path("private").exists());
}

#[test]
fn public_names_what_is_wrong_with_its_input() {
    let world = World::new();
    world.fails(
        &["public", "absent.pem"],
        3,
        &["argument names a file that does not exist: correct the path"],
    );
    world.fails(&["public", "keys/2026-12.pem"], 3, &["public key"]);
    world.fails(&["public", "secrets/shared"], 3, &["PEM"]);
    let long = vec![b'a'; 70_000];
    let ran = world.run_with_input(&["public", "-"], &long);
    assert_eq!(ran.code, 3, "{ran:?}");
    assert!(ran.stderr.contains("longer than 64 KiB"), "{ran:?}");
}

#[test]
fn keys_lists_every_key_with_its_source() {
    let world = World::new();
    let table = world.good(&["keys"]);
    let rows: Vec<Vec<&str>> = table
        .lines()
        .map(|line| line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect())
        .collect();
    assert_eq!(rows[0], ["KID", "ALGORITHM", "SCOPE", "ISSUER", "SOURCE", "LOADED", "PROBLEMS"]);
    assert_eq!(rows[1][..5], ["2026-12", "ES256", "bucket vod", "-", "keys/2026-12.pem"]);
    assert_eq!(
        rows[2][..5],
        ["K2JCJMDEHXQW5F", "cloudfront-rsa", "bucket vod", "-", "cloudfront/K2JCJMDEHXQW5F.pem"]
    );
    assert_eq!(rows[3][..5], ["shared", "HS256", "site cdn", "-", "secrets/shared"]);
    let json = world.json(&["keys"]);
    assert_eq!(json["keys"].as_array().unwrap().len(), 3);
    assert_eq!(json["keys"][0]["kid"], "2026-12");
    assert!(json["keys"][0]["loaded_at"].as_i64().unwrap() > 1_700_000_000);
    assert!(!table.contains("0123456789abcdef") && !json.to_string().contains("0123456789abcdef"));
}

#[test]
fn keys_shows_what_is_wrong_with_a_key() {
    let world = World::new();
    world.configure(
        "dir = \"keys\"",
        "dir = \"keys\"\nnot_after = 2025-01-31T00:00:00Z\nbroken_files = \"skip\"",
    );
    world.write("keys/broken.pem", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n");
    let table = world.good(&["keys"]);
    assert!(table.contains("retired since 2025-01-31 00:00:00 UTC"), "{table}");
    assert!(table.contains("warning: ") && table.contains("broken.pem"), "{table}");
    world.write("playgate.toml", "version = 1\nsites = 3\nleeway = 2\n");
    world.fails(&["keys"], 1, &["playgate.toml:2: ", "1 more error"]);
}

#[test]
fn colour_is_for_terminals_and_for_those_who_want_it() {
    let world = World::new();
    assert!(!world.good(&["keys"]).contains('\u{1b}'));
    assert!(world.good(&["keys", "--color", "always"]).contains("\u{1b}[1mKID"));
    let ran = world.run_with_env(&["keys"], ("CLICOLOR_FORCE", "1"));
    assert!(ran.stdout.contains('\u{1b}'), "{ran:?}");
    let json = world.run_with_env(&["keys", "--json"], ("CLICOLOR_FORCE", "1"));
    assert!(!json.stdout.contains('\u{1b}'), "{json:?}");
}

#[test]
fn the_schema_completions_and_manual_are_whole() {
    let world = World::empty();
    assert_eq!(world.good(&["schema"]), playgate::config::SCHEMA);
    assert_eq!(
        world.json(&["schema"]),
        serde_json::from_str::<serde_json::Value>(playgate::config::SCHEMA).unwrap()
    );
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = world.good(&["completions", shell]);
        assert!(script.contains("cloudfront"), "{shell}");
        assert_eq!(world.json(&["completions", shell])["script"], script);
    }
    let page = world.good(&["man"]);
    assert!(page.starts_with(".ie") || page.contains(".TH"), "{page}");
    assert_eq!(world.json(&["man"])["page"], page);
    world.good(&["man", "--out", "pages"]);
    assert!(world.read("pages/playgate-mint-url.1").contains("SYNOPSIS"));
}

#[test]
fn a_reader_that_stops_reading_is_no_error() {
    let world = World::empty();
    let ran = world.shell("playgate schema | head -c 1", &[]);
    assert_eq!((ran.code, ran.stdout.as_str(), ran.stderr.as_str()), (0, "{", ""));
}

#[test]
fn wrong_usage_exits_with_2() {
    let world = World::new();
    for args in [
        &["frobnicate"][..],
        &["keygen"],
        &["mint", "url"],
        &["check", "--unknown"],
        &["completions", "tcsh"],
    ] {
        let ran = world.run(args);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{args:?}: {ran:?}");
        let with_json: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let ran = world.run(&with_json);
        assert_eq!(ran.code, 2, "{args:?}: {ran:?}");
        let error: serde_json::Value = serde_json::from_str(&ran.stderr).unwrap();
        assert!(!error["error"].as_str().unwrap().is_empty(), "{error}");
    }
}
