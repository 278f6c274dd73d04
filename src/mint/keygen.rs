use rand::{
    SeedableRng,
    rngs::{StdRng, SysRng},
};
use rsa::RsaPrivateKey;
use rsa::pkcs1::{EncodeRsaPrivateKey, LineEnding};
use rsa::pkcs8::EncodePublicKey;

use super::MintError;
use crate::keys::RSA_BITS;

/// A new RSA signing key: the private half for the application that signs, the public half for the verifier.
///
/// The private half is shown by [`private_pem`](Self::private_pem) alone, and wiped when this is dropped.
pub struct NewKey {
    private: rsa::pkcs8::der::zeroize::Zeroizing<String>,
    public: String,
}

impl NewKey {
    /// Makes an RSA key of so many bits. 2048 takes a fraction of a second, 4096 some seconds.
    ///
    /// # Errors
    ///
    /// [`MintError::KeySize`] outside of 2048 to 8192; [`MintError::Random`] when the system gives no entropy.
    pub fn rsa(bits: usize) -> Result<Self, MintError> {
        if !RSA_BITS.contains(&bits) {
            return Err(MintError::KeySize { bits });
        }
        let mut random = StdRng::try_from_rng(&mut SysRng).map_err(|_| MintError::Random)?;
        let key = RsaPrivateKey::new(&mut random, bits).map_err(|_| MintError::KeySize { bits })?;
        let private = key.to_pkcs1_pem(LineEnding::LF).map_err(|_| MintError::KeySize { bits })?;
        let public =
            key.to_public_key().to_public_key_pem(LineEnding::LF).map_err(|_| MintError::KeySize { bits })?;
        Ok(Self { private, public })
    }

    /// The private half: PKCS#1 PEM, for [`Signer::from_pem`](super::Signer::from_pem).
    pub fn private_pem(&self) -> &str {
        &self.private
    }

    /// The public half: SPKI PEM, for [`Key::from_pem`](crate::Key::from_pem).
    pub fn public_pem(&self) -> &str {
        &self.public
    }
}

impl std::fmt::Debug for NewKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewKey").field("public", &self.public).finish_non_exhaustive()
    }
}
