//! Counts the bytes that loops visit, so that a test can hold the cost of a request against its length.
//!
//! Every loop over bytes of a request announces how many it visits at most. The counts exist where the crate itself is
//! tested or fuzzed; everywhere else [`visited`] is empty, and costs nothing.

#[cfg(any(test, fuzzing))]
use std::cell::Cell;

#[cfg(any(test, fuzzing))]
thread_local! {
    static VISITED: Cell<u64> = const { Cell::new(0) };
}

/// Adds `bytes` to what this thread has visited.
#[cfg(any(test, fuzzing))]
#[inline]
pub(crate) fn visited(bytes: usize) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    VISITED.with(|visited| visited.set(visited.get().saturating_add(bytes)));
}

/// Adds nothing: nobody counts.
#[cfg(not(any(test, fuzzing)))]
#[inline(always)]
#[expect(clippy::inline_always, reason = "nothing is to be left of it")]
pub(crate) const fn visited(_bytes: usize) {}

/// Returns how many bytes this thread has visited since the last call.
#[cfg(any(test, fuzzing))]
pub(crate) fn take() -> u64 {
    VISITED.with(|visited| visited.replace(0))
}

#[cfg(all(test, feature = "mint", feature = "secure-link-md5", feature = "tower", feature = "tracing"))]
mod tests;
