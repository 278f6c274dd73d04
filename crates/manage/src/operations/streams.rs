use serde_json::json;

use super::Session;
use super::change::Change;
use crate::database::{Kind, Result};
use crate::error::ManageError;
use crate::model::{Permission, PlaybackId, Stream, StreamId};

impl Session {
    /// Sets the playback ID of a stream.
    ///
    /// # Errors
    ///
    /// Fails if the stream is not the account's, or another stream has the playback ID.
    pub async fn set_playback_id(&self, id: &StreamId, playback_id: PlaybackId) -> Result<Stream> {
        self.require(Permission::Streams)?;
        let mut change = self.change().await?;
        let before = self.own_stream(&mut change, id).await?;
        let played = change.stream_played_as(playback_id.as_str()).await?;
        if played.is_some_and(|other| other.id != *id) {
            return Err(ManageError::Conflict {
                code: "playback_id_exists",
                field: Some("playback_id"),
                message: "another stream has this playback ID".to_owned(),
            });
        }
        let was = json!({ "playback_id": before.played_as() });
        let stream = Stream { playback_id: Some(playback_id), ..before };
        change.put_stream(&stream).await?;
        change.note_change(Kind::Stream, id.as_str()).await?;
        let is = json!({ "playback_id": stream.played_as() });
        change.record("stream.playback_id", id.as_str(), Some(was), Some(is)).await?;
        self.put_in_force(change).await?;
        Ok(stream)
    }

    /// Returns a stream of the account, and claims one that belongs to nobody, where the settings permit that.
    pub(super) async fn own_stream(&self, change: &mut Change, id: &StreamId) -> Result<Stream> {
        match change.stream(id).await? {
            Some(stream) if stream.account == self.account => Ok(stream),
            None if self.settings.claim_at_first_use => {
                let stream =
                    Stream { id: id.clone(), account: self.account, playback_id: None, created: change.now };
                change.assign_stream(&stream).await?;
                Ok(stream)
            }
            Some(_) | None => Err(ManageError::NotFound("stream")),
        }
    }
}

impl Change {
    /// Adds a stream that belonged to nobody.
    pub(super) async fn assign_stream(&mut self, stream: &Stream) -> Result<()> {
        let played = self.stream_played_as(stream.played_as()).await?;
        if played.is_some_and(|other| other.id != stream.id) {
            return Err(ManageError::Conflict {
                code: "playback_id_exists",
                field: Some("stream_id"),
                message: "the id is the playback ID of another stream".to_owned(),
            });
        }
        self.put_stream(stream).await?;
        self.note_change(Kind::Stream, stream.id.as_str()).await?;
        let after = json!({ "account": stream.account.to_string() });
        self.record("stream.assign", stream.id.as_str(), None, Some(after)).await
    }
}
