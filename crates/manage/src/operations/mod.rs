//! The operations: each checks its arguments and the state of the account, and changes the database in one transaction.
//!
//! [`Operator`] has the operations on accounts and API keys, which need no access token. [`Session`] has those of one account.

mod access;
mod buckets;
mod change;
mod domains;
mod once;
mod operator;
mod signing_keys;
mod streams;

pub use access::{ACCESS_TOKEN_LIFETIME, AccessToken};
pub use once::Once;
pub use operator::{DOMAIN_LIMIT, Operator};

use std::sync::Arc;

use self::change::Change;
use crate::database::{AuditEntry, AuditPlace, Database, Result};
use crate::effect::Effect;
use crate::error::ManageError;
use crate::model::{AccountId, ApiKeyId, BucketName, Permission, Permissions};
use crate::settings::Settings;

/// The person or program that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Actor {
    /// A person at the machine.
    Operator,
    ApiKey(ApiKeyId),
}

impl std::fmt::Display for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Operator => f.write_str("operator"),
            Self::ApiKey(id) => id.fmt(f),
        }
    }
}

/// The operations of one account. A change is in force on this node when the operation returns.
///
/// Ids of other accounts are not found.
#[derive(Clone)]
pub struct Session {
    pub(crate) database: Arc<dyn Database>,
    pub(crate) effect: Arc<Effect>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) account: AccountId,
    pub(crate) actor: Actor,
    pub(crate) permissions: Permissions,
}

impl Session {
    fn require(&self, permission: Permission) -> Result<()> {
        if self.permissions.contains(permission) { Ok(()) } else { Err(ManageError::Forbidden(permission)) }
    }

    async fn change(&self) -> Result<Change> {
        Change::begin(&*self.database, Some(self.account), self.actor).await
    }

    /// Commits a change, and waits until it is in force on this node.
    async fn put_in_force(&self, change: Change) -> Result<()> {
        let revision = change.commit().await?;
        self.effect.put_in_force(revision).await
    }

    /// Checks that a bucket belongs to the account. A bucket of nobody becomes the account's, where the settings permit that.
    async fn own_bucket(&self, change: &mut Change, name: &BucketName) -> Result<()> {
        match change.bucket(name).await? {
            Some(bucket) if bucket.account == self.account => Ok(()),
            None if self.settings.claim_at_first_use => change.assign_bucket(name, self.account).await,
            Some(_) | None => Err(ManageError::NotFound("bucket")),
        }
    }

    /// Returns lines of the record of changes before a place, the latest first. Without a place, the latest lines.
    ///
    /// # Errors
    ///
    /// Fails without the permission, and if the database does not answer.
    pub async fn audit(&self, before: Option<AuditPlace>, limit: u16) -> Result<Vec<AuditEntry>> {
        self.require(Permission::Audit)?;
        let mut read = self.database.read().await?;
        read.audit(self.account, before.unwrap_or(AuditPlace::END), limit.into()).await
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("account", &self.account)
            .field("actor", &self.actor)
            .field("permissions", &self.permissions)
            .finish_non_exhaustive()
    }
}
