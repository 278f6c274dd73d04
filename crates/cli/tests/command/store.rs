//! A store of embed tokens for the tests.

use crate::skip::is_installed;
use crate::world::World;

/// Serves the store of embed tokens, where this build and this machine have one.
pub(crate) struct Store {
    #[cfg(feature = "redis")]
    server: Option<std::process::Child>,
    pub(crate) address: String,
}

impl Store {
    #[cfg(feature = "redis")]
    pub(crate) fn start(world: &World) -> Self {
        use std::net::{TcpListener, TcpStream};
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = std::process::Command::new("redis-server");
        command.args(["--port", &port.to_string(), "--save", "", "--dir"]).arg(world.path(""));
        let server = command.stdout(std::process::Stdio::null()).spawn().ok();
        if is_installed("redis-server", server.is_some()) {
            let mut tries = 0;
            while TcpStream::connect(("127.0.0.1", port)).is_err() {
                tries += 1;
                assert!(tries < 200, "redis-server does not listen");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        }
        Self { server, address: format!("redis://127.0.0.1:{port}") }
    }

    #[cfg(not(feature = "redis"))]
    pub(crate) fn start(_: &World) -> Self {
        is_installed("the feature redis", false);
        Self { address: "redis://127.0.0.1:1".to_owned() }
    }

    pub(crate) fn is_there(&self) -> bool {
        #[cfg(feature = "redis")]
        return self.server.is_some();
        #[cfg(not(feature = "redis"))]
        false
    }
}

#[cfg(feature = "redis")]
impl Drop for Store {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill().unwrap();
            server.wait().unwrap();
        }
    }
}
