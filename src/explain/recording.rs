use std::cell::RefCell;

use crate::schemes::{Event, Recorder};

/// A recorder that keeps every event of a decision.
#[derive(Debug, Default)]
pub(super) struct Recording(RefCell<Vec<Event>>);

impl Recording {
    pub(super) fn into_events(self) -> Vec<Event> {
        self.0.into_inner()
    }
}

impl Recorder for &Recording {
    const DECIDES: bool = false;

    fn record(self, event: impl FnOnce() -> Event) {
        let event = event(); // before the list is borrowed
        self.0.borrow_mut().push(event);
    }
}
