use sqlx::FromRow;

use super::Malformed;
use super::ids::{AccountId, DomainId, SigningKeyId};
use super::media::{BucketName, StreamId};

/// A signing key, without its private half. The private half is shown once, when the key is created, and never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SigningKey {
    /// The id, which is the `kid` of the key's tokens.
    pub id: SigningKeyId,
    /// The account that owns the key.
    pub account: AccountId,
    /// The resource for which the key may sign.
    pub owner: KeyOwner,
    /// The name, if it has one.
    pub name: Option<KeyName>,
    /// The public half, as PEM (SPKI).
    pub public_key: String,
    /// Seconds since the Unix epoch.
    pub created: i64,
    /// The time at which a token of this key was last accepted. Uses on other nodes appear within about a minute.
    pub last_used: Option<i64>,
}

/// A signing key with its private half.
#[non_exhaustive]
pub struct NewSigningKey {
    /// The key as it is stored.
    pub key: SigningKey,
    /// The private half, as PEM (PKCS #1).
    pub private_key: String,
}

impl std::fmt::Debug for NewSigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewSigningKey").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The resource for which a signing key may sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// A live stream.
    Stream(StreamId),
    /// Everything under a playback domain.
    Domain(DomainId),
    /// The objects of a bucket.
    Bucket(BucketName),
}

impl KeyOwner {
    /// Returns the name of the field that the published API uses.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Stream(_) => "stream_id",
            Self::Domain(_) => "domain_id",
            Self::Bucket(_) => "bucket_name",
        }
    }

    /// Returns the id or name of the resource.
    pub fn id(&self) -> String {
        match self {
            Self::Stream(id) => id.to_string(),
            Self::Domain(id) => id.to_string(),
            Self::Bucket(name) => name.to_string(),
        }
    }

    fn parse(field: &str, id: &str) -> Result<Self, Malformed> {
        match field {
            "stream_id" => StreamId::parse(id).map(Self::Stream),
            "domain_id" => DomainId::parse(id).map(Self::Domain),
            "bucket_name" => BucketName::parse(id).map(Self::Bucket),
            _ => Err(Malformed("a key's owner is a stream, a domain or a bucket")),
        }
    }
}

/// The name of a signing key, for people: 1 to 200 characters without control characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// Parses a name.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] if the text is empty, too long, or contains a control character.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let length = text.chars().count();
        if (1..=200).contains(&length) && !text.chars().any(char::is_control) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Malformed("a key's name has 1 to 200 characters and no control character"))
        }
    }

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyName {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

/// A row of the table `signing_keys`.
#[derive(FromRow)]
pub(crate) struct SigningKeyRow {
    #[sqlx(try_from = "String")]
    id: SigningKeyId,
    #[sqlx(try_from = "String")]
    account: AccountId,
    owner: String,
    owner_id: String,
    #[sqlx(try_from = "crate::database::Nullable")]
    name: Option<KeyName>,
    public_key: String,
    created: i64,
    last_used: Option<i64>,
}

impl TryFrom<SigningKeyRow> for SigningKey {
    type Error = Malformed;

    fn try_from(row: SigningKeyRow) -> Result<Self, Malformed> {
        let SigningKeyRow { id, account, owner, owner_id, name, public_key, created, last_used } = row;
        let owner = KeyOwner::parse(&owner, &owner_id)?;
        Ok(Self { id, account, owner, name, public_key, created, last_used })
    }
}
