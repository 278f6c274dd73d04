//! Parses key documents: PEM, DER, JWK, JWK Sets and plain secrets.

mod der;
mod jwk;
mod pem;
mod rsa;
mod secret;

pub use jwk::Jwks;
#[cfg(feature = "config")]
pub(in crate::keys) use jwk::{MAX_JWKS_LEN, MAX_KEYS};
#[cfg(feature = "mint")]
pub(crate) use pem::{algorithm_for, private_key_der};
pub use rsa::RSA_BITS;
pub use secret::MIN_SECRET_LEN;
