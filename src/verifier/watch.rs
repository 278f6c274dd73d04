//! Applies changes of the configuration file and of key sources, on a separate thread.
//!
//! The thread checks whenever the file system reports a change in one of the folders. It also checks at intervals, because some
//! file systems report nothing. Checking ten thousand files takes some 40 ms. The interval grows with that time, so that
//! checking takes no more than a twentieth of one core, or a fifth if something changes all the time.

use std::collections::{HashMap, HashSet};
use std::fs::Metadata;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use notify::{RecursiveMode, Watcher as _};

use super::handle::Verifier;

/// The interval between checks if checking is quick.
const INTERVAL: Duration = Duration::from_millis(500);

/// The time for which a configuration file must be unchanged before it is loaded, because half a file may be a valid one.
pub(super) const SETTLING: Duration = Duration::from_millis(150);

/// The pause after a check, as a multiple of its duration.
const REST: u32 = 20;

/// The same while changes are reported all the time, for example by a growing log beside the configuration.
const BUSY_REST: u32 = 4;

/// The time without further reports before a change is checked, so that a folder full of new files is read once.
const QUIET: Duration = Duration::from_millis(20);

/// The time after which a change is checked in spite of further reports.
const PATIENCE: Duration = Duration::from_millis(200);

/// A handle that keeps the watcher running until the handle is dropped.
#[derive(Debug)]
#[must_use = "dropping it stops watching"]
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
    /// Applies changes of the configuration file and of key files within a second, until the [`Watch`] is dropped.
    ///
    /// Errors are logged and change nothing. On a file system without notifications, the watcher checks twice a second. With
    /// more than some twenty thousand files, it checks less often, so that checking takes a twentieth of one core.
    ///
    /// # Errors
    ///
    /// Fails if no thread can be started.
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
        // A thread that has ended needs no call, and the panic of one that panicked was reported.
        let _ = self.call.send(Call::Stop);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn watch(verifier: &Verifier, calls: &Receiver<Call>, mut folders: Option<Folders>) {
    loop {
        let started = Instant::now();
        let settling = verifier.refresh(started);
        if let Some(folders) = &mut folders
            && folders.keep_to(verifier.setup().folders())
        {
            continue; // changes after the last check and before notifications began
        }
        if rest(calls, started.elapsed(), settling).is_break() {
            return;
        }
    }
}

/// Waits until the next check or the end. `look` is the duration of the last check.
fn rest(calls: &Receiver<Call>, look: Duration, settling: bool) -> ControlFlow<()> {
    let looked = Instant::now();
    let (interval, times) = if settling { (SETTLING, BUSY_REST) } else { (INTERVAL, REST) };
    let at_least = || look.saturating_mul(BUSY_REST).saturating_sub(looked.elapsed());
    match calls.recv_timeout(interval.max(look.saturating_mul(times))) {
        Err(RecvTimeoutError::Timeout) => return ControlFlow::Continue(()),
        Err(RecvTimeoutError::Disconnected) | Ok(Call::Stop) => return ControlFlow::Break(()),
        Ok(Call::Changed) => {}
    }
    let notified_at = Instant::now();
    loop {
        match calls.recv_timeout(QUIET.max(at_least())) {
            Err(RecvTimeoutError::Disconnected) | Ok(Call::Stop) => return ControlFlow::Break(()),
            Err(RecvTimeoutError::Timeout) => return ControlFlow::Continue(()),
            Ok(Call::Changed) if notified_at.elapsed() > PATIENCE && at_least().is_zero() => {
                return ControlFlow::Continue(());
            }
            Ok(Call::Changed) => {}
        }
    }
}

/// The folders for which the file system reports changes.
struct Folders {
    watcher: notify::RecommendedWatcher,
    watched: HashMap<PathBuf, Identity>,
}

/// The identity of a folder. It differs if another folder took its place, because a watch stays with the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Identity {
    created: Option<SystemTime>,
    #[cfg(unix)]
    inode: (u64, u64),
}

impl Identity {
    /// Returns the identity of a path, or `None` if it is not a folder.
    fn of(folder: &Path) -> Option<Self> {
        let metadata = folder.metadata().ok().filter(Metadata::is_dir)?;
        Some(Self {
            created: metadata.created().ok(), // not every file system knows
            #[cfg(unix)]
            inode: {
                use std::os::unix::fs::MetadataExt as _;
                (metadata.dev(), metadata.ino())
            },
        })
    }
}

impl Folders {
    /// Starts notifications. Returns `None` if the system has none, or no more of them.
    fn new(changed: Sender<Call>) -> Option<Self> {
        let notify_changed = move |event: notify::Result<notify::Event>| {
            // Reading a key file does not change it.
            if !event.is_ok_and(|event| event.kind.is_access()) {
                let _ = changed.send(Call::Changed); // without a listener there is nothing to do
            }
        };
        match notify::recommended_watcher(notify_changed) {
            Ok(watcher) => Some(Self { watcher, watched: HashMap::new() }),
            Err(error) => {
                crate::log::event!(
                    WARN,
                    error = %error,
                    "file system notifications are unavailable: files are checked at intervals"
                );
                None
            }
        }
    }

    /// Watches these folders, as far as they exist, and no others. Returns whether one of them is new.
    fn keep_to(&mut self, wanted: HashSet<PathBuf>) -> bool {
        let watched = std::mem::take(&mut self.watched).into_iter();
        let (kept, gone): (HashMap<_, _>, HashMap<_, _>) = watched
            .partition(|(folder, known)| wanted.contains(folder) && Identity::of(folder) == Some(*known));
        self.watched = kept;
        for folder in gone.into_keys() {
            let _ = self.watcher.unwatch(&folder); // the folder may be gone already
        }
        let mut new = false;
        for folder in wanted {
            if !self.watched.contains_key(&folder)
                && let Some(identity) = Identity::of(&folder)
                && self.watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok()
            {
                self.watched.insert(folder, identity);
                new = true;
            }
        }
        new
    }
}

#[cfg(test)]
mod tests;
