use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// The way from one node to its Redis, which can be held up and cut.
pub(crate) struct Proxy {
    port: u16,
    to: Arc<AtomicU16>,
    held: watch::Sender<bool>,
    open: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Proxy {
    pub(crate) async fn start(to: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let to = Arc::new(AtomicU16::new(to));
        let leading_to = Arc::clone(&to);
        let (held, open) = (watch::Sender::new(false), Arc::new(Mutex::new(Vec::new())));
        let (holding, opened) = (held.clone(), Arc::clone(&open));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (holding, to) = (holding.clone(), leading_to.load(Ordering::Relaxed));
                let task = tokio::spawn(async move {
                    let Ok(server) = TcpStream::connect(("127.0.0.1", to)).await else { return };
                    let ((from_client, to_client), (from_server, to_server)) =
                        (client.into_split(), server.into_split());
                    tokio::join!(
                        carry(from_client, to_server, holding.subscribe()),
                        carry(from_server, to_client, holding.subscribe()),
                    );
                });
                opened.lock().unwrap().push(task.abort_handle());
            }
        });
        Self { port, to, held, open }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Lets nothing through any more, and says so to nobody.
    pub(crate) fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Lets everything through again.
    pub(crate) fn let_go(&self) {
        self.held.send_replace(false);
    }

    /// Leads to another server from now on, as an address does after a failover.
    pub(crate) fn lead_to(&self, to: u16) {
        self.to.store(to, Ordering::Relaxed);
        self.cut();
    }

    /// Ends every connection.
    pub(crate) fn cut(&self) {
        for connection in self.open.lock().unwrap().drain(..) {
            connection.abort();
        }
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut held: watch::Receiver<bool>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if held.wait_for(|held| !held).await.is_err() || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}
