use crate::world::World;

#[test]
fn a_sound_configuration_is_valid() {
    let world = World::new();
    assert_eq!(world.good(&["check"]), "playgate.toml is valid: 1 site, 3 keys\n");
    let json = world.json(&["check", "playgate.toml", "--strict"]);
    let expected =
        serde_json::json!({ "valid": true, "errors": [], "warnings": [], "sites": ["cdn"], "keys": 3 });
    assert_eq!(json, expected);
}

#[test]
fn every_error_has_its_line_and_its_remedy() {
    let world = World::new();
    world.configure("serves = { bucket", "methd = [\"GET\"]\nserves = { bucket");
    world.configure("secrets/akamai", "secrets/absent");
    let ran = world.run(&["check"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (1, ""), "{ran:?}");
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{ran:?}");
    assert!(lines[0].starts_with("playgate.toml:6: error: ") && lines[0].contains("\"methd\""), "{lines:?}");
    assert!(lines[0].contains(": write methods"), "{lines:?}");
    assert!(lines[1].starts_with("playgate.toml:19: error: "), "{lines:?}");
    assert_eq!(lines[2], "playgate.toml is not valid: 2 errors");

    let ran = world.run(&["check", "--json"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(json["valid"], false);
    assert_eq!(json["errors"][0]["file"], "playgate.toml");
    assert_eq!(json["errors"][0]["line"], 6);
    assert!(json["errors"][1]["message"].as_str().unwrap().contains("secret_file"), "{json}");
    assert_eq!(json["keys"], 0);
}

#[test]
fn warnings_are_those_that_an_origin_logs() {
    let world = World::new();
    world.write("keys/notes.txt", "not a key");
    world.configure("scope = { site = \"cdn\" }", "scope = { bucket = \"unserved\" }");
    let text = world.good(&["check"]);
    assert!(text.contains("playgate.toml: warning: ") && text.contains("keys/notes.txt"), "{text}");
    assert!(text.contains("bucket \"unserved\""), "{text}");
    assert!(text.ends_with("playgate.toml is valid: 1 site, 3 keys, 2 warnings\n"), "{text}");
    let strict = world.run(&["check", "--strict", "--json"]);
    assert_eq!(strict.code, 1, "{strict:?}");
    let json: serde_json::Value = serde_json::from_str(&strict.stdout).unwrap();
    assert_eq!(json["valid"], true);
    assert_eq!(json["warnings"].as_array().unwrap().len(), 2);
}

#[test]
fn a_configuration_that_cannot_be_read_is_not_valid() {
    let world = World::empty();
    for (name, text, found) in [
        ("absent.toml", None, "does not exist"),
        ("a.yaml", Some("version: 1"), ".toml or .json"),
        ("b.toml", Some("version = "), "b.toml:1: "),
        ("c.json", Some("{\"version\": 2}"), "version is 2"),
    ] {
        if let Some(text) = text {
            world.write(name, text);
        }
        let ran = world.run(&["check", name]);
        assert_eq!(ran.code, 1, "{name}: {ran:?}");
        assert!(ran.stdout.contains(found), "{name}: {ran:?}");
    }
}

#[test]
fn a_site_that_does_not_enforce_is_a_warning() {
    let world = World::new();
    world.configure("serves = { bucket", "danger = { enforce = false }\nserves = { bucket");
    let text = world.good(&["check"]);
    assert!(text.contains("playgate.toml: warning: ") && text.contains("does not enforce"), "{text}");
    assert!(text.contains("site cdn"), "{text}");
    let json = world.run(&["check", "--strict"]);
    assert_eq!(json.code, 1, "{json:?}");
}
