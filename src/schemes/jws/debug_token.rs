//! Debug tokens: signed, short-lived tokens with which an operator receives explanations.
//!
//! A debug token is verified like a signed token. Every check before the signature can only reject:
//!
//! 1. The **form**: a compact JWS with strict JSON inside.
//! 2. The **key** that the header's `kid` names. If several keys have the `kid`, those that may sign for the resource and that verify
//!    tokens of this `iss` are tried in turn.
//! 3. The key is in force.
//! 4. The **algorithm** of the header is the key's (RFC 8725 §3.1).
//! 5. The **claims**. The key may sign for the resource, and verifies tokens of this `iss`. `aud` contains [`DEBUG_AUDIENCE`], `exp` is
//!    at most [`MAX_DEBUG_LIFETIME`] ahead, and `nbf` has passed. There is no `uri`.
//! 6. The **signature**, which counts towards the limits of [failed signatures](crate::rate::FailedSignatures).
//! 7. The **revocations** of its `jti`, its `sub` and its key.
//!
//! A signed token requires `uri`. A debug token is therefore never accepted as a credential, nor a credential as a debug token.

use std::time::Duration;

use arrayvec::ArrayVec;

use super::rules::{check_expiry, check_issuer, check_not_before, check_revocation, expect};
use super::{Claim, Claims, KeyIdBuffer, Token, TokenBuffer};
use crate::error::{ClaimName, Denial};
use crate::keys::{Key, KeySet, MAX_CANDIDATES, MAX_ISSUER_LEN, Named};
use crate::request::Client;
use crate::schemes::context::check_in_force;
use crate::schemes::failures::Failures;
use crate::scope::{Resource, ScopeName, Streams};
use crate::store::Access;
use crate::time::{Leeway, Span, TimeRules, UnixSeconds};

/// The `aud` of a debug token.
pub const DEBUG_AUDIENCE: &str = "playgate-explain";

/// The longest remaining lifetime of a debug token.
pub const MAX_DEBUG_LIFETIME: Duration = Duration::from_hours(1);

/// The state that a debug token is verified against.
pub(crate) struct DebugTokenCheck<'s> {
    pub(crate) now: UnixSeconds,
    /// The id of the request's site.
    pub(crate) site: &'s str,
    /// The requested resource.
    pub(crate) resource: &'s Resource<'s>,
    pub(crate) streams: &'s Streams,
    pub(crate) keys: &'s KeySet,
    pub(crate) failures: &'s Failures,
    pub(crate) access: &'s Access,
    pub(crate) client: Option<Client>,
    /// True if a failed signature counts.
    pub(crate) counts: bool,
}

impl DebugTokenCheck<'_> {
    /// Verifies a debug token.
    ///
    /// # Errors
    ///
    /// Returns the denial of the first rule that failed. It is not reported to the client.
    pub(crate) fn verify(&self, raw: &[u8]) -> Result<(), Denial> {
        // 1. Form.
        let mut buffer = TokenBuffer::new();
        let token = Token::parse(raw, &mut buffer)?;
        // 2. Key.
        let mut kid = KeyIdBuffer::new();
        let kid = token.header().key_id()?.resolve(&mut kid).ok_or(Denial::UnknownKey)?;
        let mut issuer = ArrayVec::<u8, MAX_ISSUER_LEN>::new();
        let issuer = match token.unverified().issuer() {
            Claim::Present(text) => text.resolve(&mut issuer), // a longer one is of no key
            Claim::Absent | Claim::Malformed => None,
        };
        let candidates: ArrayVec<&Key, MAX_CANDIDATES> = match self.keys.find(kid) {
            Named::One(_, key) => [key].into_iter().collect(),
            Named::Several => {
                let scopes = ScopeName::admitting(self.site, self.resource, self.streams);
                self.keys.candidates(kid, &scopes, issuer).into_iter().map(|(_, key)| key).collect()
            }
            Named::Nothing => return Err(Denial::UnknownKey),
        };
        let gate = self.failures.gate(&|| self.client, self.now);
        let mut failed = ArrayVec::<&Key, MAX_CANDIDATES>::new();
        let mut denial = Denial::UnknownKey;
        for key in candidates {
            // 3. to 5. In force, algorithm, claims.
            let checked = self.check_key(key).and_then(|()| {
                let keyed = token.with_key(key)?;
                self.check_claims(token.unverified(), key)?;
                // 6. Signature.
                gate.as_ref().map_or(Ok(()), |gate| gate.check(key.name()))?;
                keyed.verify()
            });
            match checked {
                // 7. Revocations.
                Ok(signed) => return check_revocation(signed.claims(), key, None, self.access),
                Err(Denial::BadSignature) => {
                    failed.push(key);
                    denial = Denial::BadSignature;
                }
                Err(other) => denial = other,
            }
        }
        // A token that one key signed has failed with none.
        if let Some(gate) = gate.filter(|_| self.counts) {
            failed.iter().for_each(|key| gate.count(key.name()));
        }
        Err(denial)
    }

    fn check_key(&self, key: &Key) -> Result<(), Denial> {
        check_in_force(key, self.now)?;
        if !key.scope().admits(self.site, self.resource, self.streams) {
            return Err(Denial::WrongKeyScope);
        }
        Ok(())
    }

    /// Checks claims that are not verified yet.
    fn check_claims(&self, claims: &Claims<'_>, key: &Key) -> Result<(), Denial> {
        if let Some(issuer) = key.issuer() {
            check_issuer(claims, issuer)?;
        }
        expect(claims.audience_has(DEBUG_AUDIENCE), ClaimName::Aud, Denial::WrongAudience)?;
        match claims.uri {
            Claim::Absent => {}
            Claim::Malformed | Claim::Present(_) => return Err(Denial::MalformedClaim(ClaimName::Uri)),
        }
        let times = TimeRules {
            require_exp: true,
            max_lifetime: Some(Span(MAX_DEBUG_LIFETIME)),
            leeway: Leeway::default(),
        };
        check_expiry(claims.exp.read(false), times, self.now)?;
        check_not_before(claims.nbf.read(false), times, self.now)
    }
}
