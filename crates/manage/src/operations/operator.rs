use std::sync::Arc;

use serde_json::json;

use super::access::{digest, random_hex};
use super::change::Change;
use super::{Actor, access};
use crate::database::{Database, OpenError, Result};
use crate::error::ManageError;
use crate::model::{
    Account, AccountId, ApiKey, ApiKeyId, BucketName, NewApiKey, Permissions, Stream, StreamId,
};

/// The operations on accounts, API keys, and the ownership of buckets and streams: those of a person at the machine.
///
/// They need the database only. Nodes that serve follow it.
#[derive(Clone)]
pub struct Operator(pub(crate) Arc<dyn Database>);

impl std::fmt::Debug for Operator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Operator")
    }
}

/// The number of playback domains of an account, unless the operator sets another one.
pub const DOMAIN_LIMIT: i64 = 20;

impl Operator {
    /// Creates a database, or opens one that exists. The location is the path of an SQLite file, or a `postgres://` URL.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if the database cannot be reached, or its schema is of a later version.
    pub async fn open_or_create(location: &str) -> Result<Self, OpenError> {
        Ok(Self(crate::database::open(location, true).await?.into()))
    }

    /// Opens a database that exists.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if there is none, as for [`open_or_create`](Self::open_or_create).
    pub async fn open(location: &str) -> Result<Self, OpenError> {
        Ok(Self(crate::database::open(location, false).await?.into()))
    }

    async fn change(&self, account: Option<AccountId>) -> Result<Change> {
        Change::begin(&*self.0, account, Actor::Operator).await
    }

    /// Creates an account.
    ///
    /// # Errors
    ///
    /// Fails if the name is taken, empty or longer than 200 characters.
    pub async fn create_account(&self, name: &str) -> Result<Account> {
        check_text("name", name)?;
        let id = AccountId::random();
        let mut change = self.change(Some(id)).await?;
        if change.account_named(name).await?.is_some() {
            return Err(ManageError::Conflict {
                code: "account_exists",
                field: Some("name"),
                message: format!("an account named {name:?} exists"),
            });
        }
        let account = Account { id, name: name.to_owned(), domain_limit: DOMAIN_LIMIT, created: change.now };
        change.add_account(&account).await?;
        change.record("account.create", &id.to_string(), None, Some(json!({ "name": name }))).await?;
        change.commit().await?;
        Ok(account)
    }

    /// Returns every account.
    ///
    /// # Errors
    ///
    /// Fails if the database does not answer.
    pub async fn accounts(&self) -> Result<Vec<Account>> {
        self.0.read().await?.accounts().await
    }

    /// Returns the account with this name or id.
    ///
    /// # Errors
    ///
    /// Fails if there is none.
    pub async fn account(&self, name_or_id: &str) -> Result<Account> {
        let mut read = self.0.read().await?;
        if let Some(account) = read.account_named(name_or_id).await? {
            return Ok(account);
        }
        let id = AccountId::parse(name_or_id).map_err(|_| ManageError::NotFound("account"))?;
        read.account(id).await?.ok_or(ManageError::NotFound("account"))
    }

    /// Sets the maximum number of playback domains of an account. Domains beyond a lower limit stay.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account.
    pub async fn set_domain_limit(&self, account: AccountId, limit: u32) -> Result<()> {
        let mut change = self.change(Some(account)).await?;
        let before = change.account(account).await?.ok_or(ManageError::NotFound("account"))?.domain_limit;
        change.set_domain_limit(account, limit.into()).await?;
        let (before, after) = (json!({ "domain_limit": before }), json!({ "domain_limit": limit }));
        change.record("account.limit", &account.to_string(), Some(before), Some(after)).await?;
        change.commit().await.map(drop)
    }

    /// Creates an API key. Its secret is returned once.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account, or the project's name is empty or longer than 200 characters.
    pub async fn create_api_key(
        &self,
        account: AccountId,
        project: &str,
        permissions: Permissions,
    ) -> Result<NewApiKey> {
        check_text("project", project)?;
        let secret = random_hex()?;
        let start = secret.chars().take(8).collect();
        let mut change = self.change(Some(account)).await?;
        change.account(account).await?.ok_or(ManageError::NotFound("account"))?;
        let key = ApiKey {
            id: ApiKeyId::random(),
            account,
            start,
            project: project.to_owned(),
            permissions,
            created: change.now,
            revoked: None,
            uses: 0,
            last_used: None,
        };
        change.add_api_key(&key, &digest(&secret)).await?;
        let after = json!({ "project": project, "permissions": permissions.to_string(), "start": key.start });
        change.record("api_key.create", &key.id.to_string(), None, Some(after)).await?;
        change.commit().await?;
        Ok(NewApiKey { key, secret })
    }

    /// Returns the API keys of an account, including revoked ones.
    ///
    /// # Errors
    ///
    /// Fails if the database does not answer.
    pub async fn api_keys(&self, account: AccountId) -> Result<Vec<ApiKey>> {
        self.0.read().await?.api_keys(account).await
    }

    /// Revokes an API key, and with it its access tokens. Revoking it again changes nothing.
    ///
    /// # Errors
    ///
    /// Fails if there is no such key.
    pub async fn revoke_api_key(&self, id: ApiKeyId) -> Result<()> {
        let mut read = self.0.read().await?;
        let account = read.api_key(id).await?.ok_or(ManageError::NotFound("API key"))?.account;
        drop(read);
        let mut change = self.change(Some(account)).await?;
        if change.api_key(id).await?.is_none_or(|key| key.revoked.is_some()) {
            return Ok(());
        }
        let now = change.now;
        change.revoke_api_key(id, now).await?;
        let (before, after) = (json!({ "revoked": null }), json!({ "revoked": now }));
        change.record("api_key.revoke", &id.to_string(), Some(before), Some(after)).await?;
        change.commit().await.map(drop)
    }

    /// Replaces the secret that signs access tokens. Tokens of the previous secret stay valid until they expire.
    ///
    /// # Errors
    ///
    /// Fails if the database does not answer.
    pub async fn rotate_access_secret(&self) -> Result<()> {
        let mut change = self.change(None).await?;
        let secret = access::rotate(&mut change).await?;
        change.record("access_secret.rotate", &secret, None, None).await?;
        change.commit().await.map(drop)
    }

    /// Assigns a bucket to an account. Assigning it again changes nothing.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account, or the bucket belongs to another one.
    pub async fn assign_bucket(&self, name: &BucketName, account: AccountId) -> Result<()> {
        let mut change = self.change(Some(account)).await?;
        change.account(account).await?.ok_or(ManageError::NotFound("account"))?;
        if let Some(before) = change.bucket(name).await? {
            if before.account == account {
                return Ok(());
            }
            return Err(ManageError::Conflict {
                code: "bucket_assigned",
                field: None,
                message: format!("bucket {name} belongs to account {}", before.account),
            });
        }
        change.assign_bucket(name, account).await?;
        change.commit().await.map(drop)
    }

    /// Assigns a stream to an account. Assigning it again changes nothing.
    ///
    /// # Errors
    ///
    /// Fails if there is no such account, or the stream belongs to another one.
    pub async fn assign_stream(&self, id: &StreamId, account: AccountId) -> Result<()> {
        let mut change = self.change(Some(account)).await?;
        change.account(account).await?.ok_or(ManageError::NotFound("account"))?;
        let stream = Stream { id: id.clone(), account, playback_id: None, created: change.now };
        if let Some(before) = change.stream(id).await? {
            if before.account == account {
                return Ok(());
            }
            return Err(ManageError::Conflict {
                code: "stream_assigned",
                field: None,
                message: format!("stream {id} belongs to account {}", before.account),
            });
        }
        change.assign_stream(&stream).await?;
        change.commit().await.map(drop)
    }
}

fn check_text(field: &'static str, text: &str) -> Result<()> {
    if (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(ManageError::field(field, "1 to 200 characters without control characters are needed"))
    }
}
