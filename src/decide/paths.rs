/// The origin of a request's path: sent by the client, or possibly shortened by a router.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paths {
    /// No router removed a prefix, or the request also has the original path.
    Whole,
    /// A router may have removed a prefix.
    #[cfg(feature = "tower")]
    MayBeShortened,
}

impl Paths {
    pub(super) const fn may_be_shortened(self) -> bool {
        match self {
            Self::Whole => false,
            #[cfg(feature = "tower")]
            Self::MayBeShortened => true,
        }
    }
}
