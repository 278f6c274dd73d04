//! A whole decision on CloudFront's URLs and cookies of any shape, good, damaged and moved: it never panics, and it grants only a
//! policy whose signature fits its text or the canned text of the requested URL, and that covers the URL, the second and the client,
//! all of it read here once more, plainly. A policy in plain form that is good by this reading is granted.

#![no_main]

mod bounds;

use std::net::{IpAddr, Ipv4Addr};
use std::sync::LazyLock;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA1_ASN1, ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_STANDARD;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use playgate::crypto::{Algorithm, SignatureHash};
use playgate::rate::FailedSignatures;
use playgate::request::{RequestView, Target};
use playgate::schemes::cloudfront::{CloudFront, Protocol, Wildcards};
use playgate::time::UnixSeconds;
use playgate::verifier::VerifierBuilder;
use playgate::{Decision, Key, KeyScope, Site, Verifier};
use serde_json::{Map, Value};

const START: i64 = 1_750_000_000;
/// Sections, any place, and a site that is strict and moved.
const HOSTS: [&str; 3] = ["cdn.example.com", "anywhere.example.com", "strict.example.com"];
const DOMAIN: &str = "media.example.com:8443";
const PATHS: [&str; 5] = ["/videos/1/a.ts", "/videos/10/a.ts", "/caf%C3%A9.ts", "/a!b~c/*", "/"];
const QUERIES: [&str; 4] = ["x=1", "x=1&y", "", "&"];
const NAMES: [&str; 5] = ["Expires", "Policy", "Signature", "Key-Pair-Id", "Hash-Algorithm"];
const RESOURCES: [&str; 8] =
    ["https://", "*://", "http", "cdn.example.com", ".example.com", "/videos/", "?x=", "media.example.com:8443/"];
const ADDRESSES: [&str; 6] =
    ["203.0.113.7", "203.0.113.0/24", "198.51.100.0/24", "0.0.0.0/0", "203.0.113.7/33", "2001:db8::1"];
const CLIENTS: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
    IpAddr::V6(std::net::Ipv6Addr::LOCALHOST),
];
/// The signature with SHA-1 of the canned policy of `https://cdn.example.com/videos/1/a.ts` until 1750000060, by openssl.
const SHA1: &str =
    "MEUCIQDSefjHh~sQfDU5n0yMwLNnpJqgvrsKc-jPNSDmr4Rg8QIgVTJXqgpJImnGRofSguFH5QJodCxZjHcA0zSg7bQ0b1A_";

static SIGNER: LazyLock<EcdsaKeyPair> = LazyLock::new(|| {
    let pem = pem::parse(include_bytes!("../../tests/support/keys/p256.test.pem")).unwrap();
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pem.contents()).unwrap()
});

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let [sections, anywhere, strict] = HOSTS.map(|host| Site::bucket("vod").host(host));
    let https = || CloudFront::new().protocol(Protocol::Https);
    let moved = CloudFront::new().protocol(Protocol::Http).domain(DOMAIN);
    let strict = strict.cloudfront(moved.hashes([SignatureHash::Sha256]).require_resource(true));
    let pem = include_bytes!("../../tests/support/keys/p256.test.pub.pem");
    let key = Key::from_pem_for(Algorithm::CloudFrontP256, "p256", pem, KeyScope::bucket("vod")).unwrap();
    let anywhere = anywhere.cloudfront(https().wildcards(Wildcards::Anywhere));
    let sites = [sections.cloudfront(https()), anywhere, strict];
    let builder = sites.into_iter().fold(Verifier::builder(), VerifierBuilder::site).key(key);
    // Each input is decided on by itself.
    builder.failed_signatures(FailedSignatures::unlimited()).build().unwrap()
});

#[derive(Arbitrary, Debug)]
enum Resource<'a> {
    Star,
    Mark,
    /// A part of the requested URL.
    Requested(u8, u8),
    Known(u8),
    Own(&'a str),
}

#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Bytes(&'a [u8]),
    Name(u8),
    Statement,
    Condition,
    Date(u8),
    Blank,
    End,
}

#[derive(Arbitrary, Debug)]
enum Policy<'a> {
    /// Of the requested URL.
    Canned(u8),
    /// Of a URL that is close to it.
    CannedOf(u8, Vec<Resource<'a>>),
    WithSha1,
    /// As a signer writes it.
    Made { resource: Option<Vec<Resource<'a>>>, less: u8, greater: Option<u8>, address: Option<u8> },
    /// Any text.
    Text(Vec<Piece<'a>>),
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    site: u8,
    path: u8,
    own_path: &'a [u8],
    query: u8,
    own_query: Option<&'a [u8]>,
    policy: Policy<'a>,
    /// A part, a place in its value, and what is changed there.
    damage: Option<(u8, u8, u8)>,
    /// A part more, by its name.
    more: Option<(u8, &'a [u8])>,
    /// A part less.
    less: Option<u8>,
    in_cookies: bool,
    is_encoded: bool,
    is_first: bool,
    client: u8,
    later: u8,
}

struct Request {
    host: &'static str,
    path: Vec<u8>,
    query: Option<Vec<u8>>,
    cookies: Option<Vec<u8>>,
    client: IpAddr,
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
            ("cookie", 0) => self.cookies.as_deref(),
            _ => None,
        }
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.client)
    }
}

fuzz_target!(|input: Input<'_>| {
    let known = PATHS.get(usize::from(input.path)).map(|path| path.as_bytes().to_vec());
    let is_plain_path = known.is_some();
    let mut request = Request {
        host: HOSTS[usize::from(input.site) % HOSTS.len()],
        path: known.unwrap_or_else(|| input.own_path.to_vec()),
        query: QUERIES.get(usize::from(input.query)).map(|query| query.as_bytes().to_vec()),
        cookies: None,
        client: CLIENTS[usize::from(input.client) % CLIENTS.len()],
    };
    let is_plain_query = input.own_query.is_none();
    if let Some(own) = input.own_query {
        request.query = Some(own.to_vec());
    }
    let parts = parts(&input, &url_of(&request));
    if input.in_cookies {
        let cookies = parts.iter().map(|(name, value)| [b"CloudFront-", name.as_bytes(), b"=", value].concat());
        request.cookies = Some(cookies.collect::<Vec<_>>().join(&b"; "[..]));
    } else {
        let parts = parts.iter().map(|(name, value)| [name.as_bytes(), b"=", value].concat());
        let signed = parts.collect::<Vec<_>>().join(&b'&');
        request.query = Some(match &request.query {
            Some(own) if input.is_first => [&signed, &b"&"[..], own].concat(),
            Some(own) => [own, &b"&"[..], &signed].concat(),
            None => signed,
        });
    }
    let now = START - 60 + i64::from(input.later);
    let size = request.path.len() + [&request.query, &request.cookies].into_iter().flatten().map(Vec::len).sum::<usize>();
    let verifier = &*VERIFIER; // built before memory is measured
    let decide = || verifier.decide(&request, UnixSeconds::new(now));
    let good = expiry_of_good(&request, now);
    match bounds::decided(size, decide, |decision| drop(decision.reply(&request))) {
        Decision::Granted(grant) => {
            let expires = good.unwrap_or_else(|| panic!("granted: {input:?}"));
            assert_eq!(grant.expires_at(), Some(UnixSeconds::new(expires)));
            assert_eq!(grant.kid(), Some("p256"));
        }
        decision => {
            let is_made = matches!(input.policy, Policy::Canned(_) | Policy::WithSha1 | Policy::Made { .. });
            let is_plain = is_made && is_plain_path && is_plain_query && input.damage.is_none() && input.more.is_none();
            assert!(good.is_none() || !is_plain || size > 4000, "refused: {input:?} {decision:?}");
        }
    }
});

fn date(which: u8) -> i64 {
    START + i64::from(which % 8) * 20 - 80
}

fn signed(text: &[u8]) -> Vec<u8> {
    encode(SIGNER.sign(&SystemRandom::new(), text).unwrap().as_ref())
}

fn encode(bytes: &[u8]) -> Vec<u8> {
    BASE64_STANDARD.encode(bytes).replace('+', "-").replace('=', "_").replace('/', "~").into_bytes()
}

/// The parts of the input's credential, by name.
fn parts(input: &Input<'_>, url: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let resource = |pieces: &[Resource<'_>]| {
        let url = String::from_utf8_lossy(url).into_owned();
        let piece = |piece: &Resource<'_>| match piece {
            Resource::Star => "*".to_owned(),
            Resource::Mark => "?".to_owned(),
            Resource::Requested(from, len) => {
                url.chars().skip(usize::from(*from)).take(usize::from(*len)).collect()
            }
            Resource::Known(which) => RESOURCES[usize::from(*which) % RESOURCES.len()].to_owned(),
            Resource::Own(text) => (*text).to_owned(),
        };
        pieces.iter().take(16).map(piece).collect::<String>()
    };
    let (first, text) = match &input.policy {
        Policy::Canned(which) => (("Expires", date(*which).to_string().into_bytes()), canned(url, date(*which).to_string().as_bytes())),
        Policy::CannedOf(which, pieces) => {
            let digits = date(*which).to_string();
            let text = canned(resource(pieces).as_bytes(), digits.as_bytes());
            (("Expires", digits.into_bytes()), text)
        }
        Policy::WithSha1 => (("Expires", b"1750000060".to_vec()), Vec::new()),
        Policy::Made { resource: pieces, less, greater, address } => {
            let time = |which: u8| serde_json::json!({ "AWS:EpochTime": date(which) });
            let mut condition = Map::new();
            condition.insert("DateLessThan".to_owned(), time(*less));
            if let Some(which) = greater {
                condition.insert("DateGreaterThan".to_owned(), time(*which));
            }
            if let Some(which) = address {
                let address = ADDRESSES[usize::from(*which) % ADDRESSES.len()];
                condition.insert("IpAddress".to_owned(), serde_json::json!({ "AWS:SourceIp": address }));
            }
            let mut statement = Map::new();
            if let Some(pieces) = pieces {
                statement.insert("Resource".to_owned(), resource(pieces).into());
            }
            statement.insert("Condition".to_owned(), condition.into());
            let text = serde_json::json!({ "Statement": [statement] }).to_string().into_bytes();
            (("Policy", encode(&text)), text)
        }
        Policy::Text(pieces) => {
            let text: Vec<u8> = pieces.iter().take(48).flat_map(|piece| text_of(piece)).collect();
            (("Policy", encode(&text)), text)
        }
    };
    let mut parts = vec![first, ("Signature", signed(&text)), ("Key-Pair-Id", b"p256".to_vec()), ("Hash-Algorithm", b"SHA256".to_vec())];
    if let Policy::WithSha1 = input.policy {
        parts[1].1 = SHA1.as_bytes().to_vec();
        parts.pop();
    }
    if let Some((part, place, with)) = input.damage {
        let part = usize::from(part) % parts.len();
        let value = &mut parts[part].1;
        if !value.is_empty() {
            let place = usize::from(place) % value.len();
            value[place] ^= with;
        }
    }
    if input.is_encoded {
        for (_, value) in &mut parts[..2] {
            let encoded = value.iter().map(|byte| match byte {
                b'~' | b'_' | b'-' => format!("%{byte:02X}").into_bytes(),
                other => vec![*other],
            });
            *value = encoded.collect::<Vec<_>>().concat();
        }
    }
    if let Some(less) = input.less {
        parts.remove(usize::from(less) % parts.len());
    }
    if let Some((name, value)) = input.more {
        parts.push((NAMES[usize::from(name) % NAMES.len()], value.to_vec()));
    }
    parts
}

fn text_of(piece: &Piece<'_>) -> Vec<u8> {
    match piece {
        Piece::Bytes(bytes) => bytes.to_vec(),
        Piece::Name(which) => {
            let names = [
                "Statement", "Resource", "Condition", "DateLessThan", "DateGreaterThan", "IpAddress", "AWS:EpochTime",
                "AWS:SourceIp", "\\u0052esource", "Version",
            ];
            format!("\"{}\":", names[usize::from(*which) % names.len()]).into_bytes()
        }
        Piece::Statement => br#"{"Statement":[{"#.to_vec(),
        Piece::Condition => br#""Condition":{"#.to_vec(),
        Piece::Date(which) => {
            let name = if which & 8 == 0 { "DateLessThan" } else { "DateGreaterThan" };
            format!(r#""{name}":{{"AWS:EpochTime":{}}}"#, date(*which)).into_bytes()
        }
        Piece::Blank => b"\r\n ".to_vec(),
        Piece::End => b"}}]}".to_vec(),
    }
}

fn canned(url: &[u8], expires: &[u8]) -> Vec<u8> {
    let start = br#"{"Statement":[{"Resource":""#;
    [&start[..], url, br#"","Condition":{"DateLessThan":{"AWS:EpochTime":"#, expires, b"}}}]}"].concat()
}

/// The five parts of the query, and all that is not one of them.
fn split_query(query: &[u8]) -> (Vec<(usize, Vec<u8>)>, Vec<&[u8]>) {
    let (mut parts, mut others) = (Vec::new(), Vec::new());
    for pair in query.split(|&byte| byte == b'&') {
        let at = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let name: Vec<u8> = percent_decode(&pair[..at]).collect();
        match NAMES.iter().position(|known| known.as_bytes() == name) {
            Some(number) => parts.push((number, pair.get(at + 1..).unwrap_or_default().to_vec())),
            None => others.push(pair),
        }
    }
    (parts, others)
}

/// The requested URL as it is signed.
fn url_of(request: &Request) -> Vec<u8> {
    let start = if request.host == HOSTS[2] { format!("http://{DOMAIN}") } else { format!("https://{}", request.host) };
    let mut url = [start.as_bytes(), &request.path].concat();
    if let Some(query) = &request.query {
        let (_, others) = split_query(query);
        if !others.is_empty() {
            url = [&url, &b"?"[..], &others.join(&b'&')].concat();
        }
    }
    url
}

/// The expiry of a credential that is good by a plain reading.
fn expiry_of_good(request: &Request, now: i64) -> Option<i64> {
    let in_query = request.query.as_ref().map(|query| split_query(query).0).unwrap_or_default();
    let found = if in_query.is_empty() {
        let cookies = request.cookies.iter().flat_map(|cookies| cookies.split(|&byte| byte == b';'));
        let cookie = |cookie: &[u8]| {
            let cookie = cookie.trim_ascii().strip_prefix(b"CloudFront-")?;
            let at = cookie.iter().position(|&byte| byte == b'=')?;
            let number = NAMES.iter().position(|known| known.as_bytes() == &cookie[..at])?;
            Some((number, cookie[at + 1..].trim_ascii().to_vec()))
        };
        cookies.filter_map(cookie).collect()
    } else {
        in_query
    };
    let part = |number: usize| {
        let mut values = found.iter().filter(|(found, _)| *found == number).map(|(_, value)| value.as_slice());
        let value = values.next();
        values.next().is_none().then_some(value)
    };
    let (expires, policy, signature, key, hash) = (part(0)?, part(1)?, part(2)??, part(3)??, part(4)?);
    let is_sha1 = match hash {
        None | Some(b"SHA1") => true,
        Some(b"SHA256") => false,
        Some(_) => return None,
    };
    if key != b"p256" || (is_sha1 && request.host == HOSTS[2]) {
        return None;
    }
    let url = url_of(request);
    let text = match (expires, policy) {
        (Some(expires), None) => canned(&url, expires),
        (None, Some(policy)) => decode(policy)?,
        _ => return None,
    };
    let algorithm = if is_sha1 { &ECDSA_P256_SHA1_ASN1 } else { &ECDSA_P256_SHA256_ASN1 };
    UnparsedPublicKey::new(algorithm, SIGNER.public_key()).verify(&text, &decode(signature)?).ok()?;
    if let Some(expires) = expires {
        let expires: i64 = std::str::from_utf8(expires).ok()?.parse().ok()?;
        let is_plain = url.iter().all(|byte| (b'!'..=b'~').contains(byte) && !b"\"\\".contains(byte));
        return (is_plain && now < expires).then_some(expires);
    }
    let policy: Value = serde_json::from_slice(&text).ok()?;
    let [statement] = &policy.get("Statement")?.as_array()?[..] else { return None };
    let condition = statement.get("Condition")?;
    let date = |name: &str| condition.get(name).map(|date| date.get("AWS:EpochTime").and_then(Value::as_i64));
    let expires = date("DateLessThan")??;
    let starts = date("DateGreaterThan").map_or(Some(-1), |date| date)?;
    let resource = match statement.get("Resource") {
        Some(resource) => resource.as_str()?,
        None if request.host == HOSTS[2] => return None,
        None => "*",
    };
    let url = String::from_utf8_lossy(&url).into_owned();
    let covers = if request.host == HOSTS[1] { resource == "*" || fits(resource, &url) } else { covers_by_sections(resource, &url) };
    let admits = match condition.get("IpAddress") {
        None => true,
        Some(address) => admits(address.get("AWS:SourceIp")?.as_str()?, request.client)?,
    };
    (covers && admits && starts < now && now < expires).then_some(expires)
}

fn decode(text: &[u8]) -> Option<Vec<u8>> {
    let text: Vec<u8> = percent_decode(text).collect();
    if text.iter().any(|byte| b"+/=".contains(byte)) {
        return None;
    }
    let text = String::from_utf8(text).ok()?.replace('-', "+").replace('~', "/");
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::RequireNone);
    GeneralPurpose::new(&STANDARD, config).decode(text.trim_end_matches('_')).ok()
}

fn admits(range: &str, client: IpAddr) -> Option<bool> {
    let (address, len) = range.split_once('/').unwrap_or((range, "32"));
    let (address, len): (Ipv4Addr, u32) = (address.parse().ok()?, len.parse().ok()?);
    if len > 32 {
        return None;
    }
    let mask = u32::MAX.checked_shl(32 - len).unwrap_or(0);
    Some(match client {
        _ if len == 0 => true,
        IpAddr::V4(client) => (u32::from(client) ^ u32::from(address)) & mask == 0,
        IpAddr::V6(_) => false,
    })
}

/// The guide's reading of a `Resource`: a pattern for each section.
fn covers_by_sections(resource: &str, url: &str) -> bool {
    if resource == "*" {
        return true;
    }
    let named = resource.split_once("://").filter(|(protocol, _)| !protocol.contains('/'));
    let (protocol, rest) = match named {
        Some(named) => named,
        None if resource.starts_with('*') => ("*", resource),
        None => return false,
    };
    let (of_protocol, of_rest) = url.split_once("://").unwrap();
    // Without a path, the query begins after the domain.
    let (domain, rest) = rest.find('/').or_else(|| rest.find('?')).map_or((rest, ""), |at| rest.split_at(at));
    let (of_domain, of_rest) = of_rest.find('/').map_or((of_rest, ""), |at| of_rest.split_at(at));
    let same_case = |text: &str| text.to_ascii_lowercase();
    if !fits(&same_case(protocol), of_protocol) || !fits(&same_case(domain), of_domain) {
        return false;
    }
    if rest.is_empty() && domain.ends_with('*') {
        return true;
    }
    let cut = |text: &str| text.split_once('?').map_or((text.to_owned(), None), |(path, query)| (path.to_owned(), Some(query.to_owned())));
    let ((path, query), (of_path, of_query)) = (cut(rest), cut(of_rest));
    let path = if path.is_empty() { "/".to_owned() } else { path };
    let covers_query = match (query, of_query) {
        (Some(pattern), Some(query)) => fits(&pattern, &query),
        (Some(_), None) => false,
        (None, None) => true,
        (None, Some(_)) => rest.ends_with('*'),
    };
    fits(&path, &of_path) && covers_query
}

/// Returns whether a pattern fits, by a table instead of two pointers.
fn fits(pattern: &str, text: &str) -> bool {
    let text = text.as_bytes();
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for token in pattern.bytes() {
        reached = match token {
            b'*' => {
                let first = reached.iter().position(|reached| *reached).unwrap_or(reached.len());
                (0..reached.len()).map(|at| at >= first).collect()
            }
            one => (0..reached.len())
                .map(|at| at > 0 && reached[at - 1] && (one == b'?' || text[at - 1] == one))
                .collect(),
        };
    }
    reached[text.len()]
}
