use axum::extract::Path;
use serde_json::json;

use super::answer::{Answer, ok};
use super::body::Fields;
use super::caller::Caller;
use crate::error::ManageError;
use crate::model::{PlaybackId, StreamId, shown_time};

/// `PUT /v1/streams/<stream_id>`, an extension of the published API
pub(super) async fn set_playback_id(
    Caller(session): Caller,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Answer {
    let id = StreamId::parse(&id).map_err(ManageError::malformed("stream_id"))?;
    let playback_id = PlaybackId::parse(&fields.text("playback_id")?);
    let playback_id = playback_id.map_err(ManageError::malformed("playback_id"))?;
    fields.finish()?;
    let stream = session.set_playback_id(&id, playback_id).await?;
    let (created, playback_id) = (shown_time(stream.created), stream.played_as());
    Ok(ok(json!({ "stream": { "id": stream.id.as_str(), "playback_id": playback_id, "created": created } })))
}
