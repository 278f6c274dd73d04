use std::sync::Arc;
use std::time::Duration;

use crate::error::{Denial, Failing};
use crate::keys::KeyName;
use crate::rate::{FailedSignatures, LimiterTable, PerClient, Rate, ceil_seconds};
use crate::request::{Client, Network};
use crate::time::UnixSeconds;

/// The number of buckets for clients, and the number of buckets for keys: 512 KiB each. Filling every bucket at sixty failures a
/// minute takes as many verifications as one core can do.
const BUCKETS: usize = 65_536;

/// The limits of failed signatures for clients and keys, as far as the policy sets any.
///
/// The time is the second of the decision, as for every other rule. Tests can hold it still, and no second clock is read. Whole
/// seconds are precise enough for `Retry-After`. That clock can be set, which [`LimiterTable::by_a_clock_that_is_set`] allows
/// for.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures {
    clients: Option<Arc<LimiterTable>>,
    /// Exempts clients that may be unlisted proxies.
    spares_proxies: bool,
    keys: Option<Arc<LimiterTable>>,
}

impl Failures {
    /// Returns the state under these limits. Failures so far still count for each limit that did not change.
    pub(crate) fn under(&self, limits: FailedSignatures) -> Self {
        Self {
            clients: limits_at(limits.client_rate(), self.clients.as_ref()),
            spares_proxies: limits.per_client == PerClient::Default,
            keys: limits_at(limits.per_key, self.keys.as_ref()),
        }
    }

    /// Verifies a signature, unless too many signatures failed. Unless `counts` is false, a bad signature counts towards each limit.
    ///
    /// The client is determined only if clients are limited.
    pub(crate) fn check<T>(
        &self,
        client: &dyn Fn() -> Option<Client>,
        key: KeyName<'_>,
        now: UnixSeconds,
        counts: bool,
        check: impl FnOnce() -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        let Some(gate) = self.gate(client, now) else { return check() };
        gate.check(key)?;
        check().inspect_err(|denial| {
            if counts && denial.is_failed_signature() {
                gate.count(key);
            }
        })
    }

    /// Returns the limits for the signatures of one request, or `None` if there are none.
    pub(crate) fn gate(&self, client: &dyn Fn() -> Option<Client>, now: UnixSeconds) -> Option<Gate<'_>> {
        let (clients, keys) = (self.clients.as_deref(), self.keys.as_deref());
        if clients.is_none() && keys.is_none() {
            return None;
        }
        let now = Duration::from_secs(u64::try_from(now.get()).unwrap_or_default());
        let client = if clients.is_some() { client() } else { None };
        let may_be_everybody = client.is_none_or(Client::may_be_an_unlisted_proxy);
        let clients = clients.filter(|_| !(self.spares_proxies && may_be_everybody));
        Some(Gate { clients, client: client.map(Client::network), keys, now })
    }
}

/// The limits of failed signatures for the client of one request.
pub(crate) struct Gate<'f> {
    clients: Option<&'f LimiterTable>,
    client: Option<Network>,
    keys: Option<&'f LimiterTable>,
    now: Duration,
}

impl Gate<'_> {
    /// Checks that verification is not suspended for this client or this key. Counts nothing.
    pub(crate) fn check(&self, key: KeyName<'_>) -> Result<(), Denial> {
        let Self { clients, client, keys, now } = *self;
        let of_client = clients.and_then(|clients| clients.check(client, now).err());
        let of_key = keys.and_then(|keys| keys.check(Some(key), now).err());
        let waits = [(Failing::Client, of_client), (Failing::Key, of_key)];
        let waits = waits.into_iter().filter_map(|(of, wait)| Some((of, wait?)));
        match waits.max_by_key(|(_, wait)| *wait) {
            Some((of, wait)) => Err(Denial::TooManyFailures { of, retry_after: ceil_seconds(wait) }),
            None => Ok(()),
        }
    }

    /// Counts a signature that was not made with this key.
    pub(crate) fn count(&self, key: KeyName<'_>) {
        let Self { clients, client, keys, now } = *self;
        clients.inspect(|clients| clients.count(client, now));
        keys.inspect(|keys| keys.count(Some(key), now));
    }
}

fn limits_at(rate: Option<Rate>, before: Option<&Arc<LimiterTable>>) -> Option<Arc<LimiterTable>> {
    let rate = rate?;
    let same = before.filter(|limits| limits.rate() == rate).map(Arc::clone);
    Some(same.unwrap_or_else(|| Arc::new(LimiterTable::new(rate, BUCKETS).by_a_clock_that_is_set())))
}
