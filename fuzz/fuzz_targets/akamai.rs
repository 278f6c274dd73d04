//! A whole decision on Akamai tokens of any shape, good, damaged and moved: it never panics, and it grants only a token whose
//! HMAC is that of the text that the documentation names, and whose `acl` covers the path, both made here once more, plainly.

#![no_main]

mod bounds;

use std::net::IpAddr;
use std::sync::LazyLock;

use aws_lc_rs::hmac;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use playgate::request::{RequestView, Target};
use playgate::schemes::akamai::{Akamai, AkamaiCarrier};
use playgate::time::UnixSeconds;
use playgate::{Decision, Site, Verifier};

const KEY: &str = "00112233445566778899aabbccddeeff";
const OTHER: &str = "ffeeddccbbaa99887766554433221100";
const SALT: &str = "salt";
const START: i64 = 1_750_000_000;
const PATHS: [&str; 5] = ["/videos/1/a.ts", "/videos/10/a.ts", "/caf%C3%A9.ts", "/a!b~c/*", "/"];
const ACLS: [&str; 8] =
    ["/videos/*", "*/a.ts", "/x!/videos/1?/*", "%2fvideos%2f*%21%2fx", "/caf%C3%A9.ts", "/a%21b~", "", "/v?d*s/*/?.ts"];
const CLIENT: &str = "203.0.113.7";

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let carriers = [AkamaiCarrier::Query, AkamaiCarrier::Header, AkamaiCarrier::Cookie];
    let akamai = |key: &str| Akamai::new(key).carriers(carriers);
    let plain = Site::bucket("vod").host("plain.example.com").akamai(akamai(OTHER).also(KEY));
    let salted = Site::bucket("vod").host("salted.example.com").akamai(akamai(KEY).salt(SALT));
    Verifier::builder().site(plain).site(salted).build().unwrap()
});

#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Bytes(&'a [u8]),
    Name(u8),
    Separator,
    Acl(u8),
    Date(u8),
    Address,
    /// The HMAC of the text so far, by a key, for a path or none.
    Hmac(u8),
    /// One with a byte changed.
    Damaged(u8, u8, u8),
    /// The text so far, percent-encoded.
    Encoded,
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    salted: bool,
    path: u8,
    own_path: &'a [u8],
    own_query: Option<&'a [u8]>,
    token: Vec<Piece<'a>>,
    carrier: u8,
    later: u8,
}

struct Request {
    host: &'static str,
    path: Vec<u8>,
    query: Option<Vec<u8>>,
    header: Option<Vec<u8>>,
    cookie: Option<Vec<u8>>,
}

impl RequestView for Request {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: &self.path, query: self.query.as_deref() }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        match (name, nth) {
            ("host", 0) => Some(self.host.as_bytes()),
            ("hdnts", 0) => self.header.as_deref(),
            ("cookie", 0) => self.cookie.as_deref(),
            _ => None,
        }
    }

    fn peer(&self) -> Option<IpAddr> {
        CLIENT.parse().ok()
    }
}

fuzz_target!(|input: Input<'_>| {
    let known = PATHS.get(usize::from(input.path)).map(|path| path.as_bytes().to_vec());
    let path = known.unwrap_or_else(|| input.own_path.to_vec());
    let token = join(&input, &path);
    let own = input.own_query.filter(|query| !query.is_empty());
    let mut request = Request {
        host: if input.salted { "salted.example.com" } else { "plain.example.com" },
        path,
        query: own.map(<[u8]>::to_vec),
        header: None,
        cookie: None,
    };
    match input.carrier % 3 {
        0 => {
            let own = own.map(|own| [own, b"&"].concat()).unwrap_or_default();
            request.query = Some([&own, &b"hdnts="[..], &token].concat());
        }
        1 => request.header = Some(token.clone()),
        _ => request.cookie = Some([b"hdnts=x; hdnts=", &*token].concat()),
    }
    let now = START - 10 + i64::from(input.later);
    let size = request.path.len()
        + [&request.query, &request.header, &request.cookie].iter().filter_map(|part| part.as_ref()).map(Vec::len).sum::<usize>();
    let verifier = &*VERIFIER; // built before memory is measured
    let decide = || verifier.decide(&request, UnixSeconds::new(now));
    if let Decision::Granted(grant) = bounds::decided(size, decide, |decision| drop(decision.reply(&request))) {
        let candidates = candidates(&request);
        let good = candidates.iter().find_map(|token| is_good(&request, token, input.salted, now));
        let expires = good.unwrap_or_else(|| panic!("granted: {input:?}"));
        assert_eq!(grant.expires_at(), Some(UnixSeconds::new(expires)));
        assert_eq!(grant.kid(), None);
    }
});

fn join(input: &Input<'_>, path: &[u8]) -> Vec<u8> {
    let mut token = Vec::new();
    for piece in input.token.iter().take(24) {
        let hmac = |which: &u8| {
            let mut text = token.clone();
            if which & 1 == 1 {
                text.extend([b"~url=", path].concat());
            }
            if input.salted {
                text.extend(format!("~salt={SALT}").into_bytes());
            }
            mac(if which & 2 == 2 { KEY } else { OTHER }, &text)
        };
        match piece {
            Piece::Bytes(bytes) => token.extend_from_slice(bytes),
            Piece::Name(which) => {
                let names = ["st", "exp", "acl", "id", "data", "ip", "url", "salt"];
                token.extend(format!("{}=", names[usize::from(*which) % names.len()]).into_bytes());
            }
            Piece::Separator => token.push(b'~'),
            Piece::Acl(which) => token.extend_from_slice(ACLS[usize::from(*which) % ACLS.len()].as_bytes()),
            Piece::Date(which) => token.extend((START + i64::from(which % 4) * 50 - 50).to_string().into_bytes()),
            Piece::Address => token.extend_from_slice(CLIENT.as_bytes()),
            Piece::Hmac(which) => {
                let hmac = hmac(which);
                token.extend(format!("~hmac={hmac}").into_bytes());
            }
            Piece::Damaged(which, place, with) => {
                let mut hmac = hmac(which).into_bytes();
                let place = usize::from(*place) % hmac.len();
                hmac[place] ^= with;
                token.extend([b"~hmac=", &*hmac].concat());
            }
            Piece::Encoded => {
                token = token.iter().flat_map(|byte| format!("%{byte:02X}").into_bytes()).collect();
            }
        }
        if token.len() > 4096 {
            break;
        }
    }
    token
}

fn bytes_of(key: &str) -> Vec<u8> {
    key.as_bytes().chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn mac(key: &str, text: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &bytes_of(key)), text);
    tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Every text that may have been the token, in the first carrier that has one.
fn candidates(request: &Request) -> Vec<Vec<u8>> {
    let in_query: Vec<Vec<u8>> = request.query.iter().flat_map(|query| query.split(|&byte| byte == b'&')).filter_map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        percent_decode(&pair[..at]).eq(*b"hdnts").then(|| pair.get(at + 1..).unwrap_or_default().to_vec())
    }).collect();
    if !in_query.is_empty() {
        assert_eq!(in_query.len(), 1, "a token stands there twice");
        return in_query;
    }
    if let Some(header) = &request.header {
        return vec![header.trim_ascii().to_vec()];
    }
    let cookies = request.cookie.iter().flat_map(|cookie| cookie.split(|&byte| byte == b';'));
    cookies.filter_map(|cookie| cookie.trim_ascii().strip_prefix(b"hdnts=")).map(<[u8]>::to_vec).collect()
}

/// The expiry of a good token, read plainly.
fn is_good(request: &Request, raw: &[u8], salted: bool, now: i64) -> Option<i64> {
    let decoded: Vec<u8> = percent_decode(raw).collect();
    [raw.to_vec(), decoded].iter().find_map(|token| {
        let token = std::str::from_utf8(token).ok()?;
        let (signed, hmac) = token.rsplit_once("~hmac=")?;
        let fields: Vec<(&str, &str)> = signed.split('~').map(|field| field.split_once('=')).collect::<Option<_>>()?;
        let field = |name: &str| fields.iter().find(|(found, _)| *found == name).map(|(_, value)| *value);
        for (name, _) in &fields {
            assert!(["st", "exp", "acl", "id", "data", "ip"].contains(name) || !fits(request, signed, hmac, None, salted));
            if fields.iter().filter(|(other, _)| other == name).count() > 1 {
                return None;
            }
        }
        let acl = field("acl");
        if !fits(request, signed, hmac, acl, salted) {
            return None;
        }
        let expires: i64 = field("exp")?.parse().ok()?;
        let starts: i64 = field("st").map_or(Some(0), |digits| digits.parse().ok())?;
        let path: Vec<u8> = percent_decode(&request.path).collect();
        let covers = acl.is_none_or(|acl| covers(acl, &path));
        let address = field("ip").is_none_or(|ip| ip.contains(CLIENT) || ip.contains('%') || ip.contains("203.0.113.7"));
        (starts <= now && now < expires && covers && address).then_some(expires)
    })
}

/// Returns whether the HMAC is that of the text.
fn fits(request: &Request, signed: &str, hmac: &str, acl: Option<&str>, salted: bool) -> bool {
    let query: Vec<&[u8]> = request.query.iter().flat_map(|query| query.split(|&byte| byte == b'&')).collect();
    let in_query = query.iter().any(|pair| is_token(pair));
    let kept: Vec<&[u8]> = query.into_iter().filter(|pair| !in_query || !is_token(pair)).collect();
    let mut url = request.path.clone();
    if !kept.is_empty() {
        url = [&url, &b"?"[..], &kept.join(&b'&')].concat();
    }
    let escaped: Vec<u8> = url.iter().flat_map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => vec![*byte],
        other => format!("%{other:02x}").into_bytes(),
    }).collect();
    let salt = if salted { format!("~salt={SALT}") } else { String::new() };
    let texts = match acl {
        Some(_) => vec![[signed.as_bytes(), salt.as_bytes()].concat()],
        None => [url, escaped].map(|url| [signed.as_bytes(), b"~url=", &url, salt.as_bytes()].concat()).into(),
    };
    let keys: &[&str] = if salted { &[KEY] } else { &[KEY, OTHER] };
    texts.iter().any(|text| keys.iter().any(|key| mac(key, text) == hmac))
}

fn is_token(pair: &[u8]) -> bool {
    let name = pair.split(|&byte| byte == b'=').next().unwrap_or_default();
    percent_decode(name).eq(*b"hdnts")
}

/// Returns whether an entry covers the path, by a table instead of two pointers.
fn covers(acl: &str, path: &[u8]) -> bool {
    let path: Vec<char> = std::str::from_utf8(path).unwrap().chars().collect();
    let entries = acl.split('!').flat_map(|entry| {
        let is_escaped = entry.to_ascii_lowercase().contains("%2f");
        if is_escaped { entry.split("%21").collect::<Vec<_>>() } else { vec![entry] }
    });
    entries.into_iter().any(|entry| {
        // Wildcards stay as they are, and everything else is decoded.
        let mut pattern: Vec<Option<char>> = Vec::new();
        let pieces = entry.split_inclusive(['*', '?']);
        for piece in pieces {
            let (text, wildcard) = match piece.strip_suffix(['*', '?']) {
                Some(text) => (text, piece.chars().last()),
                None => (piece, None),
            };
            let text: Vec<u8> = percent_decode(text.as_bytes()).collect();
            let text = String::from_utf8_lossy(&text).into_owned();
            pattern.extend(text.chars().map(Some));
            // A wildcard is a mark that no text has.
            match wildcard {
                Some('*') => pattern.push(None),
                Some(_) => pattern.push(Some('\0')),
                None => {}
            }
        }
        if !matches!(pattern.first(), Some(None | Some('/'))) {
            return false;
        }
        let mut reached = vec![false; path.len() + 1];
        reached[0] = true;
        for token in pattern {
            reached = match token {
                None => {
                    let first = reached.iter().position(|reached| *reached).unwrap_or(reached.len());
                    (0..reached.len()).map(|at| at >= first).collect()
                }
                Some(character) => (0..reached.len())
                    .map(|at| at > 0 && reached[at - 1] && (character == '\0' || path[at - 1] == character))
                    .collect(),
            };
        }
        reached[path.len()]
    })
}
