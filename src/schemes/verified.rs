use crate::time::UnixSeconds;

/// A credential that was verified and covers the resource.
#[derive(Debug)]
pub(crate) struct Verified<P> {
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) proof: P,
    _accepted: Accepted,
}

/// Shows that the site's hook was run and did not refuse. Only [`Context::accept`](super::context::Context::accept) makes one.
#[derive(Debug)]
pub(crate) struct Accepted(());

impl Accepted {
    /// To be called by [`Context::accept`](super::context::Context::accept) alone.
    pub(super) const fn by_context() -> Self {
        Self(())
    }
}

impl<P> Verified<P> {
    pub(super) const fn new(accepted: Accepted, expires_at: Option<UnixSeconds>, proof: P) -> Self {
        Self { expires_at, proof, _accepted: accepted }
    }
}
