use crate::error::Denial;
use crate::schemes::{Carrier, Facts, Scheme};
use crate::store::Need;

/// A decision without its snapshot: nothing in it borrows from one.
pub(crate) struct Decided<'r> {
    pub(super) site: Option<usize>,
    pub(super) outcome: Outcome<'r>,
}

pub(super) enum Outcome<'r> {
    /// The request goes to the inner service without a decision about a credential.
    Pass {
        /// False for a host that no site claims; otherwise the path is outside of every base path.
        outside: bool,
    },
    Preflight,
    Public,
    Granted(&'r [u8], Facts),
    Denied(Denial, Option<Evidence<'r>>),
    Needs(Need),
}

/// The credential that a denial is about, as it stands in the request: for the log line.
#[derive(Clone, Copy)]
pub(crate) struct Evidence<'r> {
    pub(super) scheme: Scheme,
    pub(super) carrier: Carrier,
    pub(super) raw: &'r [u8],
}

impl From<Denial> for Outcome<'_> {
    fn from(denial: Denial) -> Self {
        Self::Denied(denial, None)
    }
}

impl std::fmt::Debug for Evidence<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The credential itself is a secret.
        f.debug_struct("Evidence").field("carrier", &self.carrier).finish_non_exhaustive()
    }
}
