//! The JSON Schema of the configuration against the parser: what the parser takes, the schema takes; what the schema
//! refuses, the parser refuses; and what only the parser can refuse is listed.
//!
//! TOML goes to the schema as the JSON that says the same.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use jsonschema::Validator;
use playgate::Verifier;
use playgate::internals::read_config;
use serde_json::{Value, json};
use toml::de::{DeTable, DeValue};

fn schema() -> Value {
    serde_json::from_str(playgate::config::SCHEMA).unwrap()
}

fn validator() -> Validator {
    jsonschema::draft202012::new(&schema()).unwrap()
}

/// Whether the parser takes it, and what it says if not.
fn parsed(document: &Value) -> Result<(), Vec<String>> {
    let errors = read_config(&document.to_string(), true);
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Every good configuration, with its name.
fn good() -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/config/good");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// The same as JSON.
fn as_json(path: &Path, text: &str) -> Value {
    if path.extension().is_some_and(|extension| extension == "json") {
        return serde_json::from_str(text).unwrap();
    }
    table(DeTable::parse(text).unwrap().into_inner())
}

fn table(table: DeTable<'_>) -> Value {
    let fields = table.into_iter().map(|(name, field)| (name.into_inner().into(), value(field.into_inner())));
    Value::Object(fields.collect())
}

fn value(toml: DeValue<'_>) -> Value {
    match toml {
        DeValue::String(text) => text.into(),
        DeValue::Integer(number) => number.as_str().parse::<i64>().unwrap().into(),
        DeValue::Float(number) => number.as_str().parse::<f64>().unwrap().into(),
        DeValue::Boolean(flag) => flag.into(),
        DeValue::Datetime(date) => date.to_string().into(),
        DeValue::Array(values) => values.into_iter().map(|element| value(element.into_inner())).collect(),
        DeValue::Table(fields) => table(fields),
    }
}

/// The fields, and the words that may stand in them, below a part of the schema: `site.serves.live`,
/// `site.serves.live=path`.
fn fields(schema: &Value, part: &Value, path: &str, found: &mut BTreeSet<String>) {
    if let Some(name) = part["$ref"].as_str() {
        let part = schema.pointer(name.trim_start_matches('#')).unwrap();
        fields(schema, part, path, found);
    }
    for (name, field) in part["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        found.insert(path.clone());
        fields(schema, field, &path, found);
    }
    let choices = ["oneOf", "anyOf"].iter().flat_map(|key| part[key].as_array().into_iter().flatten());
    for choice in choices.chain(part.get("items")) {
        fields(schema, choice, path, found);
    }
    let words = part["enum"].as_array().into_iter().flatten().chain(part.get("const"));
    found.extend(words.map(|word| format!("{path}={word}")));
}

/// The same of a document.
fn uses(document: &Value, path: &str, found: &mut BTreeSet<String>) {
    match document {
        Value::Object(fields) => {
            for (name, field) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                found.insert(path.clone());
                uses(field, &path, found);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| uses(element, path, found)),
        word => {
            found.insert(format!("{path}={word}"));
        }
    }
}

#[test]
fn the_schema_is_one() {
    let schema = schema();
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    jsonschema::draft202012::meta::validate(&schema).unwrap();
}

#[test]
fn good_documents_pass_and_use_every_field_and_word_of_the_schema() {
    let good = good();
    assert!(good.len() >= 15, "{} documents", good.len());
    let (schema, validator) = (schema(), validator());
    let mut used = BTreeSet::new();
    for (path, text) in &good {
        let json = as_json(path, text);
        if let Err(error) = validator.validate(&json) {
            panic!("{}: the schema says {error} at {}", path.display(), error.instance_path());
        }
        assert_eq!(parsed(&json), Ok(()), "{} as JSON", path.display());
        uses(&json, "", &mut used);
    }
    let mut all = BTreeSet::new();
    fields(&schema, &schema, "", &mut all);
    assert!(all.len() > 70, "{all:?}");
    let unused: Vec<&String> = all.difference(&used).collect();
    assert!(unused.is_empty(), "no good document has {unused:?}");
}

#[test]
fn good_documents_are_good_with_their_keys_too() {
    let folder = tempfile::TempDir::new().unwrap();
    let lay = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
    let pem = include_bytes!("../support/keys/p256.test.pub.pem");
    let secret = r#"{"kty":"oct","alg":"HS256","k":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE""#;
    fs::create_dir(folder.path().join("keys")).unwrap();
    lay("keys/k0.pem", pem);
    lay("k1.pem", pem);
    lay("k2.jwk", format!("{secret}}}").as_bytes());
    lay("k3.secret", b"0123456789abcdef0123456789abcdef\n");
    lay("link.secret", b"a shared secret\n");
    lay("akamai.secret", b"00112233445566778899aabbccddeeff\n");
    lay("cloudfront-rsa.pem", include_bytes!("../support/keys/rsa.test.pub.pem"));
    lay("cloudfront-p256.pem", pem);
    lay("keys.json", format!(r#"{{"keys":[{secret},"kid":"k5"}}]}}"#).as_bytes());
    for (path, text) in good() {
        let file = folder.path().join(path.file_name().unwrap());
        fs::write(&file, text).unwrap();
        if let Err(errors) = Verifier::from_file(file) {
            panic!("{errors}");
        }
    }
}

/// A document with every kind of section, all of it good.
fn base() -> Value {
    let document = json!({
        "version": 1,
        "site": [{
            "hosts": ["cdn.example.com"],
            "serves": {"bucket": "vod"},
            "answers": {"expired": 410},
            "identity_headers": {"x-viewer": "sub", "x-kid": {"grant": "kid"}, "x-internal": false},
            "cors": {"origins": ["https://app.example.com"]},
            "secure_link": {"preset": "gcore", "secret_file": "link"},
            "forward": {"only_keys": ["md5"], "from": ["m3u8"], "to": ["ts"], "hosts": ["a.example"], "max_mpd": 65536},
        }],
        "stream": [{"id": "s1", "playback_id": "p1"}],
        "keys": [{"dir": "keys", "scope": {"bucket": "vod"}, "danger": {"kid_from_jti": true}}],
    });
    assert!(validator().is_valid(&document) && parsed(&document).is_ok());
    document
}

/// The document with another value, or with none, at a JSON Pointer.
fn with(mut document: Value, pointer: &str, value: Option<Value>) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match (document.pointer_mut(parent).unwrap(), value) {
        (Value::Object(fields), Some(value)) => drop(fields.insert(name.to_owned(), value)),
        (Value::Object(fields), None) => drop(fields.remove(name).unwrap()),
        (Value::Array(elements), Some(value)) => elements[name.parse::<usize>().unwrap()] = value,
        (other, value) => panic!("{pointer}: {other}, {value:?}"),
    }
    document
}

#[test]
#[expect(clippy::too_many_lines, reason = "one row for each shape")]
fn what_has_another_shape_is_refused_by_both() {
    let validator = validator();
    let named = |kid: &str| json!({"file": "k1.pem", "kid": kid, "scope": {"bucket": "vod"}});
    for (name, pointer, value) in [
        ("unknown field", "/listen", Some(json!("0.0.0.0:80"))),
        ("unknown field of a site", "/site/0/expires", Some(json!(true))),
        ("unknown field of cors", "/site/0/cors/allow", Some(json!([]))),
        ("unknown field of a stream", "/stream/0/name", Some(json!("one"))),
        ("unknown field of keys", "/keys/0/secret", Some(json!("0123456789abcdef0123456789abcdef"))),
        ("unknown field of danger", "/keys/0/danger/no_expiry", Some(json!(true))),
        ("unknown field of a site's danger", "/site/0/danger", Some(json!({"no_expiry": true}))),
        ("enforcement as text", "/site/0/danger", Some(json!({"enforce": "no"}))),
        ("an empty shadow_header", "/site/0/shadow_header", Some(json!(""))),
        ("two scopes", "/keys/0/scope/stream", Some(json!("s1"))),
        ("two things served", "/site/0/serves/live", Some(json!("path"))),
        ("unknown scope", "/keys/0/scope", Some(json!({"host": "a.example"}))),
        ("no version", "/version", None),
        ("no sites", "/site", None),
        ("a site without hosts", "/site/0/hosts", None),
        ("a site that serves nothing", "/site/0/serves", None),
        ("cors without origins", "/site/0/cors/origins", None),
        ("a stream without an id", "/stream/0/id", None),
        ("a stream without a playback ID", "/stream/0/playback_id", None),
        ("an empty list of sites", "/site", Some(json!([]))),
        ("an empty list of hosts", "/site/0/hosts", Some(json!([]))),
        ("an empty list of origins", "/site/0/cors/origins", Some(json!([]))),
        ("an empty list of methods", "/site/0/methods", Some(json!([]))),
        ("an empty list of carriers", "/site/0/carriers", Some(json!([]))),
        ("an empty list of credentials", "/site/0/accepts", Some(json!([]))),
        ("an empty scope", "/keys/0/scope", Some(json!({}))),
        ("serves nothing", "/site/0/serves", Some(json!({}))),
        ("the version as text", "/version", Some(json!("1"))),
        ("a version of the future", "/version", Some(json!(2))),
        ("one site without a list", "/site", Some(base()["site"][0].clone())),
        ("a site as a list", "/site/0", Some(json!([["a.example"], "id", "/", {"bucket": "vod"}]))),
        ("one host without a list", "/site/0/hosts", Some(json!("a.example"))),
        ("a host that is a number", "/site/0/hosts/0", Some(json!(5))),
        ("serves as text", "/site/0/serves", Some(json!("bucket"))),
        ("a bucket that is a list", "/site/0/serves/bucket", Some(json!(["vod"]))),
        ("a flag as text", "/site/0/require_exp", Some(json!("yes"))),
        ("a flag as a number", "/expose_reason", Some(json!(0))),
        ("room for more tokens than there are", "/token_cache", Some(json!(16_777_217))),
        ("cors as a list", "/site/0/cors", Some(json!(["https://a.example"]))),
        ("danger as a flag", "/keys/0/danger", Some(json!(true))),
        ("a status as text", "/site/0/answers/expired", Some(json!("410"))),
        ("a claim as a number", "/site/0/identity_headers/x-viewer", Some(json!(1))),
        ("no claim", "/site/0/identity_headers/x-viewer", Some(json!(""))),
        ("an identity header that is true", "/site/0/identity_headers/x-viewer", Some(json!(true))),
        ("an unknown fact", "/site/0/identity_headers/x-viewer", Some(json!({"grant": "claims"}))),
        ("a fact of nothing", "/site/0/identity_headers/x-viewer", Some(json!({}))),
        ("a lifetime with half a second", "/site/0/max_lifetime", Some(json!(0.5))),
        ("an unknown access", "/site/0/access", Some(json!("private"))),
        ("an access in capitals", "/site/0/access", Some(json!("Public"))),
        ("an unknown cache", "/site/0/cache", Some(json!("public"))),
        ("an unknown prefix rule", "/site/0/prefix", Some(json!("chars"))),
        ("an unknown carrier", "/site/0/carriers", Some(json!(["header"]))),
        ("an unknown credential", "/site/0/accepts", Some(json!(["secure-cookie"]))),
        ("a secure link without a preset", "/site/0/secure_link/preset", None),
        ("a secure link of another preset", "/site/0/secure_link/preset", Some(json!("akamai"))),
        ("unknown field of a secure link", "/site/0/secure_link/secret", Some(json!("a shared secret"))),
        ("a secret that is a number", "/site/0/secure_link/secret_file", Some(json!(5))),
        ("a binding that is a flag", "/site/0/secure_link/ip_binding", Some(json!(true))),
        ("a link that covers all", "/site/0/secure_link/covers", Some(json!("all"))),
        ("an unknown hash", "/site/0/secure_link/hash", Some(json!("sha1"))),
        ("an unknown encoding", "/site/0/secure_link/encoding", Some(json!("base64"))),
        ("an empty expression", "/site/0/secure_link/expression", Some(json!(""))),
        ("secure_link as text", "/site/0/secure_link", Some(json!("gcore"))),
        ("forward as true", "/site/0/forward", Some(json!(true))),
        ("forward as other text", "/site/0/forward", Some(json!("all"))),
        ("forward as a list", "/site/0/forward", Some(json!(["m3u8"]))),
        ("unknown field of forward", "/site/0/forward/keys", Some(json!(["md5"]))),
        ("a key that is a number", "/site/0/forward/only_keys", Some(json!([5]))),
        ("keys as text", "/site/0/forward/only_keys", Some(json!("md5"))),
        ("no room for an MPD", "/site/0/forward/max_mpd", Some(json!(1023))),
        ("too much room for an MPD", "/site/0/forward/max_mpd", Some(json!(16_777_217))),
        ("an unknown place of the playback ID", "/site/0/serves", Some(json!({"live": "query"}))),
        ("unknown hosts", "/unknown_host", Some(json!("allow"))),
        ("an unknown fate of broken files", "/keys/0/broken_files", Some(json!("ignore"))),
        ("a danger of something", "/keys/0/danger/scope", Some(json!("all"))),
        ("null for a list", "/keys", Some(json!(null))),
        ("null for a table", "/site/0/cors", Some(json!(null))),
        ("null for a flag", "/expose_reason", Some(json!(null))),
        ("null for text", "/site/0/id", Some(json!(null))),
        ("null for a word", "/unknown_host", Some(json!(null))),
        ("null in a list", "/site/0/hosts/0", Some(json!(null))),
        ("null for a lifetime", "/site/0/max_lifetime", Some(json!(null))),
        ("no room for a token", "/site/0/max_token_bytes", Some(json!(0))),
        ("too much room for a token", "/site/0/max_token_bytes", Some(json!(8193))),
        ("a lifetime below zero", "/site/0/max_lifetime", Some(json!(-1))),
        ("a lifetime without a unit", "/site/0/max_lifetime", Some(json!("3600"))),
        ("a status beyond all", "/site/0/answers/expired", Some(json!(70000))),
        ("an empty id", "/site/0/id", Some(json!(""))),
        ("an empty issuer", "/site/0/issuer", Some(json!(""))),
        ("an empty audience", "/site/0/audience", Some(json!(""))),
        ("an empty stream", "/stream/0/id", Some(json!(""))),
        ("an empty playback ID", "/stream/0/playback_id", Some(json!(""))),
        ("an empty kid", "/keys/0", Some(named(""))),
        ("a kid that is too long", "/keys/0", Some(named(&"k".repeat(257)))),
        ("a base path without slashes", "/site/0/base_path", Some(json!("media"))),
        ("a base path without its last slash", "/site/0/base_path", Some(json!("/media"))),
        ("a date without its time", "/keys/0/not_after", Some(json!("2027-01-31"))),
        ("a date of another zone", "/keys/0/not_after", Some(json!("2027-01-31T00:00:00+02:00"))),
    ] {
        let document = with(base(), pointer, value);
        assert!(!validator.is_valid(&document), "the schema takes {name}");
        assert!(parsed(&document).is_err(), "the parser takes {name}");
    }
    for document in [json!([]), json!(null), json!(1), json!("version = 1")] {
        assert!(!validator.is_valid(&document) && parsed(&document).is_err(), "{document}");
    }
}

#[test]
fn outside_of_another_shape_is_refused_by_both() {
    let validator = validator();
    for (name, outside) in [
        ("outside as other text", json!("allow")),
        ("outside as a flag", json!(false)),
        ("outside as a list", json!(["cdn.example.com"])),
        ("an unknown field of outside", json!({"hosts": ["cdn.example.com"]})),
        ("hosts of outside as text", json!({"pass": "cdn.example.com"})),
        ("no hosts of outside", json!({"pass": []})),
    ] {
        let document = with(base(), "/outside", Some(outside));
        assert!(!validator.is_valid(&document), "the schema takes {name}");
        assert!(parsed(&document).is_err(), "the parser takes {name}");
    }
}

#[test]
fn limits_of_another_shape_are_refused_by_both() {
    let validator = validator();
    for (name, limits) in [
        ("none", json!({})),
        ("a number", json!(60)),
        ("an unknown field", json!({ "per_site": { "requests": 60, "within": 60 } })),
        ("a rate as a number", json!({ "per_key": 60 })),
        ("a rate without a time", json!({ "per_key": { "requests": 60 } })),
        ("a rate without a number", json!({ "per_client": { "within": 60 } })),
        ("a rate of none", json!({ "per_key": { "requests": 0, "within": 1 } })),
        ("a rate of too many", json!({ "per_key": { "requests": 1_000_001, "within": 1 } })),
        ("an unknown field of a rate", json!({ "per_key": { "requests": 1, "within": 1, "burst": 2 } })),
    ] {
        let document = with(base(), "/failed_signatures", Some(limits));
        assert!(!validator.is_valid(&document), "the schema takes {name}");
        assert!(parsed(&document).is_err(), "the parser takes {name}");
    }
}

/// What the schema takes and the parser refuses, each with the reason why the schema cannot.
#[test]
fn what_only_the_parser_can_refuse_is_known() {
    let validator = validator();
    let twins = json!([base()["site"][0], base()["site"][0]]);
    for (name, pointer, value, reason) in [
        ("a host with a port", "/site/0/hosts/0", json!("a.example:80"), "what a host is"),
        ("a pattern of an unknown name", "/site/0/hosts/0", json!("{x}.example"), "what a pattern is"),
        (
            "a bucket that no host names",
            "/site/0/serves",
            json!({"bucket": "{bucket}"}),
            "two settings at once",
        ),
        (
            "a playback ID that no host names",
            "/site/0/serves",
            json!({"live": "host"}),
            "two settings at once",
        ),
        ("a bucket without a name", "/site/0/serves/bucket", json!(""), "stands in a variant of an enum"),
        ("two sites of one id", "/site", twins, "two elements at once"),
        ("a base path without outside", "/site/0/base_path", json!("/media/"), "two settings at once"),
        (
            "outside of a host that no site has",
            "/outside",
            json!({"pass": ["a.example"]}),
            "two settings at once",
        ),
        ("a base path with dots", "/site/0/base_path", json!("/a/../b/"), "the normal form of a path"),
        ("a public path with a leading slash", "/site/0/public_paths", json!(["/a"]), "the form of a key"),
        ("a method that is none", "/site/0/methods", json!(["GET, POST"]), "the grammar of tokens"),
        ("a query name with a space", "/site/0/query_name", json!("a b"), "the grammar of names"),
        ("a cookie name with a semicolon", "/site/0/cookie_name", json!("a;b"), "the grammar of tokens"),
        (
            "a limit over two days",
            "/failed_signatures",
            json!({ "per_key": { "requests": 1, "within": "2days" } }),
            "the sum of a span",
        ),
        ("no lifetime", "/site/0/max_lifetime", json!(0), "a span may be 0 elsewhere"),
        ("a lifetime of ages", "/site/0/max_lifetime", json!("200years"), "the sum of a span"),
        ("a lifetime in milliseconds", "/site/0/max_lifetime", json!("1500ms"), "the sum of a span"),
        ("an unknown unit", "/site/0/max_lifetime", json!("1 fortnight"), "the names of units"),
        ("a leeway of more than a minute", "/site/0/leeway", json!(61), "a span may be more elsewhere"),
        ("a header that frames the message", "/site/0/identity_headers", json!({"Host": "sub"}), "names"),
        ("an unknown code", "/site/0/answers", json!({"missing": 404}), "names"),
        ("a status that lets in", "/site/0/answers/expired", json!(200), "a status is any number of 16 bits"),
        (
            "star with credentials",
            "/site/0/cors",
            json!({"origins": ["*"], "credentials": true}),
            "two settings",
        ),
        (
            "an origin with a slash",
            "/site/0/cors/origins/0",
            json!("https://a.example/"),
            "what an origin is",
        ),
        ("a header that is none", "/site/0/cors/headers", json!(["a b"]), "the grammar of tokens"),
        ("a proxy that is a name", "/trusted_proxies", json!(["proxy.internal"]), "what an address is"),
        ("a playback ID with a slash", "/stream/0/playback_id", json!("a/b"), "one character"),
        ("two places of keys", "/keys/0/file", json!("k1.pem"), "six fields at once"),
        ("no place of keys", "/keys/0", json!({"scope": {"bucket": "vod"}}), "six fields at once"),
        ("no scope", "/keys/0", json!({"dir": "keys"}), "danger.scope stands for it"),
        ("a scope of nothing", "/keys/0/scope", json!({"bucket": " "}), "stands in a variant of an enum"),
        ("a scope, and any", "/keys/0/danger", json!({"scope": "any"}), "two settings at once"),
        ("a kid for a folder", "/keys/0/kid", json!("k1"), "two settings at once"),
        (
            "a PEM without a kid",
            "/keys/0",
            json!({"pem": "", "scope": {"bucket": "vod"}}),
            "two settings at once",
        ),
        ("an unknown algorithm", "/keys/0/algorithm", json!("RS1"), "names"),
        ("a day that is none", "/keys/0/not_after", json!("2027-02-30T00:00:00Z"), "the calendar"),
        ("a link that is not accepted", "/site/0/accepts", json!(["signed-token"]), "two settings at once"),
        ("a link without a secret", "/site/0/secure_link", json!({"preset": "gcore"}), "one of two fields"),
        (
            "a link with two places of secrets",
            "/site/0/secure_link/secret_env",
            json!("LINK_SECRET"),
            "one of two fields",
        ),
        (
            "an nginx link without its text",
            "/site/0/secure_link/preset",
            json!("nginx"),
            "two settings at once",
        ),
        ("a binding to half a network", "/site/0/secure_link/ip_binding", json!("/20"), "names"),
        ("a name with a space", "/site/0/secure_link/hash_name", json!("a b"), "the grammar of names"),
        ("a version with a point", "/version", json!(1.0), "JSON Schema takes 1.0 for an integer"),
    ] {
        let document = with(base(), pointer, Some(value));
        assert!(validator.is_valid(&document), "the schema can refuse {name}, though {reason}");
        assert!(parsed(&document).is_err(), "the parser takes {name}");
    }
}

/// The places of all values of a document, as JSON Pointers.
fn places(document: &Value, pointer: &str, found: &mut Vec<String>) {
    let mut below = |name: &str, value: &Value| {
        let pointer = format!("{pointer}/{name}");
        found.push(pointer.clone());
        places(value, &pointer, found);
    };
    match document {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| below(name, value)),
        Value::Array(elements) => {
            elements.iter().enumerate().for_each(|(index, value)| below(&index.to_string(), value));
        }
        _ => {}
    }
}

/// Whether an error is about the shape of a document: a type, a word, a field.
fn is_shape(error: &str) -> bool {
    let shapes = [
        " is the text ",
        " is the number ",
        " is a list:",
        " is a table:",
        " is an empty table:",
        " is null:",
        " is true:",
        " is false:",
        " has no field ",
        " fields: write",
    ];
    shapes.iter().any(|shape| error.contains(shape))
}

/// Every value of every good document replaced by values of each type, or left out, and every table with a field more.
#[test]
fn no_change_to_a_good_document_divides_schema_and_parser() {
    let validator = validator();
    let mut changed = 0;
    for (path, text) in good() {
        let document = as_json(&path, &text);
        let mut all = Vec::new();
        places(&document, "", &mut all);
        for pointer in all {
            let values = [
                json!(null),
                json!(true),
                json!(0),
                json!(1),
                json!(-1),
                json!(0.5),
                json!(1_u64 << 40),
                json!(""),
                json!("x"),
                json!("/"),
                json!("0"),
                json!("1.5h"),
                json!(" 1h 30 min "),
                json!("2027-01-31T00:00:00.5Z"),
                json!([]),
                json!([null]),
                json!(["x"]),
                json!([1]),
                json!([{}]),
                json!({}),
                json!({"x": 1}),
                json!({"x": "y"}),
            ];
            let with_value = values.into_iter().map(|value| with(document.clone(), &pointer, Some(value)));
            let mut changes: Vec<Value> = with_value.collect();
            match document.pointer(&pointer).unwrap() {
                Value::Object(_) => {
                    changes.push(with(document.clone(), &format!("{pointer}/unheard-of"), Some(json!(1))));
                }
                _ if document.pointer(pointer.rsplit_once('/').unwrap().0).unwrap().is_object() => {
                    changes.push(with(document.clone(), &pointer, None));
                }
                _ => {}
            }
            for change in changes {
                changed += 1;
                match (validator.validate(&change), parsed(&change)) {
                    (Err(error), Ok(())) => panic!("the schema alone refuses {change}: {error}"),
                    (Ok(()), Err(errors)) => {
                        assert!(
                            !errors.iter().any(|error| is_shape(error)),
                            "the parser alone: {change}: {errors:?}"
                        );
                    }
                    (Ok(()), Ok(())) | (Err(_), Err(_)) => {}
                }
            }
        }
    }
    assert!(changed > 5000, "{changed} documents");
}
