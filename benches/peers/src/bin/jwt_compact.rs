//! `jwt-compact`, with the pure Rust back-ends that it names first.

#[path = "../../../child/mod.rs"]
mod child;

use std::hint::black_box;

use child::{Check, Task};
use jwt_compact::alg::{Ed25519, Es256, Hs256, Hs256Key, Rsa, VerifyingKey};
use jwt_compact::prelude::{TimeOptions, UntrustedToken};
use jwt_compact::{Algorithm, AlgorithmExt as _};
use rsa::RsaPublicKey;
use rsa::pkcs1::DecodeRsaPublicKey as _;

#[derive(serde::Deserialize)]
struct Claims {
    uri: String,
}

fn main() {
    child::serve(prepare);
}

fn prepare(task: &Task, token: &str) -> Option<Check> {
    let bare = task.bare.as_slice();
    Some(match task.algorithm.as_str() {
        "RS256" => check(task, token, Rsa::rs256(), RsaPublicKey::from_pkcs1_der(bare).unwrap()),
        "ES256" => check(task, token, Es256, VerifyingKey::<Es256>::from_slice(bare).unwrap()),
        "EdDSA" => check(task, token, Ed25519, VerifyingKey::<Ed25519>::from_slice(bare).unwrap()),
        "HS256" => check(task, token, Hs256, Hs256Key::new(bare)),
        _ => return None,
    })
}

fn check<A: Algorithm + 'static>(task: &Task, token: &str, algorithm: A, key: A::VerifyingKey) -> Check
where
    A::VerifyingKey: 'static,
{
    let (token, uri) = (token.to_owned(), task.uri.clone());
    let times = TimeOptions::from_leeway(chrono::Duration::zero());
    Box::new(move || {
        let Ok(untrusted) = UntrustedToken::new(black_box(&token)) else { return false };
        let Ok(token) = algorithm.validator::<Claims>(&key).validate(&untrusted) else { return false };
        let claims = token.claims();
        claims.validate_expiration(&times).is_ok()
            && claims.validate_maturity(&times).is_ok()
            && claims.custom.uri == uri
    })
}
