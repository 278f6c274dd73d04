use crate::error::Denial;
use crate::schemes::{Carrier, Facts, Scheme};
use crate::site::SiteIndex;
use crate::store::Need;

/// A decision without its snapshot. It borrows nothing from a snapshot.
pub(crate) enum Decided<'r> {
    /// The request belongs to no site.
    Nowhere(Nowhere),
    /// The request belongs to this site.
    At(SiteIndex, Outcome<'r>),
}

/// The decision about a request that belongs to no site.
pub(crate) enum Nowhere {
    /// The request goes to the inner service without a decision about a credential.
    Pass {
        /// False if no site claims the host. True if a site claims it, and the path is outside every base path.
        outside: bool,
    },
    Denied(Denial),
}

/// The decision about a request that belongs to a site.
pub(crate) enum Outcome<'r> {
    /// A CORS preflight on a site with a CORS policy.
    Preflight,
    Public,
    Granted(&'r [u8], Facts),
    Denied(Denial, Option<RejectedCredential<'r>>),
    /// A denial that the site does not enforce.
    Shadowed(Denial, Option<RejectedCredential<'r>>),
    Needs(Need),
}

/// The credential that a denial is about, as it appears in the request. Used for the log line.
#[derive(Clone, Copy)]
pub(crate) struct RejectedCredential<'r> {
    pub(super) scheme: Scheme,
    pub(super) carrier: Carrier,
    pub(super) raw: &'r [u8],
}

impl From<Denial> for Nowhere {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial)
    }
}

impl From<Denial> for Outcome<'_> {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial, None)
    }
}

impl std::fmt::Debug for RejectedCredential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The credential itself is a secret.
        f.debug_struct("RejectedCredential").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}
