use std::time::Duration;

use serde::de::{Deserializer, Error as _, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::allowed::AllowedOrigins;
use crate::error::{ConfigError, ConfigErrors};
use crate::rate::Rate;

/// The form of a record outside the process: the JSON for a token's digest in a shared store.
///
/// A field that this release does not know may be a restriction, so a record with such a field is rejected as a whole.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Stored {
    #[serde(rename = "v")]
    pub(crate) version: u8,
    pub(crate) realm: String,
    pub(crate) video: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) viewer: Option<String>,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) exp: Option<i64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) origins: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) rate: Option<Rate>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) metadata: Map<String, Value>,
}

/// The version that this release writes and reads.
pub(crate) const STORED_VERSION: u8 = 1;

/// The maximum length of the id of a video or viewer, in bytes.
pub const MAX_ID_LEN: usize = 256;

/// The maximum metadata of one token: the number of members, and the size of their JSON in bytes.
pub const MAX_METADATA: (usize, usize) = (32, 2048);

/// The claims of the record itself, and those that have a meaning in a token.
const OWN_MEMBERS: [&str; 9] = ["video", "sub", "exp", "uri", "iss", "aud", "nbf", "iat", "jti"];

impl Stored {
    /// Parses a record from a store.
    ///
    /// # Errors
    ///
    /// Returns the fault, in words that show nothing of the content.
    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store holds it"))]
    pub(crate) fn read(json: &[u8]) -> Result<Self, String> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let stored = Self::deserialize(Object(&mut reader)).and_then(|stored| reader.end().map(|()| stored));
        let stored =
            stored.map_err(|error| format!("{:?} error at column {}", error.classify(), error.column()))?;
        if stored.version != STORED_VERSION {
            return Err(format!("version is {}, but this release reads {STORED_VERSION}", stored.version));
        }
        stored.check().map_err(|_| "it breaks the rules for records".to_owned())?;
        Ok(stored)
    }

    #[cfg_attr(not(feature = "redis"), allow(dead_code, reason = "a shared store holds it"))]
    pub(crate) fn write(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default() // text, numbers and JSON always can be
    }

    /// Returns the list of origins, checked, if there is one.
    pub(crate) fn check(&self) -> Result<Option<AllowedOrigins>, ConfigErrors> {
        let mut faults = Vec::new();
        faults.extend(check_id("video", &self.video, true).err());
        if let Some(viewer) = &self.viewer {
            faults.extend(check_id("viewer", viewer, false).err());
        }
        let (most_members, most_bytes) = MAX_METADATA;
        let json = serde_json::to_string(&self.metadata).unwrap_or_default();
        if self.metadata.len() > most_members || json.len() > most_bytes {
            let found = format!("has {} members and {} bytes of metadata", self.metadata.len(), json.len());
            faults.push(ConfigError::EmbedDraft { found, write: "at most 32 members and 2048 bytes" });
        }
        for name in self.metadata.keys().filter(|name| OWN_MEMBERS.contains(&name.as_str())) {
            let found = format!("has metadata named {name:?}, which is a claim");
            faults.push(ConfigError::EmbedDraft { found, write: "another name" });
        }
        let origins = AllowedOrigins::check(&self.origins, &mut faults);
        ConfigErrors::check(faults)?;
        Ok(origins)
    }
}

/// A wrapper that reads a struct only from an object: serde's derived code also accepts an array, by position.
struct Object<D>(D);

impl<'de, D: Deserializer<'de>> Deserializer<'de> for Object<D> {
    type Error = D::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, D::Error> {
        self.0.deserialize_map(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The rate of a record, before it is checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredRate {
    requests: u32,
    within: u32,
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stored = StoredRate::deserialize(Object(deserializer))?;
        Self::new(stored.requests, Duration::from_secs(stored.within.into())).map_err(D::Error::custom)
    }
}

/// Checks an id: text without control characters, and for a video one segment of a path in its normal form.
pub(crate) fn check_id(what: &str, id: &str, in_path: bool) -> Result<(), ConfigError> {
    let wrong = |found: String, write: &'static str| Err(ConfigError::EmbedDraft { found, write });
    if id.is_empty() || id.len() > MAX_ID_LEN {
        return wrong(format!("has a {what} of {} bytes", id.len()), "1 to 256 bytes");
    }
    if id.chars().any(char::is_control) {
        return wrong(format!("has a {what} with control characters"), "text without them");
    }
    if in_path && (id.contains(['/', '\\', '%']) || matches!(id, "." | "..")) {
        return wrong(
            format!("has the {what} {id:?}, which is not a segment of a path"),
            "it without slashes and %",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests;
