use axum::extract::Path;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::{Value, json};

use super::answer::{Answer, Failure, done, ok};
use super::body::Fields;
use super::buckets::{cors_headers, shown_cors};
use super::caller::{Caller, once};
use crate::error::ManageError;
use crate::model::{BucketName, Domain, DomainId, DomainKind, DomainName, shown_time};
use crate::operations::Session;

/// `POST /v1/domains`
pub(super) async fn create(Caller(session): Caller, headers: HeaderMap, mut fields: Fields) -> Answer {
    let name = DomainName::parse(&fields.text("name")?).map_err(ManageError::malformed("name"))?;
    let kind = DomainKind::parse(&fields.text("type")?).map_err(ManageError::malformed("type"))?;
    let bucket = fields.optional_text("bucket_name")?.map(|name| BucketName::parse(&name)).transpose();
    let bucket = bucket.map_err(ManageError::malformed("bucket_name"))?;
    fields.finish()?;
    Ok(one(&session.create_domain(name, kind, bucket, once(&headers)?).await?))
}

/// `GET /v1/domains/<domain_id>`
pub(super) async fn show(Caller(session): Caller, Path(id): Path<String>) -> Answer {
    Ok(one(&session.domain(domain_id(&id)?).await?))
}

/// `GET /v1/domains`
pub(super) async fn list(Caller(session): Caller) -> Answer {
    list_of(&session, None).await
}

/// `GET /v1/domains/live`
pub(super) async fn list_live(Caller(session): Caller) -> Answer {
    list_of(&session, Some(DomainKind::Live)).await
}

/// `GET /v1/domains/vod`
pub(super) async fn list_vod(Caller(session): Caller) -> Answer {
    list_of(&session, Some(DomainKind::Vod)).await
}

async fn list_of(session: &Session, kind: Option<DomainKind>) -> Answer {
    let domains = session.domains(kind).await?;
    Ok(ok(json!({ "domains": domains.iter().map(shown).collect::<Vec<_>>() })))
}

/// `DELETE /v1/domains/<domain_id>`
pub(super) async fn delete(Caller(session): Caller, Path(id): Path<String>) -> Answer {
    session.delete_domain(domain_id(&id)?).await?;
    Ok(done())
}

/// `GET /v1/domains/<domain_id>/cors`
pub(super) async fn cors(Caller(session): Caller, Path(id): Path<String>) -> Answer {
    let domain = session.domain(domain_id(&id)?).await?;
    Ok(ok(shown_cors(domain.cors.as_ref())))
}

/// `POST /v1/domains/<domain_id>/cors`
pub(super) async fn set_cors(Caller(session): Caller, Path(id): Path<String>, fields: Fields) -> Answer {
    session.set_domain_cors(domain_id(&id)?, Some(cors_headers(fields)?)).await?;
    Ok(done())
}

/// `DELETE /v1/domains/<domain_id>/cors`
pub(super) async fn delete_cors(Caller(session): Caller, Path(id): Path<String>) -> Answer {
    session.set_domain_cors(domain_id(&id)?, None).await?;
    Ok(done())
}

/// Parses an id in a path. A text that is no id is the id of nothing.
fn domain_id(text: &str) -> Result<DomainId, Failure> {
    DomainId::parse(text).map_err(|_| ManageError::NotFound("domain").into())
}

fn one(domain: &Domain) -> Response {
    ok(json!({ "domain": shown(domain) }))
}

fn shown(domain: &Domain) -> Value {
    let mut shown = json!({
        "created": shown_time(domain.created),
        "id": domain.id.to_string(),
        "type": domain.kind.name(),
        "domain_name": domain.name.as_str(),
    });
    if let (Some(bucket), Some(object)) = (&domain.bucket, shown.as_object_mut()) {
        object.insert("bucket_name".to_owned(), bucket.as_str().into());
    }
    shown
}
