//! Secure links: what is minted is granted until it expires, no byte of it can be another, and no spelling of a path
//! opens what its plain spelling does not.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use playgate::crypto::LinkHash;
use playgate::mint::LinkSigner;
use playgate::request::{PathBuffer, RequestPath, RequestView, Target};
use playgate::schemes::link::{Covers, IpBinding, LinkEncoding, SecureLink};
use playgate::time::UnixSeconds;
use playgate::{Decision, Denial, Site, Verifier};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::drawn::cases;
use crate::support::{HOST, NOW};

const SECRET: &str = "a shared secret";
const KEY: &str = "0123456789abcdef0123456789abcdef";

/// A format, and how its links differ from others.
#[derive(Clone, Debug)]
struct Format {
    link: SecureLink,
    /// The files of one directory, or those of a video below it.
    covers: Covers,
    binding: Option<IpBinding>,
    /// Good in the second that they name.
    last_second: bool,
    video: bool,
}

fn formats() -> Vec<Format> {
    let format = |link, covers| Format { link, covers, binding: None, last_second: false, video: false };
    let nginx = |text: &str| SecureLink::nginx(text, SECRET);
    let custom = |hash, secret: &str, text: &str| SecureLink::custom(text, hash, secret);
    let mut formats = vec![
        format(SecureLink::gcore(SECRET), Covers::Directory),
        format(SecureLink::gcore("another secret").also(SECRET), Covers::Directory),
        format(SecureLink::gcore(SECRET).covers(Covers::File), Covers::File),
        format(SecureLink::gcore_mp4(SECRET), Covers::File),
        Format { video: true, ..format(SecureLink::gcore_video(SECRET), Covers::Directory) },
        Format { last_second: true, ..format(nginx("{expires}{path} {secret}"), Covers::File) },
        Format { last_second: true, ..format(nginx("{secret}|{host}|{dir}|{expires}"), Covers::Directory) },
        format(custom(LinkHash::Sha256, SECRET, "{expires}|{path}|{secret}"), Covers::File),
        format(
            custom(LinkHash::Sha256, SECRET, "{expires}|{dir}|{secret}").encoding(LinkEncoding::Hex),
            Covers::Directory,
        ),
        format(custom(LinkHash::HmacSha256, KEY, "{expires}|{path}"), Covers::File),
    ];
    let ip = |text: &str| IpBinding::EXACT.parse(text).unwrap();
    for binding in [IpBinding::EXACT, ip("/24"), ip("/16"), ip("/64"), ip("/48").parse("/24").unwrap()] {
        let bound = |format: Format| Format {
            link: format.link.clone().ip_binding(binding),
            binding: Some(binding),
            ..format
        };
        formats.push(bound(format(SecureLink::gcore(SECRET), Covers::Directory)));
        formats.push(bound(format(SecureLink::gcore_mp4(SECRET), Covers::File)));
        formats.push(bound(Format {
            video: true,
            ..format(SecureLink::gcore_video(SECRET), Covers::Directory)
        }));
        formats.push(bound(format(
            custom(LinkHash::Sha256, SECRET, "{expires}|{path}|{ip}|{secret}"),
            Covers::File,
        )));
    }
    formats
}

impl Format {
    fn verifier(&self) -> Verifier {
        let site = Site::bucket("vod").host(HOST).secure_link(self.link.clone());
        Verifier::builder().site(site).build().unwrap()
    }

    /// A link for a path, in the origin form.
    fn sign(&self, path: &str, client: IpAddr, expires: i64) -> String {
        let signer = LinkSigner::new(&self.link).unwrap();
        let url = format!("https://{HOST}{path}");
        let draft = signer.link(&url).client(client).expires_at(UnixSeconds::new(expires));
        draft.sign().unwrap().replacen(&format!("https://{HOST}"), "", 1)
    }
}

/// A request with any target, by any client.
struct Asks<'a> {
    target: &'a [u8],
    client: IpAddr,
}

impl RequestView for Asks<'_> {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        let mut parts = self.target.splitn(2, |&byte| byte == b'?');
        Target { authority: None, path: parts.next().unwrap_or_default(), query: parts.next() }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (name == "host" && nth == 0).then_some(HOST.as_bytes())
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.client)
    }
}

fn decide(verifier: &Verifier, target: impl AsRef<[u8]>, client: IpAddr, now: i64) -> Result<(), Denial> {
    let asks = Asks { target: target.as_ref(), client };
    match verifier.decide(&asks, UnixSeconds::new(now)) {
        Decision::Granted(_) => Ok(()),
        decision => Err(decision.denial().unwrap_or_else(|| panic!("{decision:?}"))),
    }
}

fn client() -> impl Strategy<Value = IpAddr> {
    let v4 = any::<[u8; 4]>().prop_map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)));
    let v6 = any::<[u16; 8]>().prop_map(|pieces| IpAddr::from(Ipv6Addr::from(pieces)));
    prop_oneof![v4, v6]
}

fn key() -> impl Strategy<Value = String> {
    const NAMES: [&str; 12] =
        ["videos", "1", "720p", "vidéos", "a b", "100%", "c++", "seg-1.ts", "日本", ";v=1", "A", "a&b?c#d"];
    vec(select(&NAMES[..]), 1..4).prop_map(|names| names.join("/"))
}

/// A path of this key, every byte encoded that may not stand in a URL.
fn path_of(format: &Format, key: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    let key: String = key.bytes().map(byte).collect();
    if format.video { format!("/videos/12_34/{key}") } else { format!("/{key}") }
}

/// The one reading of a target's path, as far as a link of the format speaks of it.
fn opens(format: &Format, target: &[u8]) -> Option<Vec<u8>> {
    let raw = target.split(|&byte| byte == b'?').next().unwrap_or_default();
    let mut buffer = PathBuffer::new();
    let path = RequestPath::parse(raw, &mut buffer).ok()?.as_bytes().to_vec();
    let folder = |path: &[u8]| path[..=path.iter().rposition(|&byte| byte == b'/').unwrap()].to_vec();
    Some(match (format.video, format.covers) {
        // `videos` itself is in no link; its three kinds differ by more than one byte.
        (true, _) => path.split(|&byte| byte == b'/').take(5).collect::<Vec<_>>().join(&b'/'),
        (false, Covers::Directory) => folder(&path),
        (false, _) => path,
    })
}

/// What of a target's query stands for something: its parameters, with the bits of the proof that count.
fn brings(target: &[u8]) -> Vec<Vec<u8>> {
    let query = target.splitn(2, |&byte| byte == b'?').nth(1).unwrap_or_default();
    query.split(|&byte| byte == b'&').map(<[u8]>::to_vec).collect()
}

/// Whether two proofs of 16 bytes differ in bits only that stand for nothing, or two in hex in case only.
fn same_proof(one: &[u8], other: &[u8]) -> bool {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let value = |byte: Option<&u8>| LETTERS.iter().position(|letter| Some(letter) == byte).map(|at| at >> 4);
    let hex = |text: &[u8]| text.len() == 64 && text.iter().all(u8::is_ascii_hexdigit);
    let loose = one.len() == 22 && other.len() == 22 && one[..21] == other[..21];
    (loose && value(one.last()) == value(other.last())) || (hex(one) && one.eq_ignore_ascii_case(other))
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn a_minted_link_is_granted_until_it_expires_and_to_its_client_alone(
        format in select(formats()),
        key in key(),
        client in client(),
        other in client(),
        lives in 1_i64..100_000_000,
    ) {
        let verifier = format.verifier();
        let target = format.sign(&path_of(&format, &key), client, NOW + lives);
        let at = |now: i64| decide(&verifier, &target, client, now);
        let old = Err(Denial::LinkExpired {
            expires: UnixSeconds::new(NOW + lives),
            now: UnixSeconds::new(NOW + lives),
        });
        prop_assert_eq!(at(NOW), Ok(()), "{}", target);
        prop_assert_eq!(at(NOW + lives - 1), Ok(()), "{}", target);
        prop_assert_eq!(at(NOW + lives), if format.last_second { Ok(()) } else { old }, "{}", target);
        prop_assert!(matches!(at(NOW + lives + 1), Err(Denial::LinkExpired { .. })), "{}", target);
        // Two addresses drawn at random are of one network hardly ever.
        if format.binding.is_some() && client.to_canonical() != other.to_canonical() {
            let shares = match (client, other) {
                (IpAddr::V4(one), IpAddr::V4(other)) => one.octets()[..2] == other.octets()[..2],
                (IpAddr::V6(one), IpAddr::V6(other)) => one.segments()[..3] == other.segments()[..3],
                _ => false,
            };
            prop_assert!(shares || decide(&verifier, &target, other, NOW).is_err(), "{} {}", target, other);
        } else {
            prop_assert_eq!(decide(&verifier, &target, other, NOW).is_ok(), true, "{} {}", target, other);
        }
    }

    #[test]
    fn no_byte_of_a_link_can_be_another(
        format in select(formats()),
        key in key(),
        client in client(),
        at in any::<Index>(),
        to in 0x21_u8..0x7f,
    ) {
        let verifier = format.verifier();
        let target = format.sign(&path_of(&format, &key), client, NOW + 60).into_bytes();
        let mut changed = target.clone();
        let at = at.index(target.len());
        changed[at] = to;
        if decide(&verifier, &changed, client, NOW).is_ok() {
            let (one, other) = (brings(&target), brings(&changed));
            let differ: Vec<_> = one.iter().zip(&other).filter(|(one, other)| one != other).collect();
            let proof = |pair: &[u8]| pair.splitn(2, |&byte| byte == b'=').nth(1).unwrap_or_default().to_vec();
            let same_query = format.video || one.len() == other.len()
                && differ.iter().all(|(one, other)| same_proof(&proof(one), &proof(other)));
            let segment = |target: &[u8]| target.split(|&byte| byte == b'/').nth(3).unwrap_or_default().to_vec();
            let same_path = opens(&format, &target) == opens(&format, &changed)
                || (format.video
                    && segment(&target) != segment(&changed)
                    && same_proof(&segment(&target), &segment(&changed)));
            prop_assert!(same_query && same_path, "{} at {at} {}", target.escape_ascii(), changed.escape_ascii());
        }
    }

    #[test]
    fn no_spelling_of_a_path_turns_a_refusal_into_a_grant(
        format in select(formats()),
        signed in key(),
        asked in key(),
        spelling in vec(0_u8..8, 60),
        client in client(),
    ) {
        let verifier = format.verifier();
        let target = format.sign(&path_of(&format, &signed), client, NOW + 60);
        let (link, query) = target.split_once('?').unwrap_or((&target, ""));
        // The link of one path, moved to another.
        let plain = match link.match_indices('/').nth(4) {
            Some((at, _)) if format.video => link[..at].to_owned() + &path_of(&format, &asked)["/videos/12_34".len()..],
            _ => path_of(&format, &asked),
        };
        let spelled: String = plain.bytes().zip(spelling.iter().cycle()).map(|(byte, how)| match (byte, how) {
            (b'%', 0) => "%25".to_owned(),
            (b'%', _) => "%".to_owned(),
            (b'/', 0) => "%2F".to_owned(),
            (b'/', 1) => "/./".to_owned(),
            (b'/', 2) => "//".to_owned(),
            (byte, 0..=2) => format!("%{byte:02x}"),
            (byte, 3) if byte.is_ascii_hexdigit() => char::from(byte).to_ascii_lowercase().to_string(),
            (byte, _) => char::from(byte).to_string(),
        }).collect();
        let ask = |path: &str| decide(&verifier, format!("{path}?{query}"), client, NOW);
        let (plainly, otherwise) = (ask(&plain), ask(&spelled));
        prop_assert!(otherwise.is_err() || plainly.is_ok(), "{} and not {}: {:?}", spelled, plain, plainly);
        let opened = opens(&format, link.as_bytes()) == opens(&format, plain.as_bytes());
        prop_assert_eq!(plainly.is_ok(), opened, "{} for {}", plain, link);
    }
}
