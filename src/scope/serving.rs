use hashbrown::HashMap;

use super::resource::{LiveShape, Resource, playback_id_in};

/// The kind of resources that a site serves.
#[derive(Debug)]
pub(crate) enum Serving {
    /// The objects of this bucket.
    Bucket(Box<str>),
    /// The objects of the bucket that the host names.
    BucketInHost,
    /// Live streams.
    Live(LiveShape),
}

/// The names that a pattern captured from a host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Captures<'h> {
    pub(crate) bucket: Option<&'h [u8]>,
    pub(crate) playback_id: Option<&'h [u8]>,
}

impl Serving {
    /// Returns the resource that a path below the base path names, or `None` if the host lacks the bucket or the playback ID.
    pub(crate) fn resource<'p>(&'p self, captures: &Captures<'p>, key: &'p [u8]) -> Option<Resource<'p>> {
        Some(match self {
            Self::Bucket(name) => Resource::Object { bucket: name.as_bytes(), key },
            Self::BucketInHost => Resource::Object { bucket: captures.bucket?, key },
            Self::Live(LiveShape::Host) => Resource::Live { playback_id: captures.playback_id?, file: key },
            Self::Live(LiveShape::Path) => Resource::Live { playback_id: playback_id_in(key), file: key },
        })
    }

    /// Returns the resource that is named by the rest of a path, after the part that holds a credential.
    pub(crate) fn resource_below<'p>(&self, whole: &Resource<'p>, key: &'p [u8]) -> Resource<'p> {
        match (whole, self) {
            (Resource::Object { bucket, .. }, _) => Resource::Object { bucket, key },
            (Resource::Live { .. }, Self::Live(LiveShape::Path)) => {
                Resource::Live { playback_id: playback_id_in(key), file: key }
            }
            (Resource::Live { playback_id, .. }, _) => Resource::Live { playback_id, file: key },
        }
    }

    /// Returns whether the site serves live streams.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }
}

/// A one-to-one map from stream ids to playback IDs. Key scopes name stream ids; tokens and URLs name playback IDs.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    pub(crate) playback_ids: HashMap<Box<str>, Box<str>>,
    /// The stream of each playback ID in the map.
    pub(crate) given: HashMap<Box<str>, Box<str>>,
}

impl Streams {
    /// Returns whether a playback ID belongs to the stream. Without an entry in the map, a stream's id is its playback ID, unless
    /// the map gives that playback ID to another stream.
    pub(crate) fn plays(&self, stream: &str, playback_id: &[u8]) -> bool {
        match self.playback_ids.get(stream) {
            Some(mapped) => mapped.as_bytes() == playback_id,
            None => stream.as_bytes() == playback_id && !self.given.contains_key(stream),
        }
    }

    /// Returns the stream that a playback ID [belongs to](Self::plays), if any.
    pub(crate) fn played_by<'s>(&'s self, playback_id: &'s [u8]) -> Option<&'s [u8]> {
        let text = str::from_utf8(playback_id).ok()?;
        match self.given.get(text) {
            Some(stream) => Some(stream.as_bytes()),
            None => (!self.playback_ids.contains_key(text)).then_some(playback_id),
        }
    }
}

#[cfg(test)]
mod tests;
