use std::collections::HashSet;

use hashbrown::HashMap;

use super::resource::{LiveShape, Resource, playback_id_in};

/// What a site serves.
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

    /// Returns the resource that the rest of a path names, after a part with a credential.
    pub(crate) fn resource_below<'p>(&self, whole: &Resource<'p>, key: &'p [u8]) -> Resource<'p> {
        match (whole, self) {
            (Resource::Object { bucket, .. }, _) => Resource::Object { bucket, key },
            (Resource::Live { .. }, Self::Live(LiveShape::Path)) => {
                Resource::Live { playback_id: playback_id_in(key), file: key }
            }
            (Resource::Live { playback_id, .. }, _) => Resource::Live { playback_id, file: key },
        }
    }

    /// Returns whether this is live streams.
    pub(crate) const fn is_live(&self) -> bool {
        matches!(self, Self::Live(_))
    }
}

/// Stream ids, which key scopes name, to playback IDs, which tokens and URLs name; one to one.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    pub(crate) playback_ids: HashMap<Box<str>, Box<str>>,
    /// Every playback ID in the map.
    pub(crate) given: HashSet<Box<str>>,
}

impl Streams {
    /// Returns whether a playback ID is the stream's. Without an entry, a stream's id is its playback ID, unless that is another stream's.
    pub(crate) fn plays(&self, stream: &str, playback_id: &[u8]) -> bool {
        match self.playback_ids.get(stream) {
            Some(mapped) => mapped.as_bytes() == playback_id,
            None => stream.as_bytes() == playback_id && !self.given.contains(stream),
        }
    }
}
