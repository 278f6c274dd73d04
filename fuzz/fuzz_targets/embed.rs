//! Only a token that was issued is granted, and only for its own video; a plainly good one always is.
//!
//! The oracle finds the token by splitting plain text.

#![no_main]

mod bounds;

use std::sync::LazyLock;

use libfuzzer_sys::arbitrary::{self, Arbitrary};
use futures_util::FutureExt as _;
use libfuzzer_sys::fuzz_target;
use percent_encoding::percent_decode;
use playgate::schemes::embed::{Embed, EmbedDraft, EmbedToken};
use playgate::request::{RequestView, Target};
use playgate::time::UnixSeconds;
use playgate::{Decision, Site, Verifier};

const NOW: UnixSeconds = UnixSeconds::new(1_750_000_000);
const ORIGIN: &[u8] = b"https://app.example.com";

/// For video 1 everywhere; for video 2 in pages of one origin; the last one is revoked.
const TOKENS: [&str; 3] = [
    "11111111111111111111111111111111",
    "222222222222222222222222222222222",
    "3333333333333333333333333333333333333333333333333333333333333333",
];

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let embed = Embed::new().paths(["/watch/{token}", "/embed/{token}/"]);
    let site = Site::bucket("vod").host("own.example").embed(embed);
    let verifier = Verifier::builder().clock(|| NOW).site(site).build().unwrap();
    let embeds = verifier.embeds("own.example").unwrap();
    let drafts = [EmbedDraft::new("1"), EmbedDraft::new("2").origins(["app.example.com"]), EmbedDraft::new("1")];
    for (text, draft) in TOKENS.iter().zip(drafts) {
        embeds.issue(draft.token(EmbedToken::parse(text).unwrap())).now_or_never().unwrap().unwrap();
    }
    embeds.revoke(EmbedToken::parse(TOKENS[2]).unwrap()).now_or_never().unwrap().unwrap();
    verifier
});

/// A piece of a path or of a value.
#[derive(Arbitrary, Debug)]
enum Piece<'f> {
    Bytes(&'f [u8]),
    Token(u8),
    /// With one byte percent-encoded.
    Encoded(u8, u8),
    Watch,
    Embed,
    Video(u8),
    Manifest,
}

#[derive(Arbitrary, Debug)]
struct Input<'f> {
    path: Vec<Piece<'f>>,
    query: Option<Vec<Piece<'f>>>,
    cookies: Vec<Vec<Piece<'f>>>,
    origin: Option<&'f [u8]>,
    referer: Option<&'f [u8]>,
    listed: bool,
    page: bool,
    own: bool,
}

struct Request<'f> {
    path: Vec<u8>,
    query: Option<Vec<u8>>,
    cookies: Vec<Vec<u8>>,
    input: &'f Input<'f>,
}

impl RequestView for Request<'_> {
    fn method(&self) -> &str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: &self.path, query: self.query.as_deref() }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        if name == "cookie" {
            return self.cookies.get(nth).map(Vec::as_slice);
        }
        let value = match name {
            "host" => Some(&b"own.example"[..]),
            "origin" if self.input.listed => Some(ORIGIN),
            "origin" => self.input.origin,
            "referer" => self.input.referer,
            "sec-fetch-dest" => self.input.page.then_some(&b"iframe"[..]),
            "sec-fetch-site" => self.input.own.then_some(&b"same-origin"[..]),
            _ => None,
        };
        value.filter(|_| nth == 0)
    }
}

fn join(pieces: &[Piece<'_>]) -> Vec<u8> {
    let token = |which: &u8| TOKENS[usize::from(*which) % TOKENS.len()].as_bytes();
    let mut joined = Vec::new();
    for piece in pieces.iter().take(16) {
        match piece {
            Piece::Bytes(bytes) => joined.extend_from_slice(bytes),
            Piece::Token(which) => joined.extend_from_slice(token(which)),
            Piece::Encoded(which, at) => {
                let (token, at) = (token(which), usize::from(*at));
                let at = at % token.len();
                joined.extend_from_slice(&token[..at]);
                joined.extend(format!("%{:02x}", token[at]).into_bytes());
                joined.extend_from_slice(&token[at + 1..]);
            }
            Piece::Watch => joined.extend_from_slice(b"/watch/"),
            Piece::Embed => joined.extend_from_slice(b"/embed/"),
            Piece::Video(which) => joined.extend(format!("/videos/{}/", which % 3).into_bytes()),
            Piece::Manifest => joined.extend_from_slice(b"master.m3u8"),
        }
    }
    joined
}

/// Whether a token that is in force opens this key; `None` asks for its page.
fn opens(token: &[u8], key: Option<&[u8]>) -> bool {
    let video = match TOKENS.iter().position(|text| text.as_bytes() == token) {
        Some(0) => b"videos/1/",
        Some(1) => b"videos/2/",
        _ => return false,
    };
    key.is_none_or(|key| key.starts_with(video))
}

/// Whether some plain reading of the request has a good token in it.
fn may_be_good(request: &Request<'_>) -> bool {
    let path: Vec<u8> = percent_decode(&request.path).collect();
    if let Some(rest) = path.strip_prefix(b"/watch/").filter(|rest| !rest.contains(&b'/')) {
        return opens(rest, None);
    }
    if let Some(rest) = path.strip_prefix(b"/embed/")
        && let Some(slash) = rest.iter().position(|&byte| byte == b'/')
    {
        return opens(&rest[..slash], Some(&rest[slash + 1..]));
    }
    let key = path.strip_prefix(b"/");
    let query = request.query.iter().flat_map(|query| query.split(|&byte| byte == b'&'));
    let cookies = request.cookies.iter().flat_map(|field| field.split(|&byte| byte == b';'));
    query
        .map(|pair| (pair, &b"auth"[..], true))
        .chain(cookies.map(|pair| (pair.trim_ascii(), &b"Qencode-Auth-Token"[..], false)))
        .filter_map(|(pair, name, encoded)| {
            let at = pair.iter().position(|&byte| byte == b'=')?;
            let decoded: Vec<u8> = percent_decode(&pair[..at]).collect();
            let found = if encoded { decoded } else { pair[..at].trim_ascii().to_vec() };
            let value = pair[at + 1..].trim_ascii();
            (found == name).then(|| if encoded { percent_decode(value).collect() } else { value.to_vec() })
        })
        .any(|value: Vec<u8>| opens(&value, key))
}

fuzz_target!(|input: Input<'_>| {
    let request = Request {
        path: join(&input.path),
        query: input.query.as_deref().map(join),
        cookies: input.cookies.iter().take(3).map(|pieces| join(pieces)).collect(),
        input: &input,
    };
    let size = request.path.len() + request.query.as_ref().map_or(0, Vec::len) + request.cookies.iter().map(Vec::len).sum::<usize>()
        + input.origin.map_or(0, <[u8]>::len) + input.referer.map_or(0, <[u8]>::len);
    let verifier = &*VERIFIER; // built before memory is measured
    let decide = || verifier.decide(&request, NOW);
    match bounds::decided(size, decide, |decision| drop(decision.reply(&request))) {
        Decision::Granted(grant) => {
            assert!(may_be_good(&request), "granted: {input:?}");
            let guarded = grant.video() == Some("2") && (input.page || request.path.ends_with(b".m3u8"));
            // Hosts have no case.
            let told = request.field("origin", 0).or(request.field("referer", 0)).map(<[u8]>::to_ascii_lowercase);
            let vouched = told.map_or(input.own, |told| {
                [ORIGIN, b"https://own.example", b"http://own.example"].iter().any(|good| told.starts_with(good))
            });
            assert!(!guarded || vouched, "granted to another page: {input:?}");
        }
        decision => {
            // The plainest requests of all.
            let plain = request.query.as_deref() == Some(format!("auth={}", TOKENS[0]).as_bytes())
                && request.path == b"/videos/1/master.m3u8";
            let page = request.path == format!("/watch/{}", TOKENS[0]).as_bytes();
            assert!(!plain && !page, "{decision:?}: {input:?}");
        }
    }
});
