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
    /// a link takes a second preimage, and no way to find one is known, but new systems should use another hash.
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
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
    }

    #[cfg(feature = "secure-link-md5")]
    #[test]
    fn md5_is_that_of_rfc_1321() {
        let digest = LinkHash::Md5.digest(b"", |write| {
            write(b"message");
            write(b" digest");
        });
        assert_eq!(hex(&digest), "f96b697d7cb7938d525a2f31aaf161d0");
        // Up to the length that is assembled, and longer.
        for (pieces, len) in [(8, 64), (9, 64), (1, 513), (40, 100)] {
            let text = vec![b'x'; pieces * len];
            let digest = LinkHash::Md5.digest(b"", |write| text.chunks(len).for_each(write));
            let whole = <md5::Md5 as md5::Digest>::digest(&text);
            assert_eq!(digest.as_slice(), whole.as_slice(), "{pieces} of {len}");
        }
    }

    #[cfg(feature = "aws-lc")]
    #[test]
    fn sha_256_is_that_of_fips_180_and_hmac_that_of_rfc_4231() {
        let digest = LinkHash::Sha256.digest(b"ignored", |write| write(b"abc"));
        assert_eq!(hex(&digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        let digest = LinkHash::HmacSha256.digest(b"Jefe", |write| {
            write(b"what do ya want ");
            write(b"for nothing?");
        });
        assert_eq!(hex(&digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
