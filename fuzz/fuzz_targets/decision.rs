//! A whole decision on requests of any shape, with real keys and really signed tokens, whole or damaged: it never
//! panics, and it grants only what a plain reading of the request would.

#![no_main]

mod bounds;

#[allow(dead_code, unreachable_pub)]
#[path = "../../benches/fixtures/mod.rs"]
mod fixtures;

use std::sync::LazyLock;

use fixtures::{Kind, key_of};
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use playgate::request::{RequestView, Target};
use playgate::schemes::Carrier;
use playgate::time::UnixSeconds;
use playgate::{Decision, KeyScope, Scope, Site, Verifier};

const HOSTS: [&str; 5] = [
    "cdn.example.com",
    "CDN.example.com.:443",
    "other.example.com",
    "live.example.com",
    "nobody.example.com",
];
const PATHS: [&str; 7] = [
    "/media/videos/1/a.ts",
    "/media/videos/10/a.ts",
    "/media/%76ideos/1/caf%C3%A9.ts",
    "/media/videos/1",
    "/ch1/seg-1.ts",
    "/ch1.m3u8",
    "/videos/1/a.ts",
];
const START: i64 = 1_750_000_000;

struct Signed {
    text: String,
    kid: &'static str,
    uri: String,
    nbf: i64,
    exp: i64,
}

static WORLD: LazyLock<(Verifier, Vec<Signed>)> = LazyLock::new(|| {
    let signers = [
        (Kind::Hmac, "courses", KeyScope::bucket("courses"), true),
        (Kind::Ed25519, "other", KeyScope::bucket("other"), true),
        (Kind::P256, "ch1", KeyScope::stream("ch1"), true),
        (Kind::Rsa2048, "site", KeyScope::site("cdn"), true),
        (Kind::Ed25519, "gone", KeyScope::bucket("courses"), false),
    ];
    let scopes = [
        Scope::folder("videos/1").unwrap(),
        Scope::object("videos/1").unwrap(),
        Scope::object("videos/10/a.ts").unwrap(),
        Scope::playback_id("ch1").unwrap(),
        Scope::whole_bucket(),
    ];
    let mut builder = Verifier::builder()
        .outside(playgate::site::Outside::Pass)
        .site(Site::bucket("courses").id("cdn").host("cdn.example.com").base_path("/media/").carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]))
        .site(Site::bucket("other").host("other.example.com").carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]))
        .site(Site::live_by_path().host("live.example.com").carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie]));
    let mut tokens = Vec::new();
    for (kind, kid, scope, in_force) in signers {
        let signer = kind.signer(kid);
        for covered in &scopes {
            for (nbf, exp) in [(START, START + 100), (START + 50, START + 150)] {
                let draft = signer.token(covered.clone());
                let signed =
                    draft.not_before(UnixSeconds::new(nbf)).expires_at(UnixSeconds::new(exp)).sign().unwrap();
                let (text, uri) = (signed.as_str().to_owned(), covered.as_uri().to_owned());
                tokens.push(Signed { text, kid, uri, nbf, exp });
            }
        }
        if in_force {
            builder = builder.key(key_of(&signer, scope));
        }
    }
    let verifier = builder.build().unwrap();
    // The first verified token allocates the cache, once for the process and not for each request.
    let first = Request {
        method: "GET",
        hosts: vec![HOSTS[0].into()],
        authority: None,
        path: PATHS[0].into(),
        query: Some(format!("auth={}", tokens[0].text).into()),
        authorization: Vec::new(),
        cookies: Vec::new(),
    };
    assert!(matches!(verifier.decide(&first, UnixSeconds::new(START)), Decision::Granted(_)));
    (verifier, tokens)
});

#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Bytes(&'a [u8]),
    Auth,
    Ampersand,
    Cookie,
    Semicolon,
    Bearer,
    Token(u8),
    /// A token with one byte changed.
    Damaged(u8, u16, u8),
    /// The first two segments of one and the signature of another.
    Crossed(u8, u8),
    Encoded(u8),
}

#[derive(Arbitrary, Debug)]
enum Text<'a> {
    Known(u8),
    Bytes(&'a [u8]),
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    method: u8,
    hosts: Vec<Text<'a>>,
    authority: Option<Text<'a>>,
    path: Text<'a>,
    query: Option<Vec<Piece<'a>>>,
    authorization: Vec<Vec<Piece<'a>>>,
    cookies: Vec<Vec<Piece<'a>>>,
    later: u8,
}

struct Request {
    method: &'static str,
    hosts: Vec<Vec<u8>>,
    authority: Option<Vec<u8>>,
    path: Vec<u8>,
    query: Option<Vec<u8>>,
    authorization: Vec<Vec<u8>>,
    cookies: Vec<Vec<u8>>,
}

impl RequestView for Request {
    fn method(&self) -> &str {
        self.method
    }

    fn target(&self) -> Target<'_> {
        Target { authority: self.authority.as_deref(), path: &self.path, query: self.query.as_deref() }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        let lines = match name {
            "host" => &self.hosts,
            "authorization" => &self.authorization,
            "cookie" => &self.cookies,
            _ => return None,
        };
        lines.get(nth).map(Vec::as_slice)
    }
}

fuzz_target!(|input: Input<'_>| {
    let (verifier, tokens) = &*WORLD;
    let request = Request {
        method: ["GET", "HEAD", "POST", "OPTIONS"][usize::from(input.method) % 4],
        hosts: input.hosts.iter().take(3).map(|host| text(host, &HOSTS)).collect(),
        authority: input.authority.as_ref().map(|host| text(host, &HOSTS)),
        path: text(&input.path, &PATHS),
        query: input.query.as_deref().map(|pieces| join(pieces, tokens)),
        authorization: input.authorization.iter().take(3).map(|pieces| join(pieces, tokens)).collect(),
        cookies: input.cookies.iter().take(6).map(|pieces| join(pieces, tokens)).collect(),
    };
    let now = START - 10 + i64::from(input.later);
    let decide = || verifier.decide(&request, UnixSeconds::new(now));
    match bounds::decided(length(&request), decide, |decision| drop(decision.reply(&request))) {
        Decision::Granted(grant) => {
            assert!(matches!(request.method, "GET" | "HEAD"));
            let kid = grant.kid().expect("a token has a key");
            let allowed = tokens.iter().any(|token| {
                kid == token.kid
                    && token.nbf <= now
                    && now < token.exp
                    && grant.expires_at() == Some(UnixSeconds::new(token.exp))
                    && brings(&request, grant.carrier(), token.text.as_bytes())
                    && covers(&request, token)
            });
            assert!(allowed, "granted by {kid}: {input:?}");
            let claims: serde_json::Value = grant.claims().expect("the claims were read");
            assert!(claims.is_object());
        }
        decision => {
            // What is plainly good is granted.
            let good = tokens.iter().find(|token| {
                let query = format!("auth={}", token.text);
                request.query.as_deref() == Some(query.as_bytes())
                    && token.nbf <= now
                    && now < token.exp
                    && covers(&request, token)
            });
            let plain = request.method == "GET"
                && request.authority.is_none()
                && matches!(&*request.hosts, [host] if HOSTS.iter().any(|known| known.as_bytes() == host))
                && PATHS.iter().any(|path| path.as_bytes() == request.path);
            assert!(!(plain && good.is_some()), "{decision:?}");
        }
    }
});

/// Returns the length of a request without the names of its fields.
fn length(request: &Request) -> usize {
    let Request { method, hosts, authority, path, query, authorization, cookies } = request;
    let texts = [hosts, authorization, cookies].into_iter().flatten().chain(authority).chain(query).chain([path]);
    method.len() + texts.map(Vec::len).sum::<usize>()
}

fn text(text: &Text<'_>, known: &[&str]) -> Vec<u8> {
    match text {
        Text::Known(which) => known[usize::from(*which) % known.len()].into(),
        Text::Bytes(bytes) => bytes.to_vec(),
    }
}

fn join(pieces: &[Piece<'_>], tokens: &[Signed]) -> Vec<u8> {
    let token = |which: &u8| tokens[usize::from(*which) % tokens.len()].text.as_str();
    let mut joined = Vec::new();
    for piece in pieces.iter().take(16) {
        match piece {
            Piece::Bytes(bytes) => joined.extend_from_slice(bytes),
            Piece::Auth => joined.extend_from_slice(b"auth="),
            Piece::Ampersand => joined.push(b'&'),
            Piece::Cookie => joined.extend_from_slice(b"Qencode-Auth-Token="),
            Piece::Semicolon => joined.extend_from_slice(b"; "),
            Piece::Bearer => joined.extend_from_slice(b"Bearer "),
            Piece::Token(which) => joined.extend_from_slice(token(which).as_bytes()),
            Piece::Damaged(which, at, with) => {
                let mut damaged = token(which).as_bytes().to_vec();
                let at = usize::from(*at) % damaged.len();
                damaged[at] ^= with;
                joined.extend_from_slice(&damaged);
            }
            Piece::Crossed(one, another) => {
                let (input, _) = token(one).rsplit_once('.').unwrap();
                let (_, signature) = token(another).rsplit_once('.').unwrap();
                joined.extend_from_slice(format!("{input}.{signature}").as_bytes());
            }
            Piece::Encoded(which) => {
                joined.extend(token(which).bytes().flat_map(|byte| format!("%{byte:02x}").into_bytes()));
            }
        }
    }
    joined
}

/// Whether the token stands in its carrier as one whole value.
fn brings(request: &Request, carrier: Carrier, token: &[u8]) -> bool {
    let after = |part: &[u8], name: &[u8]| part.strip_prefix(name).map(<[u8]>::to_vec);
    match carrier {
        Carrier::Query => {
            request.query.iter().flat_map(|query| query.split(|&byte| byte == b'&')).any(|part| {
                let at = part.iter().position(|&byte| byte == b'=').unwrap_or(part.len());
                let (name, value) = part.split_at(at);
                percent_decode(name).eq(*b"auth")
                    && percent_decode(value.get(1..).unwrap_or_default()).eq(token.iter().copied())
            })
        }
        Carrier::Bearer => request.authorization.iter().any(|field| {
            let (scheme, rest) = field.trim_ascii().split_at_checked(7).unwrap_or((&[], &[]));
            scheme.eq_ignore_ascii_case(b"Bearer ") && rest.trim_ascii() == token
        }),
        Carrier::Cookie => {
            request.cookies.iter().flat_map(|field| field.split(|&byte| byte == b';')).any(|pair| {
                after(pair.trim_ascii(), b"Qencode-Auth-Token=").is_some_and(|value| value == token)
            })
        }
        _ => false,
    }
}

/// Whether the token's key and scope cover what the request asks for, read plainly.
fn covers(request: &Request, token: &Signed) -> bool {
    let host = request.hosts.first().or(request.authority.as_ref());
    let host = host.map(|host| String::from_utf8_lossy(host).to_lowercase()).unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host);
    let path: Vec<u8> = percent_decode(&request.path).collect();
    let path = String::from_utf8_lossy(&path).into_owned();
    let uri = token.uri.as_str();
    let object = |bucket_keys: &[&str], base: &str| {
        let key = path.strip_prefix(base).or_else(|| (format!("{path}/") == base).then_some(""));
        bucket_keys.contains(&token.kid)
            && key.is_some_and(|key| {
                uri.is_empty() || key == uri || key.starts_with(&format!("{}/", uri.trim_end_matches('/')))
            })
    };
    match host {
        "cdn.example.com" => object(&["courses", "site"], "/media/"),
        "other.example.com" => object(&["other"], "/"),
        "live.example.com" => {
            let file = path.strip_prefix('/').unwrap_or(&path);
            let id = match file.split_once('/') {
                Some((folder, _)) => folder,
                None => file.rsplit_once('.').map_or(file, |(name, _)| name),
            };
            token.kid == "ch1" && !uri.is_empty() && uri == id
        }
        _ => false,
    }
}
