//! Signed tokens: the part of the decision that reads one, or knows it again.

use arrayvec::ArrayVec;

use super::Case;
use super::grant::{Facts, Proof};
use super::seen::Seen;
use crate::error::{ClaimName, Denial, TokenFault};
use crate::keys::{Key, KeyRef};
use crate::revocation::{Checked, Kind, MAX_NAME_LEN};
use crate::schemes::jws::{Claim, Claims, JsonStr, KeyIdBuffer, NumericDate, Signed, Token, TokenBuffer};
use crate::schemes::{Carrier, Decoded, Scheme, token_text};
use crate::site::TimeRules;
use crate::store::Reach;
use crate::time::UnixSeconds;

impl Case<'_> {
    /// Tries one signed token: everything that can be refused cheaply, then the signature, or that it was checked before,
    /// then what was revoked, then the hook.
    pub(crate) fn authorise(&self, carrier: Carrier, raw: &[u8]) -> Result<Facts, Denial> {
        // A token has no `%`, so what is found as it stands needs no decoding.
        match self.state.seen.find(raw) {
            Some(seen) => self.authorise_seen(carrier, raw, &seen),
            None => self.authorise_text(carrier, raw),
        }
    }

    /// Tries a token that was seen before.
    fn authorise_seen(&self, carrier: Carrier, text: &[u8], seen: &Seen) -> Result<Facts, Denial> {
        self.refuse_long(text)?;
        let known = seen.signer(&self.state.keys).zip(seen.token());
        let Some(((place, key), token)) = known else { return self.authorise_new(carrier, text, Some(seen)) };
        self.refuse_retired(key)?;
        self.refuse_early(token.claims(), key)?;
        self.conclude(carrier, &token, place, key, seen.checked())
    }

    /// Tries what is no token that was seen, at least not as it stands.
    #[inline(never)] // its buffers are large, and most requests do without
    fn authorise_text(&self, carrier: Carrier, raw: &[u8]) -> Result<Facts, Denial> {
        let mut decoded = Decoded::new();
        let text = token_text(carrier, raw, &mut decoded)?;
        if text.len() < raw.len()
            && let Some(seen) = self.state.seen.find(text)
        {
            return self.authorise_seen(carrier, text, &seen);
        }
        self.refuse_long(text)?;
        self.authorise_new(carrier, text, None)
    }

    fn refuse_long(&self, text: &[u8]) -> Result<(), Denial> {
        if text.len() > self.site.max_token_bytes {
            return Err(Denial::MalformedToken(TokenFault::TooLong));
        }
        Ok(())
    }

    /// Tries a token that was not seen before, or whose key has changed its place since.
    #[inline(never)]
    fn authorise_new(&self, carrier: Carrier, text: &[u8], seen: Option<&Seen>) -> Result<Facts, Denial> {
        let (mut buffer, mut kid_buffer) = (TokenBuffer::new(), KeyIdBuffer::new());
        let token = Token::parse(text, &mut buffer)?; // borrows the stack buffer, never leaves
        let (named_by, kid) = key_name(&token)?;
        let kid = kid.resolve(&mut kid_buffer).ok_or(Denial::UnknownKey)?;
        let (place, key) = self.state.keys.find(kid).ok_or(named_by.denial())?;
        if named_by == NamedBy::TokenId && !key.dangers().kid_from_jti {
            return Err(named_by.denial());
        }
        self.refuse_retired(key)?;
        let keyed = token.with_key(key)?;
        self.refuse_early(token.unverified(), key)?;
        let checked_before = seen.filter(|seen| seen.is_by(key)).and_then(Seen::token);
        let check = || self.state.failures.check(self.client, key.id(), self.now, || keyed.verify());
        let token = checked_before.map_or_else(check, Ok)?;
        self.state.seen.admit(&token, place, key);
        self.conclude(carrier, &token, place, key, None)
    }

    fn refuse_retired(&self, key: &Key) -> Result<(), Denial> {
        match key.retires() {
            Some(not_after) if self.now > not_after => {
                return Err(Denial::RetiredKey { not_after, now: self.now });
            }
            Some(_) | None => {}
        }
        match key.fresh_until() {
            Some(until) if self.now > until => Err(Denial::StaleKey { until, now: self.now }),
            Some(_) | None => Ok(()),
        }
    }

    /// What is asked of a token whose signature is good.
    fn conclude(
        &self,
        carrier: Carrier,
        token: &Signed<'_>,
        place: KeyRef,
        key: &Key,
        checked: Option<&Checked>,
    ) -> Result<Facts, Denial> {
        self.refuse_revoked(token.claims(), key, checked)?;
        if let Some(hook) = &self.site.hook
            && hook.0(token.claims()).is_err()
        {
            return Err(Denial::RefusedByHook);
        }
        let expires_at = match token.claims().exp.read(key.dangers().digit_string_dates) {
            Claim::Present(exp) => Some(exp.floor()),
            Claim::Absent | Claim::Malformed => None,
        };
        Ok(Facts { scheme: Scheme::SignedToken, carrier, expires_at, proof: Proof::Key(place) })
    }

    /// Rules over claims that nobody may have verified yet: they may refuse, never grant.
    fn refuse_early(&self, claims: &Claims<'_>, key: &Key) -> Result<(), Denial> {
        if !self.site.admits(key, &self.resource, &self.state.policy) {
            return Err(Denial::WrongKeyScope);
        }
        let danger = key.dangers();
        let (exp, nbf) =
            (claims.exp.read(danger.digit_string_dates), claims.nbf.read(danger.digit_string_dates));
        check_time(exp, nbf, self.site.times, self.now)?;
        if let Some(issuer) = &self.site.issuer {
            expect(claims.issuer_is(issuer), ClaimName::Iss, Denial::WrongIssuer)?;
        }
        if let Some(audience) = &self.site.audience {
            expect(claims.audience_has(audience), ClaimName::Aud, Denial::WrongAudience)?;
        }
        let mut resolved = ArrayVec::<u8, { crate::request::MAX_PATH_LEN }>::new();
        match claims.uri {
            Claim::Absent => Err(Denial::MissingClaim(ClaimName::Uri)),
            Claim::Malformed => Err(Denial::MalformedClaim(ClaimName::Uri)),
            Claim::Present(uri) => {
                // Longer than any path: it covers none.
                let uri = uri.resolve(&mut resolved).ok_or(Denial::OutOfScope)?;
                self.site.coverage.check(uri, &self.resource)
            }
        }
    }

    /// Refuses a signed token that was taken back by its name, its subject or its key.
    fn refuse_revoked(
        &self,
        claims: &Claims<'_>,
        key: &Key,
        checked: Option<&Checked>,
    ) -> Result<(), Denial> {
        let access = &self.state.access;
        if access.reach() == Reach::OutOfTouch {
            return Err(Denial::StoreUnavailable); // what others have taken back is not known
        }
        let list = &access.revocations;
        let epoch = list.epoch(); // before the list is looked at
        if epoch.is_first() || checked.is_some_and(|checked| checked.is_up_to(epoch)) {
            return Ok(());
        }
        let issued_at = match claims.issued_at() {
            Claim::Present(second) => Some(second),
            Claim::Absent | Claim::Malformed => None,
        };
        let mut buffer = ArrayVec::<u8, MAX_NAME_LEN>::new();
        let revoked = list.cover(Kind::Kid, key.id().as_str().as_bytes(), issued_at)
            || claims.name("jti", &mut buffer).is_some_and(|jti| list.cover(Kind::Jti, jti, issued_at))
            || claims.name("sub", &mut buffer).is_some_and(|sub| list.cover(Kind::Sub, sub, issued_at));
        if revoked {
            return Err(Denial::Revoked);
        }
        if let Some(checked) = checked {
            checked.set(epoch);
        }
        Ok(())
    }
}

/// What named the key.
#[derive(Clone, Copy, PartialEq, Eq)]
enum NamedBy {
    Header,
    /// The claim `jti`, which some keys allow.
    TokenId,
}

impl NamedBy {
    /// Why no key of the name is good. Most issuers mean no key by `jti`: what is missing then is the `kid`.
    const fn denial(self) -> Denial {
        match self {
            Self::Header => Denial::UnknownKey,
            Self::TokenId => Denial::MissingKeyId,
        }
    }
}

/// The name of the key: the header's `kid`, or, where there is none, what a dangerous key may be called by.
fn key_name<'t>(token: &Token<'t>) -> Result<(NamedBy, JsonStr<'t>), Denial> {
    match token.header().key_id() {
        Ok(kid) => Ok((NamedBy::Header, kid)),
        Err(missing) => match token.unverified().text("jti") {
            Claim::Present(jti) => Ok((NamedBy::TokenId, jti)),
            Claim::Absent | Claim::Malformed => Err(missing),
        },
    }
}

fn expect(claim: Claim<bool>, name: ClaimName, wrong: Denial) -> Result<(), Denial> {
    match claim {
        Claim::Present(true) => Ok(()),
        Claim::Present(false) => Err(wrong),
        Claim::Absent => Err(Denial::MissingClaim(name)),
        Claim::Malformed => Err(Denial::MalformedClaim(name)),
    }
}

/// `nbf - leeway <= now < exp + leeway` (RFC 7519 §4.1.4, §4.1.5), and the site's limit on what is left.
fn check_time(
    exp: Claim<NumericDate>,
    nbf: Claim<NumericDate>,
    rules: TimeRules,
    now: UnixSeconds,
) -> Result<(), Denial> {
    let leeway = rules.leeway.as_secs();
    match exp {
        Claim::Malformed => return Err(Denial::MalformedClaim(ClaimName::Exp)), // wrong JSON type is not "absent"
        Claim::Absent if rules.require_exp || rules.max_lifetime.is_some() => {
            return Err(Denial::MissingClaim(ClaimName::Exp));
        }
        Claim::Absent => {}
        Claim::Present(exp) if exp.looks_like_milliseconds() => {
            return Err(milliseconds(ClaimName::Exp, exp));
        }
        Claim::Present(exp) => {
            let exp = exp.floor();
            if exp.get() <= 0 || now >= exp.saturating_add(leeway) {
                return Err(Denial::Expired { exp, now });
            }
            if let Some(max) = rules.max_lifetime
                && rules.is_too_far(exp, now)
            {
                return Err(Denial::LifetimeTooLong { exp, max });
            }
        }
    }
    match nbf {
        Claim::Malformed => Err(Denial::MalformedClaim(ClaimName::Nbf)),
        Claim::Absent => Ok(()),
        Claim::Present(nbf) if nbf.looks_like_milliseconds() => Err(milliseconds(ClaimName::Nbf, nbf)),
        Claim::Present(nbf) => {
            let nbf = nbf.ceil();
            let early = now < nbf.saturating_sub(leeway);
            if early { Err(Denial::NotYetValid { nbf, now }) } else { Ok(()) }
        }
    }
}

/// A date that no issuer can mean in seconds: taken for such, the token would never expire.
const fn milliseconds(claim: ClaimName, date: NumericDate) -> Denial {
    Denial::MalformedToken(TokenFault::Milliseconds { claim, date: date.floor() })
}
