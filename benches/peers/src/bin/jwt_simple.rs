//! `jwt-simple`, with the back-end that is its feature.

#[path = "../../../child/mod.rs"]
mod child;

use std::hint::black_box;

use child::{Check, Task};
use jwt_simple::Error;
use jwt_simple::prelude::{
    Duration, ECDSAP256PublicKeyLike as _, ES256PublicKey, Ed25519PublicKey, EdDSAPublicKeyLike as _,
    HS256Key, JWTClaims, MACLike as _, RS256PublicKey, RSAPublicKeyLike as _, VerificationOptions,
};

#[derive(serde::Serialize, serde::Deserialize)]
struct Claims {
    uri: String,
}

fn main() {
    child::serve(prepare);
}

fn prepare(task: &Task, token: &str) -> Option<Check> {
    let pem = task.pem.as_str();
    Some(match task.algorithm.as_str() {
        "RS256" => {
            let key = RS256PublicKey::from_pem(pem).unwrap();
            check(task, token, move |token, options| key.verify_token(token, options))
        }
        "ES256" => {
            let key = ES256PublicKey::from_pem(pem).unwrap();
            check(task, token, move |token, options| key.verify_token(token, options))
        }
        "EdDSA" => {
            let key = Ed25519PublicKey::from_pem(pem).unwrap();
            check(task, token, move |token, options| key.verify_token(token, options))
        }
        "HS256" => {
            let key = HS256Key::from_bytes(&task.bare);
            check(task, token, move |token, options| key.verify_token(token, options))
        }
        _ => return None,
    })
}

fn check(
    task: &Task,
    token: &str,
    verify: impl Fn(&str, Option<VerificationOptions>) -> Result<JWTClaims<Claims>, Error> + 'static,
) -> Check {
    let (token, uri) = (token.to_owned(), task.uri.clone());
    Box::new(move || {
        let options = VerificationOptions {
            time_tolerance: Some(Duration::from_secs(0)),
            ..VerificationOptions::default()
        };
        verify(black_box(&token), Some(options)).is_ok_and(|claims| claims.custom.uri == uri)
    })
}
