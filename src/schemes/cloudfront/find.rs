//! The parts of a credential in a request.

use arrayvec::ArrayVec;
use base64_simd::STANDARD_NO_PAD;

use super::rules::{COOKIES, CloudFrontRules, PARTS};
use crate::crypto::{MAX_SIGNATURE_LEN, SignatureHash};
use crate::error::{Repeated, UrlSignatureFault};
use crate::request::{
    COOKIE, MAX_CREDENTIAL_BYTES, RequestView, cookie_values, decoded_bytes, lines, parameters,
};
use crate::work;

/// The parts of a credential, as received. The `Debug` output shows nothing of them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Parts<'r> {
    expires: Option<&'r [u8]>,
    policy: Option<&'r [u8]>,
    signature: Option<&'r [u8]>,
    key_pair_id: Option<&'r [u8]>,
    hash_algorithm: Option<&'r [u8]>,
}

/// The parts of a complete credential.
#[derive(Clone, Copy)]
pub(super) struct Complete<'r> {
    pub(super) policy: PolicyPart<'r>,
    pub(super) signature: &'r [u8],
    pub(super) key_pair_id: &'r [u8],
    pub(super) hash: SignatureHash,
}

/// The part that contains a policy.
#[derive(Clone, Copy)]
pub(super) enum PolicyPart<'r> {
    /// The expiry of a canned policy.
    Canned(&'r [u8]),
    /// A custom policy in CloudFront's base64.
    Custom(&'r [u8]),
}

impl<'r> Parts<'r> {
    /// Finds the parts in a query. Returns `None` if there is none of them.
    pub(super) fn in_query(query: &'r [u8]) -> Result<Option<Self>, Repeated> {
        let mut parts = Self::default();
        for parameter in parameters(query) {
            if let Some(number) = PARTS.iter().position(|name| parameter.is(name))
                && let Some(part) = parts.part(number)
                && part.replace(parameter.value).is_some()
            {
                return Err(Repeated::QueryParameter);
            }
        }
        Ok(parts.if_any())
    }

    /// Finds the parts in cookies. Returns `None` if there is none of them.
    pub(super) fn in_cookies(request: &'r (impl RequestView + ?Sized)) -> Result<Option<Self>, Repeated> {
        let mut parts = Self::default();
        for (number, name) in COOKIES.iter().enumerate() {
            let mut values = cookie_values(lines(request, COOKIE), name);
            if let Some(part) = parts.part(number) {
                *part = values.next();
            }
            if values.next().is_some() {
                return Err(Repeated::Cookie);
            }
        }
        Ok(parts.if_any())
    }

    /// Returns the part number `number` of [`PARTS`].
    const fn part(&mut self, number: usize) -> Option<&mut Option<&'r [u8]>> {
        match number {
            0 => Some(&mut self.expires),
            1 => Some(&mut self.policy),
            2 => Some(&mut self.signature),
            3 => Some(&mut self.key_pair_id),
            4 => Some(&mut self.hash_algorithm),
            _ => None,
        }
    }

    fn if_any(self) -> Option<Self> {
        let Self { expires, policy, signature, key_pair_id, hash_algorithm } = self;
        let all = [expires, policy, signature, key_pair_id, hash_algorithm];
        all.iter().any(Option::is_some).then_some(self)
    }

    /// Returns the policy, or the expiry in its place.
    pub(super) fn policy(&self) -> &'r [u8] {
        self.policy.or(self.expires).unwrap_or_default()
    }

    pub(super) fn key_pair_id(&self) -> &'r [u8] {
        self.key_pair_id.unwrap_or_default()
    }

    /// Returns the part with the policy. Returns `None` if there is no policy, or if there is an expiry too.
    pub(super) const fn policy_part(&self) -> Option<PolicyPart<'r>> {
        match (self.expires, self.policy) {
            (Some(expires), None) => Some(PolicyPart::Canned(expires)),
            (None, Some(policy)) => Some(PolicyPart::Custom(policy)),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }

    /// Returns the parts if none is missing, and none contradicts another.
    pub(super) fn complete(&self, rules: &CloudFrontRules) -> Result<Complete<'r>, UrlSignatureFault> {
        let policy = match (self.policy_part(), self.policy) {
            (Some(policy), _) => policy,
            (None, Some(_)) => return Err(UrlSignatureFault::Form),
            (None, None) => return Err(UrlSignatureFault::Incomplete),
        };
        let (Some(signature), Some(key_pair_id)) = (self.signature, self.key_pair_id) else {
            return Err(UrlSignatureFault::Incomplete);
        };
        let hash = match self.hash_algorithm {
            None | Some(b"SHA1") => SignatureHash::Sha1,
            Some(b"SHA256") => SignatureHash::Sha256,
            Some(_) => return Err(UrlSignatureFault::Form),
        };
        if !rules.accepts(hash) {
            return Err(UrlSignatureFault::HashRefused);
        }
        Ok(Complete { policy, signature, key_pair_id, hash })
    }
}

/// Decoded text of CloudFront's base64.
pub(super) type Decoded<const N: usize> = ArrayVec<u8, N>;

/// The maximum length of a signature in base64.
pub(super) const MAX_SIGNATURE_TEXT: usize = MAX_SIGNATURE_LEN.div_ceil(3) * 4;

/// The maximum length of a policy in base64.
pub(super) const MAX_POLICY_TEXT: usize = MAX_CREDENTIAL_BYTES;

/// Decodes base64 with `-`, `~` and `_` in place of `+`, `/` and `=`, after percent-decoding it once: some clients encode `~`.
pub(super) fn decode<'b, const N: usize>(
    text: &[u8],
    buffer: &'b mut Decoded<N>,
) -> Result<&'b [u8], UrlSignatureFault> {
    work::visited(text.len().saturating_mul(3));
    buffer.clear();
    for byte in decoded_bytes(text) {
        let byte = match byte {
            b'-' => b'+',
            b'~' => b'/',
            b'_' => b'=',
            b'+' | b'/' | b'=' => return Err(UrlSignatureFault::Form),
            other => other,
        };
        buffer.try_push(byte).map_err(|_| UrlSignatureFault::TooLong)?;
    }
    while buffer.last() == Some(&b'=') {
        buffer.pop();
    }
    STANDARD_NO_PAD.decode_inplace(buffer).map(|decoded| &*decoded).map_err(|_| UrlSignatureFault::Form)
}

impl std::fmt::Debug for Parts<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Parts")
    }
}
