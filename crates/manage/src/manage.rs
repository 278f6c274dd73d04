use std::net::IpAddr;
use std::sync::Arc;

use playgate::Verifier;

use crate::attempts::Attempts;
use crate::database::{Database, OpenError, open};
use crate::effect::Effect;
use crate::error::ManageError;
use crate::operations::Operator;
use crate::settings::Settings;

/// The control plane of a verifier.
///
/// It follows the database until the last clone is dropped. Clones share everything.
///
/// ```no_run
/// use playgate_manage::{Manage, Settings};
///
/// # async fn run(verifier: playgate::Verifier) -> Result<(), Box<dyn std::error::Error>> {
/// let manage = Manage::open("playgate.db", &verifier, Settings::new()).await?;
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:8081").await?;
/// axum::serve(listener, manage.router().into_make_service()).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Manage(Arc<Inner>);

struct Inner {
    database: Arc<dyn Database>,
    effect: Arc<Effect>,
    settings: Arc<Settings>,
    attempts: Attempts,
    tasks: [tokio::task::AbortHandle; 2],
}

impl Manage {
    /// Opens a database that exists, and puts its state in force. The location is the path of an SQLite file, or a `postgres://` URL.
    ///
    /// [`Operator::open_or_create`] creates a database. The function returns when the state is in force, so it waits while the state
    /// conflicts with the verifier's own sites, and logs the reason.
    ///
    /// # Errors
    ///
    /// Returns [`OpenError`] if the database cannot be reached, or its schema is of a later version.
    pub async fn open(location: &str, verifier: &Verifier, settings: Settings) -> Result<Self, OpenError> {
        let database: Arc<dyn Database> = open(location, false).await?.into();
        let effect = Arc::new(Effect::new(verifier.clone(), settings.clone()));
        let following = tokio::spawn(Arc::clone(&effect).follow(Arc::clone(&database))).abort_handle();
        let tending = tokio::spawn(Arc::clone(&effect).tend(Arc::clone(&database))).abort_handle();
        let tasks = [following, tending];
        let settings = Arc::new(settings);
        let manage =
            Self(Arc::new(Inner { database, effect, settings, attempts: Attempts::default(), tasks }));
        manage.effect().ready().await;
        Ok(manage)
    }

    /// Returns the operations on accounts and API keys.
    pub fn operator(&self) -> Operator {
        Operator(Arc::clone(&self.0.database))
    }

    /// Returns the reasons for which the latest state of the database is not in force on this node.
    pub fn problems(&self) -> Vec<String> {
        self.0.effect.problems()
    }

    /// Counts a failed attempt to authenticate. Returns the error, or another one if there were too many.
    pub(crate) fn limit(&self, client: Option<IpAddr>, error: ManageError) -> ManageError {
        self.0.attempts.limit(client, error)
    }

    pub(crate) fn database(&self) -> &dyn Database {
        &*self.0.database
    }

    pub(crate) fn shared_database(&self) -> &Arc<dyn Database> {
        &self.0.database
    }

    pub(crate) fn effect(&self) -> &Arc<Effect> {
        &self.0.effect
    }

    pub(crate) fn settings(&self) -> &Arc<Settings> {
        &self.0.settings
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::AbortHandle::abort);
    }
}

impl std::fmt::Debug for Manage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Manage")
    }
}
