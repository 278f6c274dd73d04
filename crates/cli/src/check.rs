use std::path::PathBuf;

use anyhow::Result;
use serde_json::json;

use crate::configuration::{load, placed};
use crate::failure::no_as_printed;
use crate::output::{ERROR, GOOD, Output, WARNING, count};

/// Checks a configuration and its keys, and prints all errors and warnings.
///
/// Keys and secrets are loaded as an origin loads them, so run it where they are. Nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Check {
    /// The configuration: .toml or .json.
    #[arg(value_name = "CONFIG", default_value = "playgate.toml")]
    config: PathBuf,
    /// Exit with 1 for warnings too.
    #[arg(long)]
    strict: bool,
}

const HELP: &str = "\
Examples:
  playgate check playgate.toml
  playgate check --strict --json

Exit code: 1 if there are errors, or warnings with --strict.

JSON: {\"valid\", \"errors\": [{\"file\", \"line\", \"message\"}], \"warnings\": [{\"message\"}], \"sites\": [id],
\"keys\": number}; file and line are null where they are not known";

impl Check {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        let loaded = load(&self.config);
        let name = self.config.display().to_string();
        let errors: Vec<_> = loaded
            .verifier
            .as_ref()
            .err()
            .into_iter()
            .flat_map(playgate::ConfigErrors::iter)
            .map(placed)
            .collect();
        let (sites, keys) = match &loaded.verifier {
            Ok(verifier) => {
                let snapshot = verifier.snapshot();
                let sites = snapshot.policy().sites().map(|site| site.id().to_owned()).collect();
                (sites, snapshot.keys().len())
            }
            Err(_) => (Vec::new(), 0),
        };
        out.result(
            || {
                let errors = errors
                    .iter()
                    .map(|(file, line, message)| json!({ "file": file, "line": line, "message": message }));
                let warnings = loaded.warnings.iter().map(|message| json!({ "message": message }));
                json!({
                    "valid": loaded.verifier.is_ok(),
                    "errors": errors.collect::<Vec<_>>(),
                    "warnings": warnings.collect::<Vec<_>>(),
                    "sites": sites,
                    "keys": keys,
                })
            },
            |text| {
                for (file, line, message) in &errors {
                    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
                    writeln!(text, "{}{line}: {ERROR}error:{ERROR:#} {message}", file.unwrap_or(&name))?;
                }
                for message in &loaded.warnings {
                    writeln!(text, "{name}: {WARNING}warning:{WARNING:#} {message}")?;
                }
                let warnings = match loaded.warnings.len() {
                    0 => String::new(),
                    number => format!(", {}", count(number, "warning")),
                };
                if errors.is_empty() {
                    let (sites, keys) = (count(sites.len(), "site"), count(keys, "key"));
                    writeln!(text, "{name} is {GOOD}valid{GOOD:#}: {sites}, {keys}{warnings}")
                } else {
                    writeln!(
                        text,
                        "{name} is {ERROR}not valid{ERROR:#}: {}{warnings}",
                        count(errors.len(), "error")
                    )
                }
            },
        )?;
        if errors.is_empty() && (!self.strict || loaded.warnings.is_empty()) {
            Ok(())
        } else {
            Err(no_as_printed())
        }
    }
}
