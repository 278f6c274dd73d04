use std::process::Command;

const ALONE: &str = "PLAYGATE_TEST_ALONE";

/// Runs a test in a separate process with these environment variables, because all tests of a program share its memory and its
/// environment.
///
/// Returns `true` in the separate process. Otherwise, this function starts that process, panics unless the test passes there, and
/// returns `false`.
pub(crate) fn is_alone(module: &str, test: &str, variables: &[(&str, &str)]) -> bool {
    if std::env::var_os(ALONE).is_some() {
        return true;
    }
    let (_program, module) = module.split_once("::").unwrap();
    let name = format!("{module}::{test}");
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([&name, "--exact", "--nocapture"]).env(ALONE, "1").envs(variables.iter().copied());
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{name}: {text}");
    false
}
