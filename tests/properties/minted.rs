//! Minting: what is signed opens what it says, and no bit of it can be another.

use std::sync::LazyLock;

use playgate::crypto::Algorithm;
use playgate::error::TokenFault;
use playgate::mint::Signer;
use playgate::time::UnixSeconds;
use playgate::{Denial, Key, KeyScope, Scope, Verifier};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::drawn::{Drawn, cases, get, verdict};
use crate::support::{NOW, gate, vod};

/// A signer for every algorithm, with the verifier that has its key.
static PAIRS: LazyLock<Vec<(Signer, Verifier)>> = LazyLock::new(|| {
    let scope = || KeyScope::bucket("vod");
    let pair = |&algorithm: &Algorithm| {
        let (signer, key) = match algorithm {
            Algorithm::Hs256 | Algorithm::Hs384 | Algorithm::Hs512 => {
                let key = Key::from_secret_for(algorithm, "k", &[7; 64], scope());
                (Signer::from_secret_for(algorithm, "k", &[7; 64]), key.unwrap())
            }
            _ => {
                let name = match algorithm {
                    Algorithm::Es256 => "p256",
                    Algorithm::Es384 => "p384",
                    Algorithm::EdDsa => "ed25519",
                    _ => "rsa-2048",
                };
                let key = Key::from_pem_for(algorithm, "k", file(&format!("{name}.spki.pem")), scope());
                let private = file(&format!("{name}.private.pkcs8.pem"));
                (Signer::from_pem_for(algorithm, "k", private), key.unwrap())
            }
        };
        (
            signer.unwrap(),
            gate()
                .site(vod().carriers([
                    playgate::schemes::Carrier::Query,
                    playgate::schemes::Carrier::Bearer,
                    playgate::schemes::Carrier::Cookie,
                ]))
                .key(key)
                .build()
                .unwrap(),
        )
    };
    Algorithm::JWS.iter().map(pair).collect()
});

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/data/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn names() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(&["videos", "1", "720p", "vidéos", "a b", "100%", "c++", "seg-1.ts"][..]), 1..4)
}

/// What a token is for, and a path that it opens.
fn scope() -> impl Strategy<Value = (Scope, String)> {
    (names(), names(), 0..3).prop_map(|(above, below, kind)| {
        let (above, below) = (above.join("/"), below.join("/"));
        let all = format!("{above}/{below}");
        match kind {
            0 => (Scope::folder(&above).unwrap(), all),
            1 => (Scope::object(&all).unwrap(), all),
            _ => (Scope::whole_bucket(), all),
        }
    })
}

/// Every byte encoded that may not stand in a URL.
fn path_of(key: &str) -> String {
    let byte = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    "/".to_owned() + &key.bytes().map(byte).collect::<String>()
}

#[derive(Clone, Copy, Debug)]
enum Carrier {
    Query,
    Cookie,
    Bearer,
}

impl Carrier {
    fn carries(self, path: &str, token: &[u8]) -> Drawn {
        match self {
            Self::Query => get(path).query(token),
            Self::Cookie => get(path).cookie(token),
            Self::Bearer => get(path).bearer(token),
        }
    }
}

/// The tokens that decode to the same bytes by another last letter of one segment.
fn spelled_otherwise(token: &str) -> Vec<String> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut others = Vec::new();
    let mut end = 0;
    for segment in token.split('.') {
        end += segment.len();
        let unused_bits = match segment.len() % 4 {
            2 => 4,
            3 => 2,
            _ => 0,
        };
        let last = LETTERS.iter().position(|letter| *letter == token.as_bytes()[end - 1]).unwrap();
        for bits in 1..1_usize << unused_bits {
            let other = char::from(LETTERS[last ^ bits]);
            others.push(format!("{}{other}{}", &token[..end - 1], &token[end..]));
        }
        end += 1; // the dot
    }
    others
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn what_is_minted_is_granted_and_no_bit_of_it_can_be_another(
        pair in 0..Algorithm::JWS.len(),
        (scope, key) in scope(),
        carrier in select(&[Carrier::Query, Carrier::Cookie, Carrier::Bearer][..]),
        lifetime in option::of(1..1_000_000_i64),
        viewer in option::of("[a-zé\"\\\\]{0,12}"),
        flips in vec((any::<Index>(), 0..8_u8), 16),
    ) {
        let (signer, verifier) = &PAIRS[pair];
        let mut draft = signer.token(scope.clone());
        if let Some(seconds) = lifetime {
            draft = draft.expires_at(UnixSeconds::new(NOW + seconds)).not_before(UnixSeconds::new(NOW));
        }
        if let Some(viewer) = viewer {
            draft = draft.claim("viewer", viewer);
        }
        let token = draft.sign().unwrap();
        let path = path_of(&key);
        let ask = |token: &[u8]| verdict(verifier, &carrier.carries(&path, token));
        prop_assert_eq!(ask(token.as_str().as_bytes()), Ok(()), "{:?} on {}", scope, path);
        let outside = carrier.carries("/elsewhere/a.ts", token.as_str().as_bytes());
        let expected = if scope.as_uri().is_empty() { Ok(()) } else { Err(Denial::OutOfScope) };
        prop_assert_eq!(verdict(verifier, &outside), expected, "{:?}", scope);

        for (at, bit) in flips {
            let mut flipped = token.as_str().as_bytes().to_vec();
            let at = at.index(flipped.len());
            flipped[at] ^= 1 << bit;
            let found = ask(&flipped);
            let denial = found.expect_err(&format!("{carrier:?}: {}", flipped.escape_ascii()));
            prop_assert!(!denial.verified(), "byte {at}, bit {bit}: {denial:?}");
        }
        for other in spelled_otherwise(token.as_str()) {
            let not_canonical = Denial::MalformedToken(TokenFault::Base64);
            prop_assert_eq!(ask(other.as_bytes()), Err(not_canonical), "{}", other);
        }
    }
}
