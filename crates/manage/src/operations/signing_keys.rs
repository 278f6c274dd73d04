use playgate::mint::NewKey;
use serde_json::json;

use super::change::Change;
use super::{Once, Session};
use crate::database::{Kind, Result};
use crate::error::ManageError;
use crate::model::{KeyName, KeyOwner, NewSigningKey, Permission, SigningKey, SigningKeyId};

/// The size of signing keys in bits.
const KEY_BITS: usize = 4096;

impl Session {
    /// Creates a signing key for a stream, a domain or a bucket of the account. Its private half is returned once and not stored.
    ///
    /// The key is generated on a thread for blocking work, which takes a second or more. At most two keys are generated at a time.
    ///
    /// # Errors
    ///
    /// Fails if the owner is not the account's, and with the id of the key if a call with the same name created a key before. The
    /// private half of that key is lost; delete the key and create another one.
    pub async fn create_signing_key(
        &self,
        owner: KeyOwner,
        name: Option<KeyName>,
        once: Option<Once>,
    ) -> Result<NewSigningKey> {
        self.require(Permission::SigningKeys)?;
        let label = name.as_ref().map_or("", KeyName::as_str);
        let request = format!("signing key {} {} {label}", owner.field(), owner.id());
        // Checked before the work, and again in the transaction. The change that is dropped here changes nothing.
        let mut checking = self.change().await?;
        self.own(&mut checking, &owner).await?;
        self.refuse_repeated(&mut checking, once.as_ref(), &request).await?;
        drop(checking);
        let new = generate().await?;
        let private_key = new.private_pkcs1_pem().ok_or(ManageError::Internal)?;
        let mut change = self.change().await?;
        self.own(&mut change, &owner).await?;
        self.refuse_repeated(&mut change, once.as_ref(), &request).await?;
        let key = SigningKey {
            id: SigningKeyId::random(),
            account: self.account,
            owner,
            name,
            public_key: new.public_pem().to_owned(),
            created: change.now,
            last_used: None,
        };
        change.add_signing_key(&key).await?;
        let id = key.id.to_string();
        change.note_change(Kind::SigningKey, &id).await?;
        change.record("signing_key.create", &id, None, Some(shown(&key))).await?;
        self.remember(&mut change, once.as_ref(), &request, &id).await?;
        self.put_in_force(change).await?;
        Ok(NewSigningKey { key, private_key: private_key.to_owned() })
    }

    async fn refuse_repeated(&self, change: &mut Change, once: Option<&Once>, request: &str) -> Result<()> {
        match self.created_before(change, once, request).await? {
            None => Ok(()),
            Some(id) => Err(ManageError::Conflict {
                code: "already_created",
                field: Some("Idempotency-Key"),
                message: format!(
                    "signing key {id} was created by an earlier call, which answered its private key"
                ),
            }),
        }
    }

    /// Checks that the owner of a key is the account's, and claims what belongs to nobody, where the settings permit that.
    async fn own(&self, change: &mut Change, owner: &KeyOwner) -> Result<()> {
        match owner {
            KeyOwner::Bucket(name) => self.own_bucket(change, name).await,
            KeyOwner::Stream(id) => self.own_stream(change, id).await.map(drop),
            KeyOwner::Domain(id) => {
                let domain = change.domain(*id).await?.filter(|domain| domain.account == self.account);
                domain.map(drop).ok_or(ManageError::NotFound("domain"))
            }
        }
    }

    /// Returns a signing key.
    ///
    /// # Errors
    ///
    /// Fails if the account has no such key.
    pub async fn signing_key(&self, id: SigningKeyId) -> Result<SigningKey> {
        self.require(Permission::SigningKeys)?;
        let key = self.database.read().await?.signing_key(id).await?;
        let key =
            key.filter(|key| key.account == self.account).ok_or(ManageError::NotFound("signing key"))?;
        Ok(SigningKey { last_used: self.effect.last_used(id).max(key.last_used), ..key })
    }

    /// Returns the account's signing keys, in the order of their creation.
    ///
    /// # Errors
    ///
    /// Fails without the permission, and if the database does not answer.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>> {
        self.require(Permission::SigningKeys)?;
        self.database.read().await?.signing_keys(self.account).await
    }

    /// Renames a signing key, or removes its name.
    ///
    /// # Errors
    ///
    /// Fails if the account has no such key.
    pub async fn rename_signing_key(&self, id: SigningKeyId, name: Option<KeyName>) -> Result<SigningKey> {
        let (mut change, before) = self.change_of_key(id).await?;
        change.rename_signing_key(id, name.as_ref()).await?;
        let after = SigningKey { name, ..before.clone() };
        let (was, is) = (shown(&before), shown(&after));
        change.record("signing_key.rename", &id.to_string(), Some(was), Some(is)).await?;
        self.put_in_force(change).await?;
        Ok(after)
    }

    /// Deletes a signing key. Its tokens are refused from the next request on.
    ///
    /// # Errors
    ///
    /// Fails if the account has no such key.
    pub async fn delete_signing_key(&self, id: SigningKeyId) -> Result<()> {
        let (mut change, key) = self.change_of_key(id).await?;
        change.delete_signing_key(id).await?;
        let id = id.to_string();
        change.note_change(Kind::SigningKey, &id).await?;
        change.record("signing_key.delete", &id, Some(shown(&key)), None).await?;
        self.put_in_force(change).await
    }

    async fn change_of_key(&self, id: SigningKeyId) -> Result<(Change, SigningKey)> {
        self.require(Permission::SigningKeys)?;
        let mut change = self.change().await?;
        let key = change.signing_key(id).await?.filter(|key| key.account == self.account);
        Ok((change, key.ok_or(ManageError::NotFound("signing key"))?))
    }
}

/// Generates a key on a thread for blocking work.
async fn generate() -> Result<NewKey> {
    static AT_A_TIME: tokio::sync::Semaphore = tokio::sync::Semaphore::const_new(2);
    let _permit = AT_A_TIME.acquire().await.map_err(|_| ManageError::Internal)?;
    let generated = tokio::task::spawn_blocking(|| NewKey::rsa(KEY_BITS)).await;
    match generated {
        Ok(Ok(key)) => Ok(key),
        Ok(Err(error)) => {
            tracing::error!(%error, "a signing key cannot be generated");
            Err(ManageError::Internal)
        }
        Err(error) => {
            tracing::error!(%error, "the thread that generates a signing key ended");
            Err(ManageError::Internal)
        }
    }
}

pub(super) fn shown(key: &SigningKey) -> serde_json::Value {
    json!({
        (key.owner.field()): key.owner.id(),
        "name": key.name.as_ref().map(KeyName::as_str),
    })
}
