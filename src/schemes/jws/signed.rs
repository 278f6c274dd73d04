use super::claims::Claims;
use super::compact::Token;
use crate::crypto::{BadSignature, MAX_SIGNATURE_LEN};
use crate::error::Denial;
use crate::keys::Key;

/// A token with a valid signature. Only this type gives access to trustworthy claims.
///
/// Only a signature check creates a value of this type. A verifier may remember the result of such a check.
///
/// ```compile_fail,E0451
/// use playgate::schemes::jws::Signed;
/// fn unreachable<T>() -> T { loop {} }
/// fn forge() -> Signed<'static> {
///     Signed { claims: unreachable(), text: b"" }
/// }
/// ```
///
/// ```
/// use playgate::schemes::jws::Signed;
/// fn read(signed: Signed<'_>) -> bool {
///     signed.claims().has("plan", "gold")
/// }
/// ```
#[derive(Clone, Copy)]
pub struct Signed<'t> {
    claims: Claims<'t>,
    text: &'t [u8],
}

impl<'t> Signed<'t> {
    /// Returns the claims.
    pub const fn claims(&self) -> &Claims<'t> {
        &self.claims
    }

    /// Returns the text of the token.
    pub(crate) const fn text(&self) -> &'t [u8] {
        self.text
    }

    /// Restores a token that a signature check created and a memo kept.
    pub(super) const fn recalled(text: &'t [u8], claims: Claims<'t>) -> Self {
        Self { claims, text }
    }
}

impl std::fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signed").field(&self.claims).finish() // its text is a secret
    }
}

/// A token and the key that it names, once their algorithms agree.
#[derive(Clone, Copy, Debug)]
pub struct KeyedToken<'t, 'k> {
    token: Token<'t>,
    key: &'k Key,
}

impl<'t> Token<'t> {
    /// Pairs the token with a key. The key, not the token, determines the algorithm (RFC 8725 §3.1).
    ///
    /// The `kid`, the scope and the dates are not checked.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::WrongAlgorithm`] if the header names an algorithm other than the key's.
    pub fn with_key<'k>(&self, key: &'k Key) -> Result<KeyedToken<'t, 'k>, Denial> {
        self.header().must_agree(key.algorithm())?;
        Ok(KeyedToken { token: *self, key })
    }
}

impl<'t> KeyedToken<'t, '_> {
    /// Verifies the signature.
    ///
    /// # Errors
    ///
    /// Returns [`Denial::BadSignature`].
    pub fn verify(&self) -> Result<Signed<'t>, Denial> {
        let Self { token, key } = self;
        let (signing_input, signature) = token.signed_parts();
        if signature.len() > MAX_SIGNATURE_LEN {
            return Err(Denial::BadSignature);
        }
        crate::work::visited(signing_input.len());
        match key.verify(signing_input, signature) {
            Ok(()) => Ok(Signed { claims: *token.unverified(), text: token.text() }),
            Err(BadSignature) => Err(Denial::BadSignature),
        }
    }
}
