use std::time::Duration;

use crate::error::ConfigError;

/// The lifetime of an embed token: 5 minutes to 30 days, or unlimited ([`Never`](Self::Never)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// Until this long after the token was issued, in whole seconds.
    For(Duration),
    /// Until the token is revoked, for free content.
    Never,
}

impl Lifetime {
    /// The shortest lifetime: 5 minutes.
    pub const MIN: Duration = Duration::from_mins(5);
    /// The longest limited lifetime: 30 days.
    pub const MAX: Duration = Duration::from_hours(720);
    /// The default lifetime: 24 hours.
    pub const DEFAULT: Self = Self::For(Duration::from_hours(24));

    /// Returns the seconds, or `None` if the token never expires.
    ///
    /// # Errors
    ///
    /// Returns [`ConfigError::EmbedLifetime`] if the lifetime is out of range.
    pub(crate) fn check(self) -> Result<Option<u32>, ConfigError> {
        match self {
            Self::Never => Ok(None),
            Self::For(duration) if (Self::MIN..=Self::MAX).contains(&duration) => {
                Ok(u32::try_from(duration.as_secs()).ok())
            }
            Self::For(duration) => Err(ConfigError::EmbedLifetime { seconds: duration.as_secs() }),
        }
    }
}

impl From<Duration> for Lifetime {
    fn from(duration: Duration) -> Self {
        Self::For(duration)
    }
}
