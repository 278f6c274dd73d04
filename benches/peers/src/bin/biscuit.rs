//! `biscuit`, which stands on ring and knows no `EdDSA`.

#[path = "../../../child/mod.rs"]
mod child;

use std::hint::black_box;

use biscuit::jwa::SignatureAlgorithm;
use biscuit::jws::Secret;
use biscuit::{Empty, JWT, ValidationOptions};
use child::{Check, Task};

#[derive(serde::Serialize, serde::Deserialize)]
struct Claims {
    uri: String,
}

fn main() {
    child::serve(prepare);
}

fn prepare(task: &Task, token: &str) -> Option<Check> {
    let bare = task.bare.clone();
    let (algorithm, key) = match task.algorithm.as_str() {
        "RS256" => (SignatureAlgorithm::RS256, Secret::PublicKey(bare)),
        "ES256" => (SignatureAlgorithm::ES256, Secret::PublicKey(bare)),
        "HS256" => (SignatureAlgorithm::HS256, Secret::Bytes(bare)),
        _ => return None,
    };
    let (token, uri) = (token.to_owned(), task.uri.clone());
    Some(Box::new(move || {
        let Ok(decoded) = JWT::<Claims, Empty>::new_encoded(black_box(&token)).into_decoded(&key, algorithm)
        else {
            return false;
        };
        // It checks `exp` and `nbf`, without leeway.
        decoded.validate(ValidationOptions::default()).is_ok()
            && decoded.payload().is_ok_and(|claims| claims.private.uri == uri)
    }))
}
