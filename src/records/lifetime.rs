use std::time::Duration;

use crate::error::ConfigError;

/// For how long an embed token is good: 5 minutes to 30 days, or, by name, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lifetime {
    /// So long from when it is issued, in whole seconds.
    For(Duration),
    /// Until it is revoked: for free content.
    Never,
}

impl Lifetime {
    /// The shortest: 5 minutes.
    pub const MIN: Duration = Duration::from_mins(5);
    /// The longest but for ever: 30 days.
    pub const MAX: Duration = Duration::from_hours(720);
    /// Unless something else is said: 24 hours.
    pub const DEFAULT: Self = Self::For(Duration::from_hours(24));

    /// Returns the seconds, `None` for ever.
    ///
    /// # Errors
    ///
    /// [`ConfigError::EmbedLifetime`] out of range.
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
