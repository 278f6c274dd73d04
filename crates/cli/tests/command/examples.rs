use std::collections::BTreeSet;

use serde_json::Value;

use crate::store::Store;
use crate::world::World;

/// Returns every command, as the manual has a page for each: `["mint", "url"]`.
fn commands() -> Vec<Vec<String>> {
    let world = World::empty();
    let pages = world.json(&["man", "--out", "man1"]);
    let names = pages["pages"].as_array().unwrap().iter().map(|page| {
        let name = page.as_str().unwrap().strip_prefix("man1/playgate").unwrap();
        // The only name of a command with a hyphen.
        let name = name.strip_suffix(".1").unwrap().replace("api-key", "api_key");
        name.split('-').filter(|part| !part.is_empty()).map(|part| part.replace('_', "-")).collect()
    });
    names.filter(|name: &Vec<String>| !name.is_empty()).collect()
}

fn help(command: &[String]) -> String {
    let args: Vec<&str> = command.iter().map(String::as_str).chain(["--help"]).collect();
    World::empty().good(&args)
}

/// Returns the lines of a help text's examples, with continued lines joined.
fn examples(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let text: Vec<&str> = lines.take_while(|line| line.starts_with("  ")).map(str::trim).collect();
    let joined = text.join("\n").replace(" \\\n", " ");
    joined.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Returns the names of fields that a help text documents.
fn documented(help: &str) -> BTreeSet<String> {
    let text = help.split("\nJSON: ").nth(1).unwrap_or_default().split("\n\n").next().unwrap_or_default();
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_example_of_the_help_runs() {
    let mut ran = 0;
    for command in commands() {
        let examples = examples(&help(&command));
        assert!(!examples.is_empty(), "{command:?} has no example");
        let world = if command == ["keygen"] { World::empty() } else { World::new() };
        let is_embed = command == ["mint", "embed"];
        let store = is_embed.then(|| Store::start(&world));
        let address = store.as_ref().map(|store| store.address.clone()).unwrap_or_default();
        world.write("secrets/redis-url", &address);
        for line in examples {
            assert!(line.contains("playgate "), "{command:?}: {line}");
            let done = world.shell(&line, &[("PLAYGATE_REDIS_URL", address.clone())]);
            if store.as_ref().is_some_and(|store| !store.is_there()) {
                assert_eq!(done.code, 3, "{line}: {done:?}");
                continue;
            }
            assert_eq!(done.code, 0, "{line}: {done:?}");
            if line.contains("--json") {
                serde_json::from_str::<Value>(&done.stdout).unwrap();
            }
            ran += 1;
        }
    }
    assert!(ran > 20, "only {ran} examples ran");
}

#[test]
fn the_json_of_every_kind_of_credential_has_the_documented_fields() {
    let common = documented(&help(&["mint".to_owned()]));
    assert!(common.contains("expires_at"), "{common:?}");
    for command in commands()
        .into_iter()
        .filter(|command| command.len() == 2 && command[0] == "mint" && command[1] != "embed")
    {
        let text = help(&command);
        let wanted: BTreeSet<String> = documented(&text).union(&common).cloned().collect();
        let world = World::new();
        for line in examples(&text) {
            let done = world.shell(&format!("{line} --json"), &[]);
            let Value::Object(json) = serde_json::from_str(&done.stdout).unwrap() else {
                panic!("{line}: {done:?}")
            };
            assert_eq!(json.keys().cloned().collect::<BTreeSet<_>>(), wanted, "{line}");
            assert_eq!(json["kind"], command[1].as_str());
        }
    }
}

#[test]
fn no_line_of_the_help_of_examples_is_wrapped() {
    for command in commands() {
        for line in examples(&help(&command)) {
            assert!(line.starts_with("playgate "), "{command:?}: {line}");
        }
    }
}
