use axum::extract::Path;
use serde_json::{Map, Value};

use super::answer::{Answer, done, ok};
use super::body::Fields;
use super::caller::Caller;
use crate::error::ManageError;
use crate::model::{BucketAccess, BucketName, CorsHeader, CorsHeaders};

/// `PUT /v1/buckets/<bucket>/policy/<policy>`
pub(super) async fn set_policy(
    Caller(session): Caller,
    Path((bucket, policy)): Path<(String, String)>,
) -> Answer {
    let access = BucketAccess::parse(&policy).map_err(ManageError::malformed("policy"))?;
    session.set_bucket_access(&name(&bucket)?, access).await?;
    Ok(done())
}

/// `GET /v1/buckets/<bucket>/cors`
pub(super) async fn cors(Caller(session): Caller, Path(bucket): Path<String>) -> Answer {
    let bucket = session.bucket(&name(&bucket)?).await?;
    Ok(ok(shown_cors(bucket.cors.as_ref())))
}

/// `POST /v1/buckets/<bucket>/cors`
pub(super) async fn set_cors(Caller(session): Caller, Path(bucket): Path<String>, fields: Fields) -> Answer {
    session.set_bucket_cors(&name(&bucket)?, cors_headers(fields)?).await?;
    Ok(done())
}

/// `DELETE /v1/buckets/<bucket>/cors`
pub(super) async fn delete_cors(Caller(session): Caller, Path(bucket): Path<String>) -> Answer {
    session.delete_bucket_cors(&name(&bucket)?).await?;
    Ok(done())
}

/// `DELETE /v1/buckets/<bucket>/cors/<header_name>`
pub(super) async fn delete_cors_header(
    Caller(session): Caller,
    Path((bucket, header)): Path<(String, String)>,
) -> Answer {
    let header = CorsHeader::parse(&header).map_err(ManageError::malformed("header_name"))?;
    session.delete_bucket_cors_header(&name(&bucket)?, header).await?;
    Ok(done())
}

/// Reads the headers of a body: `true` and `"true"`, `1600` and `"1600"` are the same.
pub(super) fn cors_headers(fields: Fields) -> Result<CorsHeaders, ManageError> {
    let fields = fields.texts()?;
    if fields.is_empty() {
        let message = "the body has no header; DELETE removes all headers";
        return Err(ManageError::field(CorsHeader::AllowOrigin.name(), message));
    }
    let headers = fields.iter().map(|(name, value)| (&**name, &**value));
    CorsHeaders::check(headers).map_err(|(name, error)| ManageError::malformed(name)(error))
}

/// Returns the headers as an object of texts, which is empty if nobody has set any.
pub(super) fn shown_cors(headers: Option<&CorsHeaders>) -> Value {
    let headers = headers.into_iter().flat_map(CorsHeaders::iter);
    Value::Object(headers.map(|(name, value)| (name.to_owned(), value.into())).collect::<Map<_, _>>())
}

fn name(text: &str) -> Result<BucketName, ManageError> {
    BucketName::parse(text).map_err(ManageError::malformed("bucket"))
}
