//! Links from a number: a third are good, and the others differ from a good one in a character of the proof, the expiry,
//! the spelling of the path, the order or the names of the query; before they are signed, or after.

use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use md5::{Digest as _, Md5};

use super::{FORMATS, Format, SECRET};
use crate::support::Random;

/// One request.
pub(crate) struct Case {
    pub(crate) target: Vec<u8>,
    pub(crate) host: String,
    pub(crate) client: IpAddr,
    names: [&'static str; 3],
    binds: bool,
}

impl Case {
    pub(crate) fn shown(&self) -> String {
        let (target, client) = (self.target.escape_ascii(), self.client);
        format!("{target} Host: {} for {client}", self.host)
    }

    /// What is odd about the request, where the verifier's answer does not say it.
    pub(crate) fn because(&self, theirs: u16) -> Vec<&'static str> {
        let query = self.target.splitn(2, |&byte| byte == b'?').nth(1).unwrap_or_default();
        let names: Vec<String> = query
            .split(|&byte| byte == b'&')
            .map(|pair| pair.split(|&byte| byte == b'=').next().unwrap_or_default())
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect();
        let told = |name: &str| self.names.contains(&name);
        let comma = query
            .split(|&byte| byte == b'&')
            .any(|pair| pair.starts_with(self.names[0].as_bytes()) && pair.contains(&b','));
        let decoded = |name: &str| {
            let unhexed = |pair: &str| u8::from_str_radix(pair, 16).ok().map(char::from);
            let mut pieces = name.split('%');
            let first = pieces.next().unwrap_or_default().to_owned();
            pieces.fold(first, |mut text, piece| {
                text.extend(piece.get(..2).and_then(unhexed));
                text + piece.get(2..).unwrap_or_default()
            })
        };
        let odd_host = self.host.starts_with('.') || self.host.contains("..") || self.host.contains('_');
        let mapped = matches!(self.client, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some());
        [
            ("odd host", theirs == 400 && odd_host),
            ("capital name", names.iter().any(|name| !told(name) && told(&name.to_lowercase()))),
            ("encoded name", names.iter().any(|name| name.contains('%') && told(&decoded(name)))),
            ("comma", comma),
            ("mapped address", self.binds && mapped),
        ]
        .into_iter()
        .filter_map(|(reason, is_so)| is_so.then_some(reason))
        .collect()
    }
}

/// A request to this format that is good, or nearly so, at this second.
pub(crate) fn case(random: &mut Random, format: &Format, now: i64) -> Case {
    let path = path(random);
    let expires = expires(random, now);
    // The first answers every host that no other is for.
    let is_first = format.host == FORMATS[0].host;
    let host = match random.below(100) {
        0..25 if is_first => "other-1.example.org",
        25..30 if is_first => {
            random.pick(&["..", ".example.com", "a..b", "a_b", "127.0.0.1", "[2001:db8::1]"])
        }
        _ => format.host,
    };
    let (client, argument) =
        (client(random), random.pick(&["", "7", "1080p", "a%20b", "+", "="]).to_string());
    let named = if random.percent(50) { client } else { client.to_canonical() };
    let mut proof = proof(format, &path, &expires, host, &named, &argument);
    if random.percent(20) {
        proof = bent_proof(random, proof, format, now);
    }
    let mut spelled = spelled(random, &path);
    if random.percent(20) {
        bend_path(random, &mut spelled);
    }
    let query = query(random, format, &proof, &expires, &argument);

    let mut target = Vec::new();
    let mut asked_host = host.to_owned();
    match random.below(100) {
        0..4 => target.extend(format!("http://{host}").into_bytes()),
        4 => target.extend(format!("HTTP://{}:80", host.to_uppercase()).into_bytes()),
        5 => {
            target.extend(format!("http://{host}").into_bytes());
            "elsewhere.example.net".clone_into(&mut asked_host);
        }
        6..9 => asked_host = host.to_uppercase(),
        9..12 => asked_host = format!("{host}:8080"),
        12..14 => asked_host = format!("{host}."),
        14..19 if is_first => {
            random.pick(&["a b", "", "a/b", "a:b", "user@host"]).clone_into(&mut asked_host);
        }
        _ => {}
    }
    target.extend(spelled);
    if let Some(query) = query {
        target.push(b'?');
        target.extend(query);
    }
    if random.percent(1) {
        target.extend(b"#t=10&md5=x");
    }
    let other_client = random.percent(5).then(|| self::client(random));
    Case {
        target,
        host: asked_host,
        client: other_client.unwrap_or(client),
        names: [format.hash_name, format.expires_name, "v"],
        binds: format.binds,
    }
}

fn proof(format: &Format, path: &str, expires: &str, host: &str, client: &IpAddr, argument: &str) -> String {
    let folder = &path[..=path.rfind('/').unwrap()];
    // The longer names first: one is the beginning of none that is replaced after it.
    let text = format
        .secure_link_md5
        .replace("$secure_link_expires", "\u{1}")
        .replace("$remote_addr", "\u{2}")
        .replace("$folder", "\u{3}")
        .replace("$arg_v", "\u{4}")
        .replace("$host", "\u{5}")
        .replace("$uri", path)
        .replace('\u{1}', expires)
        .replace('\u{2}', &client.to_string())
        .replace('\u{3}', folder)
        .replace('\u{4}', argument)
        .replace('\u{5}', host);
    assert!(text.contains(SECRET));
    BASE64_URL_SAFE_NO_PAD.encode(Md5::digest(text.as_bytes()))
}

fn client(random: &mut Random) -> IpAddr {
    let clients = [
        "127.0.0.1",
        "203.0.113.7",
        "3.0.113.7",
        "198.51.100.255",
        "2001:db8::1",
        "2001:db8:0:1:1:1:1:1",
        "2001:db8:0:0:1:0:0:1",
        "::1",
        "fe80::",
        "::ffff:203.0.113.7",
    ];
    random.pick(&clients).parse().unwrap()
}

fn expires(random: &mut Random, now: i64) -> String {
    let at = match random.below(100) {
        0..8 => now - 1,
        8..16 => now,
        16..24 => now + 1,
        24..36 => now - i64::try_from(random.below(1_000_000)).unwrap(),
        36..84 => now + i64::try_from(random.below(1_000_000)).unwrap(),
        84 => i64::MAX,
        85 => 1,
        86 => i64::from(i32::MAX),
        87..90 => return format!("{}{}", "0".repeat(1 + random.below(30)), now + 60),
        odd => {
            let odd_texts = [
                "0",
                "",
                "00000",
                "9223372036854775808",
                "9223372036854775810",
                "18446744073709551617",
                "99999999999999999999999999999999",
                "-1",
                "0x7fffffff",
                "1e10",
            ];
            let plus = now + 60;
            return match odd {
                90 => format!("+{plus}"),
                91 => format!("-{plus}"),
                92 => format!("{plus}.0"),
                93 => format!("{plus},"),
                94 => format!("%3{plus}"),
                95 => format!("{plus}%20"),
                _ => random.pick(&odd_texts).to_string(),
            };
        }
    };
    at.to_string()
}

/// A path as it is meant: decoded, and in normal form.
fn path(random: &mut Random) -> String {
    let segments = [
        "videos",
        "1",
        "live",
        "a.ts",
        "seg-1.m4s",
        "café",
        "日本",
        "🎬",
        "a b",
        "a+b",
        "v=1;w=2",
        "100%",
        "~u",
        "A",
        "...",
        ".hidden",
        "a..b",
        "a&b",
        "q?",
        "h#1",
        "x:y@z",
        "(1)",
        "'",
        "\"",
        "<a>",
        "[1]",
        "{x}",
        "^",
        "|",
        "`",
        "$uri",
        "a,b",
        "*",
        "!",
        "a\\b",
        "x\u{85}y",
        "%41",
        "%2e%2e",
        "%2f",
    ];
    let mut path = String::new();
    for _ in 0..random.below(4) {
        path.push('/');
        path.push_str(if random.percent(60) { segments[random.below(6)] } else { random.pick(&segments) });
    }
    if path.is_empty() || random.percent(20) {
        path.push('/');
    }
    if random.below(400) == 0 {
        path.push_str(&"a".repeat(4000 + random.below(200)));
    }
    path
}

/// A spelling of it: what must be percent-encoded is, and now and then something else too.
fn spelled(random: &mut Random, path: &str) -> Vec<u8> {
    let eager = if random.percent(20) { 30 } else { 0 };
    let careless = random.percent(5);
    let mut raw = Vec::new();
    for byte in path.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/".contains(&byte);
        let kept = plain || (careless && byte != b'%' && byte != b'?' && byte != b'#');
        if (kept && (byte == b'/' || !random.percent(eager))) || byte == 0 {
            raw.push(byte);
        } else {
            let text = format!("%{byte:02X}");
            let text = if random.percent(30) { text.to_lowercase() } else { text };
            raw.extend(text.into_bytes());
        }
    }
    raw
}

/// Another spelling, which nginx may read as the same path, or another path.
fn bend_path(random: &mut Random, raw: &mut Vec<u8>) {
    let slashes: Vec<usize> =
        raw.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at).collect();
    let slash = random.pick(&slashes);
    let insert = |raw: &mut Vec<u8>, at: usize, text: &[u8]| drop(raw.splice(at..at, text.iter().copied()));
    let (len, anywhere) = (raw.len(), 1 + random.below(raw.len()));
    let bends: [&[u8]; 16] = [
        b"/.",
        b"/x/..",
        b"/",
        b"/%2e",
        b"/x/%2e%2E",
        b"/x/.%2e",
        b"/..",
        b"//",
        b"%2f",
        b"/x%2f..",
        b"/%252e%252e",
        b"/.;",
        b"/..;/x",
        b"%2F",
        b"/%2e/",
        b"/%25%32%65",
    ];
    match random.below(12) {
        0..5 => insert(raw, slash, random.pick(&bends)),
        5 => {
            let odd: [&[u8]; 14] = [
                b"%00",
                b"%",
                b"%z1",
                b"%2",
                b"%0a",
                b"%7f",
                b"%ff",
                b"%c0%af",
                b"%5c",
                b"\\",
                b"%C2%85",
                b"%c3%a9",
                b"\x7f",
                b"\xc3\xa9",
            ];
            insert(raw, anywhere, random.pick(&odd));
        }
        6 => insert(
            raw,
            anywhere,
            random.pick(&[b" ".as_slice(), b"+", b";", b"\t", b"\0", b"x", b"%20", b"%2B"]),
        ),
        7 => raw.make_ascii_uppercase(),
        8 => {
            insert(
                raw,
                len,
                random.pick(&[b"/".as_slice(), b"/.", b"/..", b"/%2e", b"//", b"/%2e%2e", b"."]),
            );
        }
        9 => {
            let at = random.below(len);
            raw[at] ^= 1 << random.below(7);
            if matches!(raw[at], b'\r' | b'\n') {
                raw[at] = b'x';
            }
        }
        10 => insert(raw, slash, b"/more"),
        _ => {
            let at = raw.iter().rposition(|&byte| byte == b'/').unwrap();
            raw.truncate(at + 1);
        }
    }
}

fn bent_proof(random: &mut Random, mut proof: String, format: &Format, now: i64) -> String {
    let at = random.below(proof.len());
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    match random.below(18) {
        0 => proof.push('='),
        1 | 2 => proof.push_str("=="),
        3 => proof.push_str("==="),
        4 => proof.push_str("=A"),
        5 => proof.insert(at, '='),
        6 | 7 => {
            // The last character has four bits that stand for nothing.
            let last = proof.pop().unwrap();
            let value = alphabet.iter().position(|&byte| char::from(byte) == last).unwrap();
            proof.push(char::from(alphabet[(value & !15) | random.below(16)]));
        }
        8 => proof = proof.replace('-', "+").replace('_', "/"),
        9 => drop(proof.pop()),
        10 => proof.push_str(random.pick(&["A", "AA", "AAA", "AAAA"])),
        11 => proof = proof.to_lowercase(),
        12 => proof.clear(),
        13 => {
            proof.replace_range(at..=at, random.pick(&["%41", "%", "*", " ", ".", "~", "é", "%00", "%2D"]));
        }
        14 => proof = format!("{proof},{}", now + i64::try_from(random.below(9)).unwrap() - 4),
        15 => proof.push_str(if format.expires { ",1" } else { "," }),
        _ => {
            let other = char::from(random.pick(alphabet));
            proof.replace_range(at..=at, &other.to_string());
        }
    }
    proof
}

fn query(
    random: &mut Random,
    format: &Format,
    proof: &str,
    expires: &str,
    argument: &str,
) -> Option<Vec<u8>> {
    let mut pairs =
        vec![format!("{}={proof}", format.hash_name), format!("{}={expires}", format.expires_name)];
    let takes_argument = format.secure_link_md5.contains("$arg_v");
    if takes_argument && !(argument.is_empty() && random.percent(50)) {
        pairs.push(format!("v={argument}"));
    }
    for extra in ["x=1", "token=", "a", "auth=abc", "", "md=5", "xmd5=1", "=", "md5.=1"] {
        if random.percent(4) {
            pairs.insert(random.below(pairs.len() + 1), extra.to_owned());
        }
    }
    if random.percent(30) {
        let (one, other) = (random.below(pairs.len()), random.below(pairs.len()));
        pairs.swap(one, other);
    }
    let at = random.below(pairs.len());
    match random.below(100) {
        0..2 => pairs[at] = capitals(&pairs[at]),
        2..4 => pairs[at] = encoded_name(random, &pairs[at]),
        4..6 => pairs.push(pairs[at].clone()),
        6..8 => pairs.insert(0, pairs[at].split('=').next().unwrap_or_default().to_owned() + "=x"),
        8 => pairs.insert(0, pairs[at].split('=').next().unwrap_or_default().to_owned()),
        9 => pairs.push(encoded_name(random, &pairs[at])),
        10 => pairs.push(capitals(&pairs[at])),
        21..24 => pairs.push(encoded_name(random, "v=8")),
        24 => pairs.push("V=8".to_owned()),
        20 => {
            let name = pairs[at].split('=').next().unwrap_or_default();
            pairs.insert(0, capitals(name) + "=x");
        }
        11..14 => drop(pairs.remove(at)),
        14 => {
            let end = pairs[at].find('=').unwrap_or(pairs[at].len());
            pairs[at].truncate(end);
        }
        15 => pairs[at] = pairs[at].replacen('=', "==", 1),
        16 => {
            pairs[at].push_str(random.pick(&["%20", " ", "+", "&", ";x=1", "%", "?", "\u{7f}", "\"", "é"]));
        }
        17 => pairs[at].insert_str(0, random.pick(&["?", "&", "%20", "amp;", " ", ";"])),
        18 => return Some(pairs.join(";").into_bytes()),
        19 => return random.percent(50).then(Vec::new),
        _ => {}
    }
    Some(pairs.join("&").into_bytes())
}

fn capitals(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => format!("{}={value}", name.to_uppercase()),
        None => pair.to_uppercase(),
    }
}

fn encoded_name(random: &mut Random, pair: &str) -> String {
    let name_len = pair.find('=').unwrap_or(pair.len());
    if name_len == 0 {
        return pair.to_owned();
    }
    let at = random.below(name_len);
    format!("{}%{:02x}{}", &pair[..at], pair.as_bytes()[at], &pair[at + 1..])
}
