//! API keys and access tokens.
//!
//! 1. An API key is 256 random bits. The database stores its SHA-256 digest, which needs no salt, because nobody can try 2^256 keys.
//! 2. An access token is a JWT by HS256 with `iat`, `sub` and `exp`. `sub` is the id of the API key, so revoking the key ends its
//!    tokens.
//! 3. The secret that signs access tokens is in the database. After a rotation, the previous secret verifies tokens until the last
//!    of them has expired.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest as hash};
use aws_lc_rs::rand;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, decode_header, encode};
use serde::{Deserialize, Serialize};

use super::change::{Change, now};
use super::{Actor, Session};
use crate::database::{AccessSecret, Database, Result};
use crate::error::ManageError;
use crate::manage::Manage;
use crate::model::{AccountId, ApiKeyId};

/// The lifetime of an access token in seconds: 24 hours.
pub const ACCESS_TOKEN_LIFETIME: i64 = 24 * 60 * 60;

/// An access token. Its text is a secret.
#[derive(Clone)]
#[non_exhaustive]
pub struct AccessToken {
    /// The JWT.
    pub text: String,
    /// The time of expiry, in seconds since the Unix epoch.
    pub expires: i64,
}

impl std::fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessToken").field("expires", &self.expires).finish_non_exhaustive()
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iat: i64,
    sub: String,
    exp: i64,
}

impl Manage {
    /// Issues an access token for an API key.
    ///
    /// # Errors
    ///
    /// Returns [`ManageError::Unauthenticated`] if there is no such API key, or it was revoked.
    pub async fn issue_access_token(&self, api_key: &str) -> Result<AccessToken> {
        const UNKNOWN: ManageError = ManageError::Unauthenticated("the API key is unknown or was revoked");
        let mut read = self.database().read().await?;
        let key =
            read.api_key_with(&digest(api_key)).await?.filter(|key| key.revoked.is_none()).ok_or(UNKNOWN)?;
        let now = now();
        let secret = read.access_secrets().await?.into_iter().find(|secret| secret.retires.is_none());
        drop(read);
        let secret = match secret {
            Some(secret) => secret,
            None => first_secret(self.database()).await?,
        };
        let mut noting = self.database().note().await?;
        noting.count_use(key.id, now).await?;
        noting.commit().await?;
        let expires = now.saturating_add(ACCESS_TOKEN_LIFETIME);
        let header = Header { kid: Some(secret.id), ..Header::new(Algorithm::HS256) };
        let claims = Claims { iat: now, sub: key.id.to_string(), exp: expires };
        let signing =
            EncodingKey::from_secret(secret.secret.as_bytes()).map_err(|_| ManageError::Internal)?;
        let text = encode(&header, &claims, &signing).map_err(|_| ManageError::Internal)?;
        Ok(AccessToken { text, expires })
    }

    /// Returns the session of an access token.
    ///
    /// # Errors
    ///
    /// Returns [`ManageError::Unauthenticated`] if the token is not valid, has expired, or its API key was revoked.
    pub async fn authenticate(&self, access_token: &str) -> Result<Session> {
        const INVALID: ManageError =
            ManageError::Unauthenticated("the access token is not valid or has expired");
        let header = decode_header(access_token).map_err(|_| INVALID)?;
        let mut read = self.database().read().await?;
        let secrets = read.access_secrets().await?;
        let is_it = |secret: &&AccessSecret| Some(&secret.id) == header.kid.as_ref();
        let secret = secrets.iter().find(is_it).ok_or(INVALID)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 0;
        validation.set_required_spec_claims(&["exp", "sub"]);
        let verifying =
            DecodingKey::from_secret(secret.secret.as_bytes()).map_err(|_| ManageError::Internal)?;
        let claims = decode::<Claims>(access_token, &verifying, &validation).map_err(|_| INVALID)?.claims;
        if secret.retires.is_some_and(|last| last < now()) {
            return Err(INVALID);
        }
        let id = ApiKeyId::parse(&claims.sub).map_err(|_| INVALID)?;
        let key = read.api_key(id).await?.ok_or(INVALID)?;
        if key.revoked.is_some() {
            return Err(ManageError::Unauthenticated("the API key of this access token was revoked"));
        }
        Ok(Session {
            database: Arc::clone(self.shared_database()),
            effect: Arc::clone(self.effect()),
            settings: Arc::clone(self.settings()),
            account: key.account,
            actor: Actor::ApiKey(id),
            permissions: key.permissions,
        })
    }

    /// Returns a session of the operator, with every permission, for an account.
    pub fn session_of(&self, account: AccountId) -> Session {
        Session {
            database: Arc::clone(self.shared_database()),
            effect: Arc::clone(self.effect()),
            settings: Arc::clone(self.settings()),
            account,
            actor: Actor::Operator,
            permissions: crate::model::Permissions::ALL,
        }
    }
}

/// Returns the secret that signs access tokens, which the first call creates.
async fn first_secret(database: &dyn Database) -> Result<AccessSecret> {
    let mut change = Change::begin(database, None, Actor::Operator).await?;
    let secrets = change.access_secrets().await?;
    if let Some(secret) = secrets.into_iter().find(|secret| secret.retires.is_none()) {
        return Ok(secret); // another call created it in the meantime
    }
    let id = rotate(&mut change).await?;
    let secret = change.access_secrets().await?.into_iter().find(|secret| secret.id == id);
    change.commit().await?;
    secret.ok_or(ManageError::Internal)
}

/// Adds a secret and lets the previous ones retire with their last token. Returns its id.
pub(super) async fn rotate(change: &mut Change) -> Result<String> {
    let now = change.now;
    change.retire_access_secrets(now.saturating_add(ACCESS_TOKEN_LIFETIME)).await?;
    let id = uuid::Uuid::new_v4().to_string();
    let secret = AccessSecret { id: id.clone(), secret: random_hex()?, created: now, retires: None };
    change.add_access_secret(&secret).await?;
    Ok(id)
}

/// Returns 256 random bits as hexadecimal digits.
pub(super) fn random_hex() -> Result<String> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| ManageError::Internal)?;
    Ok(hex::encode(bytes))
}

/// Returns the SHA-256 digest as hexadecimal digits.
pub(super) fn digest(text: &str) -> String {
    hex::encode(hash(&SHA256, text.as_bytes()))
}
