use std::net::IpAddr;

use crate::records::EmbedToken;

/// What has to be looked up before a request can be decided. Owned, so that it may be kept while nothing else is.
///
/// What it is about is not public: other things than embed tokens can be looked up in the same way.
#[derive(Clone, Debug)]
pub struct Need {
    pub(super) subject: Subject,
    /// Who asks for it: lookups that find nothing are few for each client.
    #[cfg_attr(not(feature = "redis"), expect(dead_code, reason = "memory limits no lookups"))]
    pub(super) client: Option<IpAddr>,
}

/// What a lookup is about.
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
