use std::ops::RangeInclusive;

use crate::error::ConfigError;

/// The sizes of RSA keys that are accepted, in bits. A key of 8192 bits already takes 13 times the work of 2048.
pub const RSA_BITS: RangeInclusive<usize> = 2048..=8192;

/// Refuses a weak or absurd RSA key by its big-endian modulus and exponent.
pub(super) fn check_rsa(kid: &str, modulus: &[u8], exponent: &[u8]) -> Result<(), ConfigError> {
    let bits = bit_length(modulus);
    if !RSA_BITS.contains(&bits) {
        return Err(ConfigError::RsaSize { kid: kid.to_owned(), bits });
    }
    let odd = |number: &[u8]| number.last().is_some_and(|byte| byte % 2 == 1);
    // Odd, at least 3, at most 33 bits (which is what AWS-LC takes).
    if !odd(modulus) || !odd(exponent) || !(2..=33).contains(&bit_length(exponent)) {
        return Err(ConfigError::RsaExponent { kid: kid.to_owned() });
    }
    Ok(())
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
