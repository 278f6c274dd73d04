use super::cursor::{means_itself, plain_run};
use super::*;

fn members(text: &str) -> Result<Vec<String>, TokenFault> {
    let mut seen = Vec::new();
    read_object(text.as_bytes(), |name, value| {
        seen.push(format!("{}={value:?}", name.chars().collect::<String>()));
    })?;
    Ok(seen)
}

#[test]
fn eight_bytes_at_once_stop_where_one_by_one_would() {
    for byte in 0..=255_u8 {
        for at in 0..24 {
            for filling in [b'a', 0xff, 0x80, b'!', b'#'] {
                let mut text = [filling; 24];
                text[at] = byte;
                // The text after the first stop must not matter.
                for after in text.iter_mut().skip(at + 1) {
                    *after = after.wrapping_add(byte);
                }
                let plainly = text.iter().position(|&byte| !means_itself(byte)).unwrap_or(text.len());
                assert_eq!(plain_run(&text), plainly, "{byte:#x} at {at} in {filling:#x}");
            }
        }
    }
}

#[test]
fn an_object_is_read_strictly() {
    for text in [
        "{}",
        " { } ",
        r#"{"a":1}"#,
        r#"{"a":[1,{"b":[]},"x",null,true,false,-0.5e+10],"c":{}}"#,
        r#"{"\u0061":"\ud83d\ude00\/\"\\"}"#,
        "{\"é\":\"\u{7f}\"}",
    ] {
        assert!(members(text).is_ok(), "{text}");
        assert!(serde_json::from_str::<serde_json::Value>(text).is_ok(), "{text}");
    }
    for text in [
        "",
        "{",
        "[]",
        "1",
        "{}x",
        "{}{}",
        "\u{feff}{}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{,"a":1}"#,
        r#"{"a":1 "b":2}"#,
        r"{a:1}",
        r"{'a':1}",
        r#"{"a":01}"#,
        r#"{"a":1.}"#,
        r#"{"a":.5}"#,
        r#"{"a":+1}"#,
        r#"{"a":1e}"#,
        r#"{"a":-}"#,
        r#"{"a":0x1}"#,
        r#"{"a":NaN}"#,
        r#"{"a":tru}"#,
        r#"{"a":True}"#,
        r#"{"a":"\x"}"#,
        r#"{"a":"\u12"}"#,
        r#"{"a":"\ud800"}"#,
        r#"{"a":"\ud800\u0041"}"#,
        r#"{"a":"\udc00"}"#,
        "{\"a\":\"\n\"}",
        "{\"a\":\"\0\"}",
        r#"{"a":[1,]}"#,
        r#"{"a":[}"#,
        "{\"a\":1}\0",
        "{/**/}",
    ] {
        assert_eq!(members(text), Err(TokenFault::Json), "{text}");
    }
}

#[test]
fn duplicate_names_are_refused_after_unescaping() {
    for text in [r#"{"a":1,"a":1}"#, r#"{"uri":1,"\u0075ri":2}"#, r#"{"\/":1,"/":2}"#] {
        assert_eq!(members(text), Err(TokenFault::DuplicateMember), "{text}");
    }
    for text in
        [r#"{"b":1,"a":1,"\u0061":1}"#, r#"{"\u0061":1,"b":1,"a":1}"#, r#"{"x":1,"\u0062":1,"\u0062":1}"#]
    {
        assert_eq!(members(text), Err(TokenFault::DuplicateMember), "{text}");
    }
    assert!(members(r#"{"a":1,"\u0062":1,"\u0063":1,"d":1,"":1}"#).is_ok());
    assert!(members(r#"{"a":{"b":1,"b":2},"b":3}"#).is_ok(), "only at the top level");
}

#[test]
fn members_and_depth_are_bounded() {
    let object = |count: usize| {
        let members: Vec<String> = (0..count).map(|i| format!("\"{i}\":0")).collect();
        format!("{{{}}}", members.join(","))
    };
    assert!(members(&object(MAX_MEMBERS)).is_ok());
    assert_eq!(members(&object(MAX_MEMBERS + 1)), Err(TokenFault::TooManyMembers));
    let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
    assert!(members(&nested(usize::from(MAX_DEPTH) - 1)).is_ok());
    assert_eq!(members(&nested(usize::from(MAX_DEPTH))), Err(TokenFault::TooDeep));
    assert_eq!(members(&nested(4000)), Err(TokenFault::TooDeep));
}

#[test]
fn escapes_resolve_as_serde_resolves_them() {
    let mut text = JsonStr { raw: b"", escaped: false };
    let json = r#"{"a":"videos\/1\/caf\u00e9 \ud83d\ude00 \b\f\n\r\t\"\\"}"#;
    read_object(json.as_bytes(), |_, value| {
        if let Value::String(string) = value {
            text = string;
        }
    })
    .unwrap();
    let oracle: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(text.chars().collect::<String>(), oracle["a"].as_str().unwrap());
    assert!(text.is(oracle["a"].as_str().unwrap()));
    let mut small = ArrayVec::<u8, 8>::new();
    assert_eq!(text.resolve(&mut small), None);
}

/// The parser has checked every array that reaches this function, so text that is not an array never does.
#[test]
fn an_array_has_a_string_or_not_and_is_none_where_it_holds_something_else() {
    for (array, has) in [
        (r#"["a"]"#, Some(true)),
        (r#"["b", "\u0061"]"#, Some(true)),
        (r#"["b"]"#, Some(false)),
        ("[]", Some(false)),
        (r#"["a", 1]"#, None),
        (r#"[null, "a"]"#, None),
        (r#"[["a"]]"#, None),
        (r#"["a""#, None),
        (r#"["a",]"#, None),
        (r#"["a" "b"]"#, None),
        (r#""a""#, None),
        ("", None),
    ] {
        assert_eq!(array_has(array.as_bytes(), "a"), has, "{array}");
    }
}
