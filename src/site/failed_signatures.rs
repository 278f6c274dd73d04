use crate::rate::Rate;

/// How many signatures that do not fit may come, by a client and for a key. Default any number.
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
///     .failed_signatures(FailedSignatures::unlimited().per_client(Rate::per_minute(60)?))
///     .build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct FailedSignatures {
    pub(crate) per_client: Option<Rate>,
    pub(crate) per_key: Option<Rate>,
}

impl FailedSignatures {
    /// Any number: where to begin.
    pub const fn unlimited() -> Self {
        Self { per_client: None, per_key: None }
    }

    /// So many by one client's address, or one /64 network of IPv6: against a flood from few addresses, which alone are
    /// refused.
    ///
    /// An address behind NAT shares its limit: while one floods from there, the others who are new wait. Clients without a
    /// known address have a hundred times the rate, all together; and behind a proxy that is not
    /// [trusted](super::PolicyBuilder::trusted_proxies) all have its address.
    pub const fn per_client(mut self, rate: Rate) -> Self {
        self.per_client = Some(rate);
        self
    }

    /// So many for one key, whoever brings them: against a flood from so many addresses that none of them stands out.
    ///
    /// It is a lever as well: anyone who sees one token knows its `kid`, and with so many bad ones keeps all new viewers of that
    /// key waiting for as long as they come. Those that were seen before go on. Set it to what the machine can spare, a
    /// thousand in a second say, and far above the limit of a client, which is reached first then.
    pub const fn per_key(mut self, rate: Rate) -> Self {
        self.per_key = Some(rate);
        self
    }
}
