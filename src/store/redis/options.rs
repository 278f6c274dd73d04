use std::time::Duration;

use tokio::runtime::Handle;

use super::fleet::Fleet;
use crate::error::{ConfigError, ConfigErrors};
use crate::rate::Rate;
use crate::store::Store;

/// A store in Redis (6.2 or later) or Valkey to be, which a fleet shares; made by [`Store::redis`].
///
/// ```no_run
/// use std::time::Duration;
/// use playgate::{Site, Verifier, embed::Embed, store::Store};
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
/// # What is on the server
///
/// Every key begins with the prefix as hash tag, so that a cluster keeps them in one slot.
///
/// | key | type | what it holds |
/// | --- | --- | --- |
/// | `{playgate}:token:<SHA-256>` | string | order, names of video and viewer, record as JSON; or `revoked` |
/// | `{playgate}:video:<hash>` | hash | `up_to`: tokens of an order up to this are revoked; `lasting` if one does not expire |
/// | `{playgate}:viewer:<hash>` | hash | the same of a viewer |
/// | `{playgate}:order` | string | the last order: microseconds of the server's clock, or one more than the last |
/// | `{playgate}:revoked` | hash | by `jti:…`, `sub:…` and `kid:…` what was taken back: issued before, until |
/// | `{playgate}:revoked-order` | hash | the same names by the order of their revocation |
/// | `{playgate}:restored` | sorted set | names that were given back in the last 31 days, by order |
/// | `{playgate}:revoked-until` | sorted set | the same names by when they can go |
/// | `{playgate}:news` | stream | the revocations of a day |
/// | `{playgate}:generation` | string | another text when the data were lost |
///
/// A token's text is never there.
///
/// # What an acknowledged revocation means
///
/// When `revoke` (of one embed token, a video, a viewer, or signed tokens) has returned `Ok`:
///
/// 1. This node refuses what was revoked until it has expired, whatever the store says later. It does so after an error too.
/// 2. The store holds the revocation, and every node that is in touch with it refuses within a second.
/// 3. The server can still lose it: with its memory where it keeps no data, in a failover to a replica that had not received
///    it, by restoring a backup. Every node that made or heard a revocation tells it again to such a server, as soon as the
///    node is connected to it. Until the first has, a node that knows nothing of the revocation grants.
/// 4. What no running node knows and the store has lost is lost: say it again. A node remembers the revocations it has made
///    or heard since it started, the last 65,536 of embed tokens, videos and viewers.
///
/// What was issued or restored after a revocation stays so when the revocation is told again.
///
/// Let the server keep its data (`appendonly yes`) and evict nothing (`maxmemory-policy noeviction`): a server that does
/// otherwise is reported in the log, in [`Store::problems`] and in [`Health::store`](crate::verify::Health::store).
/// [`wait_for_replicas`](Self::wait_for_replicas) makes a revocation an error until replicas have it.
///
/// # What one client can cause
///
/// Many requests for one token share one lookup; a token that is none is remembered for five seconds, in bounded room; and
/// lookups that find nothing are [bounded](Self::unknown_tokens) by the client's address. However many clients ask, a node
/// has at most 256 lookups under way at a time. What is over a bound is answered with 503, and costs no round trip.
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

/// What [`RedisStore::wait_for_replicas`] demands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Replicas {
    pub(super) count: u32,
    pub(super) most: Duration,
}

/// For how long memory is believed while nothing is heard of the shared store.
///
/// A [`Duration`] is [`AtMost`](Self::AtMost) that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// Then everything is answered with 503 that the store would have to confirm. 1 second or more; default 60.
    AtMost(Duration),
    /// What is in memory opens until it expires, and what others have revoked meanwhile with it.
    UntilExpiry,
}

impl From<Duration> for Staleness {
    fn from(most: Duration) -> Self {
        Self::AtMost(most)
    }
}

/// The shortest that a lookup, or the wait for a replica, may be allowed to take.
const MIN_TIMEOUT: Duration = Duration::from_millis(10);

/// The longest that a lookup, or the wait for a replica, may take.
const MAX_TIMEOUT: Duration = Duration::from_secs(5);

/// The longest prefix, in bytes.
const MAX_PREFIX_LEN: usize = 64;

impl Store {
    /// In Redis or Valkey, for a fleet: `redis://[user:password@]host[:port][/database]`, or `unix:///path`.
    pub fn redis(url: impl Into<String>) -> RedisStore {
        RedisStore {
            url: url.into(),
            prefix: "playgate".to_owned(),
            staleness: Staleness::AtMost(Duration::from_mins(1)),
            timeout: Duration::from_secs(2),
            unknown: None,
            replicas: None,
        }
    }
}

impl RedisStore {
    /// What the names of keys on the server begin with. Default `playgate`.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// For how long memory is believed while nothing is heard of the store. Default 60 seconds.
    pub fn max_staleness(mut self, staleness: impl Into<Staleness>) -> Self {
        self.staleness = staleness.into();
        self
    }

    /// For how long the store may take to answer. 10 milliseconds to 5 seconds; default 2 seconds.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many lookups that find nothing one client's address may cause, or one /64 network of IPv6; others that ask from
    /// there meanwhile for a token that is not in memory get 503. Default 20 in 2 seconds.
    ///
    /// Besides these, those count that were under way when the bound was reached: 256 at most. Clients without a known
    /// address may cause as many as one, all together.
    pub fn unknown_tokens(mut self, rate: Rate) -> Self {
        self.unknown = Some(rate);
        self
    }

    /// Makes every revocation, rotation and restoration wait until this many replicas have acknowledged it (Redis command
    /// `WAIT`), for 10 milliseconds to 5 seconds at most. If fewer have by then, it fails with
    /// [`StoreError::NotReplicated`](crate::store::StoreError::NotReplicated): it is in force on this node and in the store
    /// all the same. Default is not to wait. Each waits over a connection of its own, 16 at a time.
    pub fn wait_for_replicas(mut self, count: u32, most: Duration) -> Self {
        self.replicas = Some(Replicas { count, most });
        self
    }

    /// Starts to connect, within a tokio runtime, and goes on without end: a server that is down is no error. Until it was
    /// reached, decisions that need it are 503; see [`Store::ready`].
    ///
    /// # Errors
    ///
    /// [`ConfigError::Store`] for a URL, a prefix or a time that cannot be, each of them; nothing is connected then.
    pub fn connect(self) -> Result<Store, ConfigErrors> {
        let mut faults = Vec::new();
        let mut fault = |found: String, write: &'static str| faults.push(ConfigError::Store { found, write });
        // A URL may hold a password, so what is wrong with it is said without it.
        let client = match redis::Client::open(self.url.as_str()) {
            Ok(client) => Some(client),
            Err(_) if self.url.starts_with("rediss:") || self.url.starts_with("valkeys:") => {
                fault("has a URL for TLS, which is not supported".to_owned(), "redis://, through a tunnel");
                None
            }
            Err(_) => {
                fault(
                    "has a URL that cannot be read".to_owned(),
                    "redis://[user:password@]host[:port][/database]",
                );
                None
            }
        };
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        if self.prefix.is_empty() || self.prefix.len() > MAX_PREFIX_LEN || !self.prefix.bytes().all(good) {
            fault(format!("has the prefix {:?}", self.prefix), "1 to 64 letters, digits, and any of - _ . :");
        }
        if let Staleness::AtMost(most) = self.staleness
            && most < Duration::from_secs(1)
        {
            fault(format!("is believed for {most:?}"), "1 second or more");
        }
        if !(MIN_TIMEOUT..=MAX_TIMEOUT).contains(&self.timeout) {
            fault(format!("has a timeout of {:?}", self.timeout), "10 milliseconds to 5 seconds");
        }
        if let Some(Replicas { count, most }) = self.replicas
            && (count == 0 || !(MIN_TIMEOUT..=MAX_TIMEOUT).contains(&most))
        {
            let found = format!("waits for {count} replicas for {most:?}");
            fault(found, "1 replica or more, and 10 milliseconds to 5 seconds");
        }
        ConfigErrors::check(faults)?;
        let nowhere = ConfigError::Store {
            found: "is connected outside of a tokio runtime".to_owned(),
            write: "connect() within one",
        };
        match (client, Handle::try_current()) {
            (Some(client), Ok(runtime)) => {
                Ok(Store::shared(|access| Fleet::start(&self, client, runtime, access)))
            }
            _ => Err(nowhere.into()),
        }
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
