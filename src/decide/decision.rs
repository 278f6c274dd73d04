use std::sync::Arc;

use arc_swap::Guard;

use super::comparison::OwnVerdict;
use super::count::slot_of;
use super::grant::Grant;
use super::guard::{SiteGuard, SnapshotGuard};
use super::outcome::{Decided, Nowhere, Outcome, RejectedCredential};
use super::paths::Paths;
use super::snapshot::Snapshot;
use crate::error::{Code, Denial};
use crate::request::RequestView;
use crate::schemes::{Carrier, claimed_key, claimed_scope};
use crate::site::{SiteIndex, SiteRules, SiteView};
use crate::stats::{Noted, Slot};
use crate::store::Need;

/// The decision about a request.
///
/// Until it is dropped, it holds the snapshot of policy and keys under which it was made. A server takes the owned
/// [`Reply`](crate::answer::Reply) from it before awaiting anything; [`Verifier::reply`](crate::Verifier::reply) does both.
#[derive(Debug)]
#[must_use = "a decision protects nothing unless it is applied"]
#[non_exhaustive]
pub enum Decision<'r> {
    /// The request belongs to no site. It goes to the inner service.
    Pass(Passed),
    /// A CORS preflight. The verifier answers it.
    Preflight(Preflight),
    /// A public resource. The request goes to the inner service, and the response gets the site's headers.
    Public(Public),
    /// A credential was verified and covers the request.
    Granted(Grant<'r>),
    /// The request is refused, for the reason given.
    Denied(Refusal<'r>),
    /// The request would be refused, but its site does not [enforce](crate::site::danger). The request passes to the inner
    /// service like a request for a public resource, without a grant.
    Shadowed(Refusal<'r>),
    /// The decision needs the result of a [lookup](crate::Verifier::look_up). The request is then [decided
    /// again](crate::Verifier::decide_with) with that result. Until then there is no reply.
    Needs(Needed),
}

impl<'r> Decision<'r> {
    /// Completes a decision, and counts the decision with its work.
    ///
    /// If a router may have removed a prefix from the path, a request is refused if it needs no credential only because of its
    /// path: a path outside every base path, or in a public site on a host with base paths.
    #[inline]
    pub(crate) fn new(
        state: Guard<Arc<Snapshot>>,
        decided: Decided<'r>,
        noted: Noted,
        paths: Paths,
        request: &impl RequestView,
    ) -> Self {
        let (site, outcome) = match decided {
            Decided::At(site, outcome) => (site, outcome),
            Decided::Nowhere(nowhere) => {
                let denial = match nowhere {
                    Nowhere::Pass { outside } if outside && paths.may_be_shortened() => {
                        Some(Denial::PathMayBeShortened)
                    }
                    Nowhere::Pass { .. } => None,
                    Nowhere::Denied(denial) => Some(denial),
                };
                let slot = denial.map_or(Slot::PASS, |denial| slot_of(denial, None));
                state.counters.outside().count(slot, noted);
                let guard = SnapshotGuard { state, site: None };
                return match denial {
                    None => Self::Pass(Passed { guard }),
                    Some(denial) => Self::Denied(Refusal { denial, rejected: None, guard }),
                };
            }
        };
        let guard = SiteGuard { state, site };
        match outcome {
            Outcome::Preflight => {
                guard.count(Slot::PREFLIGHT, noted);
                Self::Preflight(Preflight(guard))
            }
            Outcome::Public if paths.may_be_shortened() && guard.may_be_shortened(request) => {
                let denial = Denial::PathMayBeShortened;
                guard.count(slot_of(denial, None), noted);
                Self::Denied(Refusal { denial, rejected: None, guard: guard.into() })
            }
            Outcome::Public => {
                guard.count(Slot::PUBLIC, noted);
                Self::Public(Public(guard))
            }
            Outcome::Granted(raw, facts) => {
                guard.count(Slot::granted(facts.verified.scheme() as usize), noted);
                Self::Granted(Grant::new(raw, facts, guard))
            }
            Outcome::Denied(denial, rejected) => {
                guard.count(slot_of(denial, rejected.as_ref().map(|rejected| rejected.scheme)), noted);
                Self::Denied(Refusal { denial, rejected, guard: guard.into() })
            }
            Outcome::Shadowed(denial, rejected) => {
                // A router may have removed a prefix, as for a public resource.
                let (denial, rejected, is_shadowed) =
                    if paths.may_be_shortened() && guard.may_be_shortened(request) {
                        (Denial::PathMayBeShortened, None, false)
                    } else {
                        (denial, rejected, true)
                    };
                let slot = if is_shadowed { Slot::shadowed(denial.code()) } else { slot_of(denial, None) };
                guard.count(slot, noted);
                let refusal = Refusal { denial, rejected, guard: guard.into() };
                if is_shadowed { Self::Shadowed(refusal) } else { Self::Denied(refusal) }
            }
            Outcome::Needs(need) => {
                guard.count(Slot::NEEDED, noted);
                Self::Needs(Needed { need, guard })
            }
        }
    }

    /// Returns the denial, if the request is refused.
    pub fn denial(&self) -> Option<Denial> {
        match self {
            Self::Denied(refusal) => Some(refusal.denial),
            Self::Needs(_) => Some(Denial::StoreUnavailable),
            Self::Pass(_) | Self::Preflight(_) | Self::Public(_) | Self::Granted(_) | Self::Shadowed(_) => {
                None
            }
        }
    }

    /// Returns the denial that the site does not enforce, if the request passes only because of that.
    pub const fn unenforced_denial(&self) -> Option<Denial> {
        match self {
            Self::Shadowed(refusal) => Some(refusal.denial),
            Self::Pass(_)
            | Self::Preflight(_)
            | Self::Public(_)
            | Self::Granted(_)
            | Self::Denied(_)
            | Self::Needs(_) => None,
        }
    }

    /// Returns the site and the verdict, for the comparison with another gate. A preflight has no credential, so it is not
    /// compared.
    pub(crate) fn own_verdict(&self) -> Option<(SiteIndex, OwnVerdict)> {
        match self {
            Self::Pass(_) | Self::Preflight(_) | Self::Needs(_) => None,
            Self::Public(Public(guard)) => Some((guard.site, OwnVerdict::Public)),
            Self::Granted(grant) => Some((grant.guard().site, OwnVerdict::Granted)),
            Self::Denied(refusal) | Self::Shadowed(refusal) => {
                Some((refusal.guard.site?, OwnVerdict::Refused(refusal.code())))
            }
        }
    }

    /// Returns the site of the request, if it belongs to one.
    pub fn site(&self) -> Option<SiteView<'_>> {
        match self {
            Self::Pass(_) => None,
            Self::Preflight(Preflight(guard)) | Self::Public(Public(guard)) => Some(guard.site()),
            Self::Granted(grant) => Some(grant.guard().site()),
            Self::Denied(refusal) | Self::Shadowed(refusal) => refusal.guard.site(),
            Self::Needs(needed) => Some(needed.guard.site()),
        }
        .map(SiteView)
    }

    /// Returns the snapshot of policy and keys that the decision was made under.
    pub(crate) fn snapshot(&self) -> &Snapshot {
        match self {
            Self::Pass(Passed { guard })
            | Self::Denied(Refusal { guard, .. })
            | Self::Shadowed(Refusal { guard, .. }) => &guard.state,
            Self::Preflight(Preflight(guard))
            | Self::Public(Public(guard))
            | Self::Needs(Needed { guard, .. }) => &guard.state,
            Self::Granted(grant) => &grant.guard().state,
        }
    }
}

/// A request outside every site.
#[derive(Debug)]
pub struct Passed {
    guard: SnapshotGuard,
}

/// A preflight on a site with a CORS policy.
#[derive(Debug)]
pub struct Preflight(SiteGuard);

/// A request for a public resource.
#[derive(Debug)]
pub struct Public(SiteGuard);

/// A decision that needs a lookup first.
#[derive(Debug)]
pub struct Needed {
    need: Need,
    guard: SiteGuard,
}

impl Preflight {
    pub(crate) fn rules(&self) -> &SiteRules {
        self.0.site()
    }
}

impl Public {
    pub(crate) fn rules(&self) -> &SiteRules {
        self.0.site()
    }
}

impl Needed {
    /// Returns the lookup that is needed.
    pub fn need(&self) -> Need {
        self.need.clone()
    }
}

/// A denial, with the facts that its log line records.
#[derive(Debug)]
pub struct Refusal<'r> {
    denial: Denial,
    rejected: Option<RejectedCredential<'r>>,
    guard: SnapshotGuard,
}

impl Refusal<'_> {
    /// Returns the rule that refused the request, or that would have refused the request if the site enforced.
    pub const fn denial(&self) -> Denial {
        self.denial
    }

    /// Returns the stable code of that rule.
    pub const fn code(&self) -> Code {
        self.denial.code()
    }

    /// Returns the site of the request, if it belongs to one.
    pub fn site(&self) -> Option<SiteView<'_>> {
        self.guard.site().map(SiteView)
    }

    pub(crate) fn rules(&self) -> Option<&SiteRules> {
        self.guard.site()
    }

    /// Returns the carrier of the rejected credential.
    pub fn carrier(&self) -> Option<Carrier> {
        self.rejected.map(|rejected| rejected.carrier)
    }

    /// Returns the key name that the rejected credential claims, escaped for a log line and truncated to
    /// [`MAX_KID_SHOWN`](crate::schemes::jws::MAX_KID_SHOWN) bytes. The text is the client's own.
    pub fn claimed_kid(&self) -> Option<String> {
        let RejectedCredential { scheme, carrier, raw } = self.rejected?;
        claimed_key(scheme, carrier, raw)
    }

    /// Returns the scope that the rejected credential claims. It is the client's own text, of any length.
    pub(crate) fn claimed_scope(&self) -> Option<String> {
        let RejectedCredential { scheme, carrier, raw } = self.rejected?;
        claimed_scope(scheme, carrier, raw)
    }
}
