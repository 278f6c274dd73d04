//! The control plane of the demo: its database and its API, on an address of its own.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use axum::Router;
use playgate::Verifier;
use playgate_manage::model::Permissions;
use playgate_manage::{Manage, Operator, Settings};
use tokio::net::TcpListener;

use super::home::Home;

/// The domain below which every managed bucket and stream has a host.
pub(super) const BASE: &str = "media.playgate.localhost";

/// The region in the hosts of buckets.
pub(super) const REGION: &str = "local";

/// The API before it serves.
pub(super) struct Api {
    listener: TcpListener,
    router: Router,
    pub(super) address: SocketAddr,
    /// The file with the API key.
    pub(super) key: PathBuf,
    /// Follows the database while the demo runs.
    _manage: Manage,
}

impl Api {
    /// Creates the database with an account and its API key, and puts its state in force.
    ///
    /// # Errors
    ///
    /// Fails if the directory cannot be written, or the address cannot be used.
    pub(super) async fn new(home: &Home, verifier: &Verifier, listen: SocketAddr) -> anyhow::Result<Self> {
        let listener =
            TcpListener::bind(listen).await.map_err(|error| super::explain("--manage", listen, &error))?;
        let folder = home.private_folder("manage")?;
        let database = folder.join("playgate.db").display().to_string();
        let operator = Operator::open_or_create(&database).await?;
        let account = operator.create_account("demo").await?;
        let new = operator.create_api_key(account.id, "demo", Permissions::ALL).await?;
        let key = home.write_api_key(&new.secret)?;
        let settings = Settings::new().base(BASE)?.regions([REGION])?.claim_at_first_use(true);
        let manage = Manage::open(&database, verifier, settings).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, router: manage.router(), address, key, _manage: manage })
    }

    /// Serves until the future is dropped.
    pub(super) async fn serve(self) -> io::Result<()> {
        let service = self.router.into_make_service_with_connect_info::<SocketAddr>();
        axum::serve(self.listener, service).await
    }
}
