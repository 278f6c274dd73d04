//! Which crates of others a user of this one has to know: read off what rustdoc found public, not off the sources.
//!
//! `.ci/run` has rustdoc write that down first (`foreign_types` there).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

/// What each place names of others, the first place that a file stands in; `src/` is the core.
const NAMED: &[(&str, &[&str])] = &[
    ("src/adapters/actix/", &["actix_http", "actix_service", "actix_web", "bytes"]),
    ("src/adapters/axum.rs", &["axum", "axum_core", "http", "tower_service"]),
    ("src/adapters/http/", &["bytes", "http", "http_body"]),
    ("src/adapters/tower/", &["http", "tower_layer", "tower_service"]),
    ("src/media_keys/", &["bytes", "http", "http_body", "tower_service"]),
    ("src/request/http.rs", &["http"]),
    ("src/", &["bytes", "serde_core", "serde_json"]),
];

#[test]
#[ignore = "reads what rustdoc has written, see foreign_types in .ci/run"]
fn the_core_names_no_framework_and_an_adapter_only_its_own() {
    // `target/debug/deps/foreign_types-…` and `target/doc/playgate.json`
    let test = std::env::current_exe().unwrap();
    let written = test.ancestors().nth(3).unwrap().join("doc/playgate.json");
    let public: Value = serde_json::from_slice(&fs::read(written).unwrap()).unwrap();
    let mut found: BTreeMap<&str, BTreeMap<String, String>> = BTreeMap::new();
    for item in public["index"].as_object().unwrap().values() {
        let Some(file) = item["span"]["filename"].as_str().filter(|_| item["crate_id"] == 0) else {
            continue;
        };
        let written = &item["inner"]["impl"];
        if written["blanket_impl"].is_object() || written["is_synthetic"] == true {
            continue; // nobody wrote it here
        }
        let (place, _) = NAMED.iter().find(|(place, _)| file.starts_with(place)).unwrap();
        foreign(&item["inner"], &public, &mut |name, path| {
            let by = format!("{path} in {file}");
            found.entry(place).or_default().insert(name.to_owned(), by);
        });
    }
    for (place, expected) in NAMED {
        let found = found.remove(place).unwrap_or_default();
        let names: BTreeSet<&str> = found.keys().map(String::as_str).collect();
        assert_eq!(names, expected.iter().copied().collect(), "{place}: {found:#?}");
    }
}

/// Tells the crate and the path of every type and trait below `value` that is not from here and not Rust's own.
fn foreign(value: &Value, public: &Value, tell: &mut impl FnMut(&str, &str)) {
    match value {
        Value::Object(members) => {
            // A type or a trait has a path, a re-export has a source.
            if let Some(id) = members.get("id").and_then(Value::as_u64)
                && (members.contains_key("path") || members.contains_key("source"))
                && let Some(known) = public["paths"].get(id.to_string())
                && let Some(from) = public["external_crates"].get(known["crate_id"].to_string())
            {
                let name = from["name"].as_str().unwrap();
                let path: Vec<&str> =
                    known["path"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
                // What a macro has to write and nobody can use.
                if !["std", "core", "alloc"].contains(&name) && !path.contains(&"__private") {
                    tell(name, &path.join("::"));
                }
            }
            members.values().for_each(|value| foreign(value, public, tell));
        }
        Value::Array(values) => values.iter().for_each(|value| foreign(value, public, tell)),
        _ => {}
    }
}
