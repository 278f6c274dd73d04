//! Signature algorithms: those of JWS, by their registered names, and those of other schemes.

use std::fmt;

/// The only algorithm of a key. Most are JWS signature algorithms (RFC 7518 §3.1, RFC 8037 §3.1). A key with any other algorithm
/// belongs to another scheme, and never verifies a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256; keys of 2048 to 8192 bits.
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    Rs512,
    /// RSASSA-PSS with SHA-256, and a salt as long as the hash; keys of 2048 to 8192 bits.
    Ps256,
    /// RSASSA-PSS with SHA-384.
    Ps384,
    /// RSASSA-PSS with SHA-512.
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// ECDSA on P-384 with SHA-384.
    Es384,
    /// EdDSA on Ed25519.
    EdDsa,
    /// HMAC with SHA-256; secrets of at least 32 bytes.
    Hs256,
    /// HMAC with SHA-384; secrets of at least 48 bytes.
    Hs384,
    /// HMAC with SHA-512; secrets of at least 64 bytes.
    Hs512,
    /// RSASSA-PKCS1-v1_5 for [CloudFront](crate::schemes::cloudfront), with SHA-1 or SHA-256 as the URL states; keys of 2048 to 8192
    /// bits.
    CloudFrontRsa,
    /// ECDSA on P-256 for [CloudFront](crate::schemes::cloudfront), with SHA-1 or SHA-256 as the URL states, and signatures in ASN.1.
    CloudFrontP256,
}

impl Algorithm {
    /// The algorithms of JWS, the most common first.
    pub const JWS: &[Self] = &[
        Self::Rs256,
        Self::Es256,
        Self::EdDsa,
        Self::Hs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es384,
        Self::Hs384,
        Self::Hs512,
    ];

    /// The algorithms of other schemes.
    pub const OTHER: &[Self] = &[Self::CloudFrontRsa, Self::CloudFrontP256];

    /// Returns the name. For a JWS algorithm it is the registered name, the value of `alg`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Rs512 => "RS512",
            Self::Ps256 => "PS256",
            Self::Ps384 => "PS384",
            Self::Ps512 => "PS512",
            Self::Es256 => "ES256",
            Self::Es384 => "ES384",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Hs384 => "HS384",
            Self::Hs512 => "HS512",
            Self::CloudFrontRsa => "cloudfront-rsa",
            Self::CloudFrontP256 => "cloudfront-p256",
        }
    }

    /// Returns the algorithm with this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::JWS.iter().chain(Self::OTHER).copied().find(|algorithm| algorithm.name() == name)
    }

    /// Returns the JWS algorithm with this registered name.
    pub fn of_jws_name(name: &str) -> Option<Self> {
        Self::JWS.iter().copied().find(|algorithm| algorithm.name() == name)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
