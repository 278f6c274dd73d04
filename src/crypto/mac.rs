use serde::Deserialize;

use super::link_hash::HashOutput;

/// The hash of an HMAC (RFC 2104).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "mac_hash"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum MacHash {
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-1, for systems that know no other hash. No forgery of an HMAC with SHA-1 is known (RFC 6194 §3.3).
    Sha1,
    /// MD5, for systems that know no other hash. No forgery of an HMAC with MD5 is known (RFC 6151 §2.3). It needs the feature
    /// `secure-link-md5`.
    Md5,
}

impl MacHash {
    /// Returns the length of the output in bytes.
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha1 => 20,
            Self::Md5 => 16,
        }
    }
}

/// A prepared key for HMACs with one hash. Its `Debug` output shows nothing of it.
#[derive(Clone)]
pub(crate) struct MacKey(Prepared);

#[derive(Clone)]
enum Prepared {
    #[cfg(feature = "aws-lc")]
    AwsLc(Box<aws_lc_rs::hmac::Key>),
    #[cfg(feature = "secure-link-md5")]
    Md5(hmac::Hmac<md5::Md5>),
}

impl MacKey {
    /// Prepares a key. Returns `None` if this build does not have the hash.
    #[cfg_attr(
        not(any(feature = "aws-lc", feature = "secure-link-md5")),
        expect(unused_variables, reason = "each back-end brings hashes")
    )]
    pub(crate) fn new(hash: MacHash, key: &[u8]) -> Option<Self> {
        match hash {
            #[cfg(feature = "aws-lc")]
            MacHash::Sha256 => Some(Self::aws_lc(aws_lc_rs::hmac::HMAC_SHA256, key)),
            #[cfg(feature = "aws-lc")]
            MacHash::Sha1 => Some(Self::aws_lc(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key)),
            #[cfg(not(feature = "aws-lc"))]
            MacHash::Sha256 | MacHash::Sha1 => None,
            #[cfg(feature = "secure-link-md5")]
            MacHash::Md5 => {
                use hmac::KeyInit as _;
                Some(Self(Prepared::Md5(hmac::Hmac::new_from_slice(key).ok()?)))
            }
            #[cfg(not(feature = "secure-link-md5"))]
            MacHash::Md5 => None,
        }
    }

    #[cfg(feature = "aws-lc")]
    fn aws_lc(algorithm: aws_lc_rs::hmac::Algorithm, key: &[u8]) -> Self {
        Self(Prepared::AwsLc(Box::new(aws_lc_rs::hmac::Key::new(algorithm, key))))
    }

    /// Returns the HMAC of the text that `write` passes on piece by piece. Allocates nothing on Rust's heap.
    #[cfg_attr(
        not(any(feature = "aws-lc", feature = "secure-link-md5")),
        expect(unused_variables, reason = "each back-end brings hashes")
    )]
    pub(crate) fn mac(&self, write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> HashOutput {
        match self.0 {
            #[cfg(feature = "aws-lc")]
            Prepared::AwsLc(ref key) => {
                let mut context = aws_lc_rs::hmac::Context::with_key(key);
                write(&mut |piece| context.update(piece));
                context.sign().as_ref().iter().copied().collect()
            }
            #[cfg(feature = "secure-link-md5")]
            Prepared::Md5(ref key) => {
                use hmac::Mac as _;
                let mut mac = key.clone();
                write(&mut |piece| mac.update(piece));
                HashOutput::from_iter(mac.finalize().into_bytes())
            }
        }
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MacKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(hash: MacHash, key: &[u8], pieces: &[&[u8]]) -> Option<String> {
        let output = MacKey::new(hash, key)?.mac(|write| pieces.iter().for_each(|piece| write(piece)));
        assert_eq!(output.len(), hash.len());
        Some(output.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}")))
    }

    /// The second and the sixth case of RFC 2202 and RFC 4231.
    #[test]
    fn macs_are_those_of_the_rfcs() {
        let (question, long): (&[&[u8]], &[&[u8]]) = (
            &[b"what do ya want ", b"for nothing?"],
            &[b"Test Using Larger Than Block-Size Key - ", b"Hash Key First"],
        );
        for (hash, key, pieces, expected) in [
            (MacHash::Md5, &b"Jefe"[..], question, "750c783e6ab0b503eaa86e310a5db738"),
            (MacHash::Md5, &[0xaa; 80], long, "6b1ab7fe4bd7bf8f0b62e6ce61b9d0cd"),
            (MacHash::Sha1, b"Jefe", question, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (MacHash::Sha1, &[0xaa; 80], long, "aa4ae5e15272d00e95705637ce8a3b55ed402112"),
            (
                MacHash::Sha256,
                b"Jefe",
                question,
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                MacHash::Sha256,
                &[0xaa; 131],
                long,
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ] {
            // A build without a hash has no key for it.
            assert!(mac(hash, key, pieces).is_none_or(|mac| mac == expected), "{hash:?}");
        }
    }
}
