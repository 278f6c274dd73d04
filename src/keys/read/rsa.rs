use std::ops::RangeInclusive;

use crate::error::ConfigError;

/// The accepted sizes of RSA keys, in bits. A key of 8192 bits takes 13 times the work of a key of 2048 bits.
pub const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// Rejects a weak or absurd RSA key, given its big-endian modulus and exponent.
pub(super) fn check_rsa(kid: &str, modulus: &[u8], exponent: &[u8]) -> Result<(), ConfigError> {
    let bits = bit_length(modulus);
    if !RSA_BITS.contains(&bits) {
        return Err(ConfigError::RsaSize { kid: kid.to_owned(), bits });
    }
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    // Odd, at least 3, at most 33 bits (the limits of AWS-LC).
    if !odd(modulus) || !odd(exponent) || !(2..=33).contains(&bit_length(exponent)) {
        return Err(ConfigError::RsaExponent { kid: kid.to_owned() });
    }
    if has_roca_fingerprint(modulus) {
        return Err(ConfigError::RsaFingerprint { kid: kid.to_owned() });
    }
    Ok(())
}

/// The odd primes up to 167 whose residues 65537 does not all generate. Only these distinguish moduli of ROCA from others. The
/// most distinctive come first, so that nearly every other modulus is done after the first group.
///
/// The product of a group fits into 32 bits.
const ROCA_PRIMES: [&[u64]; 4] =
    [&[97, 37, 79, 11, 61, 13], &[73, 127, 151, 17, 19], &[53, 71, 103, 107], &[109, 157]];

/// Returns whether a big-endian modulus has the fingerprint of ROCA (CVE-2017-15361), whose private keys can be computed.
///
/// The faulty library made primes `k * M + (65537^a mod M)`, where M is the product of the first primes. So the modulus is a
/// power of 65537 modulo each prime up to 167 (M. Nemec et al., "The Return of Coppersmith's Attack", CCS 2017, §2.2). The public
/// test of the authors, `roca-detect`, compares the same residues. One in 2^27 other moduli has the fingerprint.
fn has_roca_fingerprint(modulus: &[u8]) -> bool {
    let (head, words) = modulus.as_rchunks::<4>();
    ROCA_PRIMES.iter().all(|primes| {
        let product: u64 = primes.iter().product();
        let step =
            |residue: u64, word: u64| ((residue << 32) | word).checked_rem(product).unwrap_or_default();
        let head = head.iter().fold(0, |number, byte| (number << 8) | u64::from(*byte));
        let words = words.iter().map(|word| u64::from(u32::from_be_bytes(*word)));
        let residue = words.fold(step(0, head), step);
        primes.iter().all(|prime| is_power_of_65537(residue, *prime))
    })
}

/// Returns whether a number is a power of 65537 modulo a small prime.
fn is_power_of_65537(number: u64, prime: u64) -> bool {
    let modulo = |number: u64| number.checked_rem(prime).unwrap_or_default();
    let wanted = modulo(number);
    let mut power = 1;
    for _ in 0..prime {
        if power == wanted {
            return true;
        }
        power = modulo(power.saturating_mul(65537));
    }
    false
}

fn bit_length(number: &[u8]) -> usize {
    let mut significant = number.iter().skip_while(|byte| **byte == 0);
    match significant.next() {
        None => 0,
        Some(first) => {
            let top = 8_usize.saturating_sub(first.leading_zeros() as usize);
            significant.count().saturating_mul(8).saturating_add(top)
        }
    }
}

#[cfg(test)]
mod tests;
