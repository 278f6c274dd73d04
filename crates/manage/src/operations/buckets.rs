use serde_json::{Value, json};

use super::Session;
use super::change::Change;
use crate::database::{Kind, Result};
use crate::error::ManageError;
use crate::model::{Bucket, BucketAccess, BucketName, CorsHeader, CorsHeaders, Permission};

impl Session {
    /// Returns the account's buckets, by name.
    ///
    /// # Errors
    ///
    /// Fails without the permission, and if the database does not answer.
    pub async fn buckets(&self) -> Result<Vec<Bucket>> {
        self.require(Permission::Buckets)?;
        self.database.read().await?.buckets(self.account).await
    }

    /// Returns a bucket.
    ///
    /// # Errors
    ///
    /// Fails if the bucket is not the account's.
    pub async fn bucket(&self, name: &BucketName) -> Result<Bucket> {
        self.require(Permission::Buckets)?;
        let bucket = self.database.read().await?.bucket(name).await?;
        bucket.filter(|bucket| bucket.account == self.account).ok_or(ManageError::NotFound("bucket"))
    }

    /// Sets the policy of a bucket, for every site of the bucket.
    ///
    /// # Errors
    ///
    /// Fails if the bucket is not the account's.
    pub async fn set_bucket_access(&self, name: &BucketName, access: BucketAccess) -> Result<()> {
        let (mut change, bucket) = self.change_of_bucket(name).await?;
        let before = json!({ "policy": bucket.access.map(BucketAccess::name) });
        let after = json!({ "policy": access.name() });
        change.put_bucket(&Bucket { access: Some(access), ..bucket }).await?;
        self.finish(change, "bucket.policy", name, before, after).await
    }

    /// Sets the CORS headers of a bucket, in place of earlier ones.
    ///
    /// # Errors
    ///
    /// Fails if the bucket is not the account's.
    pub async fn set_bucket_cors(&self, name: &BucketName, headers: CorsHeaders) -> Result<()> {
        self.change_cors(name, |_| Ok(Some(headers))).await
    }

    /// Removes the CORS headers of a bucket.
    ///
    /// # Errors
    ///
    /// Fails if the bucket is not the account's.
    pub async fn delete_bucket_cors(&self, name: &BucketName) -> Result<()> {
        self.change_cors(name, |_| Ok(None)).await
    }

    /// Removes one CORS header of a bucket. Without an origin, the other headers have no effect.
    ///
    /// # Errors
    ///
    /// Fails if the bucket is not the account's, or the header is not set.
    pub async fn delete_bucket_cors_header(&self, name: &BucketName, header: CorsHeader) -> Result<()> {
        self.change_cors(name, |headers| {
            headers
                .and_then(|headers| headers.without(header))
                .map(Some)
                .ok_or(ManageError::NotFound("CORS header"))
        })
        .await
    }

    async fn change_cors(
        &self,
        name: &BucketName,
        next: impl FnOnce(Option<&CorsHeaders>) -> Result<Option<CorsHeaders>> + Send,
    ) -> Result<()> {
        let (mut change, bucket) = self.change_of_bucket(name).await?;
        let before = shown(bucket.cors.as_ref());
        let cors = next(bucket.cors.as_ref())?;
        let after = shown(cors.as_ref());
        change.put_bucket(&Bucket { cors, ..bucket }).await?;
        self.finish(change, "bucket.cors", name, before, after).await
    }

    async fn change_of_bucket(&self, name: &BucketName) -> Result<(Change, Bucket)> {
        self.require(Permission::Buckets)?;
        let mut change = self.change().await?;
        self.own_bucket(&mut change, name).await?;
        let bucket = change.bucket(name).await?.ok_or(ManageError::Internal)?;
        Ok((change, bucket))
    }

    async fn finish(
        &self,
        mut change: Change,
        action: &str,
        name: &BucketName,
        before: Value,
        after: Value,
    ) -> Result<()> {
        change.note_change(Kind::Bucket, name.as_str()).await?;
        change.record(action, name.as_str(), Some(before), Some(after)).await?;
        self.put_in_force(change).await
    }
}

fn shown(headers: Option<&CorsHeaders>) -> Value {
    json!({ "cors": headers.map(|headers| headers.iter().collect::<std::collections::BTreeMap<_, _>>()) })
}
