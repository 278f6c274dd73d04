//! The store itself: each operation in the memory of this process, or in the shared home.
//!
//! Only a shared home takes time. In memory, `ready(…).await` keeps the functions asynchronous without the feature `redis` too.

use std::future::ready;
use std::sync::Arc;

use super::access::Access;
use super::error::StoreError;
use super::found::{Answer, Found, LookUp};
use super::need::Need;
#[cfg(feature = "redis")]
use super::redis::Fleet;
use crate::records::{EmbedToken, Stored};
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

/// The place where tokens and revocations are kept.
#[derive(Debug)]
enum Home {
    Memory,
    #[cfg(feature = "redis")]
    Redis(Fleet),
}

impl Default for Store {
    fn default() -> Self {
        Self::in_memory()
    }
}

impl Store {
    /// Creates a store in the memory of this process. It needs no server, and its content is lost when the process ends.
    pub fn in_memory() -> Self {
        Self(Arc::new(Inner { access: Arc::default(), home: Home::Memory }))
    }

    /// Creates a store with a shared home, which fills the memory and records whether decisions may rely on it.
    #[cfg(feature = "redis")]
    pub(super) fn shared(home: impl FnOnce(Arc<Access>) -> Fleet) -> Self {
        let access = Arc::<Access>::default();
        Self(Arc::new(Inner { home: Home::Redis(home(Arc::clone(&access))), access }))
    }

    /// Waits until a shared store has been reached for the first time and commands work. A store in memory is always ready.
    ///
    /// Afterwards the connections are set up and a script has run. The revocations in the store are in force here, and earlier
    /// revocations of this node are in the store.
    ///
    /// This function waits indefinitely while the server is down, is loading its data or does not answer. Limit the wait with
    /// `tokio::time::timeout`.
    pub async fn ready(&self) {
        match &self.0.home {
            Home::Memory => ready(()).await,
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.ready().await,
        }
    }

    /// Returns the current problems of a shared store: it is unreachable, it may evict keys, or it saves nothing to disk. The
    /// last two are checked at each connection, if the server discloses its configuration. A store in memory has no problems.
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

    /// Looks up a subject that is not in memory.
    #[cfg_attr(
        not(feature = "redis"),
        expect(
            unused_variables,
            clippy::needless_pass_by_value,
            reason = "memory needs no more than the subject"
        )
    )]
    pub(crate) fn look_up(&self, need: Need, now: UnixSeconds) -> LookUp {
        match &self.0.home {
            Home::Memory => LookUp::ready(Found::remembered(need.subject, Answer::Absent)),
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.look_up(need, now),
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
                ready(if embeds.put_new(&record) { Ok(()) } else { Err(StoreError::Taken) }).await
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.issue(token, stored, now).await,
        }
    }

    /// Revokes one token, whether or not it is known.
    pub(crate) async fn revoke_token(&self, token: EmbedToken, now: UnixSeconds) -> Result<(), StoreError> {
        self.access().embeds.revoke(&token, now); // in force here at once, whether or not the store answers
        match &self.0.home {
            Home::Memory => ready(Ok(())).await,
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.revoke_token(token).await,
        }
    }

    /// Revokes every token issued so far for a video, and puts the next one in force in the same step.
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
                let up_to = embeds.order(); // tokens issued later have a higher order
                if let Some((token, stored)) = next {
                    self.issue(token, stored, now).await?; // first: if this fails, nothing is revoked
                }
                embeds.revoke_video(realm, video, up_to, now);
                Ok(())
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.rotate(realm, video, next, now).await,
        }
    }

    /// Revokes every token issued so far to a viewer.
    pub(crate) async fn revoke_viewer(&self, viewer: &str, now: UnixSeconds) -> Result<(), StoreError> {
        match &self.0.home {
            Home::Memory => {
                let embeds = &self.access().embeds;
                embeds.revoke_viewer(viewer, embeds.order(), now);
                ready(Ok(())).await
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.revoke_viewer(viewer, now).await,
        }
    }

    /// Revokes signed tokens.
    pub(crate) async fn revoke(&self, revocation: Revocation) -> Result<(), StoreError> {
        revocation.check().map_err(|error| StoreError::Refused(error.into()))?;
        match &self.0.home {
            Home::Memory => {
                self.access().revocations.add(&revocation);
                ready(Ok(())).await
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.revoke(&revocation).await,
        }
    }

    /// Restores the signed tokens of a revocation's name. Returns whether any were revoked.
    pub(crate) async fn restore(&self, revocation: &Revocation) -> Result<bool, StoreError> {
        match &self.0.home {
            Home::Memory => {
                let was_revoked = self.access().revocations.remove(revocation.kind, &revocation.name);
                ready(Ok(was_revoked)).await
            }
            #[cfg(feature = "redis")]
            Home::Redis(fleet) => fleet.restore(revocation).await,
        }
    }
}
