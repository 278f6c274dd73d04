//! The examples of RFC 7515 (JWS), RFC 7520 (the cookbook) and RFC 8037 (Ed25519).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use playgate::error::TokenFault;
use playgate::internals::check_signature;
use playgate::schemes::jws::{Claim, Signed, Token, TokenBuffer};
use playgate::{ConfigError, Denial, Key, KeyScope};
use serde_json::{Value, json};

use crate::support::{compact, encode};

/// RFC 7515 §A.1.1: `iss`, `exp` in 2011, and a claim whose name is a URL, with line breaks between them.
const CLAIMS: &str =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

/// RFC 7520 §4: the payload of every signature there. It is a line of text, no JSON.
const BAGGINS: &str = concat!(
    "SXTigJlzIGEgZGFuZ2Vyb3VzIGJ1c2luZXNzLCBGcm9kbywgZ29pbmcgb3V0IHlvdXIgZG9vci4gWW91IHN0ZXAgb250byB0aGUg",
    "cm9hZCwgYW5kIGlmIHlvdSBkb24ndCBrZWVwIHlvdXIgZmVldCwgdGhlcmXigJlzIG5vIGtub3dpbmcgd2hlcmUgeW91IG1pZ2h0",
    "IGJlIHN3ZXB0IG9mZiB0by4"
);

/// One example: its section, its key as the section has it, and its three segments.
struct Example {
    name: &'static str,
    key: Value,
    segments: [&'static str; 3],
}

impl Example {
    /// The key, once it is named; nothing else of the standards' keys is changed.
    fn key(&self) -> Result<Key, ConfigError> {
        let mut jwk = self.key.clone();
        jwk["kid"] = self.name.into();
        Key::from_jwk(&jwk.to_string(), KeyScope::bucket("vod"))
    }

    fn token(&self) -> String {
        self.segments.join(".")
    }

    /// Whether the signature fits, whatever the payload is.
    fn fits(&self) -> bool {
        let [header, payload, signature] = self.segments;
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        check_signature(&self.key().unwrap(), format!("{header}.{payload}").as_bytes(), &signature)
    }
}

/// The examples whose payload is a set of claims.
fn claims() -> [Example; 3] {
    [
        Example {
            name: "RFC 7515 A.1, HS256",
            key: json!({
                "kty": "oct",
                "alg": "HS256", // which the example leaves to the header
                "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
            }),
            segments: [
                "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9",
                CLAIMS,
                "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            ],
        },
        Example {
            name: "RFC 7515 A.2, RS256",
            key: json!({
                "kty": "RSA",
                "n": concat!(
                    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEz",
                    "P1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf6",
                    "3kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5Zw",
                    "Kh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRW",
                    "yuXpoQ"
                ),
                "e": "AQAB",
            }),
            segments: [
                "eyJhbGciOiJSUzI1NiJ9",
                CLAIMS,
                concat!(
                    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt",
                    "_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArL",
                    "IARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7no",
                    "OPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQ",
                    "Ge77Rw"
                ),
            ],
        },
        Example {
            name: "RFC 7515 A.3, ES256",
            key: json!({
                "kty": "EC",
                "crv": "P-256",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }),
            segments: [
                "eyJhbGciOiJFUzI1NiJ9",
                CLAIMS,
                "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
            ],
        },
    ]
}

/// The examples that sign a line of text.
fn lines_of_text() -> [Example; 2] {
    [
        Example {
            name: "RFC 7520 4.2, PS384",
            key: json!({
                "kty": "RSA",
                "alg": "PS384", // which the example leaves to the header
                "n": concat!(
                    "n4EPtAOCc9AlkeQHPzHStgAbgs7bTZLwUBZdR8_KuKPEHLd4rHVTeT-O-XV2jRojdNhxJWTDvNd7nqQ0VEiZ",
                    "QHz_AJmSCpMaJMRBSFKrKb2wqVwGU_NsYOYL-QtiWN2lbzcEe6XC0dApr5ydQLrHqkHHig3RBordaZ6Aj-oB",
                    "HqFEHYpPe7Tpe-OfVfHd1E6cS6M1FZcD1NNLYD5lFHpPI9bTwJlsde3uhGqC0ZCuEHg8lhzwOHrtIQbS0FVb",
                    "b9k3-tVTU4fg_3L_vniUFAKwuCLqKnS2BYwdq_mzSnbLY7h_qixoR7jig3__kRhuaxwUkRz5iaiQkqgc5gHd",
                    "rNP5zw"
                ),
                "e": "AQAB",
            }),
            segments: [
                "eyJhbGciOiJQUzM4NCIsImtpZCI6ImJpbGJvLmJhZ2dpbnNAaG9iYml0b24uZXhhbXBsZSJ9",
                BAGGINS,
                concat!(
                    "cu22eBqkYDKgIlTpzDXGvaFfz6WGoz7fUDcfT0kkOy42miAh2qyBzk1xEsnk2IpN6-tPid6VrklHkqsGqDqH",
                    "CdP6O8TTB5dDDItllVo6_1OLPpcbUrhiUSMxbbXUvdvWXzg-UD8biiReQFlfz28zGWVsdiNAUf8ZnyPEgVFn",
                    "442ZdNqiVJRmBqrYRXe8P_ijQ7p8Vdz0TTrxUeT3lm8d9shnr2lfJT8ImUjvAA2Xez2Mlp8cBE5awDzT0qI0",
                    "n6uiP1aCN_2_jLAeQTlqRHtfa64QQSUmFAAjVKPbByi7xho0uTOcbH510a6GYmJUAfmWjwZ6oD4ifKo8DYM-",
                    "X72Eaw"
                ),
            ],
        },
        Example {
            name: "RFC 8037 A.4 and A.5, EdDSA",
            key: json!({
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            }),
            segments: [
                "eyJhbGciOiJFZERTQSJ9",
                "RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
                "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
            ],
        },
    ]
}

#[test]
fn the_signed_claims_of_rfc_7515_are_read_and_believed() {
    for example in claims() {
        let name = example.name;
        let (token, mut buffer) = (example.token(), TokenBuffer::new());
        let token =
            Token::parse(token.as_bytes(), &mut buffer).unwrap_or_else(|denial| panic!("{name}: {denial}"));
        let signed =
            check(&example.key().unwrap(), &token).unwrap_or_else(|denial| panic!("{name}: {denial}"));
        assert!(signed.claims().has("iss", "joe"), "{name}");
        assert!(
            matches!(signed.claims().expires_at(), Claim::Present(at) if at.get() == 1_300_819_380),
            "{name}"
        );
        assert!(example.fits(), "{name}, by its bytes alone");
    }
}

#[test]
fn no_signature_of_rfc_7515_fits_another_payload_header_or_key() {
    for example in claims() {
        let name = example.name;
        let [header, payload, signature] = example.segments;
        let other_header = encode(format!(" {}", String::from_utf8(decode(header)).unwrap()));
        for (what, token) in [
            (
                "the claims without their line breaks",
                format!("{header}.{}.{signature}", encode(tight(payload))),
            ),
            ("a blank before the header", format!("{other_header}.{payload}.{signature}")),
        ] {
            let mut buffer = TokenBuffer::new();
            let token = Token::parse(token.as_bytes(), &mut buffer).unwrap();
            let denial = check(&example.key().unwrap(), &token).unwrap_err();
            assert_eq!(denial, Denial::BadSignature, "{name}: {what}");
        }
        for other in claims().into_iter().filter(|other| other.name != name) {
            let (token, mut buffer) = (example.token(), TokenBuffer::new());
            let token = Token::parse(token.as_bytes(), &mut buffer).unwrap();
            let denial = check(&other.key().unwrap(), &token).unwrap_err();
            assert_eq!(denial, Denial::WrongAlgorithm, "{name}, by the key of {}", other.name);
        }
    }
}

#[test]
fn signed_text_that_is_no_claims_has_a_good_signature_and_is_no_token() {
    for example in lines_of_text() {
        let name = example.name;
        assert!(example.fits(), "{name}");
        let (token, mut buffer) = (example.token(), TokenBuffer::new());
        let denial = Token::parse(token.as_bytes(), &mut buffer).unwrap_err();
        assert_eq!(denial, Denial::MalformedToken(TokenFault::Json), "{name}");
    }
}

#[test]
fn the_es512_of_rfc_7515_has_no_algorithm_here() {
    let example = Example {
        name: "RFC 7515 A.4, ES512",
        key: json!({
            "kty": "EC",
            "crv": "P-521",
            "x": "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk",
            "y": "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2",
        }),
        segments: [
            "eyJhbGciOiJFUzUxMiJ9",
            "UGF5bG9hZA",
            concat!(
                "AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7Xdt",
                "AG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn"
            ),
        ],
    };
    let error = example.key().unwrap_err();
    assert!(matches!(error, ConfigError::KeyType { .. }), "{error}");
    assert!(error.to_string().contains("P-256 and P-384"), "it says which curves there are: {error}");
    // Its payload is the word Payload; with claims instead, the algorithm is what no key agrees with.
    let token = compact(r#"{"alg":"ES512"}"#, "{}", decode(example.segments[2]));
    for other in claims().into_iter().chain(lines_of_text()) {
        let mut buffer = TokenBuffer::new();
        let token = Token::parse(token.as_bytes(), &mut buffer).unwrap();
        assert_eq!(
            check(&other.key().unwrap(), &token).unwrap_err(),
            Denial::WrongAlgorithm,
            "{}",
            other.name
        );
    }
}

#[test]
fn the_unsecured_jws_of_rfc_7515_is_refused() {
    for (name, signature, denial) in [
        ("A.5 as it stands: its third segment is empty", "", Denial::MalformedToken(TokenFault::Segments)),
        ("with a signature behind it", "AA", Denial::UnsignedToken),
        ("with the signature of A.1", claims()[0].segments[2], Denial::UnsignedToken),
    ] {
        let mut buffer = TokenBuffer::new();
        let token = ["eyJhbGciOiJub25lIn0", CLAIMS, signature].join(".");
        assert_eq!(Token::parse(token.as_bytes(), &mut buffer).unwrap_err(), denial, "{name}");
    }
}

#[test]
fn a_jws_in_json_is_no_token() {
    let [protected, payload, signature] = claims()[2].segments;
    let flattened = json!({
        "payload": payload,
        "protected": protected,
        "header": { "kid": "e9bc097a-ce51-4036-9562-d2ade882db0d" },
        "signature": signature,
    });
    let general =
        json!({ "payload": payload, "signatures": [{ "protected": protected, "signature": signature }] });
    for (name, text) in [("RFC 7515 A.7, flattened", flattened), ("RFC 7515 A.6, general", general)] {
        let mut buffer = TokenBuffer::new();
        let denial = Token::parse(text.to_string().as_bytes(), &mut buffer).unwrap_err();
        assert_eq!(denial, Denial::MalformedToken(TokenFault::Segments), "{name}");
    }
}

#[test]
fn the_private_keys_of_the_standards_are_refused_as_such() {
    let ed25519 = json!({
        "kty": "OKP",
        "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    });
    let p256 = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    });
    for (name, key) in [("RFC 8037 A.1", ed25519), ("RFC 7515 A.3", p256)] {
        let error = Example { name, key, segments: [""; 3] }.key().unwrap_err();
        assert!(matches!(error, ConfigError::PrivateKey { .. }), "{name}: {error}");
    }
}

fn check<'t>(key: &Key, token: &Token<'t>) -> Result<Signed<'t>, Denial> {
    token.with_key(key)?.verify()
}

fn decode(segment: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(segment).unwrap()
}

/// The same JSON without the white space that is not in a string.
fn tight(payload: &str) -> String {
    serde_json::from_slice::<Value>(&decode(payload)).unwrap().to_string()
}
