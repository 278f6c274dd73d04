use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm as JwsAlgorithm, EncodingKey};
use playgate::crypto::Algorithm;
use playgate::schemes::cloudfront::CloudFrontSigner;
use playgate::{Key, KeyScope};

use super::TestKey;

/// The key as CloudFront's, with its own name as the id.
pub(crate) fn cloudfront_key(key: TestKey, scope: KeyScope) -> Key {
    let algorithm = match key {
        TestKey::Rsa | TestKey::RsaOther => Algorithm::CloudFrontRsa,
        TestKey::P256 | TestKey::P256Other => Algorithm::CloudFrontP256,
        TestKey::Ed25519 | TestKey::Secret | TestKey::SecretOther => panic!("CloudFront has no such keys"),
    };
    Key::from_pem_for(algorithm, key.kid(), key.public(), scope).unwrap()
}

pub(crate) fn cloudfront_signer(key: TestKey) -> CloudFrontSigner {
    CloudFrontSigner::from_pem(key.kid(), key.private()).unwrap()
}

/// Standard base64 with `-`, `~` and `_` in place of `+`, `/` and `=`.
fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_STANDARD.encode(bytes).replace('+', "-").replace('/', "~").replace('=', "_")
}

/// The signature of any text by the RSA key, with SHA-256.
pub(crate) fn cloudfront_signature(text: impl AsRef<[u8]>) -> String {
    let key = EncodingKey::from_rsa_pem(TestKey::Rsa.private()).unwrap();
    let signature = jsonwebtoken::crypto::sign(text.as_ref(), &key, JwsAlgorithm::RS256).unwrap();
    encode(BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap())
}

/// The query of a custom policy of any text, signed by the RSA key.
pub(crate) fn cloudfront_query(policy: impl AsRef<[u8]>) -> String {
    let (text, signature) = (encode(&policy), cloudfront_signature(&policy));
    format!("Policy={text}&Signature={signature}&Key-Pair-Id=rsa&Hash-Algorithm=SHA256")
}

/// Signatures with SHA-1, made by `openssl dgst -sha1 -sign`: of the canned policy of
/// `https://cdn.example.com/videos/1/a.ts`, which expires at `NOW + 60`.
pub(crate) const CLOUDFRONT_SHA1: [(TestKey, &str); 2] = [
    (
        TestKey::Rsa,
        "O5-srdUFXq8hMB-Nv1-pSTVR~UfwOdKKQevkdGRsZiTR1SYMGPBYZ9026xPzG0X3hJhrDG0cAkhpqp6~CF8URDWK61MrSqlmYNEOuDAM55p1~DvLnFdx2q7tyokz2LgX\
         kvRB75LL5-hBESoqxyoT49EB9LSswkKVQbbqh16JJTtuV6D0yJdhgNIX8u5TnaZEhrfbfz~ZuSj56Qm6uEMs8YGOLHUh0mFdBHdDpD5iZ3ArlwX8n~AA69nckhjzAWq2\
         FXI3AJMWTAw9jzzA0NIEkFti-0nX6WktJj~af6M2jpM7o01OGvHD4C68GELI3zlFi0qnVuRDmmXhM0c28RXmyw__",
    ),
    (
        TestKey::P256,
        "MEUCIQDSefjHh~sQfDU5n0yMwLNnpJqgvrsKc-jPNSDmr4Rg8QIgVTJXqgpJImnGRofSguFH5QJodCxZjHcA0zSg7bQ0b1A_",
    ),
];
