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
mod tests;
