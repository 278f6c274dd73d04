use crate::rate::Rate;

/// How many signatures may fail, of one client and for one key. Default 60,000 a minute of a client, and any number for a key.
///
/// A token whose signature is bad, and that names a key in force, has not expired and covers the path, is refused only
/// after its signature was checked: some 15 µs for RSA with 2048 bits, 55 with 4096. Whoever sends enough of them takes
/// the processor from those who watch. Once a limit is reached no signature is checked for that client, or by that key,
/// be it good or bad: 429 `rate_limited`, with `Retry-After`.
///
/// What does not count is not limited either: good signatures, secure links and embed tokens, whatever is refused without
/// a look at the signature, and tokens that are [remembered](super::PolicyBuilder::token_cache). So viewers go on watching
/// while a limit is reached, and those wait whose token is new. Of several cookies each counts.
///
/// The default limit of a client passes over addresses of this machine and of private networks that are no trusted proxy's
/// (loopback, RFC 1918, RFC 6598, RFC 4193, link-local), and requests whose peer the server does not know: there may be a proxy in front that is
/// not listed, with every viewer behind it. List it under [`trusted_proxies`](super::PolicyBuilder::trusted_proxies), and each client has a limit of its
/// own. A rate that is set by name passes over nobody.
///
/// Each process counts by itself (GCRA), in 512 KiB for each limit however many come; changing a limit forgets what was
/// counted for it, changing anything else does not.
///
/// ```
/// use playgate::rate::Rate;
/// use playgate::site::FailedSignatures;
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

/// How many signatures of one client may fail.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum PerClient {
    /// [`FailedSignatures::PER_CLIENT`], except for clients that may be a proxy with everybody behind it.
    #[default]
    Default,
    /// Any number.
    Unlimited,
    /// So many, whoever the client is.
    Rate(Rate),
}

impl FailedSignatures {
    /// The default limit of a client: 60,000 a minute. At 15 µs for a signature a flood from one address then takes some 2 %
    /// of a core, and viewers who share an address are far below it.
    pub const PER_CLIENT: Rate = Rate::SIXTY_THOUSAND_A_MINUTE;

    /// Any number, of a client as for a key.
    pub const fn unlimited() -> Self {
        Self { per_client: PerClient::Unlimited, per_key: None }
    }

    /// The limit of one client's address, or of one /64 network of IPv6: against a flood from few addresses, which alone are
    /// refused. Default [`PER_CLIENT`](Self::PER_CLIENT), for addresses of the public Internet alone; a rate that is set here
    /// counts for every address.
    ///
    /// An address behind NAT shares its limit: while one floods from there, the others who are new wait. Clients without a
    /// known address share the limit of one; and behind a proxy that is not
    /// [trusted](super::PolicyBuilder::trusted_proxies) all have its address.
    pub const fn per_client(mut self, rate: Rate) -> Self {
        self.per_client = PerClient::Rate(rate);
        self
    }

    /// The limit of one key, whoever brings its tokens: against a flood from so many addresses that none of them stands out.
    /// Default any number.
    ///
    /// It is a lever as well: anyone who sees one token knows its `kid`, and with so many bad ones keeps all new viewers of that
    /// key waiting for as long as they come. Those that were seen before go on. Set it to what the machine can spare, a
    /// thousand in a second say, and far above the limit of a client, which is reached first then.
    pub const fn per_key(mut self, rate: Rate) -> Self {
        self.per_key = Some(rate);
        self
    }

    /// The rate of one client, if there is a limit.
    pub(crate) const fn client_rate(self) -> Option<Rate> {
        match self.per_client {
            PerClient::Default => Some(Self::PER_CLIENT),
            PerClient::Unlimited => None,
            PerClient::Rate(rate) => Some(rate),
        }
    }
}
