use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::skip::is_installed;

/// Whether a program is there. Where services are required, it has to be.
pub(crate) fn found(program: &str) -> bool {
    let flag = if program == "ffmpeg" || program == "ffprobe" { "-version" } else { "--version" };
    is_installed(program, Command::new(program).arg(flag).output().is_ok())
}

/// Whether a player is there, as `npm install --prefix tests/players` puts it, and Node to run it.
pub(crate) fn installed(module: &str) -> bool {
    found("node") && is_installed(module, folder().join("node_modules").join(module).exists())
}

/// Where the players and the scripts that call them are.
pub(crate) fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/players"))
}

/// Runs a script in `tests/players` and gives the lines that it prints.
pub(crate) fn node(script: &str, arguments: &[&str], stdin: &str) -> Vec<String> {
    let mut child = Command::new("node")
        .arg(script)
        .args(arguments)
        .current_dir(folder())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    assert!(status.success(), "{script} failed: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap().lines().map(str::to_owned).collect()
}
