use std::path::Path;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::document::Document;
use super::*;

fn schema() -> String {
    let mut schema =
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<Document>().to_value();
    tidy(&mut schema);
    serde_json::to_string_pretty(&schema).unwrap() + "\n"
}

/// Tidies the schema: an absent field is left out and not null, and the defaults that serde fills in are not meant as defaults.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            fields.remove("format");
            if fields
                .get("default")
                .is_some_and(|default| default.is_null() || default == &serde_json::json!([]))
            {
                fields.remove("default");
            }
            if let Some(Value::Array(types)) = fields.get_mut("type") {
                types.retain(|name| name != "null");
                if let [one] = types.as_slice() {
                    let one = one.clone();
                    fields.insert("type".to_owned(), one);
                }
            }
            if let Some(Value::Array(choices)) = fields.get("anyOf") {
                let real: Vec<&Value> = choices.iter().filter(|choice| choice["type"] != "null").collect();
                if let ([Value::Object(one)], true) = (real.as_slice(), real.len() < choices.len()) {
                    let one = one.clone();
                    fields.remove("anyOf");
                    for (name, value) in one {
                        fields.entry(name).or_insert(value);
                    }
                }
            }
            fields.values_mut().for_each(tidy);
        }
        Value::Array(values) => values.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// `PLAYGATE_WRITE_SCHEMA=1 cargo test --all-features schema` writes it.
#[test]
fn the_committed_schema_is_what_the_types_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/config/schema.json");
    if std::env::var_os("PLAYGATE_WRITE_SCHEMA").is_some() {
        std::fs::write(&path, schema()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), schema());
}

#[test]
fn every_error_is_found_at_once_and_what_follows_from_one_is_not_told() {
    let text = r#"version = 2
trusted_proxies = ["10.0.0.1/8", 5]

[[site]]
hosts = "cdn.example.com"
serves = { bukcet = "vod" }

[[site]]
hsots = ["live.example.com"]
serves = { live = "path" }
base_path = "/a"

[[keys]]
dir = "keys"
file = "x.pem"
"#;
    let mut file = ConfigFile::parse(text, Notation::Toml, Path::new("playgate.toml")).unwrap();
    let mut faults = Faults::default();
    assert!(file.add_to(PolicyBuilder::default()).check(&mut faults).is_none());
    assert!(file.place(faults.into_list()).is_empty());
    let errors: Vec<String> = file.into_errors().iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "playgate.toml:1: version is 2, but this release reads version 1: write 1, or see \"Upgrading\" in the CHANGELOG",
            "playgate.toml:2: trusted_proxies is the number 5: write text in quotes",
            "playgate.toml:2: trusted proxy \"10.0.0.1/8\" has bits after its prefix: write 10.0.0.0/8",
            "playgate.toml:5: hosts is the text \"cdn.example.com\": write a list, [\"cdn.example.com\"]",
            "playgate.toml:6: serves is { bukcet = … }: write { bucket = \"…\" }",
            "playgate.toml:9: [[site]] has no field \"hsots\": write hosts",
            "playgate.toml:11: base path \"/a\" of site \"live\" does not end with a slash: write \"/a/\"",
            "playgate.toml:13: [[keys]] has no scope: write scope = { bucket = \"name\" }, { stream = \"id\" } or { site = \"id\" }",
            "playgate.toml:15: [[keys]] has both dir and file: write one [[keys]] for each",
        ]
    );
}

#[test]
fn both_notations_say_the_same() {
    let toml = r#"
        version = 1
        [[site]]
        hosts = ["a.example"]
        serves = { bucket = "vod" }
        max_lifetime = "1h"
        answers = { expired = 410 }
        [site.cors]
        origins = ["https://app.example"]
    "#;
    let json = r#"{"version": 1, "site": [{"hosts": ["a.example"], "serves": {"bucket": "vod"},
        "max_lifetime": 3600, "answers": {"expired": 410}, "cors": {"origins": ["https://app.example"]}}]}"#;
    let sites = |text, notation| {
        let file = ConfigFile::parse(text, notation, Path::new("x")).unwrap();
        let policy = file.add_to(PolicyBuilder::default());
        assert_eq!(file.into_errors(), []);
        policy.named_sites().map(|(id, site)| (id, site.clone())).collect::<Vec<_>>()
    };
    assert_eq!(sites(toml, Notation::Toml), sites(json, Notation::Json));
}
