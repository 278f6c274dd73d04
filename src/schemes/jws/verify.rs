//! Verifies a signed token. Every check before the signature can only reject, so malformed tokens require no cryptography:
//!
//! 1. The **form**: a compact JWS of at most the site's length, with strict JSON inside.
//! 2. The **key** that the header's `kid` names. If several keys have the `kid`, the candidates are the keys that may sign for
//!    the resource and that verify tokens of this `iss`, the narrowest scope first. Steps 3 to 7 are applied with each key in
//!    turn.
//! 3. The key is in force.
//! 4. The **algorithm** of the header is the key's (RFC 8725 §3.1).
//! 5. The **claims**: the key's scope and issuer, time, the site's issuer and audience, and the token's scope.
//! 6. The **signature**. It is not verified while too many signatures from the client or for the key have
//!    [failed](crate::rate::FailedSignatures).
//! 7. The **revocations** of its `jti`, its `sub` and its key.
//!
//! The first key with which the token is accepted decides. If there is none, the most specific denial is returned.
//!
//! A token that was verified before is [remembered](super::seen): the results of steps 1, 4 and 6 still hold for the same bytes
//! and the same key. If the token is not accepted with that key on this request, and other keys have its `kid`, the token is
//! verified like a new one.

use std::cell::LazyCell;

use arrayvec::ArrayVec;

use super::fields::fields_of;
use super::rules::{JwsRules, check_revocation, no_key_of_its_issuer};
use super::seen::Seen;
use super::{
    Claim, Claims, JsonStr, KeyIdBuffer, KeyedToken, Signed, Token, TokenBuffer, key_id_of, payload_of,
};
use crate::error::Denial;
use crate::keys::{Key, KeyRef, KeySet, MAX_CANDIDATES, MAX_ISSUER_LEN, Named};
use crate::revocation::Checked;
use crate::schemes::carriers::{Carrier, Decoded, Text, token_text};
use crate::schemes::context::{Context, SiteFacts};
use crate::schemes::kind::Scheme;
use crate::schemes::places::Places;
use crate::schemes::recorder::{Event, Field, Recorder};
use crate::schemes::rule::Rule;
use crate::schemes::scheme::{Basis, CredentialScheme, SchemeFacts};
use crate::schemes::verified::Verified;
use crate::scope::ScopeName;
use crate::stats::Noted;

/// The number of bytes of a rejected token's `kid` that a log line shows. The thumbprint of a key fits (RFC 7638).
pub const MAX_KID_SHOWN: usize = 64;

impl CredentialScheme for JwsRules {
    type Credential<'s> = Text<'s>;
    type Facts = SignedBy;

    fn places(&self) -> &Places {
        &self.places
    }

    fn read<'s>(&'s self, text: Text<'s>) -> Option<Text<'s>> {
        Some(text) // text that no other scheme reads is reported as a malformed token
    }

    #[inline]
    fn verify(
        &self,
        _: Carrier,
        text: &Text<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<SignedBy>, Denial> {
        // A token has no `%`, so a remembered one is found without decoding.
        match context.seen.find(text.raw, context.counts()) {
            Some(seen) => self.verify_remembered(*text, &seen, context),
            None => self.verify_text(*text, context),
        }
    }

    fn rules(&self, site: &SiteFacts) -> Vec<Rule> {
        let requires_issuer = self.issuer().is_some();
        let rules = [
            (Rule::Form, true),
            (Rule::Key, true),
            (Rule::KeyInForce, true),
            (Rule::Algorithm, true),
            (Rule::KeyScope, true),
            (Rule::Issuer, requires_issuer),
            (Rule::Expiry, true),
            (Rule::NotBefore, true),
            (Rule::Audience, self.audience.is_some()),
            (Rule::Scope, true),
            (Rule::Signature, true),
            (Rule::Revocation, true),
            (Rule::Hook, site.hook.is_some()),
        ];
        rules.into_iter().filter(|(_, applies)| *applies).map(|(rule, _)| rule).collect()
    }

    fn fields(&self, carrier: Carrier, text: &Text<'_>, _: &Context<'_, '_, impl Recorder>) -> Vec<Field> {
        let mut decoded = Decoded::new();
        token_text(carrier, text.raw, &mut decoded).map(fields_of).unwrap_or_default()
    }

    fn claimed_key(carrier: Carrier, raw: &[u8]) -> Option<String> {
        let (mut decoded, mut kid) = (Decoded::new(), KeyIdBuffer::new());
        let kid = key_id_of(token_text(carrier, raw, &mut decoded).ok()?, &mut kid)?;
        Some(kid.get(..MAX_KID_SHOWN).unwrap_or(kid).escape_ascii().to_string())
    }

    fn claimed_scope(carrier: Carrier, raw: &[u8]) -> Option<String> {
        let mut decoded = Decoded::new();
        crate::work::visited(raw.len());
        let bytes = payload_of(token_text(carrier, raw, &mut decoded).ok()?)?;
        Claims::parse(std::str::from_utf8(&bytes).ok()?).ok()?.scalar("uri")
    }

    fn claims(_: &SignedBy, carrier: Carrier, raw: &[u8]) -> String {
        let mut decoded = Decoded::new();
        crate::work::visited(raw.len());
        let bytes = token_text(carrier, raw, &mut decoded).ok().and_then(payload_of);
        bytes.and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }

    fn scope(&self, _: &SignedBy, basis: &Basis<'_>) -> Option<String> {
        Claims::parse(basis.claims).ok()?.scalar("uri")
    }
}

impl JwsRules {
    /// Verifies a token that was verified before.
    fn verify_remembered(
        &self,
        text: Text<'_>,
        seen: &Seen,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<SignedBy>, Denial> {
        context.note(Noted::hit);
        context.check(Rule::Form, || self.check_length(text.raw))?;
        let known = seen.signer(context.keys).zip(seen.token());
        let Some((by, token)) = known else { return self.verify_new(text, Some(seen), context) };
        match (self.verify_again(text.carrier, &token, by, seen, context), by) {
            (Err(denial), (KeyRef::Namesake(_), _)) if !holds_for_every_key(denial) => {
                self.verify_new(text, Some(seen), context)
            }
            (result, _) => result,
        }
    }

    /// Verifies a token whose form, algorithm and signature are known to be valid with this key.
    fn verify_again(
        &self,
        carrier: Carrier,
        token: &Signed<'_>,
        (place, key): By<'_>,
        seen: &Seen,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<SignedBy>, Denial> {
        context.recorder.record(|| Event::Remembered);
        context.record_key(key);
        context.recorder.passed(Rule::Key);
        context.check(Rule::KeyInForce, || context.check_key_in_force(key))?;
        context.recorder.passed(Rule::Algorithm);
        self.check_claims(token.claims(), key, context)?;
        context.recorder.passed(Rule::Signature);
        accept(carrier, token, (place, key), seen.checked(), context)
    }

    /// Verifies a text that is not a remembered token, at least not in this spelling.
    #[inline(never)] // its buffers are large, and most requests do without
    fn verify_text(
        &self,
        text: Text<'_>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<SignedBy>, Denial> {
        let mut decoded = Decoded::new();
        let token = context.check(Rule::Form, || token_text(text.carrier, text.raw, &mut decoded))?;
        let decoded = Text { raw: token, ..text };
        if token.len() < text.raw.len()
            && let Some(seen) = context.seen.find(token, context.counts())
        {
            return self.verify_remembered(decoded, &seen, context);
        }
        context.check(Rule::Form, || self.check_length(token))?;
        self.verify_new(decoded, None, context)
    }

    /// Verifies a token that was not verified before, or was not accepted here with the remembered key.
    #[inline(never)]
    fn verify_new(
        &self,
        Text { carrier, raw }: Text<'_>,
        seen: Option<&Seen>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<SignedBy>, Denial> {
        // 1. Form. The token borrows the buffer on the stack, and never leaves this function.
        let mut buffer = TokenBuffer::new();
        let token =
            Token::parse(raw, &mut buffer).map_err(|denial| context.recorder.failed(Rule::Form, denial))?;
        context.recorder.passed(Rule::Form);
        if seen.is_none() {
            context.note(Noted::miss);
        }
        // 2. Key.
        let mut buffer = KeyIdBuffer::new();
        let (named_by, kid) = context.check(Rule::Key, || {
            let (named_by, kid) = key_name(&token)?;
            Ok((named_by, kid.resolve(&mut buffer).ok_or(Denial::UnknownKey)?))
        })?;
        match context.keys.find(kid) {
            Named::One(place, key) if named_by.may_name(key) => {
                self.verify_by(carrier, &token, (place, key), seen, context, |keyed| {
                    context.check_signature(key, || keyed.verify())
                })
            }
            Named::Several => self.verify_by_each(carrier, &token, (named_by, kid), seen, context),
            Named::One(..) | Named::Nothing => context.check(Rule::Key, || Err(named_by.denial())),
        }
    }

    /// Verifies a token with one key. `verify` checks the signature.
    #[inline]
    fn verify_by<'t>(
        &self,
        carrier: Carrier,
        token: &Token<'t>,
        (place, key): By<'_>,
        seen: Option<&Seen>,
        context: &Context<'_, '_, impl Recorder>,
        verify: impl FnOnce(&KeyedToken<'t, '_>) -> Result<Signed<'t>, Denial>,
    ) -> Result<Verified<SignedBy>, Denial> {
        context.record_key(key);
        context.recorder.passed(Rule::Key);
        // 3. In force.
        context.check(Rule::KeyInForce, || context.check_key_in_force(key))?;
        // 4. Algorithm.
        let keyed = token.with_key(key).map_err(|denial| context.recorder.failed(Rule::Algorithm, denial))?;
        context.recorder.passed(Rule::Algorithm);
        // 5. Claims.
        self.check_claims(token.unverified(), key, context)?;
        // 6. Signature.
        let verified_before = seen.filter(|seen| seen.is_by(key)).and_then(Seen::token);
        let token = context.check(Rule::Signature, || {
            if let Some(token) = verified_before {
                return Ok(token);
            }
            let result = verify(&keyed);
            context.note_signature(key, &result);
            result
        })?;
        context.remember(&token, place, key);
        // 7. Revocations.
        accept(carrier, &token, (place, key), None, context)
    }

    /// Verifies a token with each key that its `kid` may name here, until one accepts it.
    #[inline(never)] // few keys share their `kid`
    fn verify_by_each(
        &self,
        carrier: Carrier,
        token: &Token<'_>,
        (named_by, kid): (NamedBy, &[u8]),
        seen: Option<&Seen>,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<Verified<SignedBy>, Denial> {
        context.check(Rule::Algorithm, || token.header().refuse_unsigned())?;
        let scopes = ScopeName::admitting(&context.site.id, &context.resource, context.streams);
        let mut buffer = IssuerBuffer::new();
        let issuer = match token.unverified().issuer() {
            Claim::Present(issuer) => issuer.resolve(&mut buffer), // a longer one is of no key
            Claim::Absent | Claim::Malformed => None,
        };
        let mut candidates = context.keys.candidates(kid, &scopes, issuer);
        if candidates.is_empty() && named_by == NamedBy::Header {
            let (rule, denial) = if context.keys.has_issuers(kid, &scopes) {
                (Rule::Issuer, no_key_of_its_issuer(token.unverified()))
            } else {
                (Rule::KeyScope, Denial::WrongKeyScope)
            };
            return context.check(rule, || Err(denial));
        }
        candidates.retain(|(_, key)| named_by.may_name(key));
        let gate = LazyCell::new(|| context.failures.gate(&|| context.client(), context.now));
        let mut failed = ArrayVec::<&Key, MAX_CANDIDATES>::new();
        let mut most_specific = None;
        for by in candidates {
            let (_, key) = by;
            let result = self.verify_by(carrier, token, by, seen, context, |keyed| {
                gate.as_ref().map_or(Ok(()), |gate| gate.check(key.name()))?;
                keyed.verify()
            });
            let denial = match result {
                Err(denial) if !holds_for_every_key(denial) => denial,
                result => return result,
            };
            if denial == Denial::BadSignature {
                failed.push(key);
            }
            if most_specific.is_none_or(|other: Denial| denial.rank() > other.rank()) {
                most_specific = Some(denial);
            }
        }
        // A token that one key accepts has failed with none.
        if context.counts()
            && !failed.is_empty()
            && let Some(gate) = &*gate
        {
            failed.iter().for_each(|key| gate.count(key.name()));
        }
        match most_specific {
            Some(denial) => Err(denial),
            None => context.check(Rule::Key, || Err(named_by.denial())),
        }
    }
}

/// Returns whether a denial after a valid signature holds for every other key as well. The site's hook was then called, and is
/// not called again.
const fn holds_for_every_key(denial: Denial) -> bool {
    matches!(denial, Denial::RefusedByHook(_) | Denial::HookPanicked | Denial::StoreUnavailable)
}

/// A key and its place.
type By<'k> = (KeyRef, &'k Key);

/// A buffer for an issuer whose escapes were resolved. No key has a longer issuer.
type IssuerBuffer = ArrayVec<u8, MAX_ISSUER_LEN>;

/// Accepts a token whose signature is valid, unless it was revoked.
fn accept(
    carrier: Carrier,
    token: &Signed<'_>,
    (place, key): By<'_>,
    checked: Option<&Checked>,
    context: &Context<'_, '_, impl Recorder>,
) -> Result<Verified<SignedBy>, Denial> {
    let claims = token.claims();
    context.check(Rule::Revocation, || check_revocation(claims, key, checked, context.access))?;
    let expires_at = match claims.exp.read(key.dangers().digit_string_dates) {
        Claim::Present(exp) => Some(exp.floor()),
        Claim::Absent | Claim::Malformed => None,
    };
    let accepted = context.accept((Scheme::SignedToken, carrier), Some(&context.resource), claims)?;
    Ok(Verified::new(accepted, expires_at, SignedBy(place)))
}

/// The key that signed a token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SignedBy(KeyRef);

impl SchemeFacts for SignedBy {
    fn key<'k>(&self, keys: &'k KeySet) -> Option<&'k Key> {
        keys.at(self.0) // the snapshot that found it still holds it
    }

    #[cfg(feature = "media-keys")]
    fn covers_path(&self, is_live: bool) -> bool {
        !is_live // there the scope is a playback ID
    }

    fn opens_more_than_the_manifest(&self) -> bool {
        true
    }
}

/// The part of a token that named the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedBy {
    Header,
    /// The claim `jti`, which some keys allow.
    TokenId,
}

impl NamedBy {
    /// Returns whether a key may be named this way.
    fn may_name(self, key: &Key) -> bool {
        match self {
            Self::Header => true,
            Self::TokenId => key.dangers().kid_from_jti,
        }
    }

    /// Returns the denial if no usable key has the name. Few issuers use `jti` as the name of a key, so a failed lookup by `jti`
    /// is reported as a missing `kid`.
    const fn denial(self) -> Denial {
        match self {
            Self::Header => Denial::UnknownKey,
            Self::TokenId => Denial::MissingKeyId,
        }
    }
}

/// Returns the name of the key: the header's `kid`, or else the claim `jti`, for keys that opt in to `kid_from_jti`.
fn key_name<'t>(token: &Token<'t>) -> Result<(NamedBy, JsonStr<'t>), Denial> {
    match token.header().key_id() {
        Ok(kid) => Ok((NamedBy::Header, kid)),
        Err(missing) => match token.unverified().text("jti") {
            Claim::Present(jti) => Ok((NamedBy::TokenId, jti)),
            Claim::Absent | Claim::Malformed => Err(missing),
        },
    }
}
