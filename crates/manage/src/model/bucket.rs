use sqlx::FromRow;

use super::Malformed;
use super::cors::CorsHeaders;
use super::ids::AccountId;
use super::media::BucketName;

/// A bucket that belongs to an account, with its policy.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[non_exhaustive]
pub struct Bucket {
    /// The name.
    #[sqlx(try_from = "String")]
    pub name: BucketName,
    /// The account that owns the bucket.
    #[sqlx(try_from = "String")]
    pub account: AccountId,
    /// The policy, if it was set. Otherwise the default of the settings applies.
    #[sqlx(try_from = "crate::database::Nullable")]
    pub access: Option<BucketAccess>,
    /// The CORS headers, if they were set.
    #[sqlx(try_from = "crate::database::Nullable")]
    pub cors: Option<CorsHeaders>,
    /// Seconds since the Unix epoch.
    pub created: i64,
}

/// The policy of a bucket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BucketAccess {
    /// Everybody may read the bucket's objects.
    Public,
    /// A request needs a credential.
    #[default]
    Authenticated,
}

impl BucketAccess {
    /// Returns the published name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Authenticated => "authenticated",
        }
    }

    /// Parses the published name.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        match text {
            "public" => Ok(Self::Public),
            "authenticated" => Ok(Self::Authenticated),
            _ => Err(Malformed("a bucket's policy is \"public\" or \"authenticated\"")),
        }
    }
}

impl TryFrom<String> for BucketAccess {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}
