//! Structure: what is no compact JWS of three segments.

use super::{Attack, BAD_SIGNATURE, Expected, Family, PATH, PAYLOAD, attack, bearing, malformed};
use crate::support::{TestKey, behind, encode, get, vod};
use playgate::error::TokenFault;

pub(crate) fn family() -> Family {
    let clean = get(PATH).query(TestKey::Rsa.token(PAYLOAD));
    let attacks = [segments(), serializations(), surroundings()];
    Family::new("structure", behind(vod()), clean, attacks.into_iter().flatten().collect())
}

const SEGMENTS: Expected = malformed(TokenFault::Segments);
const BASE64: Expected = malformed(TokenFault::Base64);
const EMPTY: Expected = malformed(TokenFault::Empty);

fn segments() -> Vec<Attack> {
    let good = TestKey::Rsa.token(PAYLOAD);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{good}") };
    let compact = "RFC 7515 §7.1: three parts";
    let rows: [(&str, &'static str, String, Expected); 19] = [
        ("one segment", compact, good.replace('.', ""), SEGMENTS),
        ("two segments", compact, format!("{header}.{payload}"), SEGMENTS),
        ("four segments", compact, format!("{good}.{signature}"), SEGMENTS),
        ("five segments", "RFC 7516 §7.1", format!("{good}.{payload}.{signature}"), SEGMENTS),
        ("six segments", compact, format!("{good}.{good}"), SEGMENTS),
        ("a dot before", compact, format!(".{good}"), SEGMENTS),
        ("a dot behind", compact, format!("{good}."), SEGMENTS),
        ("two dots in the middle", compact, format!("{header}..{payload}.{signature}"), SEGMENTS),
        ("no header", compact, format!(".{payload}.{signature}"), SEGMENTS),
        ("detached payload", "RFC 7515 appendix F", format!("{header}..{signature}"), SEGMENTS),
        ("no signature", "RFC 7519 §6.1", format!("{header}.{payload}."), SEGMENTS),
        ("dots alone", "CVE-2025-30204 (golang-jwt)", "..".to_owned(), SEGMENTS),
        ("four thousand dots", "CVE-2025-30204 (golang-jwt)", ".".repeat(4000), SEGMENTS),
        ("dots behind", "CVE-2025-27144 (go-jose)", format!("{good}{}", ".".repeat(3000)), SEGMENTS),
        ("one dot", compact, ".".to_owned(), SEGMENTS),
        (
            "header and payload exchanged",
            compact,
            format!("{payload}.{header}.{signature}"),
            malformed(TokenFault::Algorithm),
        ),
        (
            "signature of the payload alone",
            "RFC 7515 §5.1 step 5",
            {
                let whole = TestKey::Rsa.sign_text(jsonwebtoken::Algorithm::RS256, payload);
                format!("{header}.{whole}")
            },
            BAD_SIGNATURE,
        ),
        (
            "claims glued from two tokens",
            "RFC 7515 §5.2",
            { format!("{header}.{}.{signature}", encode(r#"{"uri":""}"#)) },
            BAD_SIGNATURE,
        ),
        (
            "another header before the same claims",
            "RFC 7515 §5.2",
            { format!("{}.{payload}.{signature}", encode(r#"{"kid":"rsa","alg":"RS256"}"#)) },
            BAD_SIGNATURE,
        ),
    ];
    rows.into_iter().map(|(name, source, token, expected)| bearing(name, source, token, expected)).collect()
}

/// The same signature in JSON (RFC 7515 §7.2), and both forms at once.
fn serializations() -> Vec<Attack> {
    let good = TestKey::Rsa.token(PAYLOAD);
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!("{good}") };
    let sealed = format!(r#""protected":"{header}","payload":"{payload}","signature":"{signature}""#);
    let flat = format!("{{{sealed}}}");
    let general = format!(
        r#"{{"payload":"{payload}","signatures":[{{"protected":"{header}","signature":"{signature}"}}]}}"#
    );
    let unprotected =
        format!(r#"{{"header":{{"alg":"none"}},"payload":"{payload}","signature":"{signature}"}}"#);
    let forged = encode(r#"{"uri":""}"#);
    let polyglot = format!(r#"{{" {header}.{forged}.":"",{sealed}}}"#);
    let json = "RFC 7515 §7.2: JSON serialization";
    let in_query = |name: &str, source, text: &str, expected| {
        let encoded = text.bytes().map(|byte| format!("%{byte:02x}")).collect::<Vec<_>>().concat();
        attack(name, source, get(PATH).query(encoded), expected)
    };
    vec![
        in_query("JSON, flattened", json, &flat, SEGMENTS),
        in_query("JSON, general", json, &general, SEGMENTS),
        in_query("JSON, two signatures", "RFC 7515 §7.2.1", &general.replace("}]", "},{}]"), SEGMENTS),
        in_query("JSON, unprotected header", "RFC 7515 §7.2.1", &unprotected, SEGMENTS),
        in_query("JSON and compact at once", "CVE-2022-39227 (python-jwt)", &polyglot, BASE64),
        bearing("JSON in a cookie", json, &flat, SEGMENTS),
        in_query("a JSON string around it", json, &format!("\"{good}\""), BASE64),
        in_query("an array around it", json, &format!("[\"{good}\"]"), BASE64),
        bearing("base64url of the whole token", "CVE-2022-39227 (python-jwt)", encode(&good), SEGMENTS),
    ]
}

fn surroundings() -> Vec<Attack> {
    let good = TestKey::Rsa.token(PAYLOAD);
    let spaces = "RFC 7515 §2: no white space";
    let mut attacks: Vec<Attack> = [
        ("a blank before", spaces, format!("%20{good}")),
        ("a blank behind", spaces, format!("{good}%20")),
        ("a plus before", "RFC 1866 §8.2.1: + for a blank", format!("+{good}")),
        ("a tab behind", spaces, format!("{good}%09")),
        ("a line feed behind", spaces, format!("{good}%0a")),
        ("CRLF behind", spaces, format!("{good}%0d%0a")),
        ("a byte order mark before", "RFC 8259 §8.1", format!("%ef%bb%bf{good}")),
        ("NUL before", "CWE-158", format!("%00{good}")),
        ("NUL behind", "CWE-158", format!("{good}%00")),
        ("a no-break space behind", spaces, format!("{good}%c2%a0")),
        ("Bearer before, in the query", "RFC 6750 §2.3", format!("Bearer%20{good}")),
        ("quotes around", "RFC 6265 §4.1.1", format!("%22{good}%22")),
        ("angle brackets around", "RFC 3986 appendix C", format!("%3c{good}%3e")),
        ("a comma and another token", "envoy jwt_authn: several tokens", format!("{good},x")),
        ("a semicolon behind", "CVE-2021-23336 (Python)", format!("{good};a=1")),
    ]
    .into_iter()
    .map(|(name, source, token)| {
        // A comma or semicolon is no alphabet; nor is any other byte here.
        attack(name, source, get(PATH).query(token), BASE64)
    })
    .collect();
    for (name, value) in [("undefined", "undefined"), ("null", "null"), ("true", "true"), ("zero", "0")] {
        attacks.push(bearing(format!("the word {name}"), "CWE-1287; JavaScript front ends", value, SEGMENTS));
    }
    attacks.push(bearing("nothing at all", "CVE-2019-20933 (InfluxDB)", "", EMPTY));
    attacks
}
