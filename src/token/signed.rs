use super::claims::Claims;
use super::compact::Token;
use crate::crypto::{Algorithm, BadSignature, MAX_SIGNATURE_LEN};
use crate::error::Denial;

/// A token whose signature fits: only here are claims to be believed.
///
/// There is no other way to make one than a signature check; a verifier remembers what such a check has found.
///
/// ```compile_fail,E0451
/// use playgate::token::Signed;
/// fn unreachable<T>() -> T { loop {} }
/// fn forge() -> Signed<'static> {
///     Signed { claims: unreachable(), text: b"" }
/// }
/// ```
///
/// ```
/// use playgate::token::Signed;
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
    /// The claims.
    pub const fn claims(&self) -> &Claims<'t> {
        &self.claims
    }

    /// The token itself.
    pub(crate) const fn text(&self) -> &'t [u8] {
        self.text
    }

    /// One that was made by a signature check, and kept.
    pub(super) const fn recalled(text: &'t [u8], claims: Claims<'t>) -> Self {
        Self { claims, text }
    }
}

impl std::fmt::Debug for Signed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signed").field(&self.claims).finish() // its text is a secret
    }
}

impl<'t> Token<'t> {
    /// Checks the signature as the key that the header named does it: for its one algorithm, and of what was signed.
    pub(crate) fn check(
        &self,
        algorithm: Algorithm,
        check: impl FnOnce(&[u8], &[u8]) -> Result<(), BadSignature>,
    ) -> Result<Signed<'t>, Denial> {
        self.header().must_agree(algorithm)?;
        let (signing_input, signature) = self.signed_parts();
        if signature.len() > MAX_SIGNATURE_LEN {
            return Err(Denial::BadSignature);
        }
        crate::work::visited(signing_input.len());
        match check(signing_input, signature) {
            Ok(()) => Ok(Signed { claims: *self.unverified(), text: self.text() }),
            Err(BadSignature) => Err(Denial::BadSignature),
        }
    }
}
