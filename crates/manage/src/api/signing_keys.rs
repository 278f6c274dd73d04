use axum::extract::Path;
use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::answer::{Answer, Failure, done, ok};
use super::body::Fields;
use super::caller::{Caller, once};
use crate::error::ManageError;
use crate::model::{BucketName, DomainId, KeyName, KeyOwner, SigningKey, SigningKeyId, StreamId, shown_time};

/// `POST /v1/signing-keys`
pub(super) async fn create(Caller(session): Caller, headers: HeaderMap, mut fields: Fields) -> Answer {
    let owners = [
        fields.optional_text("stream_id")?.as_deref().map(stream),
        fields.optional_text("domain_id")?.as_deref().map(domain),
        fields.optional_text("bucket_name")?.as_deref().map(bucket),
    ];
    let name = name(&mut fields)?;
    fields.finish()?;
    let mut owners = owners.into_iter().flatten();
    let (Some(owner), None) = (owners.next(), owners.next()) else {
        let message = "exactly one of stream_id, domain_id and bucket_name is needed";
        return Err(ManageError::field("stream_id", message).into());
    };
    let new = session.create_signing_key(owner?, name, once(&headers)?).await?;
    let mut shown = shown(&new.key);
    if let Some(object) = shown.as_object_mut() {
        object.insert("private_key".to_owned(), new.private_key.into());
    }
    Ok(ok(json!({ "signing_key": shown })))
}

/// `GET /v1/signing-keys/<id>`
pub(super) async fn show(Caller(session): Caller, Path(id): Path<String>) -> Answer {
    let key = session.signing_key(key_id(&id)?).await?;
    let mut shown = shown(&key);
    if let Some(object) = shown.as_object_mut() {
        object.insert("last_used".to_owned(), key.last_used.map(shown_time).into());
    }
    Ok(ok(json!({ "signing_key": shown })))
}

/// `GET /v1/signing-keys`
pub(super) async fn list(Caller(session): Caller) -> Answer {
    let keys = session.signing_keys().await?;
    Ok(ok(json!({ "signing_keys": keys.iter().map(shown).collect::<Vec<_>>() })))
}

/// `PUT /v1/signing-keys/<id>`
pub(super) async fn rename(Caller(session): Caller, Path(id): Path<String>, mut fields: Fields) -> Answer {
    let name = name(&mut fields)?;
    fields.finish()?;
    let key = session.rename_signing_key(key_id(&id)?, name).await?;
    Ok(ok(json!({ "signing_key": shown(&key) })))
}

/// `DELETE /v1/signing-keys/<id>`
pub(super) async fn delete(Caller(session): Caller, Path(id): Path<String>) -> Answer {
    session.delete_signing_key(key_id(&id)?).await?;
    Ok(done())
}

fn stream(text: &str) -> Result<KeyOwner, ManageError> {
    StreamId::parse(text).map(KeyOwner::Stream).map_err(ManageError::malformed("stream_id"))
}

/// Parses the id of a domain. A text that is no id is the id of nothing.
fn domain(text: &str) -> Result<KeyOwner, ManageError> {
    DomainId::parse(text).map(KeyOwner::Domain).map_err(|_| ManageError::NotFound("domain"))
}

fn bucket(text: &str) -> Result<KeyOwner, ManageError> {
    BucketName::parse(text).map(KeyOwner::Bucket).map_err(ManageError::malformed("bucket_name"))
}

fn name(fields: &mut Fields) -> Result<Option<KeyName>, ManageError> {
    let name = fields.optional_text("name")?.map(|name| KeyName::parse(&name)).transpose();
    name.map_err(ManageError::malformed("name"))
}

fn key_id(text: &str) -> Result<SigningKeyId, Failure> {
    SigningKeyId::parse(text).map_err(|_| ManageError::NotFound("signing key").into())
}

fn shown(key: &SigningKey) -> Value {
    json!({
        (key.owner.field()): key.owner.id(),
        "created": shown_time(key.created),
        "id": key.id.to_string(),
        "name": key.name.as_ref().map(KeyName::as_str),
    })
}
