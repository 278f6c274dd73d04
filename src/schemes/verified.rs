use crate::time::UnixSeconds;

/// A credential that was verified and covers the resource.
#[derive(Debug)]
pub(crate) struct Verified<P> {
    pub(crate) expires_at: Option<UnixSeconds>,
    pub(crate) proof: P,
    /// Only [`Context::accept`] makes one.
    _accepted: (),
}

impl<P> Verified<P> {
    pub(super) const fn new(expires_at: Option<UnixSeconds>, proof: P) -> Self {
        Self { expires_at, proof, _accepted: () }
    }
}
