//! The decision: authenticates a request and authorizes access to the resource.
//!
//! [`Verifier::decide`](crate::Verifier::decide) takes these steps. The first rule that fails is reported as the reason.
//!
//! 1. **Site.** The host and the base path select the site. The configuration decides whether an unknown host is refused or
//!    passed ([`UnknownHost`]), and likewise a path outside every base path ([`Outside`](crate::site::Outside)).
//! 2. **Preflight.** A CORS preflight is answered, because it carries no credential.
//! 3. **HTTPS**, if the site requires it.
//! 4. **Path.** A path without a normal form is refused.
//! 5. **Public.** Credentials are not read for a public resource. For any other resource, the host must contain the bucket or playback
//!    ID if the site's pattern takes it from there; otherwise no credential covers the path.
//! 6. **Carrier.** Path, query, bearer, header and cookie are searched in this order. The first carrier with a credential decides; see
//!    [`schemes`](crate::schemes).
//! 7. **Credential.** The scheme verifies the credential. A signed token's form, key, algorithm, claims and scope are checked
//!    before its [signature](crate::schemes::jws); these checks can only reject the token. A link's [proof](crate::schemes::link)
//!    is checked before its expiry. An embed token's [record](crate::schemes::embed) is looked up before its expiry, video and
//!    origin are checked. If too many signatures from a client or for a key have [failed](crate::rate::FailedSignatures),
//!    verification is suspended for that client or key.
//! 8. **Revocation**, by the names in the verified credential.
//! 9. **Hook.** The site's own rule receives the request and the verified claims.
//! 10. **Method, length, rate.** Only a request with a valid credential gets 405. Next, the length of the parameters that a
//!     [manifest](crate::manifest) would carry is checked, on public resources too. An embed token's rate is checked last.
//! 11. **Shadow mode.** If the site does not [enforce](crate::site::danger), a request passes in spite of a denial in steps 6 to 10
//!     that concerns its credential. The method and the length of the query are checked as for a public resource.
//!
//! A decision does not block, and reads one [snapshot](crate::Verifier::update) of policy and keys. It allocates nothing, except
//! once for each of these:
//!
//! - the first decision of a thread: its slot among the readers, which a later thread reuses;
//! - the first decision of a thread on a site: a row of [counters](crate::stats), which a later thread reuses;
//! - a token that is [remembered](crate::site::PolicyBuilder::token_cache); the first such token also allocates the table;
//! - a public key, when it is prepared for its first token.
//!
//! Embed tokens and revocations change one at a time. A change applies to every decision that starts after the call has returned.
//! While an entry is being changed, a lookup in the same part of the table may wait for its lock.
//!
//! # Only a decision grants
//!
//! There is no other way to create a grant:
//!
//! ```compile_fail,E0451
//! fn forge<'r>(raw: &'r [u8]) -> playgate::Grant<'r> {
//!     playgate::Grant { raw, ..panic!() }
//! }
//! ```
//!
//! ```
//! fn use_it(grant: &playgate::Grant<'_>) -> String {
//!     grant.kid().unwrap_or_default().to_owned()
//! }
//! ```

mod comparison;
mod count;
mod decision;
mod grant;
mod guard;
mod notices;
mod outcome;
mod paths;
mod snapshot;

pub(crate) use comparison::Comparisons;
pub use comparison::{
    Disagreement, MAX_DISAGREEMENTS, MAX_DISAGREEMENTS_LOGGED, OtherVerdict, OwnVerdict, VerdictCount,
};
pub use decision::{Decision, Needed, Passed, Preflight, Public, Refusal};
pub(crate) use grant::Payload;
pub use grant::{ClaimsError, Grant, OwnedGrant};
pub(crate) use paths::Paths;
pub use snapshot::Snapshot;

use std::cell::Cell;

pub(crate) use outcome::{Decided, Nowhere, Outcome as DecidedOutcome};
use outcome::{Outcome, RejectedCredential};

use crate::cors::is_preflight;
use crate::error::{Denial, HostFault, PathFault};
use crate::request::{Host, HostBuffer, OtherPath, PathBuffer, RequestPath, RequestView, Target};
use crate::schemes::{Carrier, Context, Event, Facts, Recorder, Rejected, Requested, Rule, Scheme, Text};
use crate::scope::{Captures, Resource};
use crate::site::{Exact, Granted, Place, Policy, SiteIndex, SiteRules, UnknownHost};
use crate::stats::Noted;
use crate::store::Found;
use crate::time::UnixSeconds;

/// Decides a request, by the steps in the module's docs. `found` holds the results of the lookups that earlier decisions on this
/// request needed. `noted` receives the work that is counted with the outcome; nothing is counted here. `recorder` receives the rules
/// that are applied; without an explanation it is [`Off`](crate::schemes::Off).
pub(crate) fn decide<'r>(
    snapshot: &Snapshot,
    request: &'r impl RequestView,
    now: UnixSeconds,
    found: Option<&Found>,
    noted: &Cell<Noted>,
    recorder: impl Recorder,
) -> Decided<'r> {
    let (policy, target) = (&*snapshot.policy, request.target());
    let (mut host_buffer, mut path_buffer) = (HostBuffer::new(), PathBuffer::new());
    // 1. Site.
    let located = match locate(policy, request, target, &mut host_buffer, &mut path_buffer) {
        Ok(located) => located,
        Err(nowhere) => return Decided::Nowhere(nowhere),
    };
    let Located { index, site, host, path, inside } = located;
    let outcome = 'outcome: {
        // 2. Preflight.
        if site.cors.is_some() && is_preflight(request) {
            break 'outcome Outcome::Preflight;
        }
        // 3. HTTPS.
        if site.settings.require_https {
            if !policy.trusted_proxies.is_https(request) {
                break 'outcome recorder.failed(Rule::Https, Denial::HttpsRequired).into();
            }
            recorder.passed(Rule::Https);
        }
        // 4. Path.
        let (captures, key) = match inside {
            Ok(inside) => inside,
            Err(denial) => break 'outcome recorder.failed(Rule::Path, denial).into(),
        };
        recorder.passed(Rule::Path);
        // 5. Public.
        if site.is_public(key) {
            let checked = check_method_and_query(site, request.method(), path, target.query, None);
            record_method_and_query(checked, recorder);
            break 'outcome match checked {
                Ok(()) => Outcome::Public,
                Err(denial) => denial.into(),
            };
        }
        let Some(resource) = site.facts.serves.resource(&captures, key) else {
            break 'outcome recorder.failed(Rule::Resource, Denial::OutOfScope).into();
        };
        let context = Context {
            now,
            request,
            target,
            requested: Requested { path, key, host: host.as_bytes(), query: target.query },
            resource,
            site: &site.facts,
            streams: &policy.streams,
            proxies: &policy.trusted_proxies,
            keys: &snapshot.keys,
            seen: &snapshot.seen,
            failures: &snapshot.failures,
            access: &snapshot.access,
            found,
            need: Cell::new(None),
            noted,
            recorder,
        };
        // 6. to 9. Carrier, credential, revocation, hook: the scheme performs the last three.
        match authenticate(site, request, &context) {
            // 10. Method, length, rate.
            Outcome::Granted(raw, facts) => match authorize(site, request, &facts, &context) {
                Ok(()) => Outcome::Granted(raw, facts),
                Err(denial) if site.shadow.is_none() => {
                    denied(denial, facts.verified.scheme(), facts.carrier, raw)
                }
                Err(denial) => {
                    let refused = denied(denial, facts.verified.scheme(), facts.carrier, raw);
                    shadowed(site, request, &context, refused)
                }
            },
            refused if site.shadow.is_none() => refused,
            // 11. Shadow mode.
            refused => shadowed(site, request, &context, refused),
        }
    };
    Decided::At(index, outcome)
}

/// Returns the outcome of a refused credential on a site that does not enforce. This is a separate function, because moving an
/// outcome would add some fifty instructions to the refusals of every other site.
#[cold]
#[inline(never)]
fn shadowed<'r>(
    site: &SiteRules,
    request: &impl RequestView,
    context: &Context<'_, '_, impl Recorder>,
    refused: Outcome<'r>,
) -> Outcome<'r> {
    match refused {
        Outcome::Denied(denial, rejected) if denial.is_about_credential() => {
            let Requested { path, query, .. } = context.requested;
            let checked = check_method_and_query(site, request.method(), path, query, None);
            record_method_and_query(checked, context.recorder);
            match checked {
                Ok(()) => Outcome::Shadowed(denial, rejected),
                Err(denial) => denial.into(),
            }
        }
        refused => refused,
    }
}

/// The site of a request, and the resource that its path names there.
struct Located<'p> {
    index: SiteIndex,
    site: &'p SiteRules,
    host: Host<'p>,
    /// The normal form of the path, or the path as it was received if it has none.
    path: &'p [u8],
    inside: Result<(Captures<'p>, &'p [u8]), Denial>,
}

/// Finds the site of a request by host and base path.
#[expect(clippy::inline_always, reason = "its result is large, and only taken apart")]
#[inline(always)]
fn locate<'p>(
    policy: &'p Policy,
    request: &'p impl RequestView,
    target: Target<'p>,
    host_buffer: &'p mut HostBuffer,
    path_buffer: &'p mut PathBuffer,
) -> Result<Located<'p>, Nowhere> {
    let mut exact = None;
    let known = |name| {
        exact = policy.exact(name);
        exact.is_some()
    };
    let host = Host::agreed(request, target, host_buffer, known)
        .map_err(|fault| Nowhere::Denied(Denial::AmbiguousHost(fault)))?;
    let path = RequestPath::parse(target.path, path_buffer);
    let place = policy.place(host, exact, target.path, path);
    let place = match request.other_path() {
        None => place,
        Some(other) => agreed_place(policy, (host, exact), place, other),
    };
    let (index, inside) = match place {
        Place::Outside if policy.outside.passes(host) => return Err(Nowhere::Pass { outside: true }),
        Place::Outside => return Err(Denial::Outside.into()),
        Place::UnknownHost if host.as_bytes().is_empty() => {
            return Err(Denial::AmbiguousHost(HostFault::Missing).into());
        }
        Place::UnknownHost => {
            return Err(match policy.unknown_host {
                UnknownHost::Refuse => Denial::UnknownHost.into(),
                UnknownHost::Pass => Nowhere::Pass { outside: false },
            });
        }
        Place::Ambiguous(index, fault) => (index, Err(Denial::AmbiguousPath(fault))),
        Place::Inside(index, captures, key) => (index, Ok((captures, key))),
    };
    let site = policy.site(index);
    let path = path.map_or(target.path, RequestPath::as_bytes);
    Ok(Located { index, site, host, path, inside })
}

/// Calls `then` with the site of a request and the resource that the path names there, as a decision finds them. Returns `None` if
/// there is no such site or resource.
pub(crate) fn with_resource<T>(
    policy: &Policy,
    request: &impl RequestView,
    then: impl FnOnce(&SiteRules, &Resource<'_>) -> T,
) -> Option<T> {
    let (mut host_buffer, mut path_buffer) = (HostBuffer::new(), PathBuffer::new());
    let located = locate(policy, request, request.target(), &mut host_buffer, &mut path_buffer).ok()?;
    let (captures, key) = located.inside.ok()?;
    let resource = located.site.facts.serves.resource(&captures, key)?;
    Some(then(located.site, &resource))
}

/// Returns the place of a request that has a second path.
///
/// 1. If a layer rewrote the path, the path before and the path after must belong to the same site. Otherwise the request is
///    ambiguous.
/// 2. If a router removed a prefix with a parameter, the whole path decides. A request outside every site is ambiguous if the
///    rest of its path is inside a site: a parameter matches any segment, so no site can begin there.
#[cold]
fn agreed_place<'p>(
    policy: &'p Policy,
    (host, exact): (Host<'p>, Option<Exact<'p>>),
    place: Place<'p>,
    other: OtherPath<'_>,
) -> Place<'p> {
    let (OtherPath::Nested(other_path) | OtherPath::Rewritten(other_path)) = other;
    let mut buffer = PathBuffer::new();
    let path = RequestPath::parse(other_path, &mut buffer);
    let other_site = policy.place(host, exact, other_path, path).site();
    match (other, place.site(), other_site) {
        (OtherPath::Nested(_), Some(_), _) | (_, None, None) => place,
        (OtherPath::Rewritten(_), Some(site), Some(other)) if site == other => place,
        (_, Some(site), _) | (_, None, Some(site)) => Place::Ambiguous(site, PathFault::Rewritten),
    }
}

/// Authenticates a request: searches the carriers in order and verifies the credentials of the first one that has any.
fn authenticate<'r>(
    site: &SiteRules,
    request: &'r impl RequestView,
    context: &Context<'_, 'r, impl Recorder>,
) -> Outcome<'r> {
    for carrier in Carrier::IN_ORDER {
        if site.carriers.lists(carrier) {
            let texts = match site.carriers.texts(carrier, context.target.query, request) {
                Ok(texts) => texts,
                Err(denial) => return context.recorder.failed(Rule::Credential, denial).into(),
            };
            match *texts {
                [] => {}
                [raw] => return verify_text(site, Text { carrier, raw }, context),
                _ => return verify_each(site, carrier, &texts, context),
            }
        }
        if site.schemes.own_carriers.has(carrier) {
            match site.schemes.verify_own(carrier, context) {
                Ok(None) => {}
                Ok(Some((raw, result))) => return outcome_of(result, carrier, raw, context),
                Err(denial) => return context.recorder.failed(Rule::Credential, denial).into(),
            }
        }
    }
    context.recorder.failed(Rule::Credential, Denial::CredentialMissing).into()
}

/// Verifies a credential from a shared carrier.
#[inline]
fn verify_text<'r>(
    site: &SiteRules,
    text: Text<'r>,
    context: &Context<'_, '_, impl Recorder>,
) -> Outcome<'r> {
    outcome_of(site.schemes.verify_text(text, context), text.carrier, text.raw, context)
}

/// Verifies the cookies of one name, each on its own. The first accepted cookie decides, whatever precedes it. If none is
/// accepted, the result is the first lookup that one of them needs, or else the most specific denial.
#[inline(never)] // few requests have several
fn verify_each<'r>(
    site: &SiteRules,
    carrier: Carrier,
    texts: &[&'r [u8]],
    context: &Context<'_, '_, impl Recorder>,
) -> Outcome<'r> {
    let mut first_need = None;
    let mut most_specific = None;
    for raw in texts {
        match verify_text(site, Text { carrier, raw }, context) {
            Outcome::Needs(need) => first_need = first_need.or(Some(need)),
            Outcome::Denied(denial, rejected) => {
                if most_specific.is_none_or(|(other, _): (Denial, _)| denial.rank() > other.rank()) {
                    most_specific = Some((denial, rejected));
                }
            }
            granted => return granted,
        }
    }
    match (first_need, most_specific) {
        (Some(need), _) => Outcome::Needs(need),
        (None, Some((denial, rejected))) => Outcome::Denied(denial, rejected),
        (None, None) => Denial::CredentialMissing.into(),
    }
}

/// Returns the outcome of one credential. A denial caused by a missing lookup becomes a need for that lookup.
#[inline]
fn outcome_of<'r>(
    result: Result<Facts, Rejected>,
    carrier: Carrier,
    raw: &'r [u8],
    context: &Context<'_, '_, impl Recorder>,
) -> Outcome<'r> {
    match result {
        Ok(facts) => Outcome::Granted(raw, facts),
        Err(Rejected { scheme, denial }) => match (denial, context.need.take()) {
            (Denial::StoreUnavailable, Some(need)) => Outcome::Needs(need),
            _ => denied(denial, scheme, carrier, raw),
        },
    }
}

/// Checks the remaining rules after a credential was accepted, and records its use.
fn authorize(
    site: &SiteRules,
    request: &impl RequestView,
    facts: &Facts,
    context: &Context<'_, '_, impl Recorder>,
) -> Result<(), Denial> {
    let Requested { path, query, .. } = context.requested;
    let checked =
        check_method_and_query(site, request.method(), path, query, Some((facts.carrier, &facts.verified)));
    record_method_and_query(checked, context.recorder);
    let result = if context.counts() {
        facts.verified.apply_rate_and_record(checked, context.access, context.keys, context.now)
    } else {
        checked.and_then(|()| facts.verified.check_rate())
    };
    if checked.is_ok() {
        context.recorder.record(|| Event::Rule(Rule::Rate, result.err()));
    }
    result
}

/// Checks the method, then the length of the parameters that a manifest would carry.
fn check_method_and_query(
    site: &SiteRules,
    method: &str,
    path: &[u8],
    query: Option<&[u8]>,
    granted: Option<Granted<'_>>,
) -> Result<(), Denial> {
    if !site.methods.allow(method) {
        return Err(Denial::Method { verified: granted.is_some() });
    }
    site.refuse_long_query(method, path, query, granted)
}

#[expect(clippy::inline_always, reason = "a decision without a recorder costs no instruction more")]
#[inline(always)]
fn record_method_and_query(checked: Result<(), Denial>, recorder: impl Recorder) {
    match checked {
        Err(denial @ Denial::Method { .. }) => {
            recorder.failed(Rule::Method, denial);
        }
        Err(denial) => {
            recorder.passed(Rule::Method);
            recorder.failed(Rule::QueryLength, denial);
        }
        Ok(()) => {
            recorder.passed(Rule::Method);
            recorder.passed(Rule::QueryLength);
        }
    }
}

const fn denied(denial: Denial, scheme: Scheme, carrier: Carrier, raw: &[u8]) -> Outcome<'_> {
    Outcome::Denied(denial, Some(RejectedCredential { scheme, carrier, raw }))
}
