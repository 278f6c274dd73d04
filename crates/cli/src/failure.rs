//! Failures of the command: one line on standard error, and the exit code.

use std::process::ExitCode;

use crate::output::Output;

/// The exit codes and the shape of an error, for the help of the whole command.
pub(crate) const HELP: &str = "\
Exit codes:
  0  done
  1  a check failed: a configuration with errors, or a credential that the site would refuse
  2  wrong usage: an unknown option, or options that conflict
  3  failed: a file, a key or a secret that cannot be used

With --json, results are JSON on standard output, and an error is {\"error\": text} on standard
error. The help of each command describes its JSON. Secrets are read from files, from environment
variables or from standard input, and never from an option's value.";

/// A failure with its own exit code. All other errors exit with [`NOT_DONE`].
#[derive(Debug)]
pub(crate) struct Failure {
    code: u8,
    message: Option<String>,
}

const NO: u8 = 1;
const USAGE: u8 = 2;
const NOT_DONE: u8 = 3;

/// Returns the error of a failed check.
pub(crate) fn no(message: impl Into<String>) -> anyhow::Error {
    Failure { code: NO, message: Some(message.into()) }.into()
}

/// Returns the error of a failed check that was printed as the result.
pub(crate) fn no_as_printed() -> anyhow::Error {
    Failure { code: NO, message: None }.into()
}

/// Returns the error of conflicting options.
pub(crate) fn usage(message: impl Into<String>) -> anyhow::Error {
    Failure { code: USAGE, message: Some(message.into()) }.into()
}

/// Prints help, or an error of the arguments, and returns the exit code. With `--json`, the error is JSON too.
pub(crate) fn of_usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && std::env::args_os().any(|argument| argument == "--json") {
        let text = error.to_string();
        let line = text.lines().next().unwrap_or_default();
        // Standard error may be closed. The exit code remains.
        let _ = Output::json().error(line.trim_start_matches("error: "));
    } else {
        let _ = error.print();
    }
    if error.use_stderr() { ExitCode::from(USAGE) } else { ExitCode::SUCCESS }
}

/// Prints an error in one line, and returns the exit code.
pub(crate) fn report(error: &anyhow::Error, out: Output) -> ExitCode {
    let is_pipe = |error: &std::io::Error| error.kind() == std::io::ErrorKind::BrokenPipe;
    if error.chain().filter_map(|cause| cause.downcast_ref()).any(is_pipe) {
        return ExitCode::SUCCESS; // the reader has what it wanted
    }
    let failure = error.downcast_ref::<Failure>();
    if failure.is_none_or(|failure| failure.message.is_some()) {
        let line = format!("{error:#}").replace('\n', "; ");
        // Standard error may be closed. The exit code remains.
        let _ = out.error(&line);
    }
    ExitCode::from(failure.map_or(NOT_DONE, |failure| failure.code))
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.message.as_deref().unwrap_or_default())
    }
}

impl std::error::Error for Failure {}
