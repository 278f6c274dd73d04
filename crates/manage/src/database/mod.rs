//! The database: SQLite for one machine, PostgreSQL for a fleet.
//!
//! Both speak the same SQL here, so [`Transaction`] is implemented by one source file that is compiled once for each of them. They
//! differ in how a change begins, and in how a node hears of the changes of other nodes: `sqlite.rs` and `postgres.rs`.
//!
//! 1. A **change** is a transaction that first updates the row of the revision. Changes therefore happen one after another, and
//!    checks of limits and names need no further locks.
//! 2. Each change notes what it changed, so that nodes read these rows only.
//! 3. If a transaction is dropped before it is committed, nothing is changed.

mod postgres;
mod sqlite;

use async_trait::async_trait;

use crate::error::ManageError;
use crate::model::{
    Account, AccountId, ApiKey, ApiKeyId, Bucket, BucketName, Domain, DomainId, DomainKind, KeyName,
    Malformed, SigningKey, SigningKeyId, Stream, StreamId,
};

pub(crate) type Result<T, E = ManageError> = std::result::Result<T, E>;

/// A database that can be reached.
#[async_trait]
pub(crate) trait Database: Send + Sync + 'static {
    /// Begins a change. The transaction waits for other changes to end.
    async fn change(&self) -> Result<Box<dyn Transaction>>;

    /// Begins to write what no node follows, such as counts. The revision stays.
    async fn note(&self) -> Result<Box<dyn Transaction>>;

    /// Begins to read. All reads of the transaction see the same state.
    async fn read(&self) -> Result<Box<dyn Transaction>>;

    /// Waits until another process may have changed the database. Returns at once after a lost connection.
    async fn changed_elsewhere(&self);
}

/// Opens a database and brings its schema up to date. The text is a path for SQLite, or a `postgres://` URL.
///
/// # Errors
///
/// Returns the error of the database, without the password of the URL.
pub(crate) async fn open(location: &str, create: bool) -> Result<Box<dyn Database>, OpenError> {
    if location.starts_with("postgres://") || location.starts_with("postgresql://") {
        Ok(Box::new(postgres::open(location).await?))
    } else {
        Ok(Box::new(sqlite::open(location, create).await?))
    }
}

/// A database that could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The database cannot be reached or read.
    #[error("the database cannot be opened: {0}")]
    Connect(#[from] sqlx::Error),
    /// The schema is of a later version, or a migration failed.
    #[error("the schema of the database cannot be brought up to date: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
}

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// A subject of a change that other nodes have to read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Domain,
    SigningKey,
    Bucket,
    Stream,
}

impl Kind {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Domain => "domain",
            Self::SigningKey => "signing_key",
            Self::Bucket => "bucket",
            Self::Stream => "stream",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Domain, Self::SigningKey, Self::Bucket, Self::Stream]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// A line of the record of changes.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
#[non_exhaustive]
pub struct AuditEntry {
    /// The number of the change. A change may have several lines.
    pub revision: i64,
    /// The position of the line in its change.
    pub position: i64,
    /// The account whose things were changed. `None` for a change of the operator that concerns no account.
    pub account: Option<String>,
    /// The id of the API key, or `operator`.
    pub actor: String,
    /// The kind of change, for example `domain.create`.
    pub action: String,
    /// The id or name of what was changed.
    pub subject: String,
    /// The state before the change, as JSON, unless the subject was created.
    pub before: Option<String>,
    /// The state after the change, as JSON, unless the subject was deleted.
    pub after: Option<String>,
    /// Seconds since the Unix epoch.
    pub created: i64,
}

/// The place of a line in the record of changes: the number of its change, and its position there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditPlace {
    pub(crate) revision: i64,
    pub(crate) position: i64,
}

impl AuditPlace {
    /// The place after every line.
    pub(crate) const END: Self = Self { revision: i64::MAX, position: 0 };

    /// Parses the text form, `<revision>-<position>`.
    ///
    /// # Errors
    ///
    /// Returns [`Malformed`] for any other text.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let numbers = text.split_once('-').and_then(|(revision, position)| {
            Some(Self { revision: revision.parse().ok()?, position: position.parse().ok()? })
        });
        numbers.ok_or(Malformed("a cursor is the text that the previous page returned"))
    }
}

impl std::fmt::Display for AuditPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.revision, self.position)
    }
}

impl AuditEntry {
    /// Returns the place of the line.
    pub const fn place(&self) -> AuditPlace {
        AuditPlace { revision: self.revision, position: self.position }
    }
}

/// A secret that signs access tokens.
#[derive(Clone, sqlx::FromRow)]
pub(crate) struct AccessSecret {
    pub(crate) id: String,
    /// 64 hexadecimal digits.
    pub(crate) secret: String,
    pub(crate) created: i64,
    /// The last second in which its tokens are accepted, once it has been replaced.
    pub(crate) retires: Option<i64>,
}

/// A creation that can be repeated: the digest of its request, and the id of what it created.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub(crate) struct Created {
    pub(crate) request: String,
    pub(crate) subject: String,
}

/// The statements. Reads concern committed state and what this transaction has changed.
#[async_trait]
pub(crate) trait Transaction: Send {
    async fn commit(self: Box<Self>) -> Result<()>;

    async fn revision(&mut self) -> Result<i64>;
    /// Returns the kinds and names of everything that was changed after a revision, or `None` if that is no longer known.
    async fn changes_since(&mut self, revision: i64) -> Result<Option<Vec<(String, String)>>>;
    async fn note_change(&mut self, kind: Kind, subject: &str) -> Result<()>;
    /// Forgets the changes up to a revision. Nodes that have not read them read everything.
    async fn forget_changes(&mut self, up_to: i64) -> Result<()>;
    async fn add_audit(&mut self, entry: &AuditEntry) -> Result<()>;
    /// Returns lines before a place, the latest first.
    async fn audit(&mut self, account: AccountId, before: AuditPlace, limit: i64) -> Result<Vec<AuditEntry>>;

    async fn add_account(&mut self, account: &Account) -> Result<()>;
    async fn account(&mut self, id: AccountId) -> Result<Option<Account>>;
    async fn account_named(&mut self, name: &str) -> Result<Option<Account>>;
    async fn accounts(&mut self) -> Result<Vec<Account>>;
    async fn set_domain_limit(&mut self, id: AccountId, limit: i64) -> Result<()>;

    async fn add_api_key(&mut self, key: &ApiKey, digest: &str) -> Result<()>;
    async fn api_key(&mut self, id: ApiKeyId) -> Result<Option<ApiKey>>;
    async fn api_key_with(&mut self, digest: &str) -> Result<Option<ApiKey>>;
    async fn api_keys(&mut self, account: AccountId) -> Result<Vec<ApiKey>>;
    async fn revoke_api_key(&mut self, id: ApiKeyId, now: i64) -> Result<()>;
    async fn count_use(&mut self, id: ApiKeyId, now: i64) -> Result<()>;

    async fn add_access_secret(&mut self, secret: &AccessSecret) -> Result<()>;
    async fn access_secrets(&mut self) -> Result<Vec<AccessSecret>>;
    async fn retire_access_secrets(&mut self, last: i64) -> Result<()>;

    async fn add_domain(&mut self, domain: &Domain) -> Result<()>;
    async fn domain(&mut self, id: DomainId) -> Result<Option<Domain>>;
    async fn domain_named(&mut self, name: &str) -> Result<Option<Domain>>;
    async fn domains(&mut self, account: AccountId, kind: Option<DomainKind>) -> Result<Vec<Domain>>;
    async fn count_domains(&mut self, account: AccountId) -> Result<i64>;
    async fn set_domain_cors(&mut self, id: DomainId, cors: Option<&str>) -> Result<()>;
    async fn delete_domain(&mut self, id: DomainId) -> Result<()>;
    async fn all_domains(&mut self) -> Result<Vec<Domain>>;

    async fn add_signing_key(&mut self, key: &SigningKey) -> Result<()>;
    async fn signing_key(&mut self, id: SigningKeyId) -> Result<Option<SigningKey>>;
    async fn signing_keys(&mut self, account: AccountId) -> Result<Vec<SigningKey>>;
    async fn signing_keys_of_domain(&mut self, domain: DomainId) -> Result<Vec<SigningKey>>;
    async fn rename_signing_key(&mut self, id: SigningKeyId, name: Option<&KeyName>) -> Result<()>;
    async fn set_signing_key_used(&mut self, id: SigningKeyId, at: i64) -> Result<()>;
    async fn delete_signing_key(&mut self, id: SigningKeyId) -> Result<()>;
    async fn all_signing_keys(&mut self) -> Result<Vec<SigningKey>>;

    async fn put_bucket(&mut self, bucket: &Bucket) -> Result<()>;
    async fn bucket(&mut self, name: &BucketName) -> Result<Option<Bucket>>;
    async fn buckets(&mut self, account: AccountId) -> Result<Vec<Bucket>>;
    async fn all_buckets(&mut self) -> Result<Vec<Bucket>>;

    async fn put_stream(&mut self, stream: &Stream) -> Result<()>;
    async fn stream(&mut self, id: &StreamId) -> Result<Option<Stream>>;
    async fn stream_played_as(&mut self, playback_id: &str) -> Result<Option<Stream>>;
    async fn all_streams(&mut self) -> Result<Vec<Stream>>;

    async fn created_with(&mut self, account: AccountId, key: &str) -> Result<Option<Created>>;
    async fn add_created(&mut self, account: AccountId, key: &str, created: &Created, now: i64)
    -> Result<()>;
    async fn forget_created(&mut self, before: i64) -> Result<()>;
}

/// A text that may be NULL, which rows turn into an optional value.
#[derive(sqlx::Type)]
#[sqlx(transparent)]
pub(crate) struct Nullable(Option<String>);

impl<T: TryFrom<String, Error = Malformed>> TryFrom<Nullable> for Option<T> {
    type Error = Malformed;

    fn try_from(Nullable(text): Nullable) -> Result<Self, Malformed> {
        text.map(T::try_from).transpose()
    }
}
