use std::sync::atomic::{AtomicBool, Ordering};

/// Records which log lines were written that are written once for each verifier.
#[derive(Debug, Default)]
pub(crate) struct Notices {
    unknown_client: AtomicBool,
}

impl Notices {
    /// Returns true once: for the first request that needs the client's address and has none.
    pub(crate) fn is_first_unknown_client(&self) -> bool {
        !self.unknown_client.load(Ordering::Relaxed) && !self.unknown_client.swap(true, Ordering::Relaxed)
    }
}
