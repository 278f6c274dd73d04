use std::net::IpAddr;

use crate::records::EmbedToken;

/// What has to be looked up before a request can be decided. Owned, so that it may be kept while nothing else is.
#[derive(Clone, Copy, Debug)]
pub struct Need {
    token: EmbedToken,
    /// Who asks for it: lookups that find nothing are few for each client.
    client: Option<IpAddr>,
}

impl Need {
    pub(crate) const fn embed(token: EmbedToken, client: Option<IpAddr>) -> Self {
        Self { token, client }
    }

    pub(crate) const fn parts(self) -> (EmbedToken, Option<IpAddr>) {
        (self.token, self.client)
    }
}
