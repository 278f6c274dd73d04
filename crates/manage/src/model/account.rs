use sqlx::FromRow;

use super::Malformed;
use super::ids::{AccountId, ApiKeyId};

/// An account: the owner of domains, buckets, streams and signing keys.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[non_exhaustive]
pub struct Account {
    /// The id.
    #[sqlx(try_from = "String")]
    pub id: AccountId,
    /// The name, which is unique.
    pub name: String,
    /// The maximum number of playback domains.
    pub domain_limit: i64,
    /// Seconds since the Unix epoch.
    pub created: i64,
}

/// An API key, without its secret. The database stores the SHA-256 digest of the secret.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
#[non_exhaustive]
pub struct ApiKey {
    /// The id.
    #[sqlx(try_from = "String")]
    pub id: ApiKeyId,
    /// The account whose things the key manages.
    #[sqlx(try_from = "String")]
    pub account: AccountId,
    /// The first eight characters of the key, by which a person recognizes it.
    pub start: String,
    /// The name of the project that uses the key.
    pub project: String,
    /// The calls that the key's access tokens may make.
    #[sqlx(try_from = "String")]
    pub permissions: Permissions,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// The time of the revocation, or `None` if the key is valid.
    pub revoked: Option<i64>,
    /// The number of access tokens that were issued for the key.
    pub uses: i64,
    /// The time at which the last access token was issued.
    pub last_used: Option<i64>,
}

/// An API key with its secret, which is shown once.
#[non_exhaustive]
pub struct NewApiKey {
    /// The key as it is stored.
    pub key: ApiKey,
    /// The text that authenticates: 64 hexadecimal digits.
    pub secret: String,
}

impl std::fmt::Debug for NewApiKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewApiKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A group of calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Permission {
    /// Playback domains.
    Domains,
    /// Signing keys.
    SigningKeys,
    /// Policies and CORS of buckets.
    Buckets,
    /// Playback IDs and CORS of streams.
    Streams,
    /// The record of changes.
    Audit,
}

impl Permission {
    /// Every permission.
    pub const ALL: [Self; 5] = [Self::Domains, Self::SigningKeys, Self::Buckets, Self::Streams, Self::Audit];

    /// Returns the name, as commands and errors write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Domains => "domains",
            Self::SigningKeys => "signing-keys",
            Self::Buckets => "buckets",
            Self::Streams => "streams",
            Self::Audit => "audit",
        }
    }
}

/// A set of permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permissions(u8);

impl Permissions {
    /// Every permission, including those of later versions.
    pub const ALL: Self = Self(u8::MAX);

    /// Parses names that are separated by spaces or commas, or `all`.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if there is no name, or one that is not a permission.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let mut permissions = Self(0);
        for name in text.split([' ', ',']).filter(|name| !name.is_empty()) {
            if name == "all" {
                return Ok(Self::ALL);
            }
            let known = Permission::ALL.into_iter().find(|known| known.name() == name);
            let known = known
                .ok_or(Malformed("a permission is domains, signing-keys, buckets, streams, audit, or all"))?;
            permissions.0 |= 1 << known as u8;
        }
        if permissions.0 == 0 { Err(Malformed("at least one permission is needed")) } else { Ok(permissions) }
    }

    /// Returns true if the set contains the permission.
    pub const fn contains(self, permission: Permission) -> bool {
        self.0 & (1 << permission as u8) != 0
    }
}

impl std::fmt::Display for Permissions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if *self == Self::ALL {
            return f.write_str("all");
        }
        let names = Permission::ALL.into_iter().filter(|known| self.contains(*known)).map(Permission::name);
        f.write_str(&names.collect::<Vec<_>>().join(" "))
    }
}

impl TryFrom<String> for Permissions {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}
