use serde::Deserialize;

/// The hash of a signature whose algorithm leaves the hash to the signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "signature_hash"))]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SignatureHash {
    /// SHA-1, for signers that know no other hash. Collisions can be computed (RFC 6194 §3.1), so a signer with SHA-1 must not sign text
    /// that others choose.
    Sha1,
    /// SHA-256.
    Sha256,
}

/// The digest of a message. Without the feature `aws-lc` none can be created.
pub(crate) struct MessageDigest {
    #[cfg(feature = "aws-lc")]
    hash: SignatureHash,
    #[cfg(feature = "aws-lc")]
    digest: aws_lc_rs::digest::Digest,
}

impl MessageDigest {
    /// Returns the digest of the text that `write` passes on piece by piece. Allocates nothing on Rust's heap.
    #[cfg(feature = "aws-lc")]
    #[expect(clippy::unnecessary_wraps, reason = "a build without aws-lc has no digests")]
    pub(crate) fn of(hash: SignatureHash, write: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Option<Self> {
        use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};

        let mut context = Context::new(match hash {
            SignatureHash::Sha1 => &SHA1_FOR_LEGACY_USE_ONLY,
            SignatureHash::Sha256 => &SHA256,
        });
        write(&mut |piece| context.update(piece));
        Some(Self { hash, digest: context.finish() })
    }

    /// Returns `None`.
    #[cfg(not(feature = "aws-lc"))]
    pub(crate) fn of(_: SignatureHash, _: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Option<Self> {
        None
    }

    /// Returns the hash that was used.
    #[cfg(feature = "aws-lc")]
    pub(crate) const fn hash(&self) -> SignatureHash {
        self.hash
    }

    /// Returns the bytes of the digest.
    #[cfg(feature = "aws-lc")]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.digest.as_ref()
    }

    #[cfg(feature = "aws-lc")]
    pub(super) const fn as_aws_lc(&self) -> &aws_lc_rs::digest::Digest {
        &self.digest
    }
}
