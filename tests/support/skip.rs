//! Tests that need another program are skipped if it is not installed.

use std::io::Write as _;

/// Returns `is_there`. If it is false, one line on standard error reports that the running test is skipped:
/// `SKIPPED: <test>: <what> is not installed`.
///
/// The test harness captures the output of `println!` and `eprintln!`, but not of this function. `.ci/run` counts the lines. With
/// `PLAYGATE_REQUIRE_SERVICES=1` the test fails instead.
pub(crate) fn is_installed(what: &str, is_there: bool) -> bool {
    if !is_there {
        let is_required = std::env::var_os("PLAYGATE_REQUIRE_SERVICES").is_some_and(|value| value == "1");
        assert!(!is_required, "{what} is not installed, and PLAYGATE_REQUIRE_SERVICES is set");
        let thread = std::thread::current(); // named for its test
        let line = format!("SKIPPED: {}: {what} is not installed\n", thread.name().unwrap_or("a test"));
        std::io::stderr().write_all(line.as_bytes()).unwrap();
    }
    is_there
}
