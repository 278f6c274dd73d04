//! Counts the bytes that loops visit, so that a test can compare the cost of a request with its length.
//!
//! Every loop over bytes of a request reports the maximum that it visits. The counts exist only while the crate itself is tested
//! or fuzzed. Otherwise [`visited`] is empty and costs nothing.

#[cfg(any(test, fuzzing))]
use std::cell::Cell;

#[cfg(any(test, fuzzing))]
thread_local! {
    static VISITED: Cell<u64> = const { Cell::new(0) };
}

/// The maximum number of visits for each byte of a request.
///
/// Two parts of a request are read most often. The first is the claims of a granted token: they are read for each rule and header
/// that names a claim, and every name is compared with all others. The second is a path that is decoded up to five times: each
/// result is compared with every base path of its host, both unchanged and folded. The rest of a request stays far below the
/// maximum.
#[cfg(any(
    fuzzing,
    all(test, feature = "mint", feature = "secure-link-md5", feature = "tower", feature = "tracing")
))]
pub(crate) const PER_BYTE: u64 = 96;

/// The maximum number of further visits, for the texts that a request is compared with and the response.
#[cfg(any(
    fuzzing,
    all(test, feature = "mint", feature = "secure-link-md5", feature = "tower", feature = "tracing")
))]
pub(crate) const BESIDES: u64 = 16_384;

/// The maximum number of visits for each byte of a manifest.
///
/// Most of them are caused by the names in the query of a URI, each compared with all carried names, and by the prefixes of an
/// MPD, each compared with all declared prefixes.
#[cfg(any(test, fuzzing))]
pub(crate) const MANIFEST_PER_BYTE: u64 = 96;

/// The maximum number of further visits for a manifest.
#[cfg(any(test, fuzzing))]
pub(crate) const MANIFEST_BESIDES: u64 = 16_384;

/// Adds `bytes` to this thread's count.
#[cfg(any(test, fuzzing))]
#[inline]
pub(crate) fn visited(bytes: usize) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    VISITED.with(|visited| visited.set(visited.get().saturating_add(bytes)));
}

/// Does nothing, because nothing is counted.
#[cfg(not(any(test, fuzzing)))]
#[inline]
pub(crate) const fn visited(_bytes: usize) {}

/// Returns the number of bytes that this thread has visited since the last call.
#[cfg(any(test, fuzzing))]
pub(crate) fn take() -> u64 {
    VISITED.with(|visited| visited.replace(0))
}

#[cfg(all(test, feature = "mint", feature = "secure-link-md5", feature = "tower", feature = "tracing"))]
mod tests;
