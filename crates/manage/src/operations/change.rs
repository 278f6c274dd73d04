use std::ops::{Deref, DerefMut};
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::Actor;
use crate::database::{AuditEntry, Database, Kind, Result, Transaction};
use crate::model::{AccountId, Bucket, BucketName};

/// A change in progress, with its lines in the record of changes. If it is dropped, nothing is changed.
pub(super) struct Change {
    transaction: Box<dyn Transaction>,
    revision: i64,
    account: Option<AccountId>,
    actor: Actor,
    lines: i64,
    /// The time at which the change began, in seconds since the Unix epoch.
    pub(super) now: i64,
}

impl Change {
    pub(super) async fn begin(
        database: &dyn Database,
        account: Option<AccountId>,
        actor: Actor,
    ) -> Result<Self> {
        let mut transaction = database.change().await?;
        let revision = transaction.revision().await?;
        Ok(Self { transaction, revision, account, actor, lines: 0, now: now() })
    }

    /// Adds a line to the record of changes.
    pub(super) async fn record(
        &mut self,
        action: &str,
        subject: &str,
        before: Option<Value>,
        after: Option<Value>,
    ) -> Result<()> {
        self.lines = self.lines.saturating_add(1);
        let entry = AuditEntry {
            revision: self.revision,
            position: self.lines,
            account: self.account.map(|account| account.to_string()),
            actor: self.actor.to_string(),
            action: action.to_owned(),
            subject: subject.to_owned(),
            before: before.map(|value| value.to_string()),
            after: after.map(|value| value.to_string()),
            created: self.now,
        };
        self.transaction.add_audit(&entry).await
    }

    /// Makes a bucket that belonged to nobody the property of an account.
    pub(super) async fn assign_bucket(&mut self, name: &BucketName, account: AccountId) -> Result<()> {
        let bucket = Bucket { name: name.clone(), account, access: None, cors: None, created: self.now };
        self.put_bucket(&bucket).await?;
        self.note_change(Kind::Bucket, name.as_str()).await?;
        self.record("bucket.assign", name.as_str(), None, Some(json!({ "account": account.to_string() })))
            .await
    }

    /// Commits the change and returns its revision.
    pub(super) async fn commit(self) -> Result<i64> {
        self.transaction.commit().await?;
        Ok(self.revision)
    }
}

impl Deref for Change {
    type Target = dyn Transaction;

    fn deref(&self) -> &Self::Target {
        &*self.transaction
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut *self.transaction
    }
}

/// Returns the time in seconds since the Unix epoch.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
