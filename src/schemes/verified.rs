use super::context::Accepted;
use crate::time::UnixSeconds;

/// A credential that was verified and covers the resource.
#[derive(Debug)]
pub(crate) struct Verified<P> {
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) facts: P,
    _accepted: Accepted,
}

impl<P> Verified<P> {
    pub(super) const fn new(accepted: Accepted, expires_at: Option<UnixSeconds>, facts: P) -> Self {
        Self { expires_at, facts, _accepted: accepted }
    }
}
