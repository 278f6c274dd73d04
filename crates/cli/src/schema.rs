use anyhow::Result;
use serde_json::Value;

use crate::output::Output;

/// Prints the JSON Schema of configuration files, for editors and generators.
#[derive(Debug, clap::Args)]
#[command(after_help = HELP)]
pub(crate) struct Schema {}

const HELP: &str = "\
Examples:
  playgate schema > playgate.schema.json

JSON: the schema itself, with or without --json";

impl Schema {
    #[expect(clippy::unused_self, reason = "every command has the same form")]
    pub(crate) fn run(self, out: Output) -> Result<()> {
        let schema = playgate::config::SCHEMA;
        let parsed: Value = serde_json::from_str(schema)?;
        out.result(|| parsed, |text| text.write_all(schema.as_bytes()))
    }
}
