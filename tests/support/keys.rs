use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use playgate::{Key, KeyScope};

/// The keys in `tests/support/keys`, and two secrets. Each has its own name as `kid`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TestKey {
    Rsa,
    RsaOther,
    P256,
    P256Other,
    Ed25519,
    Secret,
    SecretOther,
}

macro_rules! pem {
    ($name:literal) => {
        include_bytes!(concat!("keys/", $name, ".test", ".pem"))
    };
    (public $name:literal) => {
        include_bytes!(concat!("keys/", $name, ".test.pub", ".pem"))
    };
}

impl TestKey {
    pub(crate) const fn kid(self) -> &'static str {
        match self {
            Self::Rsa => "rsa",
            Self::RsaOther => "rsa-other",
            Self::P256 => "p256",
            Self::P256Other => "p256-other",
            Self::Ed25519 => "ed25519",
            Self::Secret => "secret",
            Self::SecretOther => "secret-other",
        }
    }

    /// The one algorithm that the key is good for.
    pub(crate) const fn algorithm(self) -> Algorithm {
        match self {
            Self::Rsa | Self::RsaOther => Algorithm::RS256,
            Self::P256 | Self::P256Other => Algorithm::ES256,
            Self::Ed25519 => Algorithm::EdDSA,
            Self::Secret | Self::SecretOther => Algorithm::HS256,
        }
    }

    pub(crate) const fn alg(self) -> &'static str {
        match self {
            Self::Rsa | Self::RsaOther => "RS256",
            Self::P256 | Self::P256Other => "ES256",
            Self::Ed25519 => "EdDSA",
            Self::Secret | Self::SecretOther => "HS256",
        }
    }

    /// What a verifier loads; the bytes of a secret, the public PEM of the others.
    pub(crate) const fn public(self) -> &'static [u8] {
        match self {
            Self::Rsa => pem!(public "rsa"),
            Self::RsaOther => pem!(public "rsa-other"),
            Self::P256 => pem!(public "p256"),
            Self::P256Other => pem!(public "p256-other"),
            Self::Ed25519 => pem!(public "ed25519"),
            Self::Secret => b"a test secret of thirty-two bytes",
            Self::SecretOther => b"the other one of thirty-two bytes",
        }
    }

    /// What an issuer signs with.
    pub(crate) const fn private(self) -> &'static [u8] {
        match self {
            Self::Rsa => pem!("rsa"),
            Self::RsaOther => pem!("rsa-other"),
            Self::P256 => pem!("p256"),
            Self::P256Other => pem!("p256-other"),
            Self::Ed25519 => pem!("ed25519"),
            Self::Secret | Self::SecretOther => self.public(),
        }
    }

    /// The key as a verifier has it.
    pub(crate) fn key(self, scope: KeyScope) -> Key {
        self.key_as(self.kid(), scope)
    }

    /// The key under another `kid`.
    pub(crate) fn key_as(self, kid: &str, scope: KeyScope) -> Key {
        match self {
            Self::Secret | Self::SecretOther => Key::from_secret(kid, self.public(), scope).unwrap(),
            _ => Key::from_pem(kid, self.public(), scope).unwrap(),
        }
    }

    /// A token as every issuer writes it.
    pub(crate) fn token(self, payload: &str) -> String {
        self.sign(&self.header(), payload)
    }

    pub(crate) fn header(self) -> String {
        format!(r#"{{"alg":"{}","kid":"{}","typ":"JWT"}}"#, self.alg(), self.kid())
    }

    /// A good signature over any header and any payload, JSON or not.
    pub(crate) fn sign(self, header: &str, payload: &str) -> String {
        self.sign_as(self.algorithm(), header, payload)
    }

    /// The same by another algorithm that the key could sign with.
    pub(crate) fn sign_as(self, algorithm: Algorithm, header: &str, payload: &str) -> String {
        self.sign_text(algorithm, &format!("{}.{}", encode(header), encode(payload)))
    }

    /// A good signature over two segments as they stand.
    pub(crate) fn sign_text(self, algorithm: Algorithm, segments: &str) -> String {
        let private = self.private();
        let key = match self {
            Self::Rsa | Self::RsaOther => EncodingKey::from_rsa_pem(private).unwrap(),
            Self::P256 | Self::P256Other => EncodingKey::from_ec_pem(private).unwrap(),
            Self::Ed25519 => EncodingKey::from_ed_pem(private).unwrap(),
            Self::Secret | Self::SecretOther => EncodingKey::from_secret(private).unwrap(),
        };
        let signature = jsonwebtoken::crypto::sign(segments.as_bytes(), &key, algorithm).unwrap();
        format!("{segments}.{signature}")
    }
}

/// Three segments, nothing signed.
pub(crate) fn compact(header: &str, payload: &str, signature: impl AsRef<[u8]>) -> String {
    format!("{}.{}.{}", encode(header), encode(payload), encode(signature))
}

/// Unpadded base64url.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}
