//! The effect of the database on a verifier: managed sites, streams and keys.
//!
//! 1. A task follows the revision of the database. After a change on this node it reads the changed rows at once, and after a change
//!    elsewhere as soon as the database reports it.
//! 2. Changes that arrive within [`SHARED`] of the last swap share the next one.
//! 3. A swap replaces policy and keys together. Sites that did not change keep their checked rules.
//! 4. If a change cannot be put in force, the previous state stays in force, and the task tries again. The reason is a
//!    [problem](crate::Manage::problems).

mod managed;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use playgate::time::UnixSeconds;
use playgate::{Key, Verifier};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use self::managed::Managed;
use crate::database::{Database, Result};
use crate::error::ManageError;
use crate::model::{Domain, DomainName, SigningKeyId};
use crate::settings::Settings;

/// Changes within this time share one swap.
const SHARED: Duration = Duration::from_millis(20);

/// The time between a failure and the next attempt.
const RETRY: Duration = Duration::from_millis(500);

/// The interval at which the last use of keys is stored.
const TENDED: Duration = Duration::from_mins(1);

/// The number of changes that nodes can catch up with one by one. A node that is further behind reads everything.
const KEPT_CHANGES: i64 = 10_000;

/// The maximum time that a call waits for its change to be in force.
const IN_FORCE: Duration = Duration::from_secs(5);

/// Follows the database and puts its state in force in a verifier.
pub(crate) struct Effect {
    verifier: Verifier,
    settings: Settings,
    wake: Notify,
    /// The revision in force here. Before the first one, -1.
    in_force: watch::Sender<i64>,
    problem: Mutex<Option<String>>,
}

impl Effect {
    pub(crate) fn new(verifier: Verifier, settings: Settings) -> Self {
        let (in_force, _) = watch::channel(-1);
        Self { verifier, settings, wake: Notify::new(), in_force, problem: Mutex::default() }
    }

    /// Waits until a change of this node is in force here.
    pub(crate) async fn put_in_force(&self, revision: i64) -> Result<()> {
        self.wake.notify_one();
        let mut in_force = self.in_force.subscribe();
        let is_in_force = in_force.wait_for(|now| *now >= revision);
        if let Ok(Ok(_)) = tokio::time::timeout(IN_FORCE, is_in_force).await {
            return Ok(());
        }
        let reason = self.problem().clone().unwrap_or_else(|| "it takes too long".to_owned());
        Err(ManageError::NotInForce(reason))
    }

    /// Waits until the state of the database is in force for the first time.
    pub(crate) async fn ready(&self) {
        let _ = self.in_force.subscribe().wait_for(|revision| *revision >= 0).await;
    }

    /// Returns when a token of a signing key was last accepted on this node.
    pub(crate) fn last_used(&self, id: SigningKeyId) -> Option<i64> {
        let snapshot = self.verifier.snapshot();
        let kid = id.to_string();
        let keys = snapshot.keys().keys_of(&kid);
        keys.filter_map(Key::last_used).max().map(UnixSeconds::get)
    }

    /// Returns the reason for which the latest state of the database is not in force, if it is not.
    pub(crate) fn problems(&self) -> Vec<String> {
        self.problem().iter().cloned().collect()
    }

    /// Checks that a domain does not conflict with the sites of the configuration.
    ///
    /// # Errors
    ///
    /// Returns [`ManageError::Conflict`] with the names of both.
    pub(crate) fn check(&self, domain: &Domain) -> Result<()> {
        let conflict = |message: String| ManageError::Conflict {
            code: "domain_conflicts",
            field: Some("name"),
            message,
        };
        if self.settings.base.as_ref().is_some_and(|base| domain.name.is_within(base.as_str())) {
            return Err(conflict(format!("{} is below the base domain of this origin", domain.name)));
        }
        Managed::default().check(domain, &self.settings, &self.verifier).map_err(|errors| {
            conflict(format!("the domain conflicts with a site of the configuration: {errors}"))
        })
    }

    /// Returns true if the name is a host of the data plane, so that the API is not reachable under it.
    pub(crate) fn is_media_host(&self, name: &str) -> bool {
        let below =
            |base: &DomainName| DomainName::parse(name).is_ok_and(|name| name.is_within(base.as_str()));
        self.settings.base.as_ref().is_some_and(below)
    }

    /// Follows the database until the future is dropped.
    pub(crate) async fn follow(self: Arc<Self>, database: Arc<dyn Database>) {
        let mut managed = Managed::default();
        let mut last_swap: Option<Instant> = None;
        loop {
            if let Some(last) = last_swap {
                tokio::time::sleep_until(last + SHARED).await;
            }
            match self.catch_up(&mut managed, &*database).await {
                Ok(swapped) => {
                    *self.problem() = None;
                    if swapped {
                        last_swap = Some(Instant::now());
                    }
                }
                Err(reason) => {
                    let before = self.problem().replace(reason.clone());
                    if before.as_ref() != Some(&reason) {
                        tracing::error!(reason, "the state of the database cannot be put in force");
                    }
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            }
            tokio::select! {
                () = self.wake.notified() => {}
                () = database.changed_elsewhere() => {}
            }
        }
    }

    /// Writes what no node follows: when keys were last used. Also forgets old changes.
    pub(crate) async fn tend(self: Arc<Self>, database: Arc<dyn Database>) {
        let mut stored = i64::MIN;
        loop {
            tokio::time::sleep(TENDED).await;
            let now = self.verifier.now().get();
            match self.tend_once(&*database, stored).await {
                Ok(()) => stored = now,
                Err(error) => {
                    tracing::warn!(%error, "the last use of signing keys could not be stored");
                }
            }
        }
    }

    /// Stores the uses since a second. Earlier uses are stored already.
    async fn tend_once(&self, database: &dyn Database, since: i64) -> Result<()> {
        let mut writing = database.note().await?;
        let snapshot = self.verifier.snapshot();
        for key in snapshot.keys().iter() {
            let used = key.last_used().map(UnixSeconds::get).filter(|used| *used >= since);
            if let (Ok(id), Some(used)) = (SigningKeyId::parse(key.id().as_str()), used) {
                writing.set_signing_key_used(id, used).await?;
            }
        }
        let revision = writing.revision().await?;
        writing.forget_changes(revision.saturating_sub(KEPT_CHANGES)).await?;
        writing.commit().await
    }

    /// Reads what changed, and puts it in force. Returns whether there was a change.
    async fn catch_up(&self, managed: &mut Managed, database: &dyn Database) -> Result<bool, String> {
        managed.read(database, &self.settings).await.map_err(|error| error.to_string())?;
        let has_changed = managed.has_changed();
        if has_changed {
            managed.apply(&self.verifier).map_err(|errors| errors.to_string())?;
        }
        if let Some(revision) = managed.revision() {
            self.in_force.send_replace(revision);
        }
        Ok(has_changed)
    }

    fn problem(&self) -> MutexGuard<'_, Option<String>> {
        self.problem.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
