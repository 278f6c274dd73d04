use std::sync::Arc;
use std::time::Duration;

use crate::error::{Denial, Failing};
use crate::keys::KeyId;
use crate::rate::{Debts, FailedSignatures, PerClient, Rate};
use crate::request::Client;
use crate::time::UnixSeconds;

/// How many clients, and how many keys, are told apart: 512 KiB for each of the two. To fill every place at sixty a minute
/// takes as many checks as a core can make.
const PLACES: usize = 65_536;

/// What clients and keys owe for signatures that did not fit; nothing where the policy sets no limit.
///
/// Time is the second that the decision is made in, like that of every other rule: it can be held still, and no further
/// clock is asked. Seconds are fine enough to tell one when to come again. That clock may be set, and [`Debts`] sees to it
/// that nobody waits for long then.
#[derive(Clone, Debug, Default)]
pub(crate) struct Failures {
    clients: Option<Arc<Debts>>,
    /// Clients that may be an unlisted proxy are not limited.
    spares_proxies: bool,
    keys: Option<Arc<Debts>>,
}

impl Failures {
    /// Under these limits. Where one of them is what it was, what is owed stays owed.
    pub(crate) fn under(&self, limits: FailedSignatures) -> Self {
        Self {
            clients: debts_at(limits.client_rate(), self.clients.as_ref()),
            spares_proxies: limits.per_client == PerClient::Default,
            keys: debts_at(limits.per_key, self.keys.as_ref()),
        }
    }

    /// Has a signature checked, unless too many have failed. One that does not fit counts, once for each limit.
    ///
    /// The client is looked for where clients are limited.
    pub(crate) fn check<T>(
        &self,
        client: &dyn Fn() -> Option<Client>,
        key: &KeyId,
        now: UnixSeconds,
        check: impl FnOnce() -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        let (clients, keys) = (self.clients.as_deref(), self.keys.as_deref());
        if clients.is_none() && keys.is_none() {
            return check();
        }
        let now = Duration::from_secs(u64::try_from(now.get()).unwrap_or_default());
        let client = if clients.is_some() { client() } else { None };
        let may_be_everybody = client.is_none_or(Client::may_be_an_unlisted_proxy);
        let clients = clients.filter(|_| !(self.spares_proxies && may_be_everybody));
        let client = client.map(Client::network);
        let of_client = clients.and_then(|clients| clients.allow(client, now).err());
        let of_key = keys.and_then(|keys| keys.allow(Some(key), now).err());
        let waits = [(Failing::Client, of_client), (Failing::Key, of_key)];
        let waits = waits.into_iter().filter_map(|(of, wait)| Some((of, wait?)));
        if let Some((of, wait)) = waits.max_by_key(|(_, wait)| *wait) {
            return Err(Denial::TooManyFailures { of, retry_after: whole_seconds_of(wait) });
        }
        check().inspect_err(|denial| {
            if *denial == Denial::BadSignature {
                clients.inspect(|clients| clients.count(client, now));
                keys.inspect(|keys| keys.count(Some(key), now));
            }
        })
    }
}

fn debts_at(rate: Option<Rate>, before: Option<&Arc<Debts>>) -> Option<Arc<Debts>> {
    let rate = rate?;
    let same = before.filter(|debts| debts.rate() == rate).map(Arc::clone);
    Some(same.unwrap_or_else(|| Arc::new(Debts::new(rate, PLACES).by_a_clock_that_is_set())))
}

/// Rounded up, so that whoever waits for so long has waited for long enough.
fn whole_seconds_of(wait: Duration) -> u32 {
    let whole = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
    u32::try_from(whole).unwrap_or(u32::MAX).max(1)
}
