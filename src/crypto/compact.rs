//! The compact form in which public keys are kept until they are used.

use arrayvec::ArrayVec;

use super::algorithm::Algorithm;
use super::aws_lc::{KeyRejected, PublicKey, parsed, parsed_rsa};
use super::digest::SignatureHash;
use super::kind::KeyKind;

/// The maximum length of a compact key, in bytes: an RSA modulus of 8192 bits, its exponent of 33 bits, and one byte for the
/// length of the exponent.
const MAX_COMPACT_LEN: usize = 1 + 5 + 1024;

/// A public key in as few bytes as identify it. Its algorithm is kept elsewhere.
///
/// For RSA these are the length of the exponent, the exponent and the modulus. For other keys, they are the bytes that were read.
#[derive(Clone)]
pub(crate) struct CompactKey(ArrayVec<u8, MAX_COMPACT_LEN>);

impl CompactKey {
    /// Creates a compact key other than RSA. The key is prepared once, to check that AWS-LC accepts it.
    pub(super) fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, KeyRejected> {
        parsed(algorithm, SignatureHash::Sha256, key)?;
        ArrayVec::try_from(key).map(Self).map_err(|_| KeyRejected)
    }

    /// Creates a compact RSA key from modulus and exponent, big-endian and without leading zeros.
    ///
    /// AWS-LC accepts the key if both are odd and the exponent is above 1 and has at most 33 bits. These checks compute
    /// nothing, so a million keys are loaded in a second.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyRejected> {
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
        let is_number = |number: &[u8]| number.first().is_some_and(|byte| *byte != 0);
        let in_range = match exponent {
            [small] => *small > 1,
            [top, _, _, _, _] => *top == 1,
            _ => exponent.len() < 5,
        };
        if ![modulus, exponent].iter().all(|number| is_number(number) && is_odd(number)) || !in_range {
            return Err(KeyRejected);
        }
        let mut compact = ArrayVec::new();
        compact.try_push(u8::try_from(exponent.len()).map_err(|_| KeyRejected)?).map_err(|_| KeyRejected)?;
        for number in [exponent, modulus] {
            compact.try_extend_from_slice(number).map_err(|_| KeyRejected)?;
        }
        Ok(Self(compact))
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Prepares the bytes of a [`CompactKey`] to check signatures. This takes 2 to 4 us, and 2 kB of memory after the first check.
pub(super) fn prepare(
    algorithm: Algorithm,
    hash: SignatureHash,
    compact: &[u8],
) -> Result<PublicKey, KeyRejected> {
    if algorithm.key_kind() != KeyKind::Rsa {
        return parsed(algorithm, hash, compact);
    }
    let (exponent_len, numbers) = compact.split_first().ok_or(KeyRejected)?;
    let (exponent, modulus) = numbers.split_at_checked(usize::from(*exponent_len)).ok_or(KeyRejected)?;
    parsed_rsa(algorithm, hash, modulus, exponent)
}
