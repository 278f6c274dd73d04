//! The request that benches decide, and the one thing that its decision cannot do without.

use std::hint::black_box;

use aws_lc_rs::hmac;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, VerificationAlgorithm,
};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use http::Request;
use playgate::mint::Signer;
use playgate::schemes::Carrier;
use playgate::time::UnixSeconds;
use playgate::{Scope, Site};

use crate::fixtures::SECRET;

/// So late that peers, which read the system's clock, agree.
pub(crate) const EXP: UnixSeconds = UnixSeconds::new(4_102_444_800);
pub(crate) const KID: &str = "0b1e4e52-7a0c-4d4b-9f5d-2f1f8a2c6d3e";
pub(crate) const HOST: &str = "cdn.example.com";
pub(crate) const PATH: &str = "/videos/8f14e45f/720p/segment-00042.ts";

pub(crate) fn token(signer: &Signer, exp: UnixSeconds) -> String {
    let draft = signer.token(Scope::folder("videos/8f14e45f").unwrap());
    draft.not_before(UnixSeconds::new(1_700_000_000)).expires_at(exp).sign().unwrap().as_str().to_owned()
}

pub(crate) fn site() -> Site {
    Site::bucket("courses").host(HOST).carriers([Carrier::Query, Carrier::Bearer, Carrier::Cookie])
}

pub(crate) fn get(token: &str) -> Request<()> {
    Request::get(format!("{PATH}?auth={token}")).header("host", HOST).body(()).unwrap()
}

/// Is that token's signature good? Everything around the question is done beforehand.
pub(crate) fn signature_alone(algorithm: &str, public_pem: &str, token: &str) -> Box<dyn Fn() -> bool> {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let (input, signature) = (input.to_owned(), BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap());
    let scheme: &'static dyn VerificationAlgorithm = match algorithm {
        "RS256" => &RSA_PKCS1_2048_8192_SHA256,
        "ES256" => &ECDSA_P256_SHA256_FIXED,
        "EdDSA" => &ED25519,
        _ => {
            assert_eq!(algorithm, "HS256");
            let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
            return Box::new(move || hmac::verify(&key, black_box(input.as_bytes()), &signature).is_ok());
        }
    };
    let key = ParsedPublicKey::new(scheme, pem::parse(public_pem).unwrap().contents()).unwrap();
    Box::new(move || key.verify_sig(black_box(input.as_bytes()), &signature).is_ok())
}
