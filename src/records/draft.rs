use serde::Serialize;
use serde_json::{Map, Value};

use super::lifetime::Lifetime;
use super::stored::{STORED_VERSION, Stored};
use super::token::EmbedToken;
use crate::error::{ConfigError, ConfigErrors};
use crate::rate::Rate;
use crate::time::UnixSeconds;

/// An embed token that is not issued yet: its video, viewer, origins and lifetime.
///
/// ```
/// use std::time::Duration;
/// use playgate::schemes::embed::EmbedDraft;
/// use playgate::rate::Rate;
///
/// let session = EmbedDraft::new("video-1")
///     .viewer("u42")
///     .expires_in(Duration::from_secs(3600))
///     .origins(["https://app.example.com", "https://*.example.net"])
///     .rate(Rate::per_minute(60)?)
///     .metadata("plan", "gold");
/// # Ok::<(), playgate::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct EmbedDraft {
    token: Option<EmbedToken>,
    video: String,
    viewer: Option<String>,
    lifetime: Option<Lifetime>,
    origins: Vec<String>,
    rate: Option<Rate>,
    metadata: Map<String, Value>,
    /// The name of metadata that cannot be JSON.
    unwritable: Option<String>,
}

impl EmbedDraft {
    /// Creates a draft for this video, whose id is one path segment of at most 256 bytes.
    pub fn new(video: impl Into<String>) -> Self {
        Self {
            token: None,
            video: video.into(),
            viewer: None,
            lifetime: None,
            origins: Vec::new(),
            rate: None,
            metadata: Map::new(),
            unwritable: None,
        }
    }

    /// Sets the viewer, whose tokens can be revoked together.
    pub fn viewer(mut self, viewer: impl Into<String>) -> Self {
        self.viewer = Some(viewer.into());
        self
    }

    /// Sets the lifetime: 5 minutes to 30 days, or [`Lifetime::Never`]. The default is the site's.
    pub fn expires_in(mut self, lifetime: impl Into<Lifetime>) -> Self {
        self.lifetime = Some(lifetime.into());
        self
    }

    /// Limits the token to pages of these origins: `https://app.example.com`, `https://*.example.com`, or a bare host, which
    /// means https. The default is all origins.
    pub fn origins<I: IntoIterator<Item: Into<String>>>(mut self, origins: I) -> Self {
        self.origins = origins.into_iter().map(Into::into).collect();
        self
    }

    /// Limits the requests for [manifests and keys](crate::schemes::embed::OriginsOn::ManifestsAndKeys). Requests that another
    /// rule refuses are not counted, nor are pages, segments and MP4 files. Each process counts for itself, and its counts are
    /// reset after a shared store has lost its data. The default is no limit.
    pub fn rate(mut self, rate: Rate) -> Self {
        self.rate = Some(rate);
        self
    }

    /// Adds metadata for the inner service, which can be read like a claim: `("plan", "gold")`. The maximum is 32 members and
    /// 2 KB.
    pub fn metadata(mut self, name: impl Into<String>, value: impl Serialize) -> Self {
        let name = name.into();
        match serde_json::to_value(value) {
            Ok(value) => {
                self.metadata.insert(name, value);
            }
            Err(_) => self.unwritable = Some(name),
        }
        self
    }

    /// Issues the given token, which was created elsewhere, instead of a new one.
    pub fn token(mut self, token: EmbedToken) -> Self {
        self.token = Some(token);
        self
    }

    pub(crate) fn video(&self) -> &str {
        &self.video
    }

    /// Checks the draft and returns the token with its record.
    pub(crate) fn check(
        self,
        realm: &str,
        usual: Lifetime,
        now: UnixSeconds,
    ) -> Result<(EmbedToken, Stored), ConfigErrors> {
        let mut faults = Vec::new();
        if let Some(name) = &self.unwritable {
            let found = format!("has metadata {name:?}, which cannot be written as JSON");
            faults.push(ConfigError::EmbedDraft {
                found,
                write: "text, numbers, lists, or maps with text as keys",
            });
        }
        let lifetime = self.lifetime.unwrap_or(usual).check().map_err(|error| faults.push(error));
        let exp = match lifetime {
            Ok(Some(seconds)) => Some(now.saturating_add(seconds.into()).get()),
            Ok(None) | Err(()) => None,
        };
        let stored = Stored {
            version: STORED_VERSION,
            realm: realm.to_owned(),
            video: self.video,
            viewer: self.viewer,
            exp,
            origins: self.origins,
            rate: self.rate,
            metadata: self.metadata,
        };
        if let Err(errors) = stored.check() {
            faults.extend(errors);
        }
        ConfigErrors::check(faults)?;
        let token = match self.token {
            Some(token) => token,
            None => EmbedToken::generate()?,
        };
        Ok((token, stored))
    }
}
