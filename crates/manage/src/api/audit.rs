use axum::extract::Query;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Answer, ok};
use super::caller::Caller;
use crate::database::{AuditEntry, AuditPlace};
use crate::error::ManageError;
use crate::model::shown_time;

/// The number of lines, unless the caller sets one.
const LINES: u16 = 100;

/// The largest number of lines.
const MAX_LINES: u16 = 1_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<u16>,
    cursor: Option<String>,
}

/// `GET /v1/audit?limit=&cursor=`, an extension of the published API
pub(super) async fn list(
    Caller(session): Caller,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Answer {
    let Query(page) = page.map_err(|error| ManageError::field("query", error.body_text()))?;
    let limit = page.limit.unwrap_or(LINES).clamp(1, MAX_LINES);
    let before = page.cursor.map(|text| AuditPlace::parse(&text)).transpose();
    let before = before.map_err(ManageError::malformed("cursor"))?;
    let entries = session.audit(before, limit).await?;
    let next =
        entries.last().filter(|_| entries.len() == usize::from(limit)).map(|entry| entry.place().to_string());
    Ok(ok(json!({ "audit": entries.iter().map(shown).collect::<Vec<_>>(), "cursor": next })))
}

fn shown(entry: &AuditEntry) -> Value {
    let value =
        |text: &Option<String>| text.as_deref().map(|text| serde_json::from_str(text).unwrap_or(Value::Null));
    json!({
        "revision": entry.revision,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "before": value(&entry.before),
        "after": value(&entry.after),
        "created": shown_time(entry.created),
    })
}
