//! Whatever is read as a token, a plain base64 and JSON library reads the same way.
//!
//! Input that begins with `{` is a header, a line feed and a payload, which are put into compact form here; anything
//! else is a token as it came.

#![no_main]

mod bounds;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use bounds::Bounds;
use libfuzzer_sys::fuzz_target;
use playgate::error::{Denial, TokenFault};
use playgate::internals::{ReadToken, read_token};
use playgate::schemes::jws::Claim;
use serde_json::{Map, Value};

/// Reading does not allocate; the copies for the comparison with the oracle are part of the token.
const BOUNDS: Bounds = Bounds { heap: 1024, heap_per_byte: 8 };

fuzz_target!(|data: &[u8]| {
    let compact;
    let raw = if data.first() == Some(&b'{') {
        let end = data.iter().position(|&byte| byte == b'\n').unwrap_or(data.len());
        let (header, payload) = data.split_at(end);
        compact =
            format!("{}.{}.AA", BASE64.encode(header), BASE64.encode(payload.get(1..).unwrap_or_default()));
        compact.as_bytes()
    } else {
        data
    };
    let segments: Vec<&[u8]> = raw.split(|&byte| byte == b'.').collect();
    let decoded: Option<Vec<Vec<u8>>> = segments.iter().map(|segment| BASE64.decode(segment).ok()).collect();
    match BOUNDS.check(raw.len(), || read_token(raw)) {
        Ok(token) => {
            assert_eq!(segments.len(), 3);
            let decoded = decoded.expect("canonical base64url");
            let (Some(header), Some(payload)) = (object(&decoded[0]), object(&decoded[1])) else { return };
            check_header(&token, &header);
            check_payload(&token, &decoded[1], &payload);
        }
        Err(Denial::MalformedToken(TokenFault::Base64)) => assert!(decoded.is_none()),
        Err(Denial::MalformedToken(TokenFault::NotUtf8)) => {
            assert!(segments.iter().any(|segment| {
                BASE64.decode(segment).is_ok_and(|bytes| std::str::from_utf8(&bytes).is_err())
            }));
        }
        Err(Denial::MalformedToken(TokenFault::Json)) => {
            let bad = |segment: &&[u8]| {
                let bytes = BASE64.decode(segment).unwrap_or_default();
                !matches!(serde_json::from_slice(&bytes), Ok(Value::Object(_)))
            };
            assert!(segments.iter().take(2).any(bad), "strict JSON was refused");
        }
        Err(_) => {}
    }
});

/// `None` for a number that `f64` cannot hold: grammatical, and refused by serde alone.
fn object(json: &[u8]) -> Option<Map<String, Value>> {
    match serde_json::from_slice(json) {
        Ok(Value::Object(object)) => Some(object),
        Ok(other) => panic!("no object: {other}"),
        Err(error) if error.to_string().starts_with("number out of range") => None,
        Err(error) => panic!("no JSON: {error}"),
    }
}

fn check_header(token: &ReadToken, header: &Map<String, Value>) {
    assert!(header["alg"].is_string());
    assert!(!header.contains_key("crit"));
    assert!(
        header.get("typ").is_none_or(|typ| typ.as_str().is_some_and(|typ| typ.eq_ignore_ascii_case("JWT")))
    );
    let kid = header.get("kid").map(|kid| kid.as_str().expect("a kid is text"));
    // A kid longer than any key's is not copied.
    if kid.is_none_or(|kid| kid.len() <= 256) {
        assert_eq!(token.kid.as_deref(), kid.map(str::as_bytes));
    }
}

fn check_payload(token: &ReadToken, json: &[u8], payload: &Map<String, Value>) {
    assert_eq!(token.payload.as_bytes(), json);
    match (payload.get("uri"), &token.uri) {
        (None, Claim::Absent) => {}
        (Some(Value::String(uri)), Claim::Present(read)) => assert_eq!(uri, read),
        (Some(other), Claim::Malformed) => assert!(!other.is_string()),
        (oracle, read) => panic!("uri: {oracle:?} was read as {read:?}"),
    }
    for (name, read) in [("exp", &token.exp), ("nbf", &token.nbf)] {
        match (payload.get(name), read) {
            (None, Claim::Absent) => {}
            (Some(Value::Number(number)), Claim::Present((floor, ceil))) => {
                assert!(floor <= ceil && ceil - floor <= 1);
                match (number.as_i64(), number.as_f64()) {
                    (Some(exact), _) => assert_eq!((exact, exact), (*floor, *ceil), "{name}"),
                    (None, Some(near)) => {
                        // f64 rounds what is read exactly.
                        let slack = 1.0 + near.abs() * 1e-15;
                        assert!((*floor as f64 - near).abs() <= slack, "{name}: {near} was read as {floor}");
                    }
                    (None, None) => panic!("{name}: {number}"),
                }
            }
            (Some(Value::Number(number)), Claim::Malformed) => {
                let seconds = number.as_f64().expect("a number");
                assert!(seconds.abs() >= 9.2e18, "{name}: {seconds} fits");
            }
            (Some(other), Claim::Malformed) => assert!(!other.is_number()),
            (oracle, read) => panic!("{name}: {oracle:?} was read as {read:?}"),
        }
    }
}
