//! Three readers of the same tokens: the verifier, `jsonwebtoken`, and the rules of the design written out slowly.
//!
//! 100,000 tokens in each run, or as many as `PLAYGATE_DIFFERENTIAL` says, the same ones in every run:
//! `PLAYGATE_DIFFERENTIAL_SEED` asks for others. The verifier and the written-out rules should agree to the code of the
//! first rule that fails; with `jsonwebtoken`, which has fewer rules, on whether there is one. What they disagree on
//! stands in `differential/classes.toml`, each class with its reason, and nothing may be granted that both refuse.

#![expect(clippy::print_stdout, reason = "the counts are worth reading")]

mod generate;
mod peer;
mod reference;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::LazyLock;
use std::thread;
use std::time::Instant;

use crate::support::Random;
use crate::support::{HOST, TestKey, gate, vod};
use http::Request;
use jsonwebtoken::DecodingKey;
use playgate::time::{Leeway, UnixSeconds};
use playgate::{Denial, KeyScope, Verifier};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Earlier than any clock that the tests run by, because `jsonwebtoken` asks the system for the time.
pub(crate) const NOW: i64 = crate::support::NOW;

/// The object that every token is shown for.
pub(crate) const KEY: &str = "videos/1/a.ts";

const THREADS: usize = 2;

#[test]
fn nothing_is_granted_that_two_other_readers_refuse_and_every_difference_has_its_reason() {
    let number = |name: &str, usual| {
        std::env::var(name).map_or(usual, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
    };
    let cases: u64 = number("PLAYGATE_DIFFERENTIAL", 100_000);
    let seed: u64 = number("PLAYGATE_DIFFERENTIAL_SEED", 20_261_122);
    println!("{cases} cases, PLAYGATE_DIFFERENTIAL_SEED={seed}");
    let started = Instant::now();
    let mut found = Found::default();
    thread::scope(|scope| {
        let run = |first| move || Found::of((first..cases).step_by(THREADS), seed);
        let threads: Vec<_> = (0..THREADS as u64).map(|first| scope.spawn(run(first))).collect();
        for thread in threads {
            found.add(thread.join().unwrap());
        }
    });

    println!("{:.1} s; all three agree on:", started.elapsed().as_secs_f64());
    found.agreed.iter().for_each(|(code, count)| println!("{count:>9}  {code}"));
    let classes = classes();
    let mut faults = String::new();
    println!("they differ on:");
    for class in &classes {
        let count = found.differ.get(&class.difference).map_or(0, |(count, _)| *count);
        println!("{count:>9}  {}", class.name);
        if count == 0 && cases >= 1_000_000 {
            writeln!(faults, "[{}] does not occur any more", class.name).unwrap();
        }
    }
    for (difference, (count, example)) in &found.differ {
        let Difference { ours, reference, peer } = difference;
        let forbidden = ours == GRANTED && reference != GRANTED && peer != GRANTED;
        if forbidden || classes.iter().all(|class| class.difference != *difference) {
            let what = if forbidden { "granted, and refused by both others" } else { "in no class" };
            writeln!(faults, "{what}: {count} times {difference:?}\n    {example}").unwrap();
        }
    }
    assert!(faults.is_empty(), "{faults}");
    for code in ["granted", "malformed_token", "expired", "out_of_scope", "bad_signature"] {
        let agreed = found.agreed.get(code).copied().unwrap_or_default();
        assert!(agreed >= cases / 200, "{code} {agreed} times: too few to say anything");
    }
}

#[test]
fn no_class_is_for_what_both_others_refuse_and_each_has_a_reason_of_its_own() {
    let classes = classes();
    for (number, Class { name, difference, reason }) in classes.iter().enumerate() {
        let Difference { ours, reference, peer } = difference;
        assert!(ours != GRANTED || reference == GRANTED, "[{name}] is granted against the rules");
        assert!(reason.len() > 20, "[{name}] has no reason");
        assert!(ours != peer || ours != reference, "[{name}] is no difference");
        assert!(classes[..number].iter().all(|other| other.difference != *difference), "[{name}] twice");
    }
}

/// How a site judges.
pub(crate) struct Profile {
    host: &'static str,
    /// `exp`, `iss` and `aud` are asked for, and there is leeway.
    pub(crate) strict: bool,
}

const PROFILES: [Profile; 2] =
    [Profile { host: HOST, strict: false }, Profile { host: "strict.example.com", strict: true }];

impl Profile {
    pub(crate) fn leeway(&self) -> i128 {
        if self.strict { 10 } else { 0 }
    }
}

/// What a key may still sign for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyFor {
    This,
    AnotherBucket,
    NothingAnyMore,
}

/// A key as the others know it.
pub(crate) struct Known {
    pub(crate) key: TestKey,
    pub(crate) is_for: KeyFor,
    pub(crate) decoding: DecodingKey,
}

impl Known {
    pub(crate) fn verifies(&self, signed: &[u8], signature: &[u8]) -> bool {
        let signature = crate::support::encode(signature);
        jsonwebtoken::crypto::verify(&signature, signed, &self.decoding, self.key.algorithm()).unwrap()
    }
}

const LOADED: [(TestKey, KeyFor); 6] = [
    (TestKey::Secret, KeyFor::This),
    (TestKey::Rsa, KeyFor::This),
    (TestKey::P256, KeyFor::This),
    (TestKey::Ed25519, KeyFor::This),
    (TestKey::P256Other, KeyFor::AnotherBucket),
    (TestKey::RsaOther, KeyFor::NothingAnyMore),
];

pub(crate) fn key_named(kid: &str) -> Option<&'static Known> {
    static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
        let known = LOADED.map(|(key, is_for)| {
            let public = key.public();
            let decoding = match key {
                TestKey::Rsa | TestKey::RsaOther => DecodingKey::from_rsa_pem(public).unwrap(),
                TestKey::P256 | TestKey::P256Other => DecodingKey::from_ec_pem(public).unwrap(),
                TestKey::Ed25519 => DecodingKey::from_ed_pem(public).unwrap(),
                TestKey::Secret | TestKey::SecretOther => DecodingKey::from_secret(public).unwrap(),
            };
            Known { key, is_for, decoding }
        });
        known.into()
    });
    KNOWN.iter().find(|known| known.key.kid() == kid)
}

fn verifier() -> Verifier {
    let strict = vod_at(PROFILES[1].host)
        .require_exp(true)
        .issuer("us")
        .audience("cdn")
        .leeway(Leeway::from_secs(10).unwrap());
    let keys = LOADED.map(|(key, is_for)| match is_for {
        KeyFor::This => key.key(KeyScope::bucket("vod")),
        KeyFor::AnotherBucket => key.key(KeyScope::bucket("other")),
        KeyFor::NothingAnyMore => key.key(KeyScope::bucket("vod")).not_after(UnixSeconds::new(NOW - 1)),
    });
    gate().site(vod()).site(strict).keys(keys).build().unwrap()
}

fn vod_at(host: &str) -> playgate::Site {
    playgate::Site::bucket("vod").id("strict").host(host)
}

/// The verifier on a token in the query, which can carry any bytes.
fn ours(verifier: &Verifier, token: &[u8], profile: &Profile) -> Result<(), Denial> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut target = format!("/{KEY}?auth=");
    for byte in token {
        if byte.is_ascii_alphanumeric() || b"-_.".contains(byte) {
            target.push(char::from(*byte));
        } else {
            target.push('%');
            target.push(char::from(DIGITS[usize::from(byte >> 4)]));
            target.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    let request = Request::builder().uri(target).header("host", profile.host).body(()).unwrap();
    let decision = verifier.decide(&request, UnixSeconds::new(NOW));
    if let Some(denial) = decision.denial() {
        return Err(denial);
    }
    assert!(matches!(decision, playgate::Decision::Granted(_)), "{decision:?}");
    Ok(())
}

const GRANTED: &str = "granted";

/// One way in which the three differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Difference {
    /// `granted`, or the denial without its numbers.
    ours: String,
    /// `granted`, or a code.
    reference: String,
    /// `granted`, or `refused`; where ours is granted, by what.
    peer: String,
}

/// A difference that is known.
struct Class {
    name: String,
    difference: Difference,
    reason: String,
}

/// What a run of cases came to.
#[derive(Default)]
struct Found {
    agreed: BTreeMap<&'static str, u64>,
    differ: BTreeMap<Difference, (u64, String)>,
}

impl Found {
    fn of(cases: impl Iterator<Item = u64>, seed: u64) -> Self {
        let verifier = verifier();
        let mut found = Self::default();
        for case in cases {
            let mut random = Random::new(seed, case);
            let token = generate::token(&mut random);
            let profile = &PROFILES[random.below(2)];
            let ours = ours(&verifier, &token, profile);
            let reference = reference::judge(&token, profile);
            let peer = peer::judge(&token, profile);
            let code = ours.map_err(|denial| denial.code().as_str());
            if code == reference && code.is_ok() == peer.is_ok() {
                *found.agreed.entry(code.err().unwrap_or(GRANTED)).or_default() += 1;
                continue;
            }
            let difference = Difference {
                ours: ours.map_or_else(name_of, |()| GRANTED.to_owned()),
                reference: reference.err().unwrap_or(GRANTED).to_owned(),
                peer: match peer {
                    Ok(()) => GRANTED.to_owned(),
                    Err(word) if ours.is_ok() => word,
                    Err(_) => "refused".to_owned(),
                },
            };
            let example = || format!("case {case} at {}: {}", profile.host, token.escape_ascii());
            found.differ.entry(difference).or_insert_with(|| (0, example())).0 += 1;
        }
        found
    }

    fn add(&mut self, other: Self) {
        for (code, count) in other.agreed {
            *self.agreed.entry(code).or_default() += count;
        }
        for (difference, (count, example)) in other.differ {
            self.differ.entry(difference).or_insert((0, example)).0 += count;
        }
    }
}

/// `Expired`, `MalformedToken(Json)`.
fn name_of(denial: Denial) -> String {
    let whole = format!("{denial:?}");
    match whole.split_once(" {") {
        None => whole,
        Some((name, _)) if name.contains('(') => format!("{name})"),
        Some((name, _)) => name.to_owned(),
    }
}

fn classes() -> Vec<Class> {
    let document = DeTable::parse(include_str!("differential/classes.toml")).unwrap();
    let classes = document.get_ref().get("class").and_then(|classes| classes.get_ref().as_array()).unwrap();
    let read = |class: &Spanned<DeValue<'_>>| {
        let class = class.get_ref().as_table().unwrap();
        assert_eq!(class.len(), 5, "{class:?}");
        let field =
            |name: &str| class.get(name).and_then(|field| field.get_ref().as_str()).map(str::to_owned);
        let field = |name: &str| field(name).unwrap_or_else(|| panic!("no {name} in {class:?}"));
        let difference = Difference { ours: field("ours"), reference: field("rules"), peer: field("peer") };
        Class { name: field("name"), difference, reason: field("reason") }
    };
    classes.iter().map(read).collect()
}
