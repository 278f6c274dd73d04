//! The settings of a shared store, and their ranges.

use std::time::Duration;

use crate::error::ConfigError;
use crate::rate::Rate;

/// A builder for a store in Redis (6.2 or later) or Valkey, which a fleet shares. Created by
/// [`Store::redis`](crate::store::Store::redis).
///
/// ```no_run
/// use std::time::Duration;
/// use playgate::{Site, Verifier, schemes::embed::Embed, store::Store};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = Store::redis("redis://:password@10.0.0.7:6379")
///     .max_staleness(Duration::from_secs(30))
///     .connect()?;
/// store.ready().await;
/// let verifier = Verifier::builder()
///     .site(Site::bucket("courses").host("cdn.example.com").embed(Embed::new()))
///     .store(&store)
///     .build()?;
/// # Ok(()) }
/// ```
///
/// # Data on the server
///
/// Every key begins with the prefix as a hash tag, so that a cluster keeps all keys in one slot.
///
/// | key | type | content |
/// | --- | --- | --- |
/// | `{playgate}:token:<SHA-256>` | string | order, names of video and viewer, record as JSON; or `revoked` |
/// | `{playgate}:video:<hash>` | hash | `up_to`: tokens of an order up to this are revoked; `lasting` if one does not expire |
/// | `{playgate}:viewer:<hash>` | hash | the same of a viewer |
/// | `{playgate}:order` | string | the last order: microseconds of the server's clock, or one more than the last |
/// | `{playgate}:revoked` | hash | revocations of signed tokens by `jti:…`, `sub:…`, `kid:…` and `key:…`: issued before, until |
/// | `{playgate}:revoked-order` | hash | the order of each of these revocations, by the same names |
/// | `{playgate}:restored` | sorted set | names that were restored in the last 31 days, by order |
/// | `{playgate}:revoked-until` | sorted set | the names of the revocations, by the second from which they are not needed |
/// | `{playgate}:news` | stream | the revocations of a day |
/// | `{playgate}:generation` | string | a random text, which changes if the data is lost |
///
/// The server never stores a token's text.
///
/// # The guarantee of an acknowledged revocation
///
/// When `revoke` (of one embed token, a video, a viewer, or signed tokens) has returned `Ok`:
///
/// 1. This node rejects the revoked tokens until they have expired, whatever the store answers later. The same applies after an
///    error.
/// 2. The store holds the revocation, and every node that is connected to the store rejects the tokens within a second.
/// 3. The server can still lose the revocation: with its memory if it saves no data, in a failover to a replica that had not
///    received the revocation, or when a backup is restored. Every node that knows the revocation sends it again to such a
///    server, as soon as the node is connected to it. Until a node has done so, a node that does not know the revocation grants
///    requests with the revoked tokens.
/// 4. If the store has lost a revocation and no running node knows it, the revocation is lost: revoke again. A node knows the
///    revocations that were made, by itself or by others, since it started; for embed tokens, videos and viewers, it knows the
///    last 65,536.
///
/// A revocation that is sent again does not affect tokens that were issued or restored after it.
///
/// Configure the server to save its data (`appendonly yes`) and not to evict keys (`maxmemory-policy noeviction`). Any other
/// configuration is reported in the log, in [`Store::problems`](crate::store::Store::problems) and in
/// [`Health::store`](crate::verifier::Health::store). With [`wait_for_replicas`](Self::wait_for_replicas), a revocation fails
/// unless replicas acknowledge it in time.
///
/// # The load that one client can cause
///
/// Requests for the same token share one lookup. An unknown token is remembered for five seconds, in bounded memory. Lookups that
/// find nothing are [limited](Self::unknown_tokens) for each client address, and a node performs at most 256 lookups at a time. A
/// request over a limit is answered with 503 and costs no round trip.
#[derive(Clone)]
#[must_use = "nothing is connected before `connect`"]
pub struct RedisStore {
    url: String,
    pub(super) prefix: String,
    pub(super) staleness: Staleness,
    pub(super) timeout: Duration,
    pub(super) unknown: Option<Rate>,
    pub(super) replicas: Option<Replicas>,
}

/// The setting of [`RedisStore::wait_for_replicas`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Replicas {
    pub(super) count: u32,
    /// The maximum wait.
    pub(super) most: Duration,
}

/// The time for which a node relies on its memory without news from the shared store.
///
/// A [`Duration`] converts to [`AtMost`](Self::AtMost).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Staleness {
    /// For at most this long. Afterwards, requests that the store would have to confirm are answered with 503. The minimum is 1
    /// second, the default 60 seconds.
    AtMost(Duration),
    /// Without limit: a token in memory is valid until it expires, even if another node has revoked it.
    UntilExpiry,
}

impl From<Duration> for Staleness {
    fn from(most: Duration) -> Self {
        Self::AtMost(most)
    }
}

/// The minimum timeout of a lookup, and of the wait for replicas.
const MIN_TIMEOUT: Duration = Duration::from_millis(10);

/// The maximum timeout of a lookup, and of the wait for replicas.
const MAX_TIMEOUT: Duration = Duration::from_secs(5);

/// The maximum length of a prefix, in bytes.
const MAX_PREFIX_LEN: usize = 64;

impl RedisStore {
    pub(super) fn new(url: String) -> Self {
        Self {
            url,
            prefix: "playgate".to_owned(),
            staleness: Staleness::AtMost(Duration::from_mins(1)),
            timeout: Duration::from_secs(2),
            unknown: None,
            replicas: None,
        }
    }

    /// Sets the prefix of all keys on the server. The default is `playgate`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the time for which this node relies on its memory without news from the store. The default is 60 seconds.
    pub fn max_staleness(mut self, staleness: impl Into<Staleness>) -> Self {
        self.staleness = staleness.into();
        self
    }

    /// Sets the time that the store may take to answer, from 10 milliseconds to 5 seconds. The default is 2 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Limits the lookups that find nothing, for each client address or /64 network of IPv6. Above the limit, requests from that
    /// address with a token that is not in memory are answered with 503. The default is 20 in 2 seconds.
    ///
    /// Up to 256 lookups that were in progress when the limit was reached may exceed it. All clients without a known address
    /// share the limit of one client.
    pub fn unknown_tokens(mut self, rate: Rate) -> Self {
        self.unknown = Some(rate);
        self
    }

    /// Makes every revocation, rotation and restoration wait until this many replicas have acknowledged it (Redis command
    /// `WAIT`). The maximum wait is 10 milliseconds to 5 seconds. The default is not to wait.
    ///
    /// If fewer replicas acknowledge the change in time, the call fails with
    /// [`StoreError::NotReplicated`](crate::store::StoreError::NotReplicated), but the change is in force on this node and in the
    /// store. Each change waits on its own connection, at most 16 at a time.
    pub fn wait_for_replicas(mut self, count: u32, most: Duration) -> Self {
        self.replicas = Some(Replicas { count, most });
        self
    }

    /// Opens the URL, without connecting yet.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::Store`] for a URL that cannot be used.
    pub(super) fn client(&self) -> Result<redis::Client, ConfigError> {
        // A URL may contain a password, so no error shows it.
        redis::Client::open(self.url.as_str()).map_err(|_| {
            if self.url.starts_with("rediss:") || self.url.starts_with("valkeys:") {
                fault("has a URL for TLS, which is not supported".to_owned(), "redis://, through a tunnel")
            } else {
                let write = "redis://[user:password@]host[:port][/database]";
                fault("has a URL that cannot be parsed".to_owned(), write)
            }
        })
    }

    /// Returns one [`ConfigError::Store`] for each setting that is out of range.
    pub(super) fn faults(&self) -> Vec<ConfigError> {
        let mut faults = Vec::new();
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if self.prefix.is_empty() || self.prefix.len() > MAX_PREFIX_LEN || !self.prefix.bytes().all(good) {
            let found = format!("has the prefix {:?}", self.prefix);
            faults.push(fault(found, "1 to 64 letters, digits, and any of - _ . :"));
        }
        if let Staleness::AtMost(most) = self.staleness
            && most < Duration::from_secs(1)
        {
            faults.push(fault(format!("has a staleness of {most:?}"), "1 second or more"));
        }
        if !(MIN_TIMEOUT..=MAX_TIMEOUT).contains(&self.timeout) {
            let found = format!("has a timeout of {:?}", self.timeout);
            faults.push(fault(found, "10 milliseconds to 5 seconds"));
        }
        if let Some(Replicas { count, most }) = self.replicas
            && (count == 0 || !(MIN_TIMEOUT..=MAX_TIMEOUT).contains(&most))
        {
            let found = format!("waits for {count} replicas for {most:?}");
            faults.push(fault(found, "1 replica or more, and 10 milliseconds to 5 seconds"));
        }
        faults
    }
}

impl std::fmt::Debug for RedisStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisStore")
            .field("prefix", &self.prefix)
            .field("staleness", &self.staleness)
            .field("timeout", &self.timeout)
            .field("replicas", &self.replicas)
            .finish_non_exhaustive()
    }
}

fn fault(found: String, write: &'static str) -> ConfigError {
    ConfigError::Store { found, write }
}
