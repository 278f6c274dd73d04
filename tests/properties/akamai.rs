//! Akamai tokens: what is minted is granted until it expires, no bit of it can be another, and an `acl` covers what a plain
//! reading of it covers.

use std::net::{IpAddr, Ipv4Addr};

use playgate::crypto::MacHash;
use playgate::request::{RequestView, Target};
use playgate::schemes::akamai::{Akamai, AkamaiSigner, UrlEscaping};
use playgate::time::UnixSeconds;
use playgate::{Decision, Denial, Site, Verifier};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::drawn::cases;
use crate::support::{HOST, NOW};

const KEY: &str = "00112233445566778899aabbccddeeff";

struct Asks<'a> {
    path: &'a str,
    query: &'a [u8],
    client: IpAddr,
}

impl RequestView for Asks<'_> {
    fn method(&self) -> &'static str {
        "GET"
    }

    fn target(&self) -> Target<'_> {
        Target { authority: None, path: self.path.as_bytes(), query: Some(self.query) }
    }

    fn field(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (name == "host" && nth == 0).then_some(HOST.as_bytes())
    }

    fn peer(&self) -> Option<IpAddr> {
        Some(self.client)
    }
}

fn decide(verifier: &Verifier, path: &str, token: &[u8], client: IpAddr, now: i64) -> Result<(), Denial> {
    let query = [b"hdnts=", token].concat();
    let asks = Asks { path, query: &query, client };
    match verifier.decide(&asks, UnixSeconds::new(now)) {
        Decision::Granted(_) => Ok(()),
        decision => Err(decision.denial().unwrap_or_else(|| panic!("{decision:?}"))),
    }
}

fn settings() -> impl Strategy<Value = Akamai> {
    let hash = select(&[MacHash::Sha256, MacHash::Sha1, MacHash::Md5][..]);
    let escaping = select(&[UrlEscaping::None, UrlEscaping::Edge, UrlEscaping::Cloudinary][..]);
    (hash, escaping, option::of("[a-z]{1,9}")).prop_map(|(hash, escaping, salt)| {
        let akamai = Akamai::new(KEY).hash(hash).url_escaping([escaping]);
        salt.map_or(akamai.clone(), |salt| akamai.salt(salt))
    })
}

fn behind(akamai: &Akamai) -> Verifier {
    Verifier::builder().site(Site::bucket("vod").host(HOST).akamai(akamai.clone())).build().unwrap()
}

fn client() -> impl Strategy<Value = IpAddr> {
    any::<[u8; 4]>().prop_map(|bytes| IpAddr::from(Ipv4Addr::from(bytes)))
}

/// Whether a pattern of characters and wildcards fits a text, in the plainest way.
fn fits(pattern: &[char], text: &[char]) -> bool {
    match (pattern, text) {
        ([], []) => true,
        (['*', rest @ ..], _) => (0..=text.len()).any(|taken| fits(rest, &text[taken..])),
        (['?', rest @ ..], [_, text @ ..]) => fits(rest, text),
        ([one, rest @ ..], [other, text @ ..]) => one == other && fits(rest, text),
        _ => false,
    }
}

proptest! {
    #![proptest_config(cases(1000))]

    #[test]
    fn a_minted_token_is_granted_until_it_expires_and_to_its_client_alone(
        akamai in settings(),
        path in "(/[a-z,!~ é]{1,5}){1,3}",
        with_acl in any::<bool>(),
        starts in option::of(-1000_i64..0),
        lives in 1_i64..100_000_000,
        bound in option::of(client()),
        other in client(),
    ) {
        let path: String = path.bytes().map(|byte| match byte {
            b'a'..=b'z' | b'/' | b',' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        }).collect();
        let (verifier, signer) = (behind(&akamai), AkamaiSigner::new(&akamai).unwrap());
        let draft = if with_acl { signer.acl([path.replace(',', "%2C")]) } else { signer.url(&path) };
        let mut draft = draft.expires_at(UnixSeconds::new(NOW + lives));
        if let Some(starts) = starts {
            draft = draft.starts_at(UnixSeconds::new(NOW + starts));
        }
        if let Some(client) = bound {
            draft = draft.client(client);
        }
        let token = draft.sign().unwrap();
        let client = bound.unwrap_or(other);
        let at = |now: i64| decide(&verifier, &path, token.as_bytes(), client, now);
        prop_assert_eq!(at(NOW), Ok(()), "{} {}", path, token);
        prop_assert_eq!(at(NOW + lives - 1), Ok(()));
        let expired = matches!(at(NOW + lives), Err(Denial::UrlSignatureExpired { .. }));
        prop_assert!(expired);
        if let Some(starts) = starts {
            prop_assert_eq!(at(NOW + starts), Ok(()));
            let early = matches!(at(NOW + starts - 1), Err(Denial::UrlSignatureNotYetValid { .. }));
            prop_assert!(early);
        }
        let by_other = decide(&verifier, &path, token.as_bytes(), other, NOW);
        prop_assert_eq!(by_other.is_ok(), bound.is_none_or(|bound| bound == other));
    }

    #[test]
    fn no_bit_of_a_token_can_be_another(
        akamai in settings(),
        with_acl in any::<bool>(),
        at in any::<Index>(),
        bit in 0_u8..8,
        client in client(),
    ) {
        let (verifier, signer) = (behind(&akamai), AkamaiSigner::new(&akamai).unwrap());
        let draft = if with_acl { signer.acl(["/videos/*", "/a%20b"]) } else { signer.url("/videos/1/a.ts") };
        let draft = draft.id("session").data("x=1").starts_at(UnixSeconds::new(NOW - 1));
        let token = draft.expires_at(UnixSeconds::new(NOW + 60)).sign().unwrap().into_bytes();
        let mut changed = token.clone();
        changed[at.index(token.len())] ^= 1 << bit;
        let decided = decide(&verifier, "/videos/1/a.ts", &changed, client, NOW);
        prop_assert!(decided.is_err(), "{}", changed.escape_ascii());
    }

    #[test]
    fn an_acl_covers_what_a_plain_reading_of_it_covers(
        entries in vec("[/*][ab/*?]{0,8}", 1..4),
        path in "(/[ab]{1,3}){1,3}",
        escaped in any::<bool>(),
    ) {
        let akamai = Akamai::new(KEY);
        let (verifier, signer) = (behind(&akamai), AkamaiSigner::new(&akamai).unwrap());
        let spelled = |entry: &String| if escaped { entry.replace('/', "%2f").replace('a', "%61") } else { entry.clone() };
        let draft = signer.acl(entries.iter().map(spelled)).expires_at(UnixSeconds::new(NOW + 60));
        let token = draft.sign().unwrap();
        let characters = |text: &str| text.chars().collect::<Vec<_>>();
        let covered = entries.iter().any(|entry| fits(&characters(entry), &characters(&path)));
        let decided = decide(&verifier, &path, token.as_bytes(), Ipv4Addr::LOCALHOST.into(), NOW);
        let expected = if covered { Ok(()) } else { Err(Denial::UrlSignatureOutOfScope) };
        prop_assert_eq!(decided, expected, "{} {}", token, path);
    }
}
