use std::path::PathBuf;

use anyhow::Result;
use playgate::time::UnixSeconds;
use playgate::verifier::KeyHealth;
use serde_json::Value;

use crate::configuration::load_sound;
use crate::dates::{distance, utc};
use crate::output::{Output, WARNING, shown, table};

/// Lists the verification keys of a configuration.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Keys {
    /// The configuration: .toml or .json.
    #[arg(value_name = "CONFIG", default_value = "playgate.toml")]
    config: PathBuf,
}

const HELP: &str = "\
Examples:
  playgate keys
  playgate keys playgate.toml --json

Exit code: 1 if the configuration has errors.

JSON: {\"keys\": [{\"kid\", \"algorithm\", \"scope\", \"issuer\", \"source\", \"loaded_at\", \"not_after\",
\"fresh_until\", \"danger\", \"last_error\"}], \"errors\": [text], \"warnings\": [text], \"kept\": [{…}]} and the
other fields of the library's Health; dates are seconds since 1970, and fields without a value are
left out";

impl Keys {
    pub(crate) fn run(self, out: Output) -> Result<()> {
        let verifier = load_sound(&self.config)?;
        let (health, now) = (verifier.health(), verifier.now());
        out.result(
            || serde_json::to_value(&health).unwrap_or(Value::Null),
            |text| {
                let rows: Vec<_> = health.keys.iter().map(|key| row(key, now)).collect();
                table(text, ["KID", "ALGORITHM", "SCOPE", "ISSUER", "SOURCE", "LOADED", "PROBLEMS"], &rows)?;
                if rows.is_empty() {
                    writeln!(text, "no key is loaded")?;
                }
                for problem in health.errors.iter().chain(&health.warnings) {
                    writeln!(text, "{WARNING}warning:{WARNING:#} {}", shown(problem))?;
                }
                Ok(())
            },
        )
    }
}

fn row(key: &KeyHealth, now: UnixSeconds) -> [String; 7] {
    let mut problems = Vec::new();
    if let Some(last) = key.not_after.map(UnixSeconds::new) {
        problems.push(if last < now {
            format!("retired since {}", utc(last))
        } else {
            format!("retires {}", distance(last, now))
        });
    }
    problems.extend(key.danger.iter().map(|danger| format!("danger: {danger}")));
    problems.extend(key.last_error.clone());
    let or_dash = |text: Option<&str>| text.map_or_else(|| "-".to_owned(), shown);
    [
        shown(&key.kid),
        key.algorithm.to_owned(),
        shown(&key.scope),
        or_dash(key.issuer.as_deref()),
        or_dash(key.source.as_deref()),
        utc(UnixSeconds::new(key.loaded_at)),
        if problems.is_empty() { "-".to_owned() } else { shown(&problems.join("; ")) },
    ]
}
