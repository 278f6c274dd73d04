use super::resource::Resource;
use super::serving::Streams;
use crate::error::ConfigError;

/// What a key may sign for. Required when a key is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyScope {
    /// One bucket, on every site that serves it.
    Bucket(Box<str>),
    /// One live stream, on every live site.
    Stream(Box<str>),
    /// What one site serves, and only there: a playback domain. Named by the site's id, which is its first host
    /// unless it was given another.
    Site(Box<str>),
    /// Everything on every site; made by [`danger::any_scope`](crate::keys::danger::any_scope) alone.
    Any(Unlimited),
}

/// What makes [`KeyScope::Any`] hard to write by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unlimited(());

impl KeyScope {
    /// Everything on every site, for [`danger::any_scope`](crate::keys::danger::any_scope).
    pub(crate) const fn any() -> Self {
        Self::Any(Unlimited(()))
    }

    /// The scope of one bucket.
    pub fn bucket(name: impl Into<Box<str>>) -> Self {
        Self::Bucket(name.into())
    }

    /// The scope of one live stream.
    pub fn stream(id: impl Into<Box<str>>) -> Self {
        Self::Stream(id.into())
    }

    /// The scope of one site, by its id.
    pub fn site(id: impl Into<Box<str>>) -> Self {
        Self::Site(id.into())
    }

    /// Returns whether a key of this scope may sign for a resource of a site.
    pub(crate) fn admits(&self, site: &str, resource: &Resource<'_>, streams: &Streams) -> bool {
        match (self, resource) {
            (Self::Any(_), _) => true,
            (Self::Site(id), _) => **id == *site,
            (Self::Bucket(name), Resource::Object { bucket, .. }) => name.as_bytes() == *bucket,
            (Self::Stream(stream), Resource::Live { playback_id, .. }) => streams.plays(stream, playback_id),
            (Self::Bucket(_), Resource::Live { .. }) | (Self::Stream(_), Resource::Object { .. }) => false,
        }
    }

    /// Refuses a scope that names nothing.
    pub(crate) fn checked(self, kid: &str) -> Result<Self, ConfigError> {
        match &self {
            Self::Bucket(name) | Self::Stream(name) | Self::Site(name) if name.trim().is_empty() => {
                Err(ConfigError::KeyWithoutScope { kid: kid.to_owned() })
            }
            Self::Bucket(_) | Self::Stream(_) | Self::Site(_) | Self::Any(_) => Ok(self),
        }
    }
}

impl std::fmt::Display for KeyScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "bucket {name}"),
            Self::Stream(id) => write!(f, "stream {id}"),
            Self::Site(id) => write!(f, "site {id}"),
            Self::Any(_) => f.write_str("any"),
        }
    }
}
