//! Configurations of any text: nothing panics, every error is one line that names a line of the text, the same text
//! has the same errors, and JSON is what a plain parser takes for JSON.
//!
//! The first byte says the notation, the rest is the text. No key file is opened.

#![no_main]

mod bounds;

use bounds::Bounds;
use libfuzzer_sys::fuzz_target;
use playgate::internals::read_config;
use serde_json::Value;

/// A tree of the text, settings, and an error for each fault.
const BOUNDS: Bounds = Bounds { heap: 1024 * 1024, heap_per_byte: 4096 };

fuzz_target!(|data: &[u8]| {
    let Some((notation, text)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let json = notation & 1 == 1;
    let errors = BOUNDS.check(text.len(), || read_config(text, json));
    assert_eq!(errors, read_config(text, json), "the same text");

    let lines = text.matches('\n').count() + 1;
    let name = if json { "fuzz.json:" } else { "fuzz.toml:" };
    let mut last = 1;
    for error in &errors {
        let rest = error.strip_prefix(name).expect("the name of the file");
        let (line, said) = rest.split_once(": ").expect("a line, and what is said of it");
        let line: usize = line.parse().expect("a line");
        assert!(line >= last && line <= lines + 1, "line {line} behind {last} of {lines}: {error}");
        assert!(!said.is_empty() && !error.contains('\n'), "{error:?}");
        last = line;
    }
    if json {
        compare(text, &errors);
    }
});

/// What divides the two: names that stand twice, which serde_json lets pass, and numbers and depths that it does not
/// hold.
fn compare(text: &str, errors: &[String]) {
    let syntax: Vec<&String> = errors.iter().filter(|error| error.contains(": is not valid JSON: ")).collect();
    match serde_json::from_str::<Value>(text) {
        Ok(_) => {
            let known = ["occurs twice in one object", "maximum nesting depth exceeded"];
            let unknown = syntax.iter().find(|error| !known.iter().any(|known| error.ends_with(known)));
            assert!(unknown.is_none(), "serde_json takes it: {unknown:?}");
        }
        Err(error) => {
            let error = error.to_string();
            let known = ["number out of range", "recursion limit exceeded"];
            let is_known = known.iter().any(|known| error.starts_with(known));
            assert!(is_known || !syntax.is_empty(), "serde_json refuses it: {error}");
        }
    }
}
