//! Where do embed tokens and revocations live: in this process, or in a store that a fleet shares?
//!
//! Decisions read memory alone and never wait. What waits is here:
//!
//! 1. Tokens are issued and revoked here. On the node that does it, the next decision knows.
//! 2. A token that is not in memory is **looked up**, by the adapter that needs it; many that need one share one lookup.
//! 3. What other nodes revoke is heard of within a second, and caught up with after a connection was lost.
//!
//! Without a shared store, memory is all there is: a token that is not there is unknown, and everything is gone when the
//! process ends. What a shared one holds, and how it has to be set up, is told at `RedisStore` (feature `redis`).
//!
//! While a shared store is down, [issuing](crate::verify::Embeds::issue) is an error, and so is
//! [revoking](crate::verify::Embeds::revoke); but what was to be revoked is revoked on this node, and the others are told when
//! the store is back, unless this process ends before. What a store has acknowledged and lost is told to it again by every
//! node that knows of it.

mod access;
mod error;
mod found;
#[cfg(feature = "redis")]
mod redis;

use std::net::IpAddr;
use std::sync::Arc;

#[cfg(feature = "redis")]
pub use self::redis::{RedisStore, Staleness};
pub(crate) use access::{Access, Reach, Standing};
pub use error::StoreError;
pub(crate) use found::Answer;
pub use found::{Found, LookUp};

use crate::embed::{EmbedToken, Stored};
use crate::revocation::Revocation;
use crate::time::UnixSeconds;

/// Embed tokens and revocations, for one process or for a fleet. Clones share everything.
#[derive(Clone, Debug)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    access: Arc<Access>,
    home: Home,
}

/// Where it all is kept.
#[derive(Debug)]
enum Home {
    Memory,
    #[cfg(feature = "redis")]
    Redis(self::redis::Fleet),
}

impl Default for Store {
    fn default() -> Self {
        Self::in_memory()
    }
}

impl Store {
    /// In this process alone: nothing to install, and gone when it ends.
    pub fn in_memory() -> Self {
        Self(Arc::new(Inner { access: Arc::default(), home: Home::Memory }))
    }

    /// In a home that fills and trusts this memory as it hears of others.
    #[cfg(feature = "redis")]
    fn shared(home: impl FnOnce(Arc<Access>) -> self::redis::Fleet) -> Self {
        let access = Arc::<Access>::default();
        Self(Arc::new(Inner { home: Home::Redis(home(Arc::clone(&access))), access }))
    }

    /// Waits until a shared store was reached for the first time and commands work: the connections are set up, a script
    /// has run, the revocations in the store are in force here, and those made here before are in the store. A store in
    /// memory is always ready.
    ///
    /// It waits without end while the server is down, loads its data or does not answer; put a limit on it with
    /// `tokio::time::timeout`.
    pub async fn ready(&self) {
        match &self.0.home {
            Home::Memory => {}
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.ready().await,
        }
    }

    /// What is wrong with a shared store now: it is out of reach, it may evict keys, or it keeps nothing on disk. The last two
    /// are found out at each connection, as far as the server tells. A store in memory has no problems.
    pub fn problems(&self) -> Vec<String> {
        match &self.0.home {
            Home::Memory => Vec::new(),
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.problems(),
        }
    }

    pub(crate) fn access(&self) -> &Arc<Access> {
        &self.0.access
    }

    /// Looks a token up that is not in memory.
    #[cfg_attr(
        not(feature = "redis"),
        expect(unused_variables, reason = "memory needs no more than the token")
    )]
    pub(crate) fn look_up(&self, token: EmbedToken, client: Option<IpAddr>, now: UnixSeconds) -> LookUp {
        match &self.0.home {
            Home::Memory => LookUp::ready(Found::remembered(token, Answer::Absent)),
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.look_up(token, client, now),
        }
    }

    /// Puts a new token in force.
    pub(crate) async fn issue(
        &self,
        token: EmbedToken,
        stored: Stored,
        now: UnixSeconds,
    ) -> Result<(), StoreError> {
        match &self.0.home {
            Home::Memory => {
                let embeds = &self.access().embeds;
                let record = embeds.record(token, &stored, embeds.next_order(), now);
                let record = record.map_err(StoreError::Refused)?;
                if embeds.put_new(&record) { Ok(()) } else { Err(StoreError::Taken) }
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.issue(token, stored, now).await,
        }
    }

    /// Revokes one token, whether it is known here or not.
    pub(crate) async fn revoke_token(&self, token: EmbedToken, now: UnixSeconds) -> Result<(), StoreError> {
        self.access().embeds.revoke(&token, now); // here at once, whatever becomes of the others
        match &self.0.home {
            Home::Memory => Ok(()),
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.revoke_token(token).await,
        }
    }

    /// Revokes every token of a video that was issued so far, and puts the next one in force in the same step.
    pub(crate) async fn rotate(
        &self,
        realm: &str,
        video: &str,
        next: Option<(EmbedToken, Stored)>,
        now: UnixSeconds,
    ) -> Result<(), StoreError> {
        match &self.0.home {
            Home::Memory => {
                let embeds = &self.access().embeds;
                let up_to = embeds.order(); // what is issued from here on is above it
                if let Some((token, stored)) = next {
                    self.issue(token, stored, now).await?; // first: where this fails, nothing is revoked
                }
                embeds.revoke_video(realm, video, up_to, now);
                Ok(())
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.rotate(realm, video, next, now).await,
        }
    }

    /// Revokes every token of a viewer that was issued so far.
    pub(crate) async fn revoke_viewer(&self, viewer: &str, now: UnixSeconds) -> Result<(), StoreError> {
        match &self.0.home {
            Home::Memory => {
                let embeds = &self.access().embeds;
                embeds.revoke_viewer(viewer, embeds.order(), now);
                Ok(())
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.revoke_viewer(viewer, now).await,
        }
    }

    /// Takes signed tokens back.
    pub(crate) async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError> {
        revocation.check().map_err(|error| StoreError::Refused(error.into()))?;
        match &self.0.home {
            Home::Memory => {
                self.access().revocations.add(&revocation);
                Ok(())
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.revoke(&revocation).await,
        }
    }

    /// Gives back what was taken back by the same name.
    pub(crate) async fn restore(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        match &self.0.home {
            Home::Memory => Ok(self.access().revocations.remove(revocation.kind, &revocation.name)),
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.restore(revocation).await,
        }
    }
}
