use sqlx::FromRow;

use super::Malformed;
use super::ids::AccountId;

/// Defines types for names that others choose: each consists of permitted bytes and has a maximum length.
macro_rules! names {
    ($($(#[$doc:meta])* $Name:ident: $max:literal, $is_permitted:expr, $rule:literal;)*) => { $(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $Name(String);

        impl $Name {
            /// Parses a name.
            ///
            /// # Errors
            ///
            /// Returns [`Malformed`] if the text is empty, too long, or has another character.
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                let is_permitted: fn(u8) -> bool = $is_permitted;
                let is_name = (1..=$max).contains(&text.len())
                    && text.bytes().all(is_permitted)
                    && !text.starts_with(['-', '.'])
                    && !text.ends_with(['-', '.']);
                if is_name { Ok(Self(text.to_owned())) } else { Err(Malformed($rule)) }
            }

            /// Returns the name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $Name {
            type Error = Malformed;

            fn try_from(text: String) -> Result<Self, Malformed> {
                Self::parse(&text)
            }
        }
    )* };
}

names! {
    /// The name of a bucket. It is one label of a host name.
    BucketName: 63, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-',
        "a bucket's name has 1 to 63 lower-case letters, digits and inner hyphens";

    /// The id of a live stream.
    StreamId: 128, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
        "a stream's id has 1 to 128 letters, digits, underscores, and inner hyphens and dots";

    /// The playback ID of a live stream, which its URLs contain. It is in lower case, because it is part of a host name.
    PlaybackId: 58, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-',
        "a playback ID has 1 to 58 lower-case letters, digits and inner hyphens";
}

/// A live stream.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[non_exhaustive]
pub struct Stream {
    /// The id, which the packager or the account chooses.
    #[sqlx(try_from = "String")]
    pub id: StreamId,
    /// The account that owns the stream.
    #[sqlx(try_from = "String")]
    pub account: AccountId,
    /// The playback ID. Without one, the stream's id is its playback ID.
    #[sqlx(try_from = "crate::database::Nullable")]
    pub playback_id: Option<PlaybackId>,
    /// Seconds since the Unix epoch.
    pub created: i64,
}

impl Stream {
    /// Returns the playback ID, which is the id of a stream that has no other.
    pub fn played_as(&self) -> &str {
        self.playback_id.as_ref().map_or(self.id.as_str(), PlaybackId::as_str)
    }
}
