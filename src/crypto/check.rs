//! The interface to the cryptographic library: checks one signature.

/// The maximum length of a signature, in bytes: RSA with 8192 bits.
pub const MAX_SIGNATURE_LEN: usize = 1024;

/// The error of a failed check. It carries no reason, because a reason would help only an attacker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadSignature;

/// A prepared public key or secret that checks signatures of one algorithm.
///
/// Implementations compare secrets in constant time, allocate nothing on Rust's heap and never block.
pub trait SignatureCheck: Send + Sync {
    /// Checks that `signature` is a valid signature of `message`.
    ///
    /// # Errors
    ///
    /// Returns [`BadSignature`] for any other signature, including one of the wrong length.
    fn check(&self, message: &[u8], signature: &[u8]) -> Result<(), BadSignature>;
}
