//! Many tokens at little cost, and how often one of them was checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use playgate::crypto::{Algorithm, BadSignature, SignatureCheck};
use playgate::internals::danger::key_checked_by;
use playgate::{Key, KeyScope};
use sha2::{Digest as _, Sha256};

/// A signature check that counts how often it is asked.
struct Counting(Arc<AtomicUsize>);

impl SignatureCheck for Counting {
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature> {
        self.0.fetch_add(1, Ordering::Relaxed);
        if *Sha256::digest(message) == *signature { Ok(()) } else { Err(BadSignature) }
    }
}

/// The key of tokens that [`token`] makes.
pub(crate) fn key(kid: &str, bucket: &str, asked: &Arc<AtomicUsize>) -> Key {
    let check = Counting(Arc::clone(asked));
    key_checked_by(kid, Algorithm::Hs256, KeyScope::bucket(bucket), check).unwrap()
}

/// The token of a viewer, for all of its key's bucket.
pub(crate) fn token(kid: &str, viewer: usize) -> String {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let header = format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#);
    let payload = format!(r#"{{"exp":4102444800,"sub":"viewer-{viewer:07}","uri":""}}"#);
    let input = format!("{}.{}", encode(header.as_bytes()), encode(payload.as_bytes()));
    format!("{input}.{}", encode(&Sha256::digest(&input)))
}
