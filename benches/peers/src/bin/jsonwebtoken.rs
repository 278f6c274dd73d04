//! `jsonwebtoken`, with the back-end that is its feature.

#[path = "../../../child/mod.rs"]
mod child;

use std::hint::black_box;

use child::{Check, Task};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

#[derive(serde::Deserialize)]
struct Claims {
    uri: String,
}

fn main() {
    child::serve(prepare);
}

fn prepare(task: &Task, token: &str) -> Option<Check> {
    let pem = task.pem.as_bytes();
    let (algorithm, key) = match task.algorithm.as_str() {
        "RS256" => (Algorithm::RS256, DecodingKey::from_rsa_pem(pem).unwrap()),
        "ES256" => (Algorithm::ES256, DecodingKey::from_ec_pem(pem).unwrap()),
        "EdDSA" => (Algorithm::EdDSA, DecodingKey::from_ed_pem(pem).unwrap()),
        "HS256" => (Algorithm::HS256, DecodingKey::from_secret(&task.bare).unwrap()),
        _ => return None,
    };
    let mut validation = Validation::new(algorithm);
    validation.validate_nbf = true;
    validation.leeway = 0;
    let (token, uri) = (token.to_owned(), task.uri.clone());
    Some(Box::new(move || {
        decode::<Claims>(black_box(&token), &key, &validation).is_ok_and(|decoded| decoded.claims.uri == uri)
    }))
}
