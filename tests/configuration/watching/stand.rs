//! A verifier that watches a folder, and patience to see what it makes of changes.

use std::fmt;
use std::thread;
use std::time::{Duration, Instant};

use playgate::Verifier;
use playgate::internals::watch_by_polling;
use playgate::verifier::Watch;

use crate::support::{Disk, TestKey, decided};

/// How the watch learns of changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Told,
    Polling,
}

/// Runs a test both ways at once; a failure shows the way as the name of its thread.
pub(crate) fn both_ways(test: impl Fn(Way) + Sync) {
    thread::scope(|scope| {
        for way in [Way::Told, Way::Polling] {
            let test = &test;
            thread::Builder::new().name(way.to_string()).spawn_scoped(scope, move || test(way)).unwrap();
        }
    });
}

/// The longest that a test waits for a change.
const PATIENCE: Duration = Duration::from_secs(10);

/// The look at the start is over, so that what is measured is a later one.
const FIRST_LOOK: Duration = Duration::from_millis(100);

/// Two looks take place within it, either way.
pub(crate) const TWO_LOOKS: Duration = Duration::from_millis(1300);

/// A key, by the `kid` that its token names, and what is to be decided of that.
pub(crate) type Case<'c> = (&'c str, TestKey, &'c str);

pub(crate) struct Stand {
    pub(crate) way: Way,
    pub(crate) disk: Disk,
    pub(crate) verifier: Verifier,
    watch: Option<Watch>,
}

impl Stand {
    pub(crate) fn on(disk: Disk, way: Way) -> Self {
        let verifier = disk.verifier();
        let watch = Some(watch(&verifier, way));
        thread::sleep(FIRST_LOOK);
        Self { way, disk, verifier, watch }
    }

    /// The key folder with these keys.
    pub(crate) fn with_keys(keys: &[(&str, TestKey)], way: Way) -> Self {
        Self::on(Disk::with_keys(keys), way)
    }

    pub(crate) fn stop_watching(&mut self) {
        self.watch = None;
    }

    /// Waits until all of this is decided, and prints for how long.
    pub(crate) fn becomes(&self, what: &str, cases: &[Case<'_>]) {
        let asks: Vec<_> = cases.iter().map(|(kid, key, _)| key.asks_as(kid)).collect();
        let found = || -> Vec<String> { asks.iter().map(|ask| decided(&self.verifier, ask)).collect() };
        let wanted: Vec<&str> = cases.iter().map(|(_, _, verdict)| *verdict).collect();
        self.waits(what, || found() == wanted, || format!("{:?} instead of {cases:?}", found()));
    }

    /// All of this is decided now and for two looks more.
    pub(crate) fn stays(&self, what: &str, cases: &[Case<'_>]) {
        let asks: Vec<_> = cases.iter().map(|(kid, key, verdict)| (key.asks_as(kid), verdict)).collect();
        let started = Instant::now();
        while started.elapsed() < TWO_LOOKS {
            for (ask, verdict) in &asks {
                assert_eq!(decided(&self.verifier, ask), **verdict, "{what}: {cases:?}");
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until so many warnings have `mark` in them.
    pub(crate) fn warns(&self, mark: &str, times: usize) {
        let what = format!("warning {times} of {mark:?}");
        let said = || self.disk.warnings(mark);
        self.waits(&what, || said().len() >= times, || format!("only {:?}", said()));
        self.has_warned(mark, times);
    }

    /// There are so many warnings with `mark` in them, no fewer and no more.
    pub(crate) fn has_warned(&self, mark: &str, times: usize) {
        let said = self.disk.warnings(mark);
        assert_eq!(said.len(), times, "warnings of {mark:?}: {said:#?}");
    }

    /// Waits until `reached`, and prints for how long.
    pub(crate) fn waits(&self, what: &str, reached: impl Fn() -> bool, instead: impl Fn() -> String) {
        waits(self.way, what, reached, instead);
    }
}

/// Waits until `reached`, and prints for how long; `instead` tells what is found where it never is.
pub(crate) fn waits(way: Way, what: &str, reached: impl Fn() -> bool, instead: impl Fn() -> String) {
    let started = Instant::now();
    while !reached() {
        assert!(started.elapsed() < PATIENCE, "{what}: {}", instead());
        thread::sleep(Duration::from_millis(1));
    }
    eprintln!("{way:>8} {:>6} ms  {what}", started.elapsed().as_millis());
}

/// Watches one way or the other.
pub(crate) fn watch(verifier: &Verifier, way: Way) -> Watch {
    match way {
        Way::Told => verifier.watch().unwrap(),
        Way::Polling => watch_by_polling(verifier).unwrap(),
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Told => "told",
            Self::Polling => "polling",
        })
    }
}
