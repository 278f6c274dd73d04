use super::*;

const PEM: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2Vw\n-----END PUBLIC KEY-----\n";

fn scope() -> KeyScope {
    KeyScope::bucket("b")
}

#[test]
fn a_source_shows_where_its_keys_are_and_never_what_they_are() {
    for (source, display, debug) in [
        (KeySource::dir("keys/a", scope()), "keys/a", "Dir(\"keys/a\")"),
        (KeySource::file("a.pem", scope()), "a.pem", "File(\"a.pem\")"),
        (KeySource::jwks("set.json", scope()), "set.json", "Jwks(\"set.json\")"),
        (KeySource::secret_file("Cargo.toml", scope()), "Cargo.toml", "SecretFile(\"Cargo.toml\")"),
        (KeySource::secret_file("a.txt", scope()), NOWHERE, "SecretFile(\"(does not exist)\")"),
        (KeySource::secret_env("PATH", "a", scope()), "$PATH", "SecretEnv(\"PATH\")"),
        (KeySource::secret_env("SECRET", "a", scope()), NOWHERE, "SecretEnv(\"(does not exist)\")"),
        (KeySource::pem("a", PEM, scope()), "pem", "Pem"),
    ] {
        assert_eq!(source.to_string(), display);
        assert_eq!(format!("{:?}", source.place), debug);
        let whole = format!("{source:?}");
        assert!(!["BEGIN", "MCow"].iter().any(|text| whole.contains(text)), "{whole}");
    }
}

#[cfg(feature = "watch")]
#[test]
fn a_file_is_watched_for_in_its_folder_and_what_is_no_file_nowhere() {
    for (source, folder) in [
        (KeySource::dir("keys/a", scope()), Some("keys/a")),
        (KeySource::file("keys/a.pem", scope()), Some("keys")),
        (KeySource::jwks("set.json", scope()), Some(".")),
        (KeySource::secret_file("/a.txt", scope()), Some("/")),
        (KeySource::secret_env("SECRET", "a", scope()), None),
        (KeySource::pem("a", PEM, scope()), None),
    ] {
        assert_eq!(source.watched_folder(), folder.map(Path::new), "{source}");
    }
}
