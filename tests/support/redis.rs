//! A Redis of the test's own: everything it writes is in one folder that goes with it.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::serving;
use super::skip::is_installed;

/// The password of every server here; it must not turn up anywhere.
pub(crate) const PASSWORD: &str = "correct-horse-battery-staple";

/// What a server still has after it was killed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum After {
    Everything,
    Nothing,
}

/// A running server; ends with this value.
pub(crate) struct Redis {
    process: Option<Child>,
    port: u16,
    after: After,
    folder: TempDir,
}

impl Redis {
    /// `None` where there is no Redis.
    pub(crate) fn start(after: After) -> Option<Self> {
        let version = Command::new("redis-server").arg("--version").stdout(Stdio::null()).status();
        if !is_installed("redis-server", version.is_ok()) {
            return None;
        }
        let folder = TempDir::new().unwrap();
        // Another program may take the port before Redis does.
        for _ in 0..5 {
            let port = free_port();
            if let Some(process) = launch(folder.path(), port, after, &[]) {
                return Some(Self { process: Some(process), port, after, folder });
            }
        }
        panic!("redis-server does not start");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn url(&self) -> String {
        url(self.port)
    }

    /// Where its data are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it as a crash would.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// On the same port.
    pub(crate) fn start_again(&mut self) {
        self.start_again_with(&[]);
    }

    /// On the same port, with more settings.
    pub(crate) fn start_again_with(&mut self, more: &[&str]) {
        assert!(self.process.is_none(), "it was killed");
        self.process = launch(self.folder.path(), self.port, self.after, more);
        assert!(self.process.is_some(), "redis-server does not start again");
    }

    /// Makes it a replica of another server, and waits until it holds that one's data.
    pub(crate) fn follow(&self, primary: &Self) {
        primary.tell(&["CONFIG", "SET", "repl-diskless-sync-delay", "0"]);
        self.tell(&["CONFIG", "SET", "masterauth", PASSWORD]);
        self.tell(&["REPLICAOF", "127.0.0.1", &primary.port.to_string()]);
        self.wait_for(primary);
    }

    /// Waits until a replica has all that its primary has.
    pub(crate) fn wait_for(&self, primary: &Self) {
        let field = |server: &Self, name: &str| {
            let info = server.tell(&["INFO", "replication"]);
            info.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix(':').map(str::to_owned))
        };
        let began = Instant::now();
        loop {
            let up = field(self, "master_link_status").as_deref() == Some("up");
            let offset = field(self, "slave_repl_offset");
            // The primary counts it from its first acknowledgement on.
            let counted = field(primary, "slave0").is_some_and(|replica| replica.contains("state=online"));
            if up && counted && offset.is_some() && offset == field(primary, "master_repl_offset") {
                return;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "the replica is not in step");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets it go on from what it has, as a server that may be written to.
    pub(crate) fn promote(&self) {
        self.tell(&["REPLICAOF", "NO", "ONE"]);
    }

    /// Stops the process without ending it: it keeps its connections and answers nothing.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let id = self.process.as_ref().unwrap().id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }

    /// What the server answers to a command.
    pub(crate) fn tell(&self, command: &[&str]) -> String {
        let port = self.port.to_string();
        let output = Command::new("redis-cli")
            .args(["-p", &port])
            .args(command)
            .env("REDISCLI_AUTH", PASSWORD)
            .output()
            .unwrap();
        let answer = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && !answer.starts_with("ERR"), "{command:?}: {answer}");
        answer
    }

    /// How many scripts were run: each lookup, issue and revocation is one.
    pub(crate) fn scripts_run(&self) -> u64 {
        let stats = self.tell(&["INFO", "commandstats"]);
        let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_evalsha:calls="));
        line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
    }
}

pub(crate) fn url(port: u16) -> String {
    format!("redis://:{PASSWORD}@127.0.0.1:{port}")
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The process, once it answers.
fn launch(folder: &Path, port: u16, after: After, more: &[&str]) -> Option<Child> {
    let appendonly = if after == After::Everything { "yes" } else { "no" };
    let mut redis = Command::new("redis-server");
    redis
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--requirepass", PASSWORD])
        .args(["--save", "", "--rdbcompression", "no", "--appendonly", appendonly, "--appendfsync", "always"])
        .arg("--dir")
        .arg(folder)
        .args(more);
    serving::launch(&mut redis, port)
}
