//! The start of a shared store, from its URL and settings.

use tokio::runtime::Handle;

use super::fleet::Fleet;
use super::options::RedisStore;
use crate::error::{ConfigError, ConfigErrors};
use crate::store::Store;

impl Store {
    /// Returns a builder for a store in Redis or Valkey, which a fleet shares. The URL is
    /// `redis://[user:password@]host[:port][/database]` or `unix:///path`.
    pub fn redis(url: impl Into<String>) -> RedisStore {
        RedisStore::new(url.into())
    }
}

impl RedisStore {
    /// Starts to connect on the current tokio runtime, and reconnects whenever the connection is lost. A server that is down is
    /// not an error: until the server is reached, requests that need it are answered with 503. See [`Store::ready`].
    ///
    /// # Errors
    ///
    /// Returns one [`ConfigError::Store`] for each setting that is out of range, for a malformed URL, and for a call outside a
    /// runtime. No connection is opened in that case.
    pub fn connect(self) -> Result<Store, ConfigErrors> {
        let mut faults = Vec::new();
        let client = self.client().map_err(|fault| faults.push(fault)).ok();
        faults.extend(self.faults());
        ConfigErrors::check(faults)?;
        let (Some(client), Ok(runtime)) = (client, Handle::try_current()) else {
            let found = "is connected outside a tokio runtime".to_owned();
            return Err(ConfigError::Store { found, write: "connect() inside one" }.into());
        };
        Ok(Store::shared(|access| Fleet::start(&self, client, runtime, access)))
    }
}
