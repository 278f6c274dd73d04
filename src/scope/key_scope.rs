use arrayvec::ArrayVec;

use super::resource::Resource;
use super::serving::Streams;
use crate::error::ConfigError;

/// The resources that a key may sign for. Required when a key is loaded.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyScope {
    /// One bucket, on every site that serves it.
    Bucket(Box<str>),
    /// One live stream, on every live site.
    Stream(Box<str>),
    /// The resources of one site, on that site only: a playback domain. The site is named by its id. Without an explicit id,
    /// that is the site's first host.
    Site(Box<str>),
    /// Everything on every site. Only [`danger::any_scope`](crate::keys::danger::any_scope) creates it.
    Any(Unlimited),
}

/// A private value that makes [`KeyScope::Any`] hard to write by accident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Unlimited(());

impl KeyScope {
    /// Creates the scope that admits everything on every site, for [`danger::any_scope`](crate::keys::danger::any_scope).
    pub(crate) const fn any() -> Self {
        Self::Any(Unlimited(()))
    }

    /// Creates the scope of one bucket.
    pub fn bucket(name: impl Into<Box<str>>) -> Self {
        Self::Bucket(name.into())
    }

    /// Creates the scope of one live stream.
    pub fn stream(id: impl Into<Box<str>>) -> Self {
        Self::Stream(id.into())
    }

    /// Creates the scope of one site, given the site's id.
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

    /// Returns the scope as decisions compare it.
    pub(crate) fn name(&self) -> ScopeName<'_> {
        match self {
            Self::Bucket(name) => ScopeName::Bucket(name.as_bytes()),
            Self::Stream(id) => ScopeName::Stream(id.as_bytes()),
            Self::Site(id) => ScopeName::Site(id.as_bytes()),
            Self::Any(_) => ScopeName::Any,
        }
    }

    /// Returns the scope, or an error if it names nothing.
    pub(crate) fn checked(self, kid: &str) -> Result<Self, ConfigError> {
        match &self {
            Self::Bucket(name) | Self::Stream(name) | Self::Site(name) if name.trim().is_empty() => {
                Err(ConfigError::KeyWithoutScope { kid: kid.to_owned() })
            }
            Self::Bucket(_) | Self::Stream(_) | Self::Site(_) | Self::Any(_) => Ok(self),
        }
    }
}

/// The most scopes that can admit one resource: its bucket or stream, its site, and everything.
pub(crate) const MAX_ADMITTING: usize = 3;

/// The name of a [`KeyScope`]: that of a key, or of a resource that a key is looked up for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ScopeName<'s> {
    Bucket(&'s [u8]),
    Stream(&'s [u8]),
    Site(&'s [u8]),
    Any,
}

impl<'s> ScopeName<'s> {
    /// Returns every scope that [admits](KeyScope::admits) a resource of a site, the narrowest first.
    pub(crate) fn admitting(
        site: &'s str,
        resource: &Resource<'s>,
        streams: &'s Streams,
    ) -> ArrayVec<Self, MAX_ADMITTING> {
        let own = match resource {
            Resource::Object { bucket, .. } => Some(Self::Bucket(bucket)),
            Resource::Live { playback_id, .. } => streams.played_by(playback_id).map(Self::Stream),
        };
        own.into_iter().chain([Self::Site(site.as_bytes()), Self::Any]).collect()
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
