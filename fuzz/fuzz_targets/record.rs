//! What a shared store holds behind a token: nothing panics, and what is taken says what plain JSON says.

#![no_main]

mod bounds;

use bounds::Bounds;
use libfuzzer_sys::fuzz_target;
use playgate::internals::read_record;
use serde_json::Value;

/// A record is held as it is kept and as it is written again; the JSON of metadata takes the most.
const BOUNDS: Bounds = Bounds { heap: 4096, heap_per_byte: 64 };

fuzz_target!(|json: &[u8]| {
    let Some(written) = BOUNDS.check(json.len(), || read_record(json)) else { return };
    // A number with a fraction or an exponent may lose its last digit on each way.
    if serde_json::from_slice(json).is_ok_and(|plain: Value| has_float(&plain)) {
        return;
    }
    assert_eq!(read_record(&written).as_deref(), Some(&*written), "it is read again as it was written");
    let (plain, written): (Value, Value) =
        (serde_json::from_slice(json).unwrap(), serde_json::from_slice(&written).unwrap());
    let (plain, written) = (plain.as_object().unwrap(), written.as_object().unwrap());
    assert_eq!(written["v"], 1);
    for (name, value) in plain {
        // What says nothing may be left out.
        let says_nothing = value.is_null()
            || value.as_array().is_some_and(Vec::is_empty)
            || value.as_object().is_some_and(serde_json::Map::is_empty);
        assert!(written.get(name) == Some(value) || says_nothing, "{name}: {value}");
    }
    for name in ["realm", "video"] {
        assert!(plain[name].is_string());
    }
    let video = plain["video"].as_str().unwrap();
    assert!(!video.is_empty() && !video.contains(['/', '\\', '%', '\0']) && video != "." && video != "..", "{video:?}");
});

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(several) => several.iter().any(has_float),
        Value::Object(members) => members.values().any(has_float),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}
