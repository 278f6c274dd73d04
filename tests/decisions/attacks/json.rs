//! JSON that two parsers read in two ways. Every token is signed by the right key.

use super::{Attack, Expected, Family, Harmless, PATH, PAYLOAD, bearing, malformed};
use crate::support::{TestKey, behind, encode, get, vod};
use jsonwebtoken::Algorithm as Signing;
use playgate::error::TokenFault;

const JSON: Expected = malformed(TokenFault::Json);
const TWICE: Expected = malformed(TokenFault::DuplicateMember);

pub(crate) fn family() -> Family {
    let clean = get(PATH).cookie(TestKey::Rsa.token(PAYLOAD));
    let attacks = [duplicates(), grammar(), bounds(), encodings(), headers()];
    Family::new("json", behind(vod()), clean, attacks.into_iter().flatten().collect())
}

fn claims(name: &str, source: &'static str, payload: &str, expected: Expected) -> Attack {
    bearing(name, source, TestKey::Rsa.token(payload), expected)
}

fn duplicates() -> Vec<Attack> {
    let parsers = "Bishop Fox 2021, JSON interoperability; CVE-2017-12635 (CouchDB)";
    [
        ("uri twice, the wide one last", parsers, r#"{"uri":"videos/2/","uri":""}"#, TWICE),
        ("uri twice, the wide one first", parsers, r#"{"uri":"","uri":"videos/2/"}"#, TWICE),
        ("uri twice, the same", "RFC 7519 §4", r#"{"uri":"videos/1/","uri":"videos/1/"}"#, TWICE),
        ("uri twice, once escaped", parsers, r#"{"uri":"videos/2/","\u0075ri":""}"#, TWICE),
        ("uri twice, both escaped", parsers, r#"{"ur\u0069":"videos/2/","\u0075ri":""}"#, TWICE),
        ("exp twice", "CVE-2026-25537 (jsonwebtoken)", r#"{"uri":"","exp":1,"exp":4102444800}"#, TWICE),
        ("exp twice, once null", "CVE-2026-25537 (jsonwebtoken)", r#"{"uri":"","exp":1,"exp":null}"#, TWICE),
        ("a custom claim twice", "RFC 7519 §4", r#"{"uri":"videos/1/","a":1,"a":2}"#, TWICE),
        ("the empty name twice", "RFC 8259 §4", r#"{"uri":"videos/1/","":1,"":2}"#, TWICE),
        ("a solidus, escaped and plain", "RFC 8259 §7", r#"{"uri":"videos/1/","a/b":1,"a\/b":2}"#, TWICE),
        (
            "a pair of surrogates, escaped and plain",
            "RFC 8259 §7",
            "{\"uri\":\"videos/1/\",\"\u{1f3ac}\":1,\"\\ud83c\\udfac\":2}",
            TWICE,
        ),
        (
            "twice below the top",
            "RFC 7519 §4: the claims set alone",
            r#"{"uri":"videos/1/","a":{"uri":"","uri":1}}"#,
            Harmless,
        ),
        ("names that differ in case", "RFC 7519 §4.1", r#"{"uri":"videos/1/","URI":"","Uri":""}"#, Harmless),
    ]
    .into_iter()
    .map(|(name, source, payload, expected)| claims(name, source, payload, expected))
    .collect()
}

fn grammar() -> Vec<Attack> {
    let nst = "Seriot 2016, Parsing JSON is a minefield";
    [
        ("NaN", nst, r#"{"uri":"videos/1/","exp":NaN}"#),
        ("Infinity", nst, r#"{"uri":"videos/1/","exp":Infinity}"#),
        ("a leading plus", nst, r#"{"uri":"videos/1/","exp":+4102444800}"#),
        ("a leading zero", nst, r#"{"uri":"videos/1/","exp":04102444800}"#),
        ("hexadecimal", nst, r#"{"uri":"videos/1/","exp":0xf4865700}"#),
        ("no digit behind the point", nst, r#"{"uri":"videos/1/","exp":4102444800.}"#),
        ("no digit before the point", nst, r#"{"uri":"videos/1/","exp":.5}"#),
        ("an exponent without digits", nst, r#"{"uri":"videos/1/","exp":1e}"#),
        ("digits in groups", nst, r#"{"uri":"videos/1/","exp":4_102_444_800}"#),
        ("full-width digits", nst, r#"{"uri":"videos/1/","exp":４１０２４４４８００}"#),
        ("a comment", "Bishop Fox 2021, JSON interoperability", r#"{"uri":"videos/1/"/*,"exp":1*/}"#),
        ("a comment to the end of the line", nst, "{\"uri\":\"videos/1/\"//\n}"),
        ("a comment with #", nst, "{\"uri\":\"videos/1/\"#\n}"),
        ("a trailing comma", nst, r#"{"uri":"videos/1/",}"#),
        ("a leading comma", nst, r#"{,"uri":"videos/1/"}"#),
        ("two commas", nst, r#"{"uri":"videos/1/",,"a":1}"#),
        ("no comma", nst, r#"{"uri":"videos/1/" "a":1}"#),
        ("a colon too many", nst, r#"{"uri"::"videos/1/"}"#),
        ("single quotes", nst, "{'uri':'videos/1/'}"),
        ("a bare name", nst, r#"{uri:"videos/1/"}"#),
        ("a number for a name", nst, r#"{"uri":"videos/1/",1:1}"#),
        ("another object behind", nst, r#"{"uri":"videos/2/"}{"uri":"videos/1/"}"#),
        ("a byte behind", nst, r#"{"uri":"videos/1/"}x"#),
        ("a closing brace behind", nst, r#"{"uri":"videos/1/"}}"#),
        ("NUL behind", "CWE-158", "{\"uri\":\"videos/1/\"}\0"),
        ("a byte order mark", "RFC 8259 §8.1", "\u{feff}{\"uri\":\"videos/1/\"}"),
        ("a no-break space", nst, "{\u{a0}\"uri\":\"videos/1/\"}"),
        ("a form feed", nst, "{\u{c}\"uri\":\"videos/1/\"}"),
        ("not closed", nst, r#"{"uri":"videos/1/""#),
        ("an array", nst, r#"[{"uri":"videos/1/"}]"#),
        ("a string", nst, r#""uri""#),
        ("null", nst, "null"),
        ("blanks alone", nst, "  "),
        ("JSON lines", nst, "{\"uri\":\"videos/1/\"}\n{}"),
        ("JSONP", nst, r#"f({"uri":"videos/1/"})"#),
        ("a prefix against hijacking", nst, ")]}',\n{\"uri\":\"videos/1/\"}"),
    ]
    .into_iter()
    .map(|(name, source, payload)| claims(name, source, payload, JSON))
    .collect()
}

fn encodings() -> Vec<Attack> {
    let mut attacks: Vec<Attack> = [
        ("a lone high surrogate", "CVE-2022-31116 (ujson)", r#"{"uri":"videos/1/\ud800"}"#),
        ("a lone low surrogate", "CVE-2022-31116 (ujson)", r#"{"uri":"videos/1/\udc00"}"#),
        ("surrogates exchanged", "CVE-2022-31116 (ujson)", r#"{"uri":"videos/1/\udc00\ud800"}"#),
        ("a high surrogate before a letter", "CVE-2022-31116 (ujson)", r#"{"uri":"videos/1/\ud800\u0041"}"#),
        ("a surrogate in a name", "CVE-2022-31116 (ujson)", r#"{"uri":"videos/1/","\ud800":1}"#),
        (
            "half an escape at the end",
            "Seriot 2016, Parsing JSON is a minefield",
            r#"{"uri":"videos/1/\u00"}"#,
        ),
        (
            "an escape of no digits",
            "Seriot 2016, Parsing JSON is a minefield",
            r#"{"uri":"videos/1/\u002g"}"#,
        ),
        ("\\x", "Seriot 2016, Parsing JSON is a minefield", r#"{"uri":"videos/1/\x41"}"#),
        ("an octal escape", "Seriot 2016, Parsing JSON is a minefield", r#"{"uri":"videos/1/\101"}"#),
        ("an escaped line feed", "RFC 8259 §7", "{\"uri\":\"videos/1/\\\n\"}"),
        ("a raw line feed in a string", "RFC 8259 §7", "{\"uri\":\"videos/1/\n\"}"),
        ("a raw NUL in a string", "RFC 8259 §7", "{\"uri\":\"videos/1/\0\"}"),
        ("a raw tab in a string", "RFC 8259 §7", "{\"uri\":\"videos/1/\t\"}"),
    ]
    .into_iter()
    .map(|(name, source, payload)| claims(name, source, payload, JSON))
    .collect();
    let latin: [(&str, &'static str, &[u8], Expected); 6] = [
        ("Latin-1", "RFC 8259 §8.1", b"{\"uri\":\"videos/1/\xe9\"}", malformed(TokenFault::NotUtf8)),
        (
            "overlong UTF-8",
            "RFC 3629 §10; CVE-2000-0884 (IIS)",
            b"{\"uri\":\"videos/1\xc0\xaf\"}",
            malformed(TokenFault::NotUtf8),
        ),
        (
            "a surrogate in UTF-8",
            "RFC 3629 §3",
            b"{\"uri\":\"videos/1/\xed\xa0\x80\"}",
            malformed(TokenFault::NotUtf8),
        ),
        (
            "beyond Unicode",
            "RFC 3629 §3",
            b"{\"uri\":\"videos/1/\xf4\x90\x80\x80\"}",
            malformed(TokenFault::NotUtf8),
        ),
        ("UTF-16", "RFC 8259 §8.1", b"{\0\"\0u\0r\0i\0\"\0:\0\"\0\"\0}\0", JSON),
        ("UTF-16 with its mark", "RFC 8259 §8.1", b"\xff\xfe{\0}\0", malformed(TokenFault::NotUtf8)),
    ];
    let header = encode(TestKey::Rsa.header());
    attacks.extend(latin.into_iter().map(|(name, source, payload, expected)| {
        let token = TestKey::Rsa.sign_text(Signing::RS256, &format!("{header}.{}", encode(payload)));
        bearing(name, source, token, expected)
    }));
    attacks.push(claims(
        "escapes all over",
        "RFC 8259 §7",
        r#"{"\u0075\u0072\u0069":"\u0076ideos\/1\/"}"#,
        Harmless,
    ));
    attacks
}

fn bounds() -> Vec<Attack> {
    let nested = |open: &str, close: &str, depth: usize| {
        format!(r#"{{"uri":"videos/1/","a":{}1{}}}"#, open.repeat(depth), close.repeat(depth))
    };
    let members = |count: usize| {
        let more = (1..count).map(|number| format!(r#","{number}":0"#)).collect::<Vec<_>>().concat();
        format!(r#"{{"uri":"videos/1/"{more}}}"#)
    };
    let deep = "CVE-2020-36518 (Jackson); RUSTSEC-2022-0004 (rustc-serialize)";
    let digits = "9".repeat(1000);
    vec![
        claims("17 deep", deep, &nested("[", "]", 16), malformed(TokenFault::TooDeep)),
        claims("a thousand arrays deep", deep, &nested("[", "]", 1000), malformed(TokenFault::TooDeep)),
        claims(
            "four hundred objects deep",
            deep,
            &nested("{\"\":", "}", 400),
            malformed(TokenFault::TooDeep),
        ),
        claims(
            "opened and never closed",
            deep,
            &format!(r#"{{"a":{}"#, "[".repeat(2000)),
            malformed(TokenFault::TooDeep),
        ),
        claims("16 deep", "control", &nested("[", "]", 15), Harmless),
        claims(
            "65 members",
            "CVE-2011-4885 class: work for each member",
            &members(65),
            malformed(TokenFault::TooManyMembers),
        ),
        claims(
            "two hundred members",
            "CVE-2011-4885 class: work for each member",
            &members(200),
            malformed(TokenFault::TooManyMembers),
        ),
        claims("64 members", "control", &members(64), Harmless),
        claims(
            "a thousand digits",
            "CVE-2020-10735 (Python): long integers",
            &format!(r#"{{"uri":"videos/1/","n":{digits}}}"#),
            Harmless,
        ),
        claims(
            "a far exponent",
            "CVE-2026-25537 (jsonwebtoken): 1e400",
            r#"{"uri":"videos/1/","n":1e999999999}"#,
            Harmless,
        ),
    ]
}

/// The same traps in the header.
fn headers() -> Vec<Attack> {
    let nested = format!(r#"{{"alg":"RS256","kid":"rsa","a":{}{}}}"#, "[".repeat(500), "]".repeat(500));
    let many = (0..64).map(|number| format!(r#","{number}":0"#)).collect::<Vec<_>>().concat();
    let many = format!(r#"{{"alg":"RS256","kid":"rsa"{many}}}"#);
    let parsers = "Bishop Fox 2021, JSON interoperability";
    let rows: [(&str, &'static str, &str, Expected); 10] = [
        ("header: alg twice", parsers, r#"{"alg":"none","alg":"RS256","kid":"rsa"}"#, TWICE),
        (
            "header: alg twice, once escaped",
            parsers,
            r#"{"alg":"RS256","al\u0067":"none","kid":"rsa"}"#,
            TWICE,
        ),
        ("header: a comment", parsers, r#"{"alg":"RS256"/**/,"kid":"rsa"}"#, JSON),
        ("header: a byte behind", parsers, r#"{"alg":"RS256","kid":"rsa"} x"#, JSON),
        ("header: a byte order mark", "RFC 8259 §8.1", "\u{feff}{\"alg\":\"RS256\",\"kid\":\"rsa\"}", JSON),
        ("header: an array", parsers, r#"[{"alg":"RS256","kid":"rsa"}]"#, JSON),
        ("header: empty object", "RFC 7515 §4.1.1", "{}", malformed(TokenFault::Algorithm)),
        ("header: nesting bomb", "CVE-2020-36518 (Jackson)", &nested, malformed(TokenFault::TooDeep)),
        (
            "header: 66 members",
            "CVE-2011-4885 class: work for each member",
            &many,
            malformed(TokenFault::TooManyMembers),
        ),
        ("header: blanks between", "RFC 8259 §2", "{ \"alg\" :\t\"RS256\",\r\n\"kid\" : \"rsa\" }", Harmless),
    ];
    rows.into_iter()
        .map(|(name, source, header, expected)| {
            bearing(name, source, TestKey::Rsa.sign(header, PAYLOAD), expected)
        })
        .collect()
}
