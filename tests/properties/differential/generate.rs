//! Tokens from a number: most are nearly good, and differ from a good one in a claim, a character of JSON, a character
//! of base64 or a byte; before they are signed, so that the signature is good, or after.

use std::sync::LazyLock;

use jsonwebtoken::{Algorithm, EncodingKey};

use super::{KEY, NOW};
use crate::support::{Random, TestKey, encode};

/// A token of any kind, as bytes.
pub(crate) fn token(random: &mut Random) -> Vec<u8> {
    match random.below(100) {
        0..40 => Draft::new(random, TestKey::Secret).signed(),
        40..60 => {
            let mut draft = Draft::new(random, TestKey::Secret);
            for _ in 0..=random.below(2) {
                let text = if random.percent(40) { &mut draft.header } else { &mut draft.payload };
                json_level(random, text);
            }
            draft.signed()
        }
        60..76 => {
            let draft = Draft::new(random, TestKey::Secret);
            base64_level(random, &draft)
        }
        76..84 => {
            let mut token = Draft::new(random, TestKey::Secret).signed();
            byte_level(random, &mut token);
            token
        }
        84..99 => {
            let mut token = random.one_of(&SIGNED).clone();
            if random.percent(60) {
                byte_level(random, &mut token);
            }
            token
        }
        _ => (0..random.below(200)).map(|_| *random.one_of(b".AeyJ-_=abc0\0\xff{}\":, ")).collect(),
    }
}

/// By the keys whose signatures are dear: made once.
static SIGNED: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    use TestKey::{Ed25519, P256, P256Other, Rsa, RsaOther};
    let mut random = Random::new(0, 0);
    let keys = [Rsa, P256, Ed25519, Rsa, P256, Ed25519, P256Other, RsaOther];
    (0..320).map(|case| Draft::new(&mut random, keys[case % keys.len()]).signed()).collect()
});

/// What is to be signed, and with what.
struct Draft {
    key: TestKey,
    header: Vec<u8>,
    payload: Vec<u8>,
    /// With the public key's text as a secret, as an attack has it.
    confused: bool,
}

type Members = Vec<(String, String)>;

impl Draft {
    fn new(random: &mut Random, key: TestKey) -> Self {
        let quoted = |text: &str| format!("\"{text}\"");
        let member = |name: &str, value: &str| (quoted(name), value.to_owned());
        let mut header = vec![member("alg", &quoted(key.alg())), member("kid", &quoted(key.kid()))];
        if random.percent(80) {
            header.push(member("typ", "\"JWT\""));
        }
        let mut claims = vec![member("uri", "\"videos/1/\""), member("exp", "4102444800")];
        if random.percent(70) {
            claims.push(member("iss", "\"us\""));
            claims.push(member("aud", "\"cdn\""));
        }
        for _ in 0..random.below(4) {
            let (target, pool) =
                if random.percent(35) { (&mut header, HEADERS) } else { (&mut claims, CLAIMS) };
            let (name, values) = random.one_of(pool);
            put(target, name, (*random.one_of(values)).to_owned());
        }
        if random.percent(15) {
            let date = NOW - 12 + i64::try_from(random.below(24)).unwrap();
            let half = *random.one_of(&["", "", ".0", ".5", "e0", "0e-1"]);
            put(&mut claims, random.one_of::<&str>(&["exp", "nbf"]), format!("{date}{half}"));
        }
        if random.percent(5) {
            let target = if random.percent(50) { &mut header } else { &mut claims };
            large(random, target);
        }
        if random.percent(6) {
            let target = if random.percent(40) { &mut header } else { &mut claims };
            let twin = random.one_of(target).clone();
            let name = if random.percent(50) { escaped(random, &twin.0) } else { twin.0 };
            target.push((name, twin.1));
        }
        let mut confused = false;
        if random.percent(1) {
            confused = true;
            put(&mut header, "kid", random.one_of(&["\"rsa\"", "\"p256\"", "\"ed25519\""]).to_string());
        }
        Self { key, header: written(random, header), payload: written(random, claims), confused }
    }

    fn text(&self) -> String {
        format!("{}.{}", encode(&self.header), encode(&self.payload))
    }

    fn signed(&self) -> Vec<u8> {
        self.sign(self.text().into_bytes())
    }

    fn sign(&self, mut text: Vec<u8>) -> Vec<u8> {
        let signature = if self.confused {
            let public = EncodingKey::from_secret(TestKey::Rsa.public()).unwrap();
            jsonwebtoken::crypto::sign(&text, &public, Algorithm::HS256).unwrap()
        } else if self.key == TestKey::Secret {
            jsonwebtoken::crypto::sign(&text, &SECRET, Algorithm::HS256).unwrap()
        } else {
            let signed = self.key.sign_text(self.key.algorithm(), std::str::from_utf8(&text).unwrap());
            signed.rsplit_once('.').unwrap().1.to_owned()
        };
        text.push(b'.');
        text.extend(signature.bytes());
        text
    }
}

static SECRET: LazyLock<EncodingKey> =
    LazyLock::new(|| EncodingKey::from_secret(TestKey::Secret.private()).unwrap());

fn put(members: &mut Members, name: &str, value: String) {
    let name = format!("\"{name}\"");
    members.retain(|(known, _)| *known != name);
    if value != ABSENT {
        members.push((name, value));
    }
}

/// Takes the member away.
const ABSENT: &str = "absent";

/// A name, and what may stand in its place.
type Pool = &'static [(&'static str, &'static [&'static str])];

const HEADERS: Pool = &[
    (
        "alg",
        &[
            "\"HS256\"",
            "\"RS256\"",
            "\"ES256\"",
            "\"EdDSA\"",
            "\"HS384\"",
            "\"HS512\"",
            "\"PS256\"",
            "\"ES512\"",
            "\"none\"",
            "\"NoNe\"",
            "\"hs256\"",
            "\"HS256 \"",
            "\"\"",
            "\"\\u0048S256\"",
            "\"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256\"",
            "[\"HS256\"]",
            "null",
            "256",
            ABSENT,
        ],
    ),
    (
        "kid",
        &[
            "\"secret\"",
            "\"\\u0073ecret\"",
            "\"rsa\"",
            "\"p256\"",
            "\"ed25519\"",
            "\"rsa-other\"",
            "\"p256-other\"",
            "\"SECRET\"",
            "\"secret\\u0000\"",
            "\"secret/../rsa\"",
            "\"\"",
            "null",
            "1",
            "[\"secret\"]",
            ABSENT,
        ],
    ),
    (
        "typ",
        &[
            "\"JWT\"",
            "\"jwt\"",
            "\"\\u004aWt\"",
            "\"at+jwt\"",
            "\"JOSE\"",
            "\"\"",
            "null",
            "1",
            "[\"JWT\"]",
            ABSENT,
        ],
    ),
    ("crit", &["[]", "[\"b64\"]", "[\"exp\"]", "null", "\"exp\"", "{}"]),
    ("b64", &["false", "true"]),
    ("jku", &["\"https://keys.example/\"", "1", "null"]),
    ("jwk", &["{\"kty\":\"oct\",\"k\":\"AA\"}", "{}", "1"]),
    ("x5u", &["\"https://keys.example/\"", "[]"]),
    ("x5c", &["[\"AA==\"]", "\"AA==\""]),
    ("x5t", &["\"AA\"", "1"]),
    ("cty", &["\"JWT\"", "1"]),
    ("zip", &["\"DEF\"", "1"]),
    ("x", OTHERS),
    ("", OTHERS),
];

const CLAIMS: Pool = &[
    (
        "uri",
        &[
            "\"videos/1/\"",
            "\"videos/1\"",
            "\"videos\\/1\\/\"",
            "\"vid\\u0065os/1/\"",
            "\"videos/1/a.ts\"",
            "\"videos/1/a.ts/\"",
            "\"videos/1/a\"",
            "\"videos\"",
            "\"video\"",
            "\"\"",
            "\"/\"",
            "\"/videos/1/\"",
            "\"\\/videos\"",
            "\"videos/2/\"",
            "\"videos/1/..\"",
            "\"Videos/1/\"",
            "\"*\"",
            "\" videos/1/\"",
            "\"videos/1/\\u0000\"",
            "null",
            "1",
            "true",
            "[\"videos/1/\"]",
            "{}",
            ABSENT,
        ],
    ),
    ("exp", DATES),
    ("exp", DATES),
    ("nbf", DATES),
    ("iat", DATES),
    ("iat", OTHERS),
    ("iss", &["\"us\"", "\"\\u0075s\"", "\"them\"", "\"\"", "[\"us\"]", "[\"us\",\"them\"]", "1", "null"]),
    (
        "aud",
        &[
            "\"cdn\"",
            "\"\\u0063dn\"",
            "\"web\"",
            "[\"cdn\"]",
            "[\"web\",\"cdn\"]",
            "[\"web\",\"\\u0063dn\"]",
            "[\"web\"]",
            "[[\"cdn\"]]",
            "[\"cdn\",1]",
            "[]",
            "{\"cdn\":1}",
            "1",
            "null",
            ABSENT,
        ],
    ),
    ("sub", &["\"viewer\"", "1", "null"]),
    ("jti", &["\"secret\"", "\"rsa\"", "1"]),
    ("kid", &["\"secret\""]),
    ("x", OTHERS),
    ("", OTHERS),
];

const DATES: &[&str] = &[
    "4102444800",
    "4102444800.0",
    "4102444800.5",
    "4.1024448e9",
    "41024448E+2",
    "41024448000e-1",
    "1000000000",
    "1e9",
    "1e0000000000000009",
    "0",
    "-0",
    "-0.0",
    "0.5",
    "-0.5",
    "-1",
    "-1000.25",
    "1e-400",
    "0e400",
    "1e400",
    "-1e400",
    "9223372036854775807",
    "9223372036854775807.5",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775808.0",
    "-9223372036854775808.5",
    "18446744073709551615",
    "18446744073709551616",
    "1e18",
    "1e19",
    "1e30",
    "\"4102444800\"",
    "\"\"",
    "null",
    "true",
    "[]",
    "[4102444800]",
    "{}",
    ABSENT,
];

const OTHERS: &[&str] = &[
    "1",
    "-1.5e-3",
    "1e400",
    "123456789012345678901234567890",
    "\"text\"",
    "\"\\ud83c\\udfac\"",
    "\"\\ud83c\"",
    "\"\\udfac\\ud83c\"",
    "\"\u{7f}é🎬\"",
    "\"\\u0000\"",
    "\"\\b\\f\\n\\r\\t\\/\\\\\\\"\"",
    "[1,[2,[3]],{\"a\":{}}]",
    "{\"a\":1,\"a\":2}",
    "{\"a\":\"\\ud800\"}",
    "{\"exp\":0,\"uri\":\"\"}",
    "true",
    "null",
    "[]",
    "{}",
];

/// More than fits, or just not: members, levels, bytes.
fn large(random: &mut Random, members: &mut Members) {
    match random.below(3) {
        0 => {
            let wanted = 62 + random.below(6);
            for number in members.len()..wanted {
                members.push((format!("\"m{number}\""), "0".to_owned()));
            }
        }
        1 => {
            let levels = *random.one_of(&[14, 15, 16, 17, 120, 130]);
            let (open, close) = *random.one_of(&[("[", "]"), ("{\"a\":", "}")]);
            let inner = if open == "[" { "" } else { "0" };
            let nested = format!("{}{inner}{}", open.repeat(levels), close.repeat(levels));
            members.push(("\"deep\"".to_owned(), nested));
        }
        _ => {
            let text = "x".repeat(2700 + random.below(300));
            members.push(("\"long\"".to_owned(), format!("\"{text}\"")));
        }
    }
}

/// The same name with a character spelled as `\u`.
fn escaped(random: &mut Random, name: &str) -> String {
    let characters: Vec<char> = name.trim_matches('"').chars().collect();
    let chosen = random.below(characters.len());
    let spell = |(at, character): (usize, &char)| {
        if at == chosen { format!("\\u{:04x}", u32::from(*character)) } else { character.to_string() }
    };
    format!("\"{}\"", characters.iter().enumerate().map(spell).collect::<String>())
}

/// The members in any order, with blanks and escaped names here and there.
fn written(random: &mut Random, mut members: Members) -> Vec<u8> {
    for last in (1..members.len()).rev() {
        members.swap(last, random.below(last + 1));
    }
    let styled = random.percent(10);
    let mut text = "{".to_owned();
    for (number, (name, value)) in members.iter().enumerate() {
        if number > 0 {
            text.push(',');
        }
        let blank = if styled { random.one_of(&["", " ", "\n", "\t \r\n"]) } else { "" };
        let spelled = if styled && random.percent(20) { escaped(random, name) } else { name.clone() };
        text.extend([blank, &spelled, blank, ":", blank, value, blank]);
    }
    text.push('}');
    text.into_bytes()
}

const PIECES: &[&str] = &[
    ",",
    "}",
    "{",
    "[",
    "]",
    "\"",
    ":",
    " ",
    "\n",
    "\u{c}",
    "\u{a0}",
    "\u{feff}",
    "\0",
    "null",
    "{}",
    "\\u0000",
    "\\ud800",
    "\\",
    "\\x",
    "0",
    "-",
    "+",
    ".",
    "e1",
    "1e",
    "é",
    "/**/",
    "//",
    "'",
    "\u{1f}",
    "\u{7f}",
    "exp",
    "\"exp\":1,",
    "\"uri\":\"\",",
    "\"alg\":\"none\",",
    "\"kid\":\"rsa\",",
];

fn json_level(random: &mut Random, text: &mut Vec<u8>) {
    let at = random.below(text.len() + 1);
    match random.below(10) {
        0 => drop(text.drain(at..(at + 1 + random.below(3)).min(text.len()))),
        1 => text.truncate(at),
        2 => text.extend(random.one_of(&["{}", " ", "x", "\0", "\n\n", ","]).bytes()),
        3 => {
            let piece: Vec<u8> = text[at..(at + random.below(12)).min(text.len())].to_vec();
            let to = random.below(text.len() + 1);
            text.splice(to..to, piece);
        }
        4 => {
            let bad: &[u8] = random.one_of::<&[u8]>(&[b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"]);
            text.splice(at..at, bad.iter().copied());
        }
        5 if at < text.len() => {
            text[at] = *random.one_of(b"\"\\{}[],:0 ae");
        }
        6 => {
            let first = usize::from(text.first() == Some(&b'{'));
            text.splice(first..first, random.one_of(PIECES).bytes());
        }
        _ => drop(text.splice(at..at, random.one_of(PIECES).bytes())),
    }
}

/// Also what is no base64url, under a good signature or under none.
fn base64_level(random: &mut Random, draft: &Draft) -> Vec<u8> {
    let token = draft.signed();
    let mut segments: Vec<Vec<u8>> = token.split(|byte| *byte == b'.').map(<[u8]>::to_vec).collect();
    let sign_again = random.percent(60);
    let chosen = random.below(if sign_again { 2 } else { 3 });
    let segment = &mut segments[chosen];
    let at = random.below(segment.len());
    match random.below(14) {
        0 => segment.extend(random.one_of(&["=", "==", "===", "A", "AA", "AAAA", "\n", " ", "%3D"]).bytes()),
        1 => {
            // Bits left over that are not zero, where there are any.
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let last = segment.last_mut().unwrap();
            let value = alphabet.iter().position(|known| known == last).unwrap();
            *last = alphabet[(value + 1 + random.below(3)) % 64];
        }
        2 => drop(segment.pop()),
        3 => segment.clear(),
        4 => segment.insert(at, *random.one_of(b"\n \t=+/.,~%\0\x7f\x80\xff")),
        5 => segment[at] = *random.one_of(b"+/=.AZaz09-_"),
        6 => segments.swap(0, 1),
        7 => segments.insert(random.below(4), b"AA".to_vec()),
        8 => drop(segments.remove(chosen)),
        9 => segments[2] = encode(vec![0; *random.one_of(&[0, 1, 31, 32, 33, 64, 256, 1024, 1025])]).into(),
        10 => segments[2].truncate(at),
        11 => segment.iter_mut().for_each(|byte| {
            *byte = match *byte {
                b'-' => b'+',
                b'_' => b'/',
                same => same,
            }
        }),
        12 => {
            let text = std::str::from_utf8(&segments[0]).unwrap();
            segments[0] = encode(text).into();
        }
        _ => segment.splice(0..0, KEY.bytes().take(1)).for_each(drop),
    }
    if sign_again && segments.len() > 1 {
        let text = segments[..segments.len() - 1].join(&b'.');
        return draft.sign(text);
    }
    segments.join(&b'.')
}

fn byte_level(random: &mut Random, token: &mut Vec<u8>) {
    for _ in 0..=random.below(3) {
        let at = random.below(token.len());
        match random.below(6) {
            0 if !token.is_empty() => token[at] ^= 1 << random.below(8),
            1 if !token.is_empty() => drop(token.remove(at)),
            2 => token.insert(at, *random.one_of(b".AQgw=-_\0 \xff")),
            3 => token.truncate(at),
            4 if !token.is_empty() => token[at] = *random.one_of(b".ABQgwxyz019-_"),
            _ => token.extend_from_slice(random.one_of::<&[u8]>(&[b"A", b"=", b".", b"\0", b" "])),
        }
    }
}
