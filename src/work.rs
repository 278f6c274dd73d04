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

/// How many bytes may be visited for each byte of a request.
///
/// Read most often are the claims of a granted token, for each rule and header that names one and with every name held
/// against all others; and a path that is decoded up to five times, in shapes that are held against every base path of its
/// host, as they are and folded. The rest of a request stays far below.
#[cfg(any(test, fuzzing))]
pub(crate) const PER_BYTE: u64 = 96;

/// How many may be visited besides: what a request is compared with, and what it is answered with.
#[cfg(any(test, fuzzing))]
pub(crate) const BESIDES: u64 = 16_384;

/// Adds `bytes` to what this thread has visited.
#[cfg(any(test, fuzzing))]
#[inline]
pub(crate) fn visited(bytes: usize) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    VISITED.with(|visited| visited.set(visited.get().saturating_add(bytes)));
}

/// Adds nothing: nobody counts.
#[cfg(not(any(test, fuzzing)))]
#[inline]
pub(crate) const fn visited(_bytes: usize) {}

/// Returns how many bytes this thread has visited since the last call.
#[cfg(any(test, fuzzing))]
pub(crate) fn take() -> u64 {
    VISITED.with(|visited| visited.replace(0))
}

#[cfg(all(test, feature = "mint", feature = "secure-link-md5", feature = "tower", feature = "tracing"))]
mod tests;
