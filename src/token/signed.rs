use super::claims::Claims;
use super::compact::Token;
use crate::crypto::{MAX_SIGNATURE_LEN, VerifyingKey};
use crate::error::Denial;

/// A token whose signature fits: only here are claims to be believed.
///
/// There is no other way to make one than a signature check.
///
/// ```compile_fail,E0423
/// use playgate::token::Signed;
/// fn unreachable<T>() -> T { loop {} }
/// fn forge() -> Signed<'static> {
///     Signed(unreachable())
/// }
/// ```
///
/// ```
/// use playgate::token::Signed;
/// fn read(signed: Signed<'_>) -> bool {
///     signed.claims().has("plan", "gold")
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Signed<'t>(Claims<'t>);

impl<'t> Signed<'t> {
    /// The claims.
    pub const fn claims(&self) -> &Claims<'t> {
        &self.0
    }
}

impl<'t> Token<'t> {
    /// Checks the signature with the key that the header named.
    pub(crate) fn check(&self, key: &VerifyingKey) -> Result<Signed<'t>, Denial> {
        self.header().must_agree(key.algorithm())?;
        let (signing_input, signature, claims) = self.signed_parts();
        if signature.len() > MAX_SIGNATURE_LEN {
            return Err(Denial::BadSignature);
        }
        match key.check(signing_input, signature) {
            Ok(()) => Ok(Signed(claims)),
            Err(_) => Err(Denial::BadSignature),
        }
    }
}
