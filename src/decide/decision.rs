use std::sync::Arc;

use arc_swap::Guard;

use super::context::Context;
use super::grant::Grant;
use super::outcome::{Decided, Evidence, Outcome};
use super::snapshot::Snapshot;
use crate::error::{Code, Denial};
#[cfg(feature = "tower")]
use crate::request::RequestView;
use crate::schemes::{Carrier, claimed_key};
use crate::site::SiteView;
use crate::store::Need;

/// What is to become of a request.
///
/// Holds the snapshot of policy and keys under which it was made until it is dropped. A server takes the owned
/// [`Reply`](crate::answer::Reply) from it before it waits for anything; [`Verifier::reply`](crate::Verifier::reply) decides and
/// does so.
#[derive(Debug)]
#[must_use = "a decision that is not carried out protects nothing"]
#[non_exhaustive]
pub enum Decision<'r> {
    /// None of our business: it goes to the inner service.
    Pass(Passed),
    /// A CORS preflight: it is answered here.
    Preflight(Preflight),
    /// A public resource: it goes to the inner service, and its answer gets the site's headers.
    Public(Public),
    /// A credential was verified and covers the request.
    Granted(Grant<'r>),
    /// No, and why not.
    Denied(Refusal<'r>),
    /// Something has to be [looked up](crate::Verifier::look_up) first. With the result, the request is
    /// [decided again](crate::Verifier::decide_with). Until then there is no reply.
    Needs(Needed),
}

impl<'r> Decision<'r> {
    pub(crate) fn new(state: Guard<Arc<Snapshot>>, Decided { site, outcome }: Decided<'r>) -> Self {
        let context = Context { state, site };
        match outcome {
            Outcome::Pass { outside } => Self::Pass(Passed { context, outside }),
            Outcome::Preflight => Self::Preflight(Preflight(context)),
            Outcome::Public => Self::Public(Public(context)),
            Outcome::Granted(raw, facts) => Self::Granted(Grant::new(raw, facts, context)),
            Outcome::Denied(denial, evidence) => Self::Denied(Refusal { denial, evidence, context }),
            Outcome::Needs(need) => Self::Needs(Needed { need, context }),
        }
    }

    /// Refuses a request that needs no credential only because of where its path is: outside of every base path, or in a
    /// public site on a host with base paths. For an adapter that cannot exclude that a router removed a prefix from the
    /// path.
    #[cfg(feature = "tower")]
    pub(crate) fn refuse_shortened(self, request: &(impl RequestView + ?Sized)) -> Self {
        match self {
            Self::Pass(Passed { context, outside: true }) => {
                Self::Denied(Refusal { denial: Denial::PathMayBeShortened, evidence: None, context })
            }
            Self::Public(Public(context)) if context.may_be_shortened(request) => {
                Self::Denied(Refusal { denial: Denial::PathMayBeShortened, evidence: None, context })
            }
            decided => decided,
        }
    }

    /// The denial, if it is one.
    pub fn denial(&self) -> Option<Denial> {
        match self {
            Self::Denied(refusal) => Some(refusal.denial),
            Self::Needs(_) => Some(Denial::StoreUnavailable),
            Self::Pass(_) | Self::Preflight(_) | Self::Public(_) | Self::Granted(_) => None,
        }
    }

    /// The site, where one was found.
    pub fn site(&self) -> Option<SiteView<'_>> {
        self.context().site().map(SiteView)
    }

    pub(crate) fn context(&self) -> &Context {
        match self {
            Self::Pass(Passed { context, .. })
            | Self::Preflight(Preflight(context))
            | Self::Public(Public(context)) => context,
            Self::Granted(grant) => grant.context(),
            Self::Denied(refusal) => &refusal.context,
            Self::Needs(needed) => &needed.context,
        }
    }
}

/// A request outside of every site.
#[derive(Debug)]
pub struct Passed {
    context: Context,
    /// Outside of every base path of a host that a site claims.
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "the tower layer checks it"))]
    outside: bool,
}

/// A preflight on a site with a CORS policy.
#[derive(Debug)]
pub struct Preflight(Context);

/// A request for a public resource.
#[derive(Debug)]
pub struct Public(Context);

/// A decision that something is missing for.
#[derive(Debug)]
pub struct Needed {
    need: Need,
    context: Context,
}

impl Needed {
    /// What is missing.
    pub const fn need(&self) -> Need {
        self.need
    }
}

/// A denial, with what a log line tells about it.
#[derive(Debug)]
pub struct Refusal<'r> {
    denial: Denial,
    evidence: Option<Evidence<'r>>,
    context: Context,
}

impl Refusal<'_> {
    /// The rule that refused.
    pub const fn denial(&self) -> Denial {
        self.denial
    }

    /// Its stable code.
    pub const fn code(&self) -> Code {
        self.denial.code()
    }

    /// The site, where one was found.
    pub fn site(&self) -> Option<SiteView<'_>> {
        self.context.site().map(SiteView)
    }

    /// Which carrier brought the credential that was refused.
    pub fn carrier(&self) -> Option<Carrier> {
        self.evidence.map(|evidence| evidence.carrier)
    }

    /// The first [`MAX_KID_SHOWN`](crate::schemes::jws::MAX_KID_SHOWN) bytes of the name of the key that the rejected credential
    /// claims, escaped for a log line. It is the client's own text.
    pub fn claimed_kid(&self) -> Option<String> {
        let Evidence { scheme, carrier, raw } = self.evidence?;
        claimed_key(scheme, carrier, raw)
    }
}
