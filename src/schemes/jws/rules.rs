//! The rules for a signed token's claims, its key and its revocation.

use arrayvec::ArrayVec;

use super::{Claim, Claims, NumericDate};
use crate::error::{ClaimName, Denial, TokenFault};
use crate::keys::Key;
use crate::request::MAX_PATH_LEN;
use crate::revocation::{Checked, Kind, MAX_NAME_LEN};
use crate::schemes::carriers::Carriers;
use crate::schemes::context::Context;
use crate::schemes::key_revocation::is_key_revoked;
use crate::schemes::places::Places;
use crate::schemes::recorder::Recorder;
use crate::schemes::rule::Rule;
use crate::store::{Access, Reach};
use crate::time::{TimeRules, UnixSeconds};

/// The checked rules of a site for signed tokens.
#[derive(Debug)]
pub(crate) struct JwsRules {
    pub(super) max_token_bytes: usize,
    pub(super) issuer: Option<Box<str>>,
    pub(super) audience: Option<Box<str>>,
    pub(super) places: Places,
}

impl JwsRules {
    pub(crate) fn new(
        carriers: &Carriers,
        max_token_bytes: usize,
        issuer: Option<&str>,
        audience: Option<&str>,
    ) -> Self {
        let (issuer, audience) = (issuer.map(Into::into), audience.map(Into::into));
        Self { max_token_bytes, issuer, audience, places: carriers.places() }
    }

    /// Returns the only issuer that the site accepts, if it is configured.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Returns the audience that tokens must name, if the site requires one.
    #[cfg(feature = "mint")]
    pub(crate) fn audience(&self) -> Option<&str> {
        self.audience.as_deref()
    }

    /// Rejects a token that is longer than the site allows.
    pub(super) fn check_length(&self, text: &[u8]) -> Result<(), Denial> {
        if text.len() > self.max_token_bytes {
            return Err(Denial::MalformedToken(TokenFault::TooLong));
        }
        Ok(())
    }

    /// Checks claims that may not be verified yet: the key's scope and issuer, time, the site's issuer and audience, and the token's
    /// scope. These rules can reject, and never grant.
    pub(super) fn check_claims(
        &self,
        claims: &Claims<'_>,
        key: &Key,
        context: &Context<'_, '_, impl Recorder>,
    ) -> Result<(), Denial> {
        let site = context.site;
        context.check(Rule::KeyScope, || context.check_key_scope(key))?;
        if let Some(issuer) = key.issuer() {
            context.record_values(|| format!("the key requires {issuer:?}"));
            context.check(Rule::Issuer, || check_issuer(claims, issuer))?;
        }
        let danger = key.dangers();
        let (exp, nbf) =
            (claims.exp.read(danger.digit_string_dates), claims.nbf.read(danger.digit_string_dates));
        context.check(Rule::Expiry, || check_expiry(exp, site.times, context.now))?;
        context.check(Rule::NotBefore, || check_not_before(nbf, site.times, context.now))?;
        if let Some(issuer) = &self.issuer {
            context.record_values(|| format!("the site requires {issuer:?}"));
            context.check(Rule::Issuer, || check_issuer(claims, issuer))?;
        }
        if let Some(audience) = &self.audience {
            context.record_values(|| format!("the site requires {audience:?}"));
            context.check(Rule::Audience, || {
                expect(claims.audience_has(audience), ClaimName::Aud, Denial::WrongAudience)
            })?;
        }
        context.check(Rule::Scope, || {
            let mut resolved = ArrayVec::<u8, MAX_PATH_LEN>::new();
            match claims.uri {
                Claim::Absent => Err(Denial::MissingClaim(ClaimName::Uri)),
                Claim::Malformed => Err(Denial::MalformedClaim(ClaimName::Uri)),
                Claim::Present(uri) => {
                    // Longer than any path, so it covers none.
                    let uri = uri.resolve(&mut resolved).ok_or(Denial::OutOfScope)?;
                    site.coverage.check(uri, &context.resource)
                }
            }
        })
    }
}

/// Rejects a signed token that was revoked by its name, its subject or its key.
#[inline]
pub(super) fn check_revocation(
    claims: &Claims<'_>,
    key: &Key,
    checked: Option<&Checked>,
    access: &Access,
) -> Result<(), Denial> {
    if access.reach() == Reach::OutOfTouch {
        return Err(Denial::StoreUnavailable); // the revocations of other nodes are unknown
    }
    let list = &access.revocations;
    let epoch = list.epoch(); // before the list is read
    if epoch.is_first() || checked.is_some_and(|checked| checked.is_up_to(epoch)) {
        return Ok(());
    }
    let issued_at = match claims.issued_at() {
        Claim::Present(second) => Some(second),
        Claim::Absent | Claim::Malformed => None,
    };
    let mut buffer = ArrayVec::<u8, MAX_NAME_LEN>::new();
    let revoked = is_key_revoked(list, key, issued_at)
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

pub(super) fn check_issuer(claims: &Claims<'_>, issuer: &str) -> Result<(), Denial> {
    expect(claims.issuer_is(issuer), ClaimName::Iss, Denial::WrongIssuer)
}

/// Returns the denial of a token whose issuer owns none of the keys that could verify it.
pub(super) fn no_key_of_its_issuer(claims: &Claims<'_>) -> Denial {
    match claims.issuer() {
        Claim::Present(_) => Denial::WrongIssuer,
        Claim::Absent => Denial::MissingClaim(ClaimName::Iss),
        Claim::Malformed => Denial::MalformedClaim(ClaimName::Iss),
    }
}

pub(super) fn expect(claim: Claim<bool>, name: ClaimName, wrong: Denial) -> Result<(), Denial> {
    match claim {
        Claim::Present(true) => Ok(()),
        Claim::Present(false) => Err(wrong),
        Claim::Absent => Err(Denial::MissingClaim(name)),
        Claim::Malformed => Err(Denial::MalformedClaim(name)),
    }
}

/// Checks `now < exp + leeway` (RFC 7519 §4.1.4), and the site's limit on the remaining lifetime.
pub(super) fn check_expiry(
    exp: Claim<NumericDate>,
    rules: TimeRules,
    now: UnixSeconds,
) -> Result<(), Denial> {
    match exp {
        Claim::Malformed => Err(Denial::MalformedClaim(ClaimName::Exp)), // wrong JSON type is not "absent"
        Claim::Absent if rules.require_exp || rules.max_lifetime.is_some() => {
            Err(Denial::MissingClaim(ClaimName::Exp))
        }
        Claim::Absent => Ok(()),
        Claim::Present(exp) if exp.looks_like_milliseconds() => Err(milliseconds(ClaimName::Exp, exp)),
        Claim::Present(exp) => {
            let exp = exp.floor();
            if exp.get() <= 0 || now >= exp.saturating_add(rules.leeway.as_secs()) {
                return Err(Denial::Expired { exp, now });
            }
            match rules.max_lifetime {
                Some(max) if rules.is_too_far(exp, now) => {
                    Err(Denial::LifetimeTooLong { exp, max: max.as_secs() })
                }
                Some(_) | None => Ok(()),
            }
        }
    }
}

/// Checks `nbf - leeway <= now` (RFC 7519 §4.1.5).
pub(super) fn check_not_before(
    nbf: Claim<NumericDate>,
    rules: TimeRules,
    now: UnixSeconds,
) -> Result<(), Denial> {
    match nbf {
        Claim::Malformed => Err(Denial::MalformedClaim(ClaimName::Nbf)),
        Claim::Absent => Ok(()),
        Claim::Present(nbf) if nbf.looks_like_milliseconds() => Err(milliseconds(ClaimName::Nbf, nbf)),
        Claim::Present(nbf) => {
            let nbf = nbf.ceil();
            let early = now < nbf.saturating_sub(rules.leeway.as_secs());
            if early { Err(Denial::NotYetValid { nbf, now }) } else { Ok(()) }
        }
    }
}

/// Returns the denial of a date that is too large to be in seconds: read as seconds, the token would never expire.
const fn milliseconds(claim: ClaimName, date: NumericDate) -> Denial {
    Denial::MalformedToken(TokenFault::Milliseconds { claim, date: date.floor() })
}
