use std::net::IpAddr;

use crate::records::EmbedToken;

/// A lookup that a decision needs. It is owned, so that it can be kept without the request.
///
/// Its subject is not public, because lookups are not limited to embed tokens.
#[derive(Clone, Debug)]
pub struct Need {
    pub(super) subject: Subject,
    /// The client that needs the lookup. Each client may cause few lookups that find nothing.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "memory limits no lookups"))]
    pub(super) client: Option<IpAddr>,
}

/// The subject of a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// The record of an embed token.
    Embed(EmbedToken),
}

impl Need {
    pub(crate) const fn new(subject: Subject, client: Option<IpAddr>) -> Self {
        Self { subject, client }
    }
}
