//! Base64 in a second spelling, under a good signature wherever the spelling is what is signed.

use super::{Attack, Expected, Family, Harmless, PATH, PAYLOAD, attack, malformed};
use crate::support::{TestKey, behind, encode, get, vod};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use jsonwebtoken::Algorithm as Signing;
use playgate::error::TokenFault;

/// Its last character leaves four bits over, and its text uses `-` and `_`.
const CLAIMS: &str = r#"{"uri":"videos/1/","q":"???>>>~~~ü"}"#;
const SEGMENTS: Expected = malformed(TokenFault::Segments);
const BASE64: Expected = malformed(TokenFault::Base64);
const PERCENT: Expected = malformed(TokenFault::PercentEncoding);

pub(crate) fn family() -> Family {
    let clean = get(PATH).query(TestKey::Rsa.token(PAYLOAD));
    let attacks = [signed(), respelled(), percent()];
    Family::new("base64", behind(vod()), clean, attacks.into_iter().flatten().collect())
}

fn sign(header: &str, payload: &str) -> String {
    TestKey::Rsa.sign_text(Signing::RS256, &format!("{header}.{payload}"))
}

/// The character that stands one later in the alphabet.
fn next(character: char) -> char {
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let at = alphabet.find(character).unwrap();
    alphabet.chars().nth(at + 1).unwrap()
}

/// The same bytes with bits set that no byte has.
fn with_trailing_bits(segment: &str) -> String {
    let (rest, last) = segment.split_at(segment.len() - 1);
    format!("{rest}{}", next(last.chars().next().unwrap()))
}

/// A payload whose encoding is this many characters more than a multiple of four.
fn ending(rest: usize) -> String {
    (0..4)
        .map(|pad| encode(format!(r#"{{"uri":"videos/1/","p":"{}"}}"#, "x".repeat(pad))))
        .find(|s| s.len() % 4 == rest)
        .unwrap()
}

/// What an issuer could sign by mistake or on purpose; the signature is good.
fn signed() -> Vec<Attack> {
    let header = encode(TestKey::Rsa.header());
    let standard = BASE64_STANDARD_NO_PAD.encode(CLAIMS);
    assert!(standard.contains('+') && standard.contains('/'), "{standard}");
    let (two, three) = (ending(2), ending(3));
    let unpadded = "RFC 7515 §2: no padding";
    let malleable = "RFC 4648 §3.5; Chalkias and Chatzigiannis 2022, Base64 malleability in practice";
    let rows: [(&str, &'static str, String); 17] = [
        ("two pads", unpadded, sign(&header, &format!("{two}=="))),
        ("one pad", unpadded, sign(&header, &format!("{three}="))),
        ("one pad of two", "RFC 4648 §3.2", sign(&header, &format!("{two}="))),
        ("three pads", "RFC 4648 §3.2", sign(&header, &format!("{three}==="))),
        ("pads before", "RFC 4648 §3.2", sign(&header, &format!("=={two}"))),
        (
            "a pad in the middle",
            "RFC 4648 §3.2",
            sign(&header, &format!("e30=.{two}").replace("e30=.", "e30=")),
        ),
        ("padded header", unpadded, sign(&format!("{header}="), &two)),
        (
            "padded by Cloud CDN's habit",
            "Google Cloud CDN: padded base64url",
            sign(&header, &format!("{two}%3d%3d")),
        ),
        ("standard alphabet", "RFC 4648 §4; nginx secure_link refuses it", sign(&header, &standard)),
        ("standard alphabet, padded", "RFC 4648 §4", sign(&header, &BASE64_STANDARD.encode(CLAIMS))),
        (
            "CloudFront's alphabet",
            "CloudFront signed URLs: - _ ~",
            sign(&header, &standard.replace('+', "-").replace('/', "~")),
        ),
        ("trailing bits, two characters over", malleable, sign(&header, &with_trailing_bits(&two))),
        ("trailing bits, three characters over", malleable, sign(&header, &with_trailing_bits(&three))),
        (
            "trailing bits in the header",
            malleable,
            sign(&with_trailing_bits(&encode(r#"{"alg":"RS256","kid":"rsa" }"#)), &two),
        ),
        ("one character over", "RFC 4648 §4", sign(&header, &format!("{}A", ending(0)))),
        (
            "a line feed inside",
            "RFC 2045 §6.8: lines of 76",
            sign(&header, &format!("{}%0a{}", &two[..8], &two[8..])),
        ),
        ("IMAP's comma", "RFC 3501 §5.1.3: modified base64", sign(&header, &standard.replace('/', ","))),
    ];
    rows.into_iter()
        .map(|(name, source, token)| attack(name, source, get(PATH).query(token), BASE64))
        .collect()
}

/// A good token whose signature is written in another way.
fn respelled() -> Vec<Attack> {
    let good = TestKey::Rsa.token(PAYLOAD);
    let (text, signature) = good.rsplit_once('.').unwrap();
    let malleable = "Chalkias and Chatzigiannis 2022, Base64 malleability in practice";
    let rows: [(&str, &'static str, String); 8] = [
        ("signature with trailing bits", malleable, format!("{text}.{}", with_trailing_bits(signature))),
        ("signature with two pads", malleable, format!("{good}==")),
        ("signature with one pad", malleable, format!("{good}=")),
        ("signature with a blank", malleable, format!("{text}.{}%20{}", &signature[..4], &signature[4..])),
        ("signature with CRLF", malleable, format!("{text}.{}%0d%0a{}", &signature[..76], &signature[76..])),
        ("signature with a tab", malleable, format!("{text}.{}%09{}", &signature[..4], &signature[4..])),
        (
            "signature with junk that some skip",
            "CVE-2022-39227 (python-jwt)",
            format!("{text}.{}!{}", &signature[..4], &signature[4..]),
        ),
        (
            "signature with a zero byte",
            "CWE-158",
            format!("{text}.{}%00{}", &signature[..4], &signature[4..]),
        ),
    ];
    rows.into_iter()
        .map(|(name, source, token)| attack(name, source, get(PATH).query(token), BASE64))
        .collect()
}

/// Percent-encoding around base64: once, and not twice.
fn percent() -> Vec<Attack> {
    let good = TestKey::Rsa.token(PAYLOAD);
    let all = good.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    let once = "RFC 3986 §2.4: not more than once";
    vec![
        attack("dots encoded twice", once, get(PATH).query(good.replace('.', "%252e")), SEGMENTS),
        attack("dots encoded three times", once, get(PATH).query(good.replace('.', "%25252e")), SEGMENTS),
        attack("every byte encoded twice", once, get(PATH).query(all.replace('%', "%25")), SEGMENTS),
        attack(
            "%u for a dot",
            "CVE-2021-34429 (Jetty): %u escapes",
            get(PATH).query(good.replace('.', "%u002e")),
            PERCENT,
        ),
        attack("half an escape", "RFC 3986 §2.1", get(PATH).query(format!("{good}%2")), PERCENT),
        attack("a bare percent sign", "RFC 3986 §2.1", get(PATH).query(format!("{good}%")), PERCENT),
        attack("an escape of no digits", "RFC 3986 §2.1", get(PATH).query(format!("{good}%zz")), PERCENT),
        attack(
            "an overlong dot",
            "CVE-2000-0884 (IIS)",
            get(PATH).query(good.replacen('.', "%c0%ae", 1)),
            SEGMENTS,
        ),
        attack(
            "a full-width dot",
            "Unicode TR36 §2",
            get(PATH).query(good.replacen('.', "%ef%bc%8e", 1)),
            SEGMENTS,
        ),
        attack(
            "HTML for a dot",
            "OWASP: filter evasion",
            get(PATH).query(good.replacen('.', "%26%2346;", 1)),
            SEGMENTS,
        ),
        attack(
            "dots in a cookie, encoded",
            "RFC 6265 §5.4: sent as set",
            get(PATH).cookie(good.replace('.', "%2e")),
            SEGMENTS,
        ),
        attack("dots encoded once", "RFC 3986 §2.4", get(PATH).query(good.replace('.', "%2e")), Harmless),
        attack("every byte encoded once", "RFC 3986 §2.4", get(PATH).query(all), Harmless),
    ]
}
