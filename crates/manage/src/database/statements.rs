//! The statements, in the SQL that SQLite and PostgreSQL share. This file is compiled once for each.

use async_trait::async_trait;
use sqlx::{query, query_as, query_scalar};

use super::Db;
use crate::database::{AccessSecret, AuditEntry, AuditPlace, Created, Kind, Result, Transaction};
use crate::error::ManageError;
use crate::model::{
    Account, AccountId, ApiKey, ApiKeyId, Bucket, BucketAccess, BucketName, CorsHeaders, Domain, DomainId,
    DomainKind, KeyName, PlaybackId, SigningKey, SigningKeyId, SigningKeyRow, Stream, StreamId,
};

/// A transaction of this database. If it is dropped, it is rolled back.
pub(super) struct Open(pub(super) sqlx::Transaction<'static, Db>);

#[async_trait]
impl Transaction for Open {
    async fn commit(self: Box<Self>) -> Result<()> {
        Ok(self.0.commit().await?)
    }

    async fn revision(&mut self) -> Result<i64> {
        Ok(query_scalar("SELECT number FROM revision").fetch_one(&mut *self.0).await?)
    }

    async fn changes_since(&mut self, revision: i64) -> Result<Option<Vec<(String, String)>>> {
        let (number, forgotten): (i64, i64) =
            query_as("SELECT number, forgotten FROM revision").fetch_one(&mut *self.0).await?;
        if revision < forgotten || revision > number {
            return Ok(None); // the second: the database was restored from a backup
        }
        let changes = query_as("SELECT DISTINCT kind, subject FROM changes WHERE revision > $1");
        Ok(Some(changes.bind(revision).fetch_all(&mut *self.0).await?))
    }

    async fn note_change(&mut self, kind: Kind, subject: &str) -> Result<()> {
        query(
            "INSERT INTO changes (revision, kind, subject) SELECT number, $1, $2 FROM revision WHERE true ON CONFLICT \
             DO NOTHING",
        )
        .bind(kind.name())
        .bind(subject)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn forget_changes(&mut self, up_to: i64) -> Result<()> {
        query("DELETE FROM changes WHERE revision <= $1").bind(up_to).execute(&mut *self.0).await?;
        query("UPDATE revision SET forgotten = $1 WHERE forgotten < $1")
            .bind(up_to)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn add_audit(&mut self, entry: &AuditEntry) -> Result<()> {
        let AuditEntry { revision, position, account, actor, action, subject, before, after, created } =
            entry;
        query(
            "INSERT INTO audit (revision, position, account, actor, action, subject, before, after, created) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(revision)
        .bind(position)
        .bind(account)
        .bind(actor)
        .bind(action)
        .bind(subject)
        .bind(before)
        .bind(after)
        .bind(created)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn audit(&mut self, account: AccountId, before: AuditPlace, limit: i64) -> Result<Vec<AuditEntry>> {
        Ok(query_as(
            "SELECT revision, position, account, actor, action, subject, before, after, created FROM audit \
             WHERE account = $1 AND (revision, position) < ($2, $3) ORDER BY revision DESC, position DESC \
             LIMIT $4",
        )
        .bind(account.to_string())
        .bind(before.revision)
        .bind(before.position)
        .bind(limit)
        .fetch_all(&mut *self.0)
        .await?)
    }

    async fn add_account(&mut self, account: &Account) -> Result<()> {
        query("INSERT INTO accounts (id, name, domain_limit, created) VALUES ($1, $2, $3, $4)")
            .bind(account.id.to_string())
            .bind(&*account.name)
            .bind(account.domain_limit)
            .bind(account.created)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn account(&mut self, id: AccountId) -> Result<Option<Account>> {
        Ok(query_as("SELECT id, name, domain_limit, created FROM accounts WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *self.0)
            .await?)
    }

    async fn account_named(&mut self, name: &str) -> Result<Option<Account>> {
        Ok(query_as("SELECT id, name, domain_limit, created FROM accounts WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *self.0)
            .await?)
    }

    async fn accounts(&mut self) -> Result<Vec<Account>> {
        Ok(query_as("SELECT id, name, domain_limit, created FROM accounts ORDER BY created, id")
            .fetch_all(&mut *self.0)
            .await?)
    }

    async fn set_domain_limit(&mut self, id: AccountId, limit: i64) -> Result<()> {
        query("UPDATE accounts SET domain_limit = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(limit)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn add_api_key(&mut self, key: &ApiKey, digest: &str) -> Result<()> {
        query(
            "INSERT INTO api_keys (id, account, digest, start, project, permissions, created) VALUES ($1, \
             $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.id.to_string())
        .bind(key.account.to_string())
        .bind(digest)
        .bind(&*key.start)
        .bind(&*key.project)
        .bind(key.permissions.to_string())
        .bind(key.created)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn api_key(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>> {
        Ok(query_as(
            "SELECT id, account, start, project, permissions, created, revoked, uses, last_used FROM \
             api_keys WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.0)
        .await?)
    }

    async fn api_key_with(&mut self, digest: &str) -> Result<Option<ApiKey>> {
        Ok(query_as(
            "SELECT id, account, start, project, permissions, created, revoked, uses, last_used FROM \
             api_keys WHERE digest = $1",
        )
        .bind(digest)
        .fetch_optional(&mut *self.0)
        .await?)
    }

    async fn api_keys(&mut self, account: AccountId) -> Result<Vec<ApiKey>> {
        Ok(query_as(
            "SELECT id, account, start, project, permissions, created, revoked, uses, last_used FROM \
             api_keys WHERE account = $1 ORDER BY created, id",
        )
        .bind(account.to_string())
        .fetch_all(&mut *self.0)
        .await?)
    }

    async fn revoke_api_key(&mut self, id: ApiKeyId, now: i64) -> Result<()> {
        query("UPDATE api_keys SET revoked = $2 WHERE id = $1 AND revoked IS NULL")
            .bind(id.to_string())
            .bind(now)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn count_use(&mut self, id: ApiKeyId, now: i64) -> Result<()> {
        query("UPDATE api_keys SET uses = uses + 1, last_used = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(now)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn add_access_secret(&mut self, secret: &AccessSecret) -> Result<()> {
        query("INSERT INTO access_secrets (id, secret, created, retires) VALUES ($1, $2, $3, $4)")
            .bind(&*secret.id)
            .bind(&*secret.secret)
            .bind(secret.created)
            .bind(secret.retires)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn access_secrets(&mut self) -> Result<Vec<AccessSecret>> {
        Ok(query_as("SELECT id, secret, created, retires FROM access_secrets ORDER BY created DESC, id")
            .fetch_all(&mut *self.0)
            .await?)
    }

    async fn retire_access_secrets(&mut self, last: i64) -> Result<()> {
        query("UPDATE access_secrets SET retires = $1 WHERE retires IS NULL")
            .bind(last)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn add_domain(&mut self, domain: &Domain) -> Result<()> {
        query(
            "INSERT INTO domains (id, account, name, kind, bucket, cors, created) VALUES ($1, $2, $3, $4, \
             $5, $6, $7)",
        )
        .bind(domain.id.to_string())
        .bind(domain.account.to_string())
        .bind(domain.name.as_str())
        .bind(domain.kind.name())
        .bind(domain.bucket.as_ref().map(BucketName::as_str))
        .bind(domain.cors.as_ref().map(CorsHeaders::stored))
        .bind(domain.created)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn domain(&mut self, id: DomainId) -> Result<Option<Domain>> {
        Ok(query_as("SELECT id, account, name, kind, bucket, cors, created FROM domains WHERE id = $1")
            .bind(id.to_string())
            .fetch_optional(&mut *self.0)
            .await?)
    }

    async fn domain_named(&mut self, name: &str) -> Result<Option<Domain>> {
        Ok(query_as("SELECT id, account, name, kind, bucket, cors, created FROM domains WHERE name = $1")
            .bind(name)
            .fetch_optional(&mut *self.0)
            .await?)
    }

    async fn domains(&mut self, account: AccountId, kind: Option<DomainKind>) -> Result<Vec<Domain>> {
        Ok(query_as(
            "SELECT id, account, name, kind, bucket, cors, created FROM domains WHERE account = $1 AND kind \
             = COALESCE($2, kind) ORDER BY created, id",
        )
        .bind(account.to_string())
        .bind(kind.map(DomainKind::name))
        .fetch_all(&mut *self.0)
        .await?)
    }

    async fn count_domains(&mut self, account: AccountId) -> Result<i64> {
        Ok(query_scalar("SELECT COUNT(*) FROM domains WHERE account = $1")
            .bind(account.to_string())
            .fetch_one(&mut *self.0)
            .await?)
    }

    async fn set_domain_cors(&mut self, id: DomainId, cors: Option<&str>) -> Result<()> {
        query("UPDATE domains SET cors = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(cors)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn delete_domain(&mut self, id: DomainId) -> Result<()> {
        query("DELETE FROM domains WHERE id = $1").bind(id.to_string()).execute(&mut *self.0).await?;
        Ok(())
    }

    async fn all_domains(&mut self) -> Result<Vec<Domain>> {
        Ok(query_as("SELECT id, account, name, kind, bucket, cors, created FROM domains")
            .fetch_all(&mut *self.0)
            .await?)
    }

    async fn add_signing_key(&mut self, key: &SigningKey) -> Result<()> {
        query(
            "INSERT INTO signing_keys (id, account, owner, owner_id, name, public_key, created) VALUES ($1, \
             $2, $3, $4, $5, $6, $7)",
        )
        .bind(key.id.to_string())
        .bind(key.account.to_string())
        .bind(key.owner.field())
        .bind(key.owner.id())
        .bind(key.name.as_ref().map(KeyName::as_str))
        .bind(&*key.public_key)
        .bind(key.created)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn signing_key(&mut self, id: SigningKeyId) -> Result<Option<SigningKey>> {
        let row: Option<SigningKeyRow> = query_as(
            "SELECT id, account, owner, owner_id, name, public_key, created, last_used FROM signing_keys \
             WHERE id = $1",
        )
        .bind(id.to_string())
        .fetch_optional(&mut *self.0)
        .await?;
        row.map(signing_key).transpose()
    }

    async fn signing_keys(&mut self, account: AccountId) -> Result<Vec<SigningKey>> {
        let rows: Vec<SigningKeyRow> = query_as(
            "SELECT id, account, owner, owner_id, name, public_key, created, last_used FROM signing_keys \
             WHERE account = $1 ORDER BY created, id",
        )
        .bind(account.to_string())
        .fetch_all(&mut *self.0)
        .await?;
        rows.into_iter().map(signing_key).collect()
    }

    async fn signing_keys_of_domain(&mut self, domain: DomainId) -> Result<Vec<SigningKey>> {
        let rows: Vec<SigningKeyRow> = query_as(
            "SELECT id, account, owner, owner_id, name, public_key, created, last_used FROM signing_keys \
             WHERE owner = 'domain_id' AND owner_id = $1 ORDER BY created, id",
        )
        .bind(domain.to_string())
        .fetch_all(&mut *self.0)
        .await?;
        rows.into_iter().map(signing_key).collect()
    }

    async fn rename_signing_key(&mut self, id: SigningKeyId, name: Option<&KeyName>) -> Result<()> {
        query("UPDATE signing_keys SET name = $2 WHERE id = $1")
            .bind(id.to_string())
            .bind(name.map(KeyName::as_str))
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn set_signing_key_used(&mut self, id: SigningKeyId, at: i64) -> Result<()> {
        query("UPDATE signing_keys SET last_used = $2 WHERE id = $1 AND COALESCE(last_used, 0) < $2")
            .bind(id.to_string())
            .bind(at)
            .execute(&mut *self.0)
            .await?;
        Ok(())
    }

    async fn delete_signing_key(&mut self, id: SigningKeyId) -> Result<()> {
        query("DELETE FROM signing_keys WHERE id = $1").bind(id.to_string()).execute(&mut *self.0).await?;
        Ok(())
    }

    async fn all_signing_keys(&mut self) -> Result<Vec<SigningKey>> {
        let rows: Vec<SigningKeyRow> = query_as(
            "SELECT id, account, owner, owner_id, name, public_key, created, last_used FROM signing_keys",
        )
        .fetch_all(&mut *self.0)
        .await?;
        rows.into_iter().map(signing_key).collect()
    }

    async fn put_bucket(&mut self, bucket: &Bucket) -> Result<()> {
        query(
            "INSERT INTO buckets (name, account, access, cors, created) VALUES ($1, $2, $3, $4, $5) ON \
             CONFLICT (name) DO UPDATE SET account = $2, access = $3, cors = $4",
        )
        .bind(bucket.name.as_str())
        .bind(bucket.account.to_string())
        .bind(bucket.access.map(BucketAccess::name))
        .bind(bucket.cors.as_ref().map(CorsHeaders::stored))
        .bind(bucket.created)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn bucket(&mut self, name: &BucketName) -> Result<Option<Bucket>> {
        Ok(query_as("SELECT name, account, access, cors, created FROM buckets WHERE name = $1")
            .bind(name.as_str())
            .fetch_optional(&mut *self.0)
            .await?)
    }

    async fn buckets(&mut self, account: AccountId) -> Result<Vec<Bucket>> {
        Ok(query_as(
            "SELECT name, account, access, cors, created FROM buckets WHERE account = $1 ORDER BY name",
        )
        .bind(account.to_string())
        .fetch_all(&mut *self.0)
        .await?)
    }

    async fn all_buckets(&mut self) -> Result<Vec<Bucket>> {
        Ok(query_as("SELECT name, account, access, cors, created FROM buckets")
            .fetch_all(&mut *self.0)
            .await?)
    }

    async fn put_stream(&mut self, stream: &Stream) -> Result<()> {
        query(
            "INSERT INTO streams (id, account, playback_id, created) VALUES ($1, $2, $3, $4) ON \
             CONFLICT (id) DO UPDATE SET account = $2, playback_id = $3",
        )
        .bind(stream.id.as_str())
        .bind(stream.account.to_string())
        .bind(stream.playback_id.as_ref().map(PlaybackId::as_str))
        .bind(stream.created)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn stream(&mut self, id: &StreamId) -> Result<Option<Stream>> {
        Ok(query_as("SELECT id, account, playback_id, created FROM streams WHERE id = $1")
            .bind(id.as_str())
            .fetch_optional(&mut *self.0)
            .await?)
    }

    async fn stream_played_as(&mut self, playback_id: &str) -> Result<Option<Stream>> {
        Ok(query_as(
            "SELECT id, account, playback_id, created FROM streams WHERE playback_id = $1 OR \
             (playback_id IS NULL AND id = $1)",
        )
        .bind(playback_id)
        .fetch_optional(&mut *self.0)
        .await?)
    }

    async fn all_streams(&mut self) -> Result<Vec<Stream>> {
        Ok(query_as("SELECT id, account, playback_id, created FROM streams").fetch_all(&mut *self.0).await?)
    }

    async fn created_with(&mut self, account: AccountId, key: &str) -> Result<Option<Created>> {
        Ok(query_as("SELECT request, subject FROM idempotency WHERE account = $1 AND idempotency_key = $2")
            .bind(account.to_string())
            .bind(key)
            .fetch_optional(&mut *self.0)
            .await?)
    }

    async fn add_created(
        &mut self,
        account: AccountId,
        key: &str,
        created: &Created,
        now: i64,
    ) -> Result<()> {
        query(
            "INSERT INTO idempotency (account, idempotency_key, request, subject, created) VALUES ($1, $2, \
             $3, $4, $5)",
        )
        .bind(account.to_string())
        .bind(key)
        .bind(&*created.request)
        .bind(&*created.subject)
        .bind(now)
        .execute(&mut *self.0)
        .await?;
        Ok(())
    }

    async fn forget_created(&mut self, before: i64) -> Result<()> {
        query("DELETE FROM idempotency WHERE created < $1").bind(before).execute(&mut *self.0).await?;
        Ok(())
    }
}

fn signing_key(row: SigningKeyRow) -> Result<SigningKey> {
    SigningKey::try_from(row).map_err(|error| {
        tracing::error!(%error, "the database has a signing key that this version cannot read");
        ManageError::Internal
    })
}
