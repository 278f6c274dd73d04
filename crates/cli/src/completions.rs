use anyhow::Result;
use clap_complete::{Shell, generate};
use serde_json::json;

use crate::output::Output;

/// Prints the completions of a shell.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

const HELP: &str = "\
Examples:
  playgate completions bash > playgate.bash
  playgate completions zsh > _playgate

JSON: {\"shell\", \"script\"}";

impl Completions {
    pub(crate) fn run(self, out: Output, mut command: clap::Command) -> Result<()> {
        let mut script = Vec::new();
        generate(self.shell, &mut command, "playgate", &mut script);
        out.result(
            || json!({ "shell": self.shell.to_string(), "script": String::from_utf8_lossy(&script) }),
            |text| text.write_all(&script),
        )
    }
}
