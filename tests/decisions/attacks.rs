//! Attacks by name, over real sockets: what was tried on other verifiers, and what this one answers.
//!
//! A row has a name, the place where the attack was seen, the request, and the exact answer. One that is not
//! refused is marked: [`Expected::Harmless`] gets what a clean request gets, byte for byte, and
//! [`Expected::Unshared`] gets no leave for another origin to read it. A family comes between two clean
//! requests that are granted at every server.

mod algorithms;
mod base64;
mod claims;
mod cors;
mod credentials;
mod critical;
mod exhaustion;
mod headers;
mod hosts;
mod json;
mod paths;
mod prefixes;
mod signatures;
mod smuggling;
mod structure;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::support::{Answer, Ask, Inner, World, get};
use bytes::Bytes;
use http::Request;
use playgate::error::{PathFault, TokenFault};
use playgate::{Denial, Verifier};

/// What every row asks for, unless it is about paths.
const PATH: &str = "/videos/1/a.ts";
/// What covers it.
const PAYLOAD: &str = r#"{"uri":"videos/1/"}"#;
/// The slowest that one question may be, at every door of a busy machine that runs unoptimised code.
const QUICK: Duration = Duration::from_secs(5);

/// Attacks on one verifier.
struct Family {
    name: &'static str,
    verifier: Verifier,
    inner: Inner,
    /// The twin of the attacks: what is granted.
    clean: Ask,
    attacks: Vec<Attack>,
}

struct Attack {
    name: String,
    /// A CVE, a GHSA, an issue, a section of a standard, a paper or a product.
    source: &'static str,
    shot: Shot,
    expected: Expected,
}

/// A request, in the words that it needs.
enum Shot {
    Ask(Ask),
    /// Bytes on a connection, for what no client says.
    Raw(Vec<u8>),
    /// HTTP/2 alone.
    Http2(Request<Bytes>),
}

/// The answer.
#[derive(Clone, Copy)]
enum Expected {
    /// Status and code, and the denial behind them.
    Refused(&'static str, Denial),
    /// The server itself refuses, with no code of ours.
    Unheard(u16),
    /// What [`Family::clean`] gets: the attack has no effect at all.
    Harmless,
    /// This verdict, and no leave for any origin.
    Unshared(&'static str),
}

use Expected::{Harmless, Refused, Unheard, Unshared};

impl Family {
    fn new(name: &'static str, verifier: Verifier, clean: Ask, attacks: Vec<Attack>) -> Self {
        Self { name, verifier, inner: same_for_all(), clean, attacks }
    }
}

/// An inner service that does not say what it was asked, so that answers can be compared.
fn same_for_all() -> Inner {
    crate::support::inner(|_| http::Response::new(Bytes::from_static(b"the bytes")))
}

fn attack(name: impl Into<String>, source: &'static str, ask: Ask, expected: Expected) -> Attack {
    Attack { name: name.into(), source, shot: Shot::Ask(ask), expected }
}

fn raw(name: &str, source: &'static str, bytes: impl AsRef<[u8]>, expected: Expected) -> Attack {
    let shot = Shot::Raw(bytes.as_ref().to_vec());
    Attack { name: name.to_owned(), source, shot, expected }
}

/// The token in the cookie, where it is taken as it stands.
fn bearing(
    name: impl Into<String>,
    source: &'static str,
    token: impl AsRef<str>,
    expected: Expected,
) -> Attack {
    attack(name, source, get(PATH).cookie(token), expected)
}

const fn malformed(fault: TokenFault) -> Expected {
    Refused("401 malformed_token", Denial::MalformedToken(fault))
}

const fn ambiguous_path(fault: PathFault) -> Expected {
    Refused("400 ambiguous_path", Denial::AmbiguousPath(fault))
}

const MISSING: Expected = Refused("401 credential_missing", Denial::CredentialMissing);
const UNSIGNED: Expected = Refused("401 wrong_algorithm", Denial::UnsignedToken);
const WRONG_ALGORITHM: Expected = Refused("401 wrong_algorithm", Denial::WrongAlgorithm);
const BAD_SIGNATURE: Expected = Refused("401 bad_signature", Denial::BadSignature);
const NO_KID: Expected = Refused("401 unknown_key", Denial::MissingKeyId);
const UNKNOWN_KEY: Expected = Refused("401 unknown_key", Denial::UnknownKey);
const CRITICAL: Expected = Refused("401 malformed_token", Denial::CriticalHeader);
const WRONG_TYPE: Expected = Refused("401 malformed_token", Denial::WrongType);
const OUT_OF_SCOPE: Expected = Refused("403 out_of_scope", Denial::OutOfScope);

/// Fires every attack of a family, with a clean request at every server before and after.
async fn withstand(family: Family) {
    let Family { name: family, verifier, inner, clean, attacks } = family;
    let world = World::around(verifier, inner).await;
    let granted = world.ask(&clean).await;
    assert!(granted.status == 200 && granted.is_inner(), "{family}: {}", granted.verdict());
    for Attack { name, source: _, shot, expected } in attacks {
        let name = format!("{family}: {name}");
        let began = Instant::now();
        let answer = match &shot {
            Shot::Ask(ask) => world.ask(ask).await,
            Shot::Raw(bytes) => world.raw(bytes).await,
            Shot::Http2(request) => world.http2(request.clone()).await,
        };
        assert!(began.elapsed() < QUICK, "{name} took {:?}", began.elapsed());
        judge(&name, &answer, expected, &granted);
        if let (Refused(_, denial), Shot::Ask(ask)) = (expected, &shot)
            && ask.parsed().is_some()
        {
            assert_eq!(answer.denial, Some(denial), "{name}");
        }
    }
    assert_eq!(world.ask(&clean).await.essence(), granted.essence(), "{family}, afterwards");
}

fn judge(name: &str, answer: &Answer, expected: Expected, granted: &Answer) {
    match expected {
        Refused(verdict, denial) => {
            assert_eq!(answer.verdict(), verdict, "{name}");
            assert_eq!(answer.code().as_deref(), Some(denial.code().as_str()), "{name}");
            assert!(!answer.is_inner(), "{name}");
        }
        Unheard(status) => {
            assert_eq!(answer.verdict(), status.to_string(), "{name}");
            assert!(!answer.is_inner(), "{name}");
        }
        Harmless => assert_eq!(answer.essence(), granted.essence(), "{name}"),
        Unshared(verdict) => {
            assert_eq!(answer.verdict(), verdict, "{name}");
            let leave = answer.headers.keys().find(|field| field.as_str().starts_with("access-control-"));
            assert_eq!(leave, None, "{name}");
            assert!(answer.vary().contains(&"origin".to_owned()), "{name}");
        }
    }
}

macro_rules! families {
    ($($family:ident: $sentence:ident,)*) => {
        fn families() -> Vec<Family> {
            vec![$($family::family()),*]
        }

        $(
            #[tokio::test]
            async fn $sentence() {
                withstand($family::family()).await;
            }
        )*
    };
}

families! {
    algorithms: no_algorithm_but_the_keys_own_opens,
    signatures: no_forged_signature_opens,
    headers: no_key_comes_from_a_header_and_no_kid_leaves_the_key_set,
    critical: no_extension_of_a_header_is_taken_on_trust,
    structure: no_other_shape_than_three_segments_opens,
    base64: no_second_spelling_of_a_segment_opens,
    json: no_json_with_two_readings_opens,
    claims: no_claim_of_another_type_is_taken_for_absent,
    paths: no_second_spelling_of_a_path_opens,
    hosts: no_host_is_taken_for_another,
    prefixes: no_scope_reaches_beyond_its_boundary,
    credentials: no_credential_hides_behind_another,
    cors: no_origin_is_taken_for_another,
    smuggling: no_header_of_the_client_speaks_for_the_server,
    exhaustion: no_request_costs_much_and_none_stops_the_server,
}

#[test]
fn every_attack_has_a_name_of_its_own_and_a_source() {
    let families = families();
    let mut names = BTreeSet::new();
    for Family { name: family, attacks, .. } in &families {
        for Attack { name, source, .. } in attacks {
            assert!(names.insert(format!("{family}: {name}")), "{family}: {name} occurs twice");
            assert!(!source.is_empty(), "{family}: {name} has no source");
        }
    }
    assert!(names.len() >= 250, "{} attacks", names.len());
    let named: BTreeSet<&str> = families.iter().map(|family| family.name).collect();
    assert_eq!(named.len(), families.len(), "{named:?}");
    assert!(families.iter().all(|family| family.attacks.len() >= 10), "a family is a table");
}
