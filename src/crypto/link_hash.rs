use arrayvec::ArrayVec;

/// The maximum length of a [`LinkHash`] output, in bytes.
pub(crate) const MAX_HASH_LEN: usize = 32;

/// The output of a [`LinkHash`]. It is the valid proof of a link, so it must never be shown.
pub(crate) type HashOutput = ArrayVec<u8, MAX_HASH_LEN>;

/// The hash of a secure link's proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkHash {
    /// MD5 (RFC 1321) over a text that contains the secret, as used by nginx and many CDNs. It is broken for signatures. Forging
    /// a link requires a second preimage, and no way to find one is known, but new systems should use another hash.
    #[cfg(feature = "secure-link-md5")]
    Md5,
    /// SHA-256 over a text that contains the secret.
    #[cfg(feature = "aws-lc")]
    Sha256,
    /// HMAC-SHA-256 (RFC 2104) over a text, with the secret as its key.
    #[cfg(feature = "aws-lc")]
    HmacSha256,
}

impl LinkHash {
    /// Returns the name in configurations.
    pub const fn name(self) -> &'static str {
        match self {
            #[cfg(feature = "secure-link-md5")]
            Self::Md5 => "md5",
            #[cfg(feature = "aws-lc")]
            Self::Sha256 => "sha256",
            #[cfg(feature = "aws-lc")]
            Self::HmacSha256 => "hmac-sha256",
        }
    }

    /// Returns the length of the output in bytes.
    pub(crate) const fn len(self) -> usize {
        match self {
            #[cfg(feature = "secure-link-md5")]
            Self::Md5 => 16,
            #[cfg(feature = "aws-lc")]
            Self::Sha256 | Self::HmacSha256 => 32,
        }
    }

    /// Returns whether the secret is a separate key, and not part of the text.
    pub(crate) const fn is_keyed(self) -> bool {
        match self {
            #[cfg(feature = "secure-link-md5")]
            Self::Md5 => false,
            #[cfg(feature = "aws-lc")]
            Self::Sha256 => false,
            #[cfg(feature = "aws-lc")]
            Self::HmacSha256 => true,
        }
    }

    /// Returns the hash of the text that `write` passes on piece by piece. Allocates nothing on Rust's heap.
    #[cfg_attr(not(feature = "aws-lc"), expect(unused_variables, reason = "each back-end brings hashes"))]
    pub(crate) fn digest(self, secret: &[u8], write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> HashOutput {
        match self {
            #[cfg(feature = "secure-link-md5")]
            Self::Md5 => md5_of(write),
            #[cfg(feature = "aws-lc")]
            Self::Sha256 => {
                let mut context = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
                write(&mut |piece| context.update(piece));
                context.finish().as_ref().iter().copied().collect()
            }
            #[cfg(feature = "aws-lc")]
            Self::HmacSha256 => {
                let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
                let mut context = aws_lc_rs::hmac::Context::with_key(&key);
                write(&mut |piece| context.update(piece));
                context.sign().as_ref().iter().copied().collect()
            }
        }
    }
}

/// Returns the MD5 of the text that `write` passes on. A short text, as most are, is assembled first and hashed in one call,
/// which is faster.
#[cfg(feature = "secure-link-md5")]
fn md5_of(write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> HashOutput {
    use md5::{Digest as _, Md5};
    let mut text = ArrayVec::<u8, 512>::new();
    let mut long: Option<Md5> = None;
    write(&mut |piece| match &mut long {
        Some(context) => context.update(piece),
        None if text.try_extend_from_slice(piece).is_ok() => {}
        None => long = Some(Md5::new().chain_update(&text).chain_update(piece)),
    });
    HashOutput::from_iter(long.map_or_else(|| Md5::digest(&text), Md5::finalize))
}

/// Returns whether both are the same bytes. The time it takes reveals only their lengths.
pub(crate) fn same_secret(one: &[u8], other: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(one, other).into()
}

#[cfg(test)]
mod tests;
