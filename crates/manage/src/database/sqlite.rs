//! SQLite: one file, for one machine.

#[path = "statements.rs"]
#[expect(clippy::duplicate_mod, reason = "the statements are compiled once for each database")]
mod statements;

use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqlitePool, SqlitePoolOptions,
    SqliteSynchronous,
};
use sqlx::{ConnectOptions as _, query, query_scalar};
use tokio::sync::Mutex;

use self::statements::Open;
use super::{Database, MIGRATIONS, OpenError, Result, Transaction};

type Db = sqlx::Sqlite;

/// The interval at which a node checks for changes by other processes.
const POLL: Duration = Duration::from_millis(200);

/// The maximum time that a change waits for changes of other processes.
const BUSY: Duration = Duration::from_secs(5);

struct File {
    pool: SqlitePool,
    /// A connection that never writes, so that its `data_version` is that of the others, with the last one read.
    watching: Mutex<(SqliteConnection, i64)>,
}

pub(super) async fn open(path: &str, create: bool) -> Result<impl Database + use<>, OpenError> {
    let options = SqliteConnectOptions::new()
        .filename(Path::new(path))
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(BUSY);
    let pool = SqlitePoolOptions::new().max_connections(8).connect_with(options.clone()).await?;
    MIGRATIONS.run(&pool).await?;
    let mut watching = options.connect().await?;
    let version = data_version(&mut watching).await?;
    Ok(File { pool, watching: Mutex::new((watching, version)) })
}

async fn data_version(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    query_scalar("PRAGMA data_version").fetch_one(connection).await
}

#[async_trait]
impl Database for File {
    async fn change(&self) -> Result<Box<dyn Transaction>> {
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await?;
        query("UPDATE revision SET number = number + 1").execute(&mut *transaction).await?;
        Ok(Box::new(Open(transaction)))
    }

    async fn note(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(Open(self.pool.begin_with("BEGIN IMMEDIATE").await?)))
    }

    async fn read(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(Open(self.pool.begin().await?)))
    }

    async fn changed_elsewhere(&self) {
        loop {
            tokio::time::sleep(POLL).await;
            let (connection, last) = &mut *self.watching.lock().await;
            match data_version(connection).await {
                Ok(version) if version == *last => {}
                Ok(version) => {
                    *last = version;
                    return;
                }
                Err(error) => {
                    tracing::warn!(%error, "the database file cannot be checked for changes");
                    return;
                }
            }
        }
    }
}
