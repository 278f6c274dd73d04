//! PostgreSQL: one server, for a fleet.

#[path = "statements.rs"]
#[expect(clippy::duplicate_mod, reason = "the statements are compiled once for each database")]
mod statements;

use std::str::FromStr as _;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};
use sqlx::query;
use tokio::sync::Mutex;

use self::statements::Open;
use super::{Database, MIGRATIONS, OpenError, Result, Transaction};

type Db = sqlx::Postgres;

/// The channel on which each change notifies the nodes.
const CHANNEL: &str = "playgate_changes";

/// The interval at which a node checks the revision if no notification arrives.
const POLL: Duration = Duration::from_millis(500);

/// The maximum time that a call waits for a connection.
const ACQUIRE: Duration = Duration::from_secs(5);

struct Server {
    pool: PgPool,
    listening: Mutex<Option<PgListener>>,
}

pub(super) async fn open(url: &str) -> Result<impl Database + use<>, OpenError> {
    let options = PgConnectOptions::from_str(url)?.application_name("playgate");
    let pool = PgPoolOptions::new().max_connections(8).acquire_timeout(ACQUIRE).connect_with(options).await?;
    MIGRATIONS.run(&pool).await?;
    Ok(Server { pool, listening: Mutex::new(None) })
}

#[async_trait]
impl Database for Server {
    async fn change(&self) -> Result<Box<dyn Transaction>> {
        let mut transaction = self.pool.begin().await?;
        // This row is locked until the end, so statements that follow see every earlier change.
        query("UPDATE revision SET number = number + 1").execute(&mut *transaction).await?;
        // The notification is sent if the transaction is committed.
        query("SELECT pg_notify($1, '')").bind(CHANNEL).execute(&mut *transaction).await?;
        Ok(Box::new(Open(transaction)))
    }

    async fn note(&self) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(Open(self.pool.begin().await?)))
    }

    async fn read(&self) -> Result<Box<dyn Transaction>> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Ok(Box::new(Open(self.pool.begin_with(begin).await?)))
    }

    async fn changed_elsewhere(&self) {
        let mut listening = self.listening.lock().await;
        let _ = tokio::time::timeout(POLL, async {
            if listening.is_none() {
                *listening = listen(&self.pool).await;
                return; // changes before this moment sent their notification to nobody
            }
            if let Some(listener) = &mut *listening
                && let Err(error) = listener.recv().await
            {
                tracing::warn!(%error, "the connection for notifications of the database was lost");
                *listening = None;
            }
        })
        .await;
    }
}

async fn listen(pool: &PgPool) -> Option<PgListener> {
    let listener = async {
        let mut listener = PgListener::connect_with(pool).await?;
        listener.listen(CHANNEL).await?;
        Ok::<_, sqlx::Error>(listener)
    };
    match listener.await {
        Ok(listener) => Some(listener),
        Err(error) => {
            tracing::warn!(%error, "the database does not accept a connection for notifications");
            tokio::time::sleep(POLL).await;
            None
        }
    }
}
