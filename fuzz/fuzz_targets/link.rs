//! A whole decision on secure links of any shape, good, damaged and moved: it never panics, and it grants only a link
//! whose hash is that of the text that the documentation names, made here from the request once more.

#![no_main]

mod bounds;

use std::net::IpAddr;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use libfuzzer_sys::arbitrary::{self, Arbitrary};
use libfuzzer_sys::fuzz_target;
use md5::{Digest as _, Md5};
use percent_encoding::percent_decode;
use playgate::schemes::link::{Covers, IpBinding, SecureLink};
use playgate::request::{RequestView, Target};
use playgate::time::UnixSeconds;
use playgate::{Decision, Site, Verifier};

const SECRET: &str = "a shared secret";
const START: i64 = 1_750_000_000;

/// A format by its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Gcore,
    Bound,
    Nginx,
    Video,
}

const FORMATS: [(Format, &str); 4] = [
    (Format::Gcore, "gcore.example.com"),
    (Format::Bound, "bound.example.com"),
    (Format::Nginx, "nginx.example.com"),
    (Format::Video, "video.example.com"),
];
/// Those of video begin with the video, before which its proof and its expiry have no place.
const PATHS: [&str; 7] =
    ["/videos/1/a.ts", "/videos/10/a.ts", "/caf%C3%A9.ts", "/a/", "/", "/%61/a.ts", "/videos/1_2/a.ts"];
const CLIENTS: [&str; 4] = ["203.0.113.7", "203.0.113.8", "2001:db8::1", "::ffff:203.0.113.7"];

static VERIFIER: LazyLock<Verifier> = LazyLock::new(|| {
    let sites = FORMATS.map(|(format, host)| {
        let link = match format {
            Format::Gcore => SecureLink::gcore(SECRET).covers(Covers::Either),
            Format::Bound => SecureLink::gcore(SECRET).ip_binding(IpBinding::EXACT),
            Format::Nginx => SecureLink::nginx("{expires}|{host}|{path}|{query:v} {secret}", SECRET),
            Format::Video => SecureLink::gcore_video(SECRET),
        };
        Site::bucket("vod").host(host).secure_link(link)
    });
    sites.into_iter().fold(Verifier::builder(), |builder, site| builder.site(site)).build().unwrap()
});

#[derive(Arbitrary, Debug)]
enum Piece<'a> {
    Bytes(&'a [u8]),
    Hash,
    Expires,
    Argument,
    Ampersand,
    /// The proof for one of the paths, the format that is asked, and one of the times.
    Proof(u8, u8),
    /// One with a byte changed.
    Damaged(u8, u8, u8, u8),
    Digits(u8),
}

#[derive(Arbitrary, Debug)]
enum Path<'a> {
    Known(u8),
    Bytes(&'a [u8]),
    /// Kind, video, then proof and expiry by these numbers, and a file.
    Video(u8, u8, u8, &'a [u8]),
}

#[derive(Arbitrary, Debug)]
struct Input<'a> {
    format: u8,
    path: Path<'a>,
    query: Option<Vec<Piece<'a>>>,
    client: u8,
    later: u8,
}

struct Request {
    format: Format,
    host: &'static str,
    path: Vec<u8>,
    query: Option<Vec<u8>>,
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
        (name == "host" && nth == 0).then_some(self.host.as_bytes())
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.client)
    }
}

fuzz_target!(|input: Input<'_>| {
    let (format, host) = FORMATS[usize::from(input.format) % FORMATS.len()];
    let mut request = Request {
        format,
        host,
        path: Vec::new(),
        query: None,
        client: CLIENTS[usize::from(input.client) % CLIENTS.len()].parse().unwrap(),
    };
    request.path = match &input.path {
        Path::Known(which) => PATHS[usize::from(*which) % PATHS.len()].into(),
        Path::Bytes(bytes) => bytes.to_vec(),
        Path::Video(kind, proof, expires, file) => {
            let kind = ["videos", "cmaf", "mpegts", "other"][usize::from(*kind) % 4];
            let (proof, expires) = (video_proof(&request, time(*proof)), time(*expires));
            [format!("/{kind}/1_2/{proof}/{expires}/").as_bytes(), file].concat()
        }
    };
    request.query = input.query.as_deref().map(|pieces| join(pieces, &request));
    let now = START - 10 + i64::from(input.later);
    let size = request.path.len() + request.query.as_ref().map_or(0, Vec::len);
    let verifier = &*VERIFIER; // built before memory is measured
    let decide = || verifier.decide(&request, UnixSeconds::new(now));
    match bounds::decided(size, decide, |decision| drop(decision.reply(&request))) {
        Decision::Granted(grant) => {
            let expires = is_good(&request).unwrap_or_else(|| panic!("granted: {input:?}"));
            assert_eq!(grant.expires_at(), Some(UnixSeconds::new(expires)));
            assert!(now < expires || (now == expires && format == Format::Nginx), "{input:?}");
            assert_eq!(grant.kid(), None);
        }
        decision => {
            let plain = PATHS.iter().any(|path| path.as_bytes() == request.path);
            let good = [0, 1, 2].map(time).into_iter().filter(|expires| now < *expires).any(|expires| {
                let path: Vec<u8> = percent_decode(&request.path).collect();
                let proof = proof(&text(&request, &expires.to_string(), &path, b""));
                request.query.as_deref() == Some(format!("md5={proof}&expires={expires}").as_bytes())
            });
            assert!(!(plain && good && format != Format::Video), "{decision:?}: {input:?}");
        }
    }
});

fn time(which: u8) -> i64 {
    START + i64::from(which % 3) * 50
}

fn join(pieces: &[Piece<'_>], request: &Request) -> Vec<u8> {
    let proof = |path: &u8, at: &u8| {
        let path: Vec<u8> = match path {
            0..128 => percent_decode(&request.path).collect(),
            path => percent_decode(PATHS[usize::from(*path) % PATHS.len()].as_bytes()).collect(),
        };
        proof(&text(request, &time(*at).to_string(), &path, b""))
    };
    let mut joined = Vec::new();
    for piece in pieces.iter().take(16) {
        match piece {
            Piece::Bytes(bytes) => joined.extend_from_slice(bytes),
            Piece::Hash => joined.extend_from_slice(b"md5="),
            Piece::Expires => joined.extend_from_slice(b"expires="),
            Piece::Argument => joined.extend_from_slice(b"v="),
            Piece::Ampersand => joined.push(b'&'),
            Piece::Proof(path, at) => joined.extend(proof(path, at).into_bytes()),
            Piece::Damaged(path, at, place, with) => {
                let mut damaged = proof(path, at).into_bytes();
                let place = usize::from(*place) % damaged.len();
                damaged[place] ^= with;
                joined.extend(damaged);
            }
            Piece::Digits(at) => joined.extend(time(*at).to_string().into_bytes()),
        }
    }
    joined
}

fn proof(text: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(Md5::digest(text))
}

fn video_proof(_: &Request, expires: i64) -> String {
    proof(format!("1_2_{SECRET}_{expires}_").as_bytes())
}

/// What is hashed for a decoded path.
fn text(request: &Request, expires: &str, path: &[u8], argument: &[u8]) -> Vec<u8> {
    let folder = &path[..path.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1)];
    let (expires, secret) = (expires.as_bytes(), SECRET.as_bytes());
    let client = request.client.to_canonical().to_string();
    match request.format {
        Format::Gcore => [expires, path, b" ", secret].concat(),
        Format::Bound => [expires, folder, client.as_bytes(), b" ", secret].concat(),
        Format::Nginx => {
            [expires, b"|", request.host.as_bytes(), b"|", path, b"|", argument, b" ", secret].concat()
        }
        Format::Video => [path, b"_", secret, b"_", expires, b"___"].concat(), // that of MP4 files
    }
}

/// The only value of a query parameter, by its decoded name.
fn value<'r>(request: &'r Request, name: &str) -> Option<&'r [u8]> {
    let mut values = request.query.as_deref()?.split(|&byte| byte == b'&').filter_map(|pair| {
        let at = pair.iter().position(|&byte| byte == b'=').unwrap_or(pair.len());
        let (found, value) = pair.split_at(at);
        percent_decode(found).eq(name.bytes()).then(|| value.get(1..).unwrap_or_default())
    });
    let value = values.next()?;
    assert!(values.next().is_none(), "{name} stands there twice");
    Some(value)
}

/// The expiry of a good link, read plainly.
fn is_good(request: &Request) -> Option<i64> {
    let path: Vec<u8> = percent_decode(&request.path).collect();
    assert!(path.starts_with(b"/") && !path.split(|&byte| byte == b'/').any(|name| matches!(name, b"." | b"..")));
    let segments: Vec<&[u8]> = path.splitn(6, |&byte| byte == b'/').collect();
    let in_path = match (request.format, &*segments) {
        (Format::Video, [b"", b"videos" | b"cmaf" | b"mpegts", video, proof, expires, _]) => {
            Some((*video, *proof, *expires))
        }
        _ => None,
    };
    let (given, expires, texts) = match in_path {
        Some((video, given, expires)) => {
            (given, expires, vec![[video, b"_", SECRET.as_bytes(), b"_", expires, b"_"].concat()])
        }
        None => {
            let (given, expires) = (value(request, "md5")?, value(request, "expires")?);
            // Other formats do not look at it, so there it may stand twice.
            let argument = if request.format == Format::Nginx { value(request, "v") } else { None };
            let argument = argument.unwrap_or_default();
            let digits = std::str::from_utf8(expires).ok()?;
            let mut texts = vec![text(request, digits, &path, argument)];
            if request.format == Format::Gcore {
                let folder = path.iter().rposition(|&byte| byte == b'/')? + 1;
                texts.push(text(request, digits, &path[..folder], argument));
            }
            if request.format == Format::Video {
                let (speed, buffer) = (value(request, "speed"), value(request, "buffer"));
                texts = vec![[
                    &path,
                    b"_".as_slice(),
                    SECRET.as_bytes(),
                    b"_",
                    expires,
                    b"_",
                    speed.unwrap_or_default(),
                    b"_",
                    buffer.unwrap_or_default(),
                    b"_",
                ]
                .concat()];
            }
            (given, expires, texts)
        }
    };
    assert!(expires.iter().all(u8::is_ascii_digit) && given.len() <= 24);
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireNone)
        .with_decode_allow_trailing_bits(true);
    let given = given.split(|&byte| byte == b'=').next()?;
    let given = GeneralPurpose::new(&base64::alphabet::URL_SAFE, lenient).decode(given).ok()?;
    texts.iter().any(|text| *given == *Md5::digest(text)).then_some(())?;
    std::str::from_utf8(expires).ok()?.parse().ok().filter(|expires| *expires > 0)
}
