use super::Rate;

/// Limits on failed signatures for one client and for one key. The default is 60,000 a minute for a client, and no limit for a
/// key.
///
/// A token that names a key in force, has not expired and covers the path can be rejected only by verifying its signature. That
/// takes some 15 µs for RSA with 2048 bits and 55 µs with 4096, so a flood of such tokens takes processor time from viewers. Once
/// a limit is reached, verification is suspended for that client or key: the request is answered with 429 `rate_limited` and
/// `Retry-After`, whether the signature is valid or not.
///
/// Valid signatures are not counted. Secure links, embed tokens, requests that are rejected before the signature is verified, and
/// [remembered](crate::site::PolicyBuilder::token_cache) tokens are neither counted nor limited. While verification is suspended,
/// current viewers continue to watch, and viewers with a new token wait. Each of several cookies counts.
///
/// The default limit of a client does not apply to private addresses (loopback, RFC 1918, RFC 6598, RFC 4193, link-local) that
/// are not trusted proxies, nor to requests whose peer is unknown. Such a peer may be an unlisted proxy with every viewer behind
/// it. If the proxy is listed under [`trusted_proxies`](crate::site::PolicyBuilder::trusted_proxies), each client has its own
/// limit. A rate that is set explicitly applies to every client.
///
/// Each process counts by itself (GCRA), in 512 KiB for each limit. Changing a limit resets its counts; changing anything else
/// does not.
///
/// ```
/// use playgate::rate::{FailedSignatures, Rate};
/// use playgate::{Site, Verifier};
///
/// let verifier = Verifier::builder()
///     .site(Site::bucket("courses").host("cdn.example.com"))
///     .failed_signatures(FailedSignatures::default().per_client(Rate::per_minute(60)?))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct FailedSignatures {
    pub(crate) per_client: PerClient,
    pub(crate) per_key: Option<Rate>,
}

/// The limit of failed signatures of one client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PerClient {
    /// [`FailedSignatures::PER_CLIENT`], except for clients that may be a proxy with every viewer behind it.
    #[default]
    Default,
    /// Any number.
    Unlimited,
    /// This rate, for every client.
    Rate(Rate),
}

impl FailedSignatures {
    /// The default limit of a client: 60,000 a minute. At 15 µs for each signature, a flood from one address takes some 2 % of a
    /// core. Viewers who share an address stay far below the limit.
    pub const PER_CLIENT: Rate = Rate::SIXTY_THOUSAND_A_MINUTE;

    /// Creates limits that are never reached.
    pub const fn unlimited() -> Self {
        Self { per_client: PerClient::Unlimited, per_key: None }
    }

    /// Sets the limit of one client: an address, or a /64 network of IPv6. It stops a flood from a few addresses and rejects only
    /// requests from these. The default is [`PER_CLIENT`](Self::PER_CLIENT), for public addresses only; a rate that is set here
    /// applies to every address.
    ///
    /// Clients behind one NAT share a limit: during a flood from there, viewers with a new token wait. Clients without a known
    /// address share one limit. All clients behind a proxy that is not [trusted](crate::site::PolicyBuilder::trusted_proxies)
    /// have the proxy's address.
    pub const fn per_client(mut self, rate: Rate) -> Self {
        self.per_client = PerClient::Rate(rate);
        self
    }

    /// Sets the limit of one key, over all clients. It stops a flood from so many addresses that none of them stands out. The
    /// default is no limit.
    ///
    /// An attacker can abuse this limit: anyone who has one token knows its `kid`, and a flood with that `kid` delays all new
    /// viewers of the key. Viewers with a remembered token are not affected. Set the limit to the load that the machine can
    /// spare, for example a thousand a second, and far above the limit of a client, which is then reached first.
    pub const fn per_key(mut self, rate: Rate) -> Self {
        self.per_key = Some(rate);
        self
    }

    /// Returns whether a limit of a client was set, which applies to clients without a known address too.
    pub(crate) const fn limits_every_client(self) -> bool {
        matches!(self.per_client, PerClient::Rate(_))
    }

    /// Returns the rate of one client, if there is a limit.
    pub(crate) const fn client_rate(self) -> Option<Rate> {
        match self.per_client {
            PerClient::Default => Some(Self::PER_CLIENT),
            PerClient::Unlimited => None,
            PerClient::Rate(rate) => Some(rate),
        }
    }
}
