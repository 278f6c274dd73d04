use crate::error::ConfigError;

/// What a key may sign for. Required when a key is loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyScope {
    /// One bucket, on every site that serves it.
    Bucket(Box<str>),
    /// One live stream, on every live site.
    Stream(Box<str>),
    /// What one site serves, and only there: a playback domain. Named by the site's id, which is its first host
    /// unless it was given another.
    Site(Box<str>),
}

impl KeyScope {
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

    /// Refuses a scope that names nothing.
    pub(crate) fn checked(self, kid: &str) -> Result<Self, ConfigError> {
        match &self {
            Self::Bucket(name) | Self::Stream(name) | Self::Site(name) if name.trim().is_empty() => {
                Err(ConfigError::KeyWithoutScope { kid: kid.to_owned() })
            }
            Self::Bucket(_) | Self::Stream(_) | Self::Site(_) => Ok(self),
        }
    }
}

impl std::fmt::Display for KeyScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bucket(name) => write!(f, "bucket {name}"),
            Self::Stream(id) => write!(f, "stream {id}"),
            Self::Site(id) => write!(f, "site {id}"),
        }
    }
}
