//! Takes up changes of the configuration file and of key sources, from a thread of its own.
//!
//! It looks again whenever the file system tells of a change in one of the folders, and at intervals in any case, since
//! there are file systems that tell nothing. A look at ten thousand files takes some 20 ms; the interval grows with that,
//! so that looking takes no more than a fiftieth of one core.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use notify::{RecursiveMode, Watcher as _};

use super::verifier::Verifier;

/// How often is looked at least, where looking is quick.
const INTERVAL: Duration = Duration::from_millis(500);

/// How many times the length of a look is waited after it.
const REST: u32 = 50;

/// For how long nothing must have been told before a change is looked at, so that a folder full of new files is read
/// once.
const QUIET: Duration = Duration::from_millis(20);

/// After so long it is looked at anyway.
const PATIENCE: Duration = Duration::from_millis(200);

/// Watches until it is dropped.
#[derive(Debug)]
#[must_use = "dropping it stops the watching"]
pub struct Watch {
    call: Sender<Call>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
enum Call {
    Changed,
    Stop,
}

impl Verifier {
    /// Takes up changes of the configuration file and of key files, within a second, until the [`Watch`] is dropped.
    ///
    /// What is wrong is logged and changes nothing. Works without notifications of the file system as well, by looking
    /// twice a second.
    ///
    /// # Errors
    ///
    /// When no thread can be started.
    pub fn watch(&self) -> std::io::Result<Watch> {
        self.start_watching(true)
    }

    pub(crate) fn start_watching(&self, notifications: bool) -> std::io::Result<Watch> {
        let (call, calls) = mpsc::channel();
        let (verifier, changed) = (self.clone(), call.clone());
        let thread = thread::Builder::new().name("playgate-watch".to_owned()).spawn(move || {
            let folders = notifications.then(|| Folders::new(changed)).flatten();
            watch(&verifier, &calls, folders);
        })?;
        Ok(Watch { call, thread: Some(thread) })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // A thread that is gone needs no call, and one that panicked has said so itself.
        let _ = self.call.send(Call::Stop);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn watch(verifier: &Verifier, calls: &Receiver<Call>, mut folders: Option<Folders>) {
    loop {
        if let Some(folders) = &mut folders {
            folders.keep_to(verifier.setup().folders());
        }
        let started = Instant::now();
        verifier.refresh();
        let rest = INTERVAL.max(started.elapsed().saturating_mul(REST));
        match calls.recv_timeout(rest) {
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) | Ok(Call::Stop) => return,
            Ok(Call::Changed) => {
                let told = Instant::now();
                loop {
                    match calls.recv_timeout(QUIET) {
                        Err(RecvTimeoutError::Disconnected) | Ok(Call::Stop) => return,
                        Err(RecvTimeoutError::Timeout) => break,
                        Ok(Call::Changed) if told.elapsed() > PATIENCE => break,
                        Ok(Call::Changed) => {}
                    }
                }
            }
        }
    }
}

/// The folders that the file system tells of.
struct Folders {
    watcher: notify::RecommendedWatcher,
    watched: HashSet<PathBuf>,
}

impl Folders {
    /// `None` where the system has no notifications to give, or no more of them.
    fn new(changed: Sender<Call>) -> Option<Self> {
        let tell = move |event: notify::Result<notify::Event>| {
            // Reading a key file is no change of it.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = changed.send(Call::Changed); // without a listener there is nothing to do
            }
        };
        match notify::recommended_watcher(tell) {
            Ok(watcher) => Some(Self { watcher, watched: HashSet::new() }),
            Err(error) => {
                crate::log::event!(WARN, error = %error, "no notifications of the file system: looking at intervals");
                None
            }
        }
    }

    /// Watches these folders, as far as they are there, and no others.
    fn keep_to(&mut self, wanted: HashSet<PathBuf>) {
        let gone: Vec<PathBuf> = self
            .watched
            .iter()
            .filter(|folder| !wanted.contains(*folder) || !folder.is_dir())
            .cloned()
            .collect();
        for folder in gone {
            let _ = self.watcher.unwatch(&folder); // it may be gone already
            self.watched.remove(&folder);
        }
        for folder in wanted {
            if !self.watched.contains(&folder)
                && self.watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok()
            {
                self.watched.insert(folder);
            }
        }
    }
}
