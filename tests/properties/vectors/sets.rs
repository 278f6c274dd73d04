//! Project Wycheproof's signatures: good ones with odd values, and bad ones that somebody's code let through.
//!
//! What is to come of a vector is said before it is checked:
//!
//! 1. one that the project calls invalid is refused;
//! 2. one that JWS cannot say, or that our rules do not want, is refused for the [`Policy`] that names it;
//! 3. any other is good.
//!
//! A key comes in every form that its set has it in, and as a JWK, and all of them must agree.

#![expect(clippy::print_stdout, reason = "one line for each set: what was run")]

use std::collections::BTreeMap;
use std::fmt::Write as _;

use playgate::crypto::Algorithm;
use playgate::internals::check_signature;
use playgate::{ConfigError, Key, KeyScope};
use serde_json::{Value, json};
use wycheproof::{
    EllipticCurve, HashFunction, Mgf, TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify,
};

use crate::support::encode;

/// Why a vector is refused that is not called invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Policy {
    MissingNull,
    OtherHash,
    OtherSalt,
    OtherCurve,
    DerSignature,
    ShortSecret,
    ShortTag,
}

impl Policy {
    const fn reason(self) -> &'static str {
        match self {
            Self::MissingNull => "the hash's parameters are left out (RFC 8017 §9.2 note 1 has them)",
            Self::OtherHash => "a hash that no algorithm of JWS has with such a key (RFC 7518 §3.3 to §3.5)",
            Self::OtherSalt => "a salt that is not as long as its hash (RFC 7518 §3.5)",
            Self::OtherCurve => "a curve without an algorithm here",
            Self::DerSignature => "a signature in DER, where JWS has r and s (RFC 7518 §3.4)",
            Self::ShortSecret => "a secret shorter than its hash (RFC 7518 §3.2)",
            Self::ShortTag => "a tag that was cut short (RFC 7518 §3.2)",
        }
    }
}

/// A set, how many of its vectors are good, how many are bad, and how many are refused besides.
type Row = (&'static str, usize, usize, &'static [(Policy, usize)]);

/// Every set that an algorithm of ours is for.
const OURS: &[Row] = &[
    ("Rsa2048Sha256", 9, 249, &[(Policy::MissingNull, 1)]),
    ("Rsa2048Sha384", 7, 250, &[(Policy::MissingNull, 1)]),
    ("Rsa2048Sha512", 8, 250, &[(Policy::MissingNull, 1)]),
    ("Rsa3072Sha256", 8, 250, &[(Policy::MissingNull, 1)]),
    ("Rsa3072Sha384", 7, 251, &[(Policy::MissingNull, 1)]),
    ("Rsa3072Sha512", 8, 251, &[(Policy::MissingNull, 1)]),
    ("Rsa4096Sha256", 7, 250, &[(Policy::MissingNull, 1)]),
    ("Rsa4096Sha384", 7, 251, &[(Policy::MissingNull, 1)]),
    ("Rsa4096Sha512", 7, 251, &[(Policy::MissingNull, 1)]),
    ("Rsa8192Sha256", 7, 250, &[(Policy::MissingNull, 1)]),
    ("Rsa8192Sha384", 7, 251, &[(Policy::MissingNull, 1)]),
    ("Rsa8192Sha512", 7, 251, &[(Policy::MissingNull, 1)]),
    ("RsaPss2048Sha256Mgf1SaltLen32", 63, 45, &[]),
    ("RsaPss2048Sha256Mgf1SaltLen32WithParams", 63, 45, &[]),
    ("RsaPss2048Sha384Mgf1SaltLen48", 95, 46, &[]),
    ("RsaPss3072Sha256Mgf1SaltLen32", 63, 45, &[]),
    ("RsaPss3072Sha256Mgf1SaltLen32WithParams", 63, 45, &[]),
    ("RsaPss4096Sha256Mgf1SaltLen32", 63, 45, &[]),
    ("RsaPss4096Sha384Mgf1SaltLen48", 95, 46, &[]),
    ("RsaPss4096Sha512Mgf1SaltLen64", 132, 47, &[]),
    ("RsaPss4096Sha512Mgf1SaltLen64WithParams", 132, 47, &[]),
    ("RsaPssmisc", 3, 0, &[(Policy::OtherHash, 132), (Policy::OtherSalt, 15)]),
    ("RsaPssmiscWithParams", 3, 0, &[(Policy::OtherHash, 132), (Policy::OtherSalt, 15)]),
    ("EcdsaSecp256r1Sha256P1363", 173, 89, &[]),
    ("EcdsaSecp384r1Sha384P1363", 193, 87, &[]),
    ("Ed25519", 88, 63, &[]),
    ("HmacSha256", 30, 108, &[(Policy::ShortSecret, 6), (Policy::ShortTag, 30)]),
    ("HmacSha384", 30, 108, &[(Policy::ShortSecret, 6), (Policy::ShortTag, 30)]),
    ("HmacSha512", 30, 108, &[(Policy::ShortSecret, 6), (Policy::ShortTag, 30)]),
];

/// The other sets of each kind: how many there are, and how many vectors, none of which may pass here.
const OTHERS: &[(&str, Policy, usize, usize)] = &[
    ("RSA PKCS #1 v1.5", Policy::OtherHash, 12, 3096),
    ("RSA PSS", Policy::OtherHash, 11, 1457),
    ("RSA PSS", Policy::OtherSalt, 4, 560),
    ("ECDSA", Policy::OtherHash, 13, 5878),
    ("ECDSA", Policy::OtherCurve, 56, 22495),
    ("ECDSA", Policy::DerSignature, 2, 988),
    ("EdDSA", Policy::OtherCurve, 1, 87),
    ("HMAC", Policy::OtherHash, 9, 1558),
];

/// What is bad in a set of other parameters for having ours, by the words of its comment: to us it is good.
const MADE_AS_OURS: &[(Policy, &str, Algorithm)] = &[
    (Policy::OtherHash, "The message is hashed with SHA-256 instead of SHA", Algorithm::Rs256),
    (Policy::OtherHash, "The message is hashed with SHA-384 instead of SHA", Algorithm::Rs384),
    (Policy::OtherHash, "The message is hashed with SHA-512 instead of SHA", Algorithm::Rs512),
    (Policy::OtherSalt, "s_len changed to 32", Algorithm::Ps256),
];

/// What came of one set.
#[derive(Default)]
struct Sheet {
    good: usize,
    bad: usize,
    refused: BTreeMap<Policy, usize>,
    faults: Vec<String>,
}

/// A vector, and the policy by which the library may differ from its expected result.
struct Vector<'v> {
    id: usize,
    comment: &'v str,
    message: &'v [u8],
    signature: &'v [u8],
    result: TestResult,
    policy: Option<Policy>,
}

/// Creates a [`Vector`] from a test of any kind of set, whose types differ.
macro_rules! vector {
    ($test:ident, $signature:ident, $policy:expr) => {
        Vector {
            id: $test.tc_id,
            comment: &$test.comment,
            message: &$test.msg,
            signature: &$test.$signature,
            result: $test.result,
            policy: $policy,
        }
    };
}

impl Sheet {
    /// Checks a vector with every form of its key.
    fn check(&mut self, keys: &[Key], vector: &Vector<'_>) {
        let Vector { id, comment, result, policy, .. } = *vector;
        let good = match (result, policy) {
            (TestResult::Valid, None) => true,
            (TestResult::Invalid, _) | (_, Some(_)) => false,
            (TestResult::Acceptable, None) => {
                return self.faults.push(format!("{id} ({comment}) is acceptable: say what becomes of it"));
            }
        };
        if good && keys.is_empty() {
            self.faults.push(format!("{id} ({comment}) is valid and has no key"));
        }
        for key in keys {
            let made_as_ours = MADE_AS_OURS.iter().any(|&(by, words, algorithm)| {
                policy == Some(by) && comment.starts_with(words) && key.algorithm() == algorithm
            });
            if check_signature(key, vector.message, vector.signature) != (good || made_as_ours) {
                self.faults
                    .push(format!("{id} ({comment}) is {result:?}, {policy:?}, by {}", key.algorithm()));
            }
        }
        match (result, policy) {
            (TestResult::Invalid, _) => self.bad += 1,
            (_, Some(policy)) => *self.refused.entry(policy).or_default() += 1,
            (_, None) => self.good += 1,
        }
    }

    fn total(&self) -> usize {
        self.good + self.bad + self.refused.values().sum::<usize>()
    }

    fn line(&self, name: &str) -> String {
        let mut line = format!("{name}: {} good, {} bad, {} wrong", self.good, self.bad, self.faults.len());
        for (policy, count) in &self.refused {
            write!(line, ", {count} refused for {}", policy.reason()).unwrap();
        }
        line
    }
}

/// Holds what came of every set of one kind against [`OURS`] and [`OTHERS`].
fn compare(kind: &str, sheets: impl Iterator<Item = (String, Sheet)>) {
    let mut wrong = Vec::new();
    let mut others: BTreeMap<Policy, (usize, usize)> = BTreeMap::new();
    for (name, sheet) in sheets {
        println!("{}", sheet.line(&name));
        wrong.extend(sheet.faults.iter().map(|fault| format!("{name}: {fault}")));
        if let Some((.., good, bad, refused)) = OURS.iter().find(|(ours, ..)| *ours == name) {
            if (sheet.good, sheet.bad) != (*good, *bad)
                || !sheet.refused.iter().eq(refused.iter().map(|(p, n)| (p, n)))
            {
                wrong
                    .push(format!("{name} has other numbers: {:?}", (sheet.good, sheet.bad, &sheet.refused)));
            }
            continue;
        }
        match sheet.refused.keys().next() {
            Some(&policy) if sheet.good == 0 => {
                let (sets, vectors) = others.entry(policy).or_default();
                *sets += 1;
                *vectors += sheet.total();
            }
            _ => wrong.push(format!("{name} has no row: {:?}", (sheet.good, sheet.bad, &sheet.refused))),
        }
    }
    let rows = OTHERS.iter().filter(|(of, ..)| *of == kind);
    let rows: BTreeMap<_, _> = rows.map(|&(_, policy, sets, vectors)| (policy, (sets, vectors))).collect();
    if others != rows {
        wrong.push(format!("the other sets of {kind} have other numbers: {others:?}"));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_set_that_an_algorithm_of_ours_is_for_is_still_there() {
    let names: Vec<String> = [
        rsa_pkcs1_verify::TestName::all().iter().map(|name| format!("{name:?}")).collect::<Vec<_>>(),
        rsa_pss_verify::TestName::all().iter().map(|name| format!("{name:?}")).collect(),
        ecdsa::TestName::all().iter().map(|name| format!("{name:?}")).collect(),
        eddsa::TestName::all().iter().map(|name| format!("{name:?}")).collect(),
        mac::TestName::all().iter().map(|name| format!("{name:?}")).collect(),
    ]
    .concat();
    for (name, ..) in OURS {
        assert!(names.iter().any(|there| there == name), "{name}");
    }
}

fn scope() -> KeyScope {
    KeyScope::bucket("vod")
}

fn jwk(members: &Value) -> Result<Key, ConfigError> {
    Key::from_jwk(&members.to_string(), scope())
}

/// A big-endian number as a JWK has it: without leading zeros (RFC 7518 §2).
fn number(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    encode(&bytes[zeros..])
}

/// The RSA algorithm of a hash.
fn rsa_algorithm(hash: HashFunction, of: [Algorithm; 3]) -> Option<Algorithm> {
    match hash {
        HashFunction::Sha2_256 => Some(of[0]),
        HashFunction::Sha2_384 => Some(of[1]),
        HashFunction::Sha2_512 => Some(of[2]),
        _ => None,
    }
}

/// An RSA key in each form. Where no algorithm fits, one form for each that might be mistaken for it.
fn rsa_keys(algorithm: Option<Algorithm>, of: [Algorithm; 3], pkcs1: &[u8], n: &[u8], e: &[u8]) -> Vec<Key> {
    let pkcs1 = pem::encode(&pem::Pem::new("RSA PUBLIC KEY", pkcs1));
    let Some(algorithm) = algorithm else {
        return of.map(|other| Key::from_pem_for(other, "k", &pkcs1, scope()).unwrap()).into();
    };
    let members =
        json!({ "kty": "RSA", "kid": "k", "alg": algorithm.name(), "n": number(n), "e": number(e) });
    vec![Key::from_pem_for(algorithm, "k", &pkcs1, scope()).unwrap(), jwk(&members).unwrap()]
}

#[test]
fn rsa_signatures_of_pkcs1_v1_5() {
    const OF: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512];
    let sheets = rsa_pkcs1_verify::TestName::all().into_iter().map(|name| {
        let mut sheet = Sheet::default();
        for group in rsa_pkcs1_verify::TestSet::load(name).unwrap().test_groups {
            let algorithm = rsa_algorithm(group.hash, OF);
            let mut keys = rsa_keys(algorithm, OF, &group.asn_key, &group.key.n, &group.key.e);
            if let Some(algorithm) = algorithm {
                keys.push(Key::from_pem_for(algorithm, "k", &group.pem, scope()).unwrap());
            }
            for test in &group.tests {
                let missing_null = test.flags.contains(&rsa_pkcs1_verify::TestFlag::MissingNull);
                let policy = match algorithm {
                    None => Some(Policy::OtherHash),
                    Some(_) => missing_null.then_some(Policy::MissingNull),
                };
                sheet.check(&keys, &vector!(test, sig, policy));
            }
        }
        (format!("{name:?}"), sheet)
    });
    compare("RSA PKCS #1 v1.5", sheets);
}

#[test]
fn rsa_signatures_of_pss() {
    use rsa_pss_verify::TestGroupTypeId::RsaPssVerifyWithParam;

    const OF: [Algorithm; 3] = [Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512];
    let sheets = rsa_pss_verify::TestName::all().into_iter().map(|name| {
        let mut sheet = Sheet::default();
        for group in rsa_pss_verify::TestSet::load(name).unwrap().test_groups {
            let fits = group.mgf == Mgf::Mgf1 && group.mgf_hash == Some(group.hash);
            let named = rsa_algorithm(group.hash, OF).filter(|_| fits);
            let hash_len = match group.hash {
                HashFunction::Sha2_256 => 32,
                HashFunction::Sha2_384 => 48,
                _ => 64,
            };
            let algorithm = named.filter(|_| group.salt_size == hash_len);
            let mut keys = rsa_keys(algorithm, OF, &group.asn_key, &group.key.n, &group.key.e);
            let spki = Key::from_pem_for(algorithm.unwrap_or(OF[0]), "k", &group.pem, scope());
            if group.test_type == RsaPssVerifyWithParam {
                // A key that says its parameters itself, id-RSASSA-PSS, is none of JWS: the token says them.
                let error = spki.unwrap_err();
                assert!(matches!(error, ConfigError::KeyType { .. }), "{name:?}: {error}");
            } else {
                keys.push(spki.unwrap());
            }
            for test in &group.tests {
                let policy = match (named, algorithm) {
                    (None, _) => Some(Policy::OtherHash),
                    (Some(_), None) => Some(Policy::OtherSalt),
                    (Some(_), Some(_)) => None,
                };
                sheet.check(&keys, &vector!(test, sig, policy));
            }
        }
        (format!("{name:?}"), sheet)
    });
    compare("RSA PSS", sheets);
}

#[test]
fn ecdsa_signatures() {
    use ecdsa::TestGroupTypeId::EcdsaP1363;

    let sheets = ecdsa::TestName::all().into_iter().map(|name| {
        let mut sheet = Sheet::default();
        for group in ecdsa::TestSet::load(name).unwrap().test_groups {
            let (curve, hash, len) = match group.key.curve {
                EllipticCurve::Secp256r1 => ("P-256", HashFunction::Sha2_256, 32),
                EllipticCurve::Secp384r1 => ("P-384", HashFunction::Sha2_384, 48),
                _ => ("", group.hash, 0),
            };
            let spki = Key::from_pem("k", &group.pem, scope());
            let (keys, policy) = if curve.is_empty() {
                let error = spki.unwrap_err();
                assert!(matches!(error, ConfigError::KeyType { .. }), "{name:?}: {error}");
                (Vec::new(), Some(Policy::OtherCurve))
            } else {
                let (x, y) = group.key.key[1..].split_at(len);
                let members =
                    json!({ "kty": "EC", "kid": "k", "crv": curve, "x": encode(x), "y": encode(y) });
                let policy = match (group.hash == hash, group.test_type == EcdsaP1363) {
                    (true, true) => None,
                    (true, false) => Some(Policy::DerSignature),
                    (false, _) => Some(Policy::OtherHash),
                };
                (vec![spki.unwrap(), jwk(&members).unwrap()], policy)
            };
            for test in &group.tests {
                sheet.check(&keys, &vector!(test, sig, policy));
            }
        }
        (format!("{name:?}"), sheet)
    });
    compare("ECDSA", sheets);
}

#[test]
fn eddsa_signatures() {
    let sheets = eddsa::TestName::all().into_iter().map(|name| {
        let mut sheet = Sheet::default();
        for group in eddsa::TestSet::load(name).unwrap().test_groups {
            let spki = Key::from_pem("k", &group.pem, scope());
            let (keys, policy) = if name == eddsa::TestName::Ed25519 {
                let x = encode(&*group.key.pk);
                let members = json!({ "kty": "OKP", "kid": "k", "crv": "Ed25519", "x": x });
                (vec![spki.unwrap(), jwk(&members).unwrap()], None)
            } else {
                let error = spki.unwrap_err();
                assert!(matches!(error, ConfigError::KeyType { .. }), "{name:?}: {error}");
                (Vec::new(), Some(Policy::OtherCurve))
            };
            for test in &group.tests {
                sheet.check(&keys, &vector!(test, sig, policy));
            }
        }
        (format!("{name:?}"), sheet)
    });
    compare("EdDSA", sheets);
}

#[test]
fn hmac_tags() {
    const OF: [Algorithm; 3] = [Algorithm::Hs256, Algorithm::Hs384, Algorithm::Hs512];
    let names = mac::TestName::all().into_iter().filter(|name| format!("{name:?}").starts_with("Hmac"));
    let sheets = names.map(|name| {
        let mut sheet = Sheet::default();
        let ours = match name {
            mac::TestName::HmacSha256 => Some((OF[0], 32)),
            mac::TestName::HmacSha384 => Some((OF[1], 48)),
            mac::TestName::HmacSha512 => Some((OF[2], 64)),
            _ => None,
        };
        for group in mac::TestSet::load(name).unwrap().test_groups {
            for test in &group.tests {
                let load = |algorithm| Key::from_secret_for(algorithm, "k", &test.key, scope());
                let short = |error: &ConfigError| matches!(error, ConfigError::SecretTooShort { .. });
                let (keys, policy) = match ours {
                    None => {
                        (OF.into_iter().filter_map(|of| load(of).ok()).collect(), Some(Policy::OtherHash))
                    }
                    Some((algorithm, len)) => {
                        let (alg, k) = (algorithm.name(), encode(&*test.key));
                        let members = json!({ "kty": "oct", "kid": "k", "alg": alg, "k": k });
                        let keys = [load(algorithm), jwk(&members)];
                        if test.key.len() < len {
                            assert!(keys.iter().all(|key| key.as_ref().is_err_and(short)), "{name:?}");
                            (Vec::new(), Some(Policy::ShortSecret))
                        } else {
                            let cut = (group.tag_size / 8 < len).then_some(Policy::ShortTag);
                            (keys.map(Result::unwrap).into(), cut)
                        }
                    }
                };
                sheet.check(&keys, &vector!(test, tag, policy));
            }
        }
        (format!("{name:?}"), sheet)
    });
    compare("HMAC", sheets);
}
