use serde_json::json;

use super::signing_keys::shown as shown_key;
use super::{Once, Session};
use crate::database::{Kind, Result};
use crate::error::ManageError;
use crate::model::{BucketName, CorsHeaders, Domain, DomainId, DomainKind, DomainName, Permission};

impl Session {
    /// Creates a playback domain. A VOD domain needs a bucket of the account, and a live domain has none. If a call with the same
    /// name created a domain before, that domain is returned.
    ///
    /// # Errors
    ///
    /// Fails if the name belongs to another site or account, if the account has as many domains as it may have, or if the bucket is
    /// not the account's.
    pub async fn create_domain(
        &self,
        name: DomainName,
        kind: DomainKind,
        bucket: Option<BucketName>,
        once: Option<Once>,
    ) -> Result<Domain> {
        self.require(Permission::Domains)?;
        match (kind, &bucket) {
            (DomainKind::Live, Some(_)) => {
                return Err(ManageError::field(
                    "bucket_name",
                    "a live domain has no bucket; leave the field out",
                ));
            }
            (DomainKind::Vod, None) => {
                return Err(ManageError::field("bucket_name", "a vod domain needs the name of its bucket"));
            }
            (DomainKind::Live, None) | (DomainKind::Vod, Some(_)) => {}
        }
        let mut change = self.change().await?;
        let request =
            format!("domain {name} {} {}", kind.name(), bucket.as_ref().map_or("", BucketName::as_str));
        if let Some(id) = self.created_before(&mut change, once.as_ref(), &request).await? {
            drop(change);
            return self.domain(DomainId::parse(&id).map_err(|_| ManageError::Internal)?).await;
        }
        if let Some(bucket) = &bucket {
            self.own_bucket(&mut change, bucket).await?;
        }
        let account = change.account(self.account).await?.ok_or(ManageError::NotFound("account"))?;
        if change.count_domains(self.account).await? >= account.domain_limit {
            return Err(ManageError::Conflict {
                code: "domain_limit",
                field: None,
                message: format!("the account has {} domains, which is its limit", account.domain_limit),
            });
        }
        if change.domain_named(name.as_str()).await?.is_some() {
            return Err(ManageError::Conflict {
                code: "domain_exists",
                field: Some("name"),
                message: format!("the domain {name} exists"),
            });
        }
        let domain = Domain {
            id: DomainId::random(),
            account: self.account,
            name,
            kind,
            bucket,
            cors: None,
            created: change.now,
        };
        self.effect.check(&domain)?;
        change.add_domain(&domain).await?;
        let id = domain.id.to_string();
        change.note_change(Kind::Domain, &id).await?;
        change.record("domain.create", &id, None, Some(shown(&domain))).await?;
        self.remember(&mut change, once.as_ref(), &request, &id).await?;
        self.put_in_force(change).await?;
        Ok(domain)
    }

    /// Returns a playback domain.
    ///
    /// # Errors
    ///
    /// Fails if the account has no such domain.
    pub async fn domain(&self, id: DomainId) -> Result<Domain> {
        self.require(Permission::Domains)?;
        let domain = self.database.read().await?.domain(id).await?;
        domain.filter(|domain| domain.account == self.account).ok_or(ManageError::NotFound("domain"))
    }

    /// Returns the account's playback domains, of one kind or of both, in the order of their creation.
    ///
    /// # Errors
    ///
    /// Fails without the permission, and if the database does not answer.
    pub async fn domains(&self, kind: Option<DomainKind>) -> Result<Vec<Domain>> {
        self.require(Permission::Domains)?;
        self.database.read().await?.domains(self.account, kind).await
    }

    /// Deletes a playback domain and its signing keys.
    ///
    /// # Errors
    ///
    /// Fails if the account has no such domain.
    pub async fn delete_domain(&self, id: DomainId) -> Result<()> {
        self.require(Permission::Domains)?;
        let mut change = self.change().await?;
        let domain = change.domain(id).await?.filter(|domain| domain.account == self.account);
        let domain = domain.ok_or(ManageError::NotFound("domain"))?;
        for key in change.signing_keys_of_domain(id).await? {
            let key_id = key.id.to_string();
            change.delete_signing_key(key.id).await?;
            change.note_change(Kind::SigningKey, &key_id).await?;
            change.record("signing_key.delete", &key_id, Some(shown_key(&key)), None).await?;
        }
        change.delete_domain(id).await?;
        let id = id.to_string();
        change.note_change(Kind::Domain, &id).await?;
        change.record("domain.delete", &id, Some(shown(&domain)), None).await?;
        self.put_in_force(change).await
    }

    /// Sets or removes the CORS headers of a live domain. Without any, pages of every origin may read without credentials.
    ///
    /// # Errors
    ///
    /// Fails if the account has no such domain, or it is a VOD domain, whose bucket has the headers.
    pub async fn set_domain_cors(&self, id: DomainId, cors: Option<CorsHeaders>) -> Result<()> {
        self.require(Permission::Domains)?;
        let mut change = self.change().await?;
        let domain = change.domain(id).await?.filter(|domain| domain.account == self.account);
        let domain = domain.ok_or(ManageError::NotFound("domain"))?;
        if domain.kind == DomainKind::Vod {
            return Err(ManageError::Conflict {
                code: "cors_of_bucket",
                field: None,
                message: "a vod domain has the CORS headers of its bucket; set them there".to_owned(),
            });
        }
        let stored = cors.as_ref().map(CorsHeaders::stored);
        change.set_domain_cors(id, stored.as_deref()).await?;
        let (before, id) = (shown(&domain), id.to_string());
        change.note_change(Kind::Domain, &id).await?;
        let after = shown(&Domain { cors, ..domain });
        change.record("domain.cors", &id, Some(before), Some(after)).await?;
        self.put_in_force(change).await
    }
}

fn shown(domain: &Domain) -> serde_json::Value {
    json!({
        "name": domain.name.as_str(),
        "type": domain.kind.name(),
        "bucket_name": domain.bucket.as_ref().map(BucketName::as_str),
        "cors": domain.cors.as_ref().map(CorsHeaders::stored),
    })
}
