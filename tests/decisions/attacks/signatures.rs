//! Signatures: forged, out of range, in another form, or of another length. `alg` and `kid` are all right.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rsa::BoxedUint;
use rsa::pkcs8::DecodePrivateKey as _;
use rsa::traits::{PrivateKeyParts as _, PublicKeyParts as _};

use super::algorithms::verifier;
use super::{Attack, BAD_SIGNATURE, Expected, Family, Harmless, PATH, PAYLOAD, bearing, malformed};
use crate::support::{TestKey, encode, get};
use playgate::error::TokenFault;

pub(crate) fn family() -> Family {
    let attacks = [ecdsa(), ed25519(), rsa_numbers(), rsa_blocks(), pss_blocks(), lengths()];
    let clean = get(PATH).cookie(TestKey::P256.token(PAYLOAD));
    Family::new("signatures", verifier(), clean, attacks.into_iter().flatten().collect())
}

/// A good token's signing input and its signature.
fn taken_apart(key: TestKey) -> (String, Vec<u8>) {
    let token = key.token(PAYLOAD);
    let (text, signature) = token.rsplit_once('.').unwrap();
    (text.to_owned(), BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap())
}

/// One row: the good signing input with this signature behind it.
fn forged(text: &str, name: &str, source: &'static str, signature: &[u8], expected: Expected) -> Attack {
    bearing(name, source, format!("{text}.{}", encode(signature)), expected)
}

const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// The order of the base point, little-endian.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn ecdsa() -> Vec<Attack> {
    let (text, good) = taken_apart(TestKey::P256);
    let (r, s) = good.split_at(32);
    let (zero, mut one) = ([0; 32], [0; 32]);
    one[31] = 1;
    let integer = |half: &[u8]| [&[2, 33, 0][..], half].concat();
    let body = [integer(r), integer(s)].concat();
    let der = [&[0x30, u8::try_from(body.len()).unwrap()][..], &body].concat();
    let psychic = "CVE-2022-21449 (psychic signatures)";
    let rows: [(&str, &'static str, Vec<u8>); 13] = [
        ("ECDSA: r = s = 0", psychic, [zero, zero].concat()),
        ("ECDSA: r = 0", psychic, [&zero, s].concat()),
        ("ECDSA: s = 0", psychic, [r, &zero].concat()),
        (
            "ECDSA: r = s = n",
            "CVE-2022-24884 (ecdsautils); FIPS 186-5 §6.4.2",
            [P256_ORDER, P256_ORDER].concat(),
        ),
        ("ECDSA: r = n", "FIPS 186-5 §6.4.2", [&P256_ORDER, s].concat()),
        ("ECDSA: s = n", "FIPS 186-5 §6.4.2", [r, &P256_ORDER].concat()),
        ("ECDSA: r = s = 1", "Wycheproof ecdsa: special values", [one, one].concat()),
        ("ECDSA: all ones", "Wycheproof ecdsa: special values", vec![0xff; 64]),
        ("ECDSA: DER", "RFC 7518 §3.4; CVE-2024-42461 (elliptic)", der),
        ("ECDSA: halves exchanged", "RFC 7518 §3.4", [s, r].concat()),
        ("ECDSA: zeros before each half", "CVE-2020-13822 (elliptic)", [&[0], r, &[0], s].concat()),
        ("ECDSA: zeros behind", "CVE-2020-14966 (jsrsasign)", [r, s, &[0]].concat()),
        ("ECDSA: r alone", "RFC 7518 §3.4", r.to_vec()),
    ];
    let mut attacks: Vec<Attack> = rows
        .into_iter()
        .map(|(name, source, signature)| forged(&text, name, source, &signature, BAD_SIGNATURE))
        .collect();
    // ECDSA itself lets anybody turn s into n - s; a token's bytes are therefore no name for it.
    let mirrored = [r, &subtract(&P256_ORDER, s)].concat();
    let source = "RFC 7518 §3.4 asks for no low s; SEC 1 §4.1";
    attacks.push(forged(&text, "ECDSA: n - s in place of s", source, &mirrored, Harmless));
    attacks
}

fn ed25519() -> Vec<Attack> {
    let (text, good) = taken_apart(TestKey::Ed25519);
    let (r, s) = good.split_at(32);
    let (zero, mut identity) = ([0; 32], [0; 32]);
    identity[0] = 1;
    let mut minus_one = [0xff; 32]; // the point of order two: y = p - 1
    (minus_one[0], minus_one[31]) = (0xec, 0x7f);
    let mut not_canonical = [0xff; 32]; // the identity again: y = p + 1
    (not_canonical[0], not_canonical[31]) = (0xee, 0x7f);
    let order_eight = [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a,
        0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
    ];
    let mut high = s.to_vec();
    high[31] |= 0xe0;
    let small = "Chalkias et al. 2020, Taming the many EdDSAs: small order";
    let malleable = "RFC 8032 §5.1.7; CVE-2024-48949 (elliptic); CVE-2020-36843 (EdDSA-Java)";
    let rows: [(&str, &'static str, Vec<u8>); 12] = [
        ("Ed25519: zeros", small, vec![0; 64]),
        ("Ed25519: R the identity, S = 0", small, [identity, zero].concat()),
        ("Ed25519: R of order two, S = 0", small, [minus_one, zero].concat()),
        ("Ed25519: R of order four, S = 0", small, [zero, zero].concat()),
        ("Ed25519: R of order eight, S = 0", small, [order_eight, zero].concat()),
        ("Ed25519: R not canonical, S = 0", "RFC 8032 §5.1.3", [not_canonical, zero].concat()),
        ("Ed25519: good R, S = 0", small, [r, &zero].concat()),
        ("Ed25519: S + L", malleable, [r, &add_little_endian(s, &ED25519_ORDER)].concat()),
        ("Ed25519: S = L", malleable, [r, &ED25519_ORDER].concat()),
        ("Ed25519: high bits of S set", malleable, [r, &high].concat()),
        ("Ed25519: one byte less", "CVE-2024-42459 (elliptic): no length check", good[..63].to_vec()),
        ("Ed25519: one byte more", "CVE-2024-42459 (elliptic): no length check", [&good, &[0][..]].concat()),
    ];
    rows.into_iter()
        .map(|(name, source, signature)| forged(&text, name, source, &signature, BAD_SIGNATURE))
        .collect()
}

/// Numbers that are no RSA signature representative, or a trivial one.
fn rsa_numbers() -> Vec<Attack> {
    let key = private_key();
    let modulus = key.n_bytes().to_vec();
    let mut one = vec![0; 256];
    one[255] = 1;
    let mut minus_one = modulus.clone();
    minus_one[255] -= 1;
    // A signature that has room for the modulus above it: RSAVP1 must not reduce it.
    let wide = (0..).find_map(|number| {
        let token = TestKey::Rsa.token(&format!(r#"{{"uri":"videos/1/","n":{number}}}"#));
        let (text, signature) = token.rsplit_once('.').unwrap();
        let sum = add(&BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap(), &modulus)?;
        Some((text.to_owned(), sum))
    });
    let (wide_text, wide) = wide.unwrap();
    let (text, good) = taken_apart(TestKey::Rsa);
    let range = "RFC 8017 §5.2.2: out of range";
    let length = "RFC 8017 §8.2.2 step 1; CVE-2020-14967, CVE-2020-14968 (jsrsasign)";
    let rows: [(&str, &'static str, Vec<u8>); 8] = [
        ("RSA: 0", range, vec![0; 256]),
        ("RSA: 1", "RFC 8017 §8.2.2", one),
        ("RSA: n - 1", "RFC 8017 §8.2.2", minus_one),
        ("RSA: n", range, modulus),
        ("RSA: all ones", range, vec![0xff; 256]),
        ("RSA: a zero before", length, [&[0][..], &good].concat()),
        ("RSA: a zero behind", length, [&good[..], &[0]].concat()),
        ("RSA: one byte less", length, good[1..].to_vec()),
    ];
    let mut attacks: Vec<Attack> = rows
        .into_iter()
        .map(|(name, source, signature)| forged(&text, name, source, &signature, BAD_SIGNATURE))
        .collect();
    attacks.push(forged(&wide_text, "RSA: s + n", range, &wide, BAD_SIGNATURE));
    attacks
}

/// Encoded messages that the right key signed, and that are not the one that RFC 8017 §9.2 makes.
fn rsa_blocks() -> Vec<Attack> {
    const SHA256: [u8; 19] =
        [0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
    let text = format!("{}.{}", encode(TestKey::Rsa.header()), encode(PAYLOAD));
    let digest = sha256(text.as_bytes());
    let info = [&SHA256[..], &digest].concat();
    let without_null = [&[0x30, 0x2f, 0x30, 0x0b][..], &SHA256[4..15], &[4, 0x20], &digest].concat();
    let mut sha512 = info.clone();
    sha512[14] = 3;
    let sha1 = [&[0x30, 0x29, 0x30, 9, 6, 5, 0x2b, 0x0e, 3, 2, 0x1a, 5, 0, 4, 0x20][..], &digest].concat();
    let long_form = [&[0x30, 0x81, 0x31][..], &info[2..]].concat();
    let parameters =
        [&[0x30, 0x35, 0x30, 0x11][..], &SHA256[4..15], &[4, 4, 1, 2, 3, 4, 4, 0x20], &digest].concat();
    // The short padding, and what fills the block behind the hash.
    let trailing = |garbage: u8| {
        let head = [&[0, 1][..], &[0xff; 8], &[0], &info].concat();
        [&head[..], &vec![garbage; 256 - head.len()]].concat()
    };
    let padded = |kind: u8, fill: u8, tail: &[u8]| {
        [&[0, kind][..], &vec![fill; 253 - tail.len()], &[0], tail].concat()
    };
    let mut broken_padding = padded(1, 0xff, &info);
    broken_padding[100] = 0xfe;
    let bleichenbacher = "CVE-2006-4339 (OpenSSL): Bleichenbacher's forgery";
    let rows: [(&str, &'static str, Vec<u8>); 14] = [
        ("RSA: garbage behind the hash", bleichenbacher, trailing(0x41)),
        ("RSA: zeros behind the hash", bleichenbacher, trailing(0)),
        ("RSA: length in long form", "CVE-2014-1568 (NSS): BERserk", padded(1, 0xff, &long_form)),
        ("RSA: parameters that nobody reads", "CVE-2018-16152 (strongSwan)", padded(1, 0xff, &parameters)),
        ("RSA: no NULL", "RFC 8017 §9.2 note 1", padded(1, 0xff, &without_null)),
        ("RSA: the hash without its name", "CVE-2022-24771 (node-forge)", padded(1, 0xff, &digest)),
        ("RSA: SHA-512 by name", "RFC 8017 §9.2", padded(1, 0xff, &sha512)),
        ("RSA: SHA-1 by name", "RFC 8017 §9.2", padded(1, 0xff, &sha1)),
        ("RSA: block type 2", "RFC 8017 §8.2.2", padded(2, 0xff, &info)),
        ("RSA: block type 0", "CVE-2021-30130 (phpseclib)", padded(0, 0xff, &info)),
        ("RSA: padding of zeros", "CVE-2021-30130 (phpseclib)", padded(1, 0, &info)),
        ("RSA: padding with a flaw", "Wycheproof rsa_signature: modified padding", broken_padding),
        (
            "RSA: the hash of another token",
            "RFC 8017 §8.2.2",
            padded(1, 0xff, &[&SHA256[..], &[7; 32]].concat()),
        ),
        (
            "RSA: two hashes",
            "CVE-2022-24772 (node-forge): tail",
            padded(1, 0xff, &[&info[..], &info].concat()),
        ),
    ];
    let mut attacks: Vec<Attack> = rows
        .into_iter()
        .map(|(name, source, block)| forged(&text, name, source, &raw_rsa(&block), BAD_SIGNATURE))
        .collect();
    // That these rows test the padding, and not this test's arithmetic:
    let right = raw_rsa(&padded(1, 0xff, &info));
    attacks.push(forged(&text, "RSA: the right block", "control", &right, Harmless));
    attacks
}

/// RSASSA-PSS (RFC 8017 §9.1.1) with salts, trailers and padding of another kind.
fn pss_blocks() -> Vec<Attack> {
    let text = format!("{}.{}", encode(r#"{"alg":"PS256","kid":"pss"}"#), encode(PAYLOAD));
    let digest = sha256(text.as_bytes());
    let block = |salt: &[u8], trailer: u8, separator: u8| {
        let hash = sha256(&[&[0; 8][..], &digest, salt].concat());
        let mut masked = [&vec![0; 222 - salt.len()][..], &[separator], salt].concat();
        let mask = (0_u32..).flat_map(|n| sha256(&[&hash[..], &n.to_be_bytes()].concat()));
        masked.iter_mut().zip(mask).for_each(|(byte, mask)| *byte ^= mask);
        masked[0] &= 0x7f;
        [&masked[..], &hash, &[trailer]].concat()
    };
    let salt_length = "RFC 7518 §3.5: the salt is as long as the hash";
    let mut top_bit = block(&[1; 32], 0xbc, 1);
    top_bit[0] |= 0x80;
    [
        ("PSS: the right block", "control", block(&[1; 32], 0xbc, 1), Harmless),
        ("PSS: no salt", salt_length, block(&[], 0xbc, 1), BAD_SIGNATURE),
        ("PSS: a salt of 20 bytes", salt_length, block(&[1; 20], 0xbc, 1), BAD_SIGNATURE),
        ("PSS: the longest salt", salt_length, block(&[1; 222], 0xbc, 1), BAD_SIGNATURE),
        ("PSS: trailer 0xcc", "RFC 8017 §9.1.2 step 4", block(&[1; 32], 0xcc, 1), BAD_SIGNATURE),
        ("PSS: separator 2", "RFC 8017 §9.1.2 step 10", block(&[1; 32], 0xbc, 2), BAD_SIGNATURE),
        ("PSS: top bit set", "RFC 8017 §9.1.2 step 6", top_bit, BAD_SIGNATURE),
    ]
    .into_iter()
    .map(|(name, source, block, expected)| forged(&text, name, source, &raw_rsa(&block), expected))
    .collect()
}

/// Signatures of no length, of any, and of another token.
fn lengths() -> Vec<Attack> {
    let mut attacks = Vec::new();
    for key in [TestKey::Rsa, TestKey::P256, TestKey::Ed25519, TestKey::Secret] {
        let (text, good) = taken_apart(key);
        let (_, other) =
            key.token(r#"{"uri":""}"#).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        let mut flipped = good.clone();
        flipped[good.len() / 2] ^= 1;
        let alg = key.alg();
        attacks.extend([
            bearing(
                format!("{alg}: no signature"),
                "CVE-2020-28042 (ServiceStack)",
                format!("{text}."),
                malformed(TokenFault::Segments),
            ),
            forged(
                &text,
                &format!("{alg}: one byte"),
                "CVE-2020-28042 (ServiceStack)",
                &good[..1],
                BAD_SIGNATURE,
            ),
            forged(
                &text,
                &format!("{alg}: half"),
                "CVE-2020-28042 (ServiceStack)",
                &good[..good.len() / 2],
                BAD_SIGNATURE,
            ),
            forged(
                &text,
                &format!("{alg}: twice"),
                "RFC 7515 §5.2",
                &[&good[..], &good].concat(),
                BAD_SIGNATURE,
            ),
            forged(&text, &format!("{alg}: a flipped bit"), "RFC 7515 §5.2", &flipped, BAD_SIGNATURE),
            bearing(
                format!("{alg}: of another token"),
                "RFC 7515 §5.2",
                format!("{text}.{other}"),
                BAD_SIGNATURE,
            ),
        ]);
    }
    attacks
}

fn private_key() -> rsa::PrivateKey {
    let pem = std::str::from_utf8(TestKey::Rsa.private()).unwrap();
    rsa::PrivateKey::from_pkcs8_pem(pem).unwrap()
}

/// The private operation on any block.
fn raw_rsa(block: &[u8]) -> Vec<u8> {
    let key = private_key();
    let base = BoxedUint::from_be_slice(block, 2048).unwrap();
    base.pow_mod(key.d(), key.n_params().modulus()).to_be_bytes().to_vec()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref().try_into().unwrap()
}

/// Big-endian; `None` when it does not fit.
fn add(one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let (mut sum, mut carry) = (vec![0; one.len()], 0);
    for at in (0..one.len()).rev() {
        let digit = u16::from(one[at]) + u16::from(other[at]) + carry;
        (sum[at], carry) = (digit.to_le_bytes()[0], digit >> 8);
    }
    (carry == 0).then_some(sum)
}

fn add_little_endian(one: &[u8], other: &[u8]) -> Vec<u8> {
    let turned = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
    turned(&add(&turned(one), &turned(other)).unwrap())
}

/// Big-endian, of two numbers as long as each other, the first not smaller.
fn subtract(one: &[u8], other: &[u8]) -> Vec<u8> {
    let complement: Vec<u8> = other.iter().map(|byte| !byte).collect();
    let (mut difference, mut carry) = (vec![0; one.len()], 1);
    for at in (0..one.len()).rev() {
        let digit = u16::from(one[at]) + u16::from(complement[at]) + carry;
        (difference[at], carry) = (digit.to_le_bytes()[0], digit >> 8);
    }
    difference
}
